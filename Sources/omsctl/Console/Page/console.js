// Asking, again and again: what is shown is never older than it says, and what is kept never grows.

const token = new URLSearchParams(location.search).get("token") ?? "";
const eventsMax = 200;
/// Milliseconds: between two questions, how long an answer may take, and from when on facts are called old, on a page that is seen or in the background
/// (where browsers let time pass in steps of a minute).
const pace = 2000;
const patience = 8000;
const oldAfter = 12000;
const oldUnseenAfter = 180000;
/// Who comes back to a page waits for the first answer before it is called old.
const grace = 4000;

let facts = null;
/// When the facts shown were true, by the browser's clock; why there are no newer ones; since when the console itself is silent.
let factsAt = 0;
let trouble = null;
let lastPlots = null;
let isGone = false;
let seenAt = 0;

async function ask(path, ms) {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${token}` }, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(ms) });
  if (answer.status === 403) {
    isGone = true;
    throw new Error("this address is not valid, or not any more: `omsctl console` prints a new one at each start");
  }
  const body = await answer.json();
  if (!answer.ok && !body.words) throw new Error(`the console answered ${answer.status}`);
  return body;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// A page that nobody sees asks rarely, and at once when it is seen again.
function untilSeen(ms) {
  if (!document.hidden) return pause(ms);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", done);
      resolve();
    };
    const timer = setTimeout(done, 30000);
    document.addEventListener("visibilitychange", done);
  });
}

document.addEventListener("visibilitychange", () => { seenAt = Date.now(); });

// MARK: How the daemon stands

function show(model) {
  const uptime = model.uptime_us === null ? "" : `, up ${span(model.uptime_us / 1000)}`;
  byID("facts").textContent = `version ${model.version ?? "–"}${uptime}, record at ${group(model.seq)}`;
  render("needs", model.needs, needs);
  render("accounts", { list: model.accounts, more: model.accounts_left_out }, accounts);
  render("breaks", { list: model.breaks, total: model.breaks_total }, breaks);
  render("doubts", { list: model.doubts, total: model.doubts_total }, doubts);
  render("limits", model.budgets, limits);
}

/// Whether what is shown still holds, said in the headline and above everything else.
function judge() {
  const age = facts === null ? null : Date.now() - factsAt;
  const isOld = age !== null && (document.hidden ? age > oldUnseenAfter : age > oldAfter && Date.now() - seenAt > grace);
  const box = byID("old");
  document.body.classList.toggle("stale", facts !== null && (isOld || trouble !== null));
  if (trouble === null && !isOld) {
    box.hidden = true;
    if (facts) verdict(facts.verdict, facts.headline);
    return;
  }
  box.hidden = false;
  // Read aloud when it changes; the seconds beside it are not.
  const why = `✖ ${trouble ?? "No newer answer has come."}`;
  if (byID("why").textContent !== why) byID("why").textContent = why;
  byID("age").textContent = facts === null ? "Nothing is known of the daemon yet."
    : `All below is OLD: as of ${clockTime((factsAt + ahead) * 1000)} UTC, ${span(age)} ago.`;
  verdict("old", facts === null ? "No answer" : "Not up to date");
}

async function follow() {
  for (;;) {
    try {
      const answer = await ask("api/status", patience);
      setClock(answer.now_us);
      trouble = answer.trouble;
      if (answer.facts) {
        factsAt = Date.now() - answer.age_ms;
        facts = answer.facts;
        show(facts);
      }
    } catch (error) {
      trouble = isGone ? error.message
        : `The console itself does not answer (${error.message}). If its terminal was closed, run \`omsctl console\` again: it prints a new address.`;
    }
    judge();
    if (isGone) return;
    await untilSeen(facts === null ? 500 : pace);
  }
}

setInterval(() => { judge(); tick(); }, 1000);

// MARK: Events

let place = null;
let isHeld = false;
let held = [];

function line(event) {
  const when = event.at === null ? "" : clockTime(event.at);
  const kind = event.mark === "bad" ? "bad" : event.mark === "watch" ? "watch-line" : event.mark;
  const sign = event.mark === "bad" ? "▲ " : event.mark === "watch" ? "◆ " : "";
  return make("li", { class: kind || null }, when ? make("span", { class: "when" }, when) : null, event.account ? make("b", {}, event.account) : null,
    event.order ? [look(event.order, `event/${event.seq}`), " "] : null, sign + event.text);
}

function add(events) {
  const box = document.querySelector("#events .scroll");
  const list = box.firstElementChild;
  const before = box.scrollHeight;
  list.prepend(...events.map(line).reverse());
  while (list.childElementCount > eventsMax) list.lastElementChild.remove();
  // Whoever reads further down is left where they read.
  if (box.scrollTop > 0) box.scrollTop += box.scrollHeight - before;
}

async function listen() {
  while (!isGone) {
    try {
      const answer = await ask(place === null ? "api/events" : `api/events?after=${place}`, 25000);
      place = answer.next;
      if (isHeld) held = held.concat(answer.events).slice(-eventsMax);
      else if (answer.events.length) add(answer.events);
      if (isHeld) byID("pause").textContent = held.length ? `Go on (${held.length} new)` : "Go on";
      // A full page came at once: not every one of them can be read anyway.
      await untilSeen(answer.events.length ? 500 : 100);
    } catch {
      // The headline says that the console is silent.
      await pause(pace);
    }
  }
}

byID("pause").addEventListener("click", () => {
  isHeld = !isHeld;
  byID("pause").setAttribute("aria-pressed", String(isHeld));
  byID("pause").textContent = isHeld ? "Go on" : "Hold";
  if (!isHeld) add(held.splice(0));
});

byID("only").addEventListener("change", (event) => byID("events").classList.toggle("only", event.target.checked));

// MARK: Plots

async function plot() {
  while (!isGone) {
    try {
      const answer = await ask("api/plots", 20000);
      // Why there is nothing stands above everything else already where nothing is known at all.
      lastPlots = { points: answer.points ?? null, words: facts === null ? null : answer.words ?? null, isPart: answer.sampled === true };
      render("plots", lastPlots, plots);
    } catch {
      if (lastPlots === null) render("plots", { points: null, words: null }, plots);
    }
    await untilSeen(lastPlots?.points ? 20000 : 5000);
  }
}

// MARK: Looking up

let searches = 0;

async function find(id) {
  const mine = ++searches;
  byID("id").value = id;
  byID("find").scrollIntoView({ block: "start" });
  byID("find").querySelector(".body").setAttribute("aria-busy", "true");
  let result;
  try { result = await ask(`api/find?q=${encodeURIComponent(id)}`, 30000); } catch (error) { result = { words: error.message }; }
  // Only the last search counts.
  if (mine !== searches) return;
  byID("find").querySelector(".body").removeAttribute("aria-busy");
  render("find", result, found);
}

document.querySelector("#find form").addEventListener("submit", (event) => {
  event.preventDefault();
  const id = byID("id").value.trim();
  if (!id) return;
  if (!/^[\x21-\x7e]{1,64}$/.test(id)) return render("find", { words: "An id is 1 to 64 visible ASCII characters, without spaces." }, found);
  find(id);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement === byID("id")) byID("id").blur();
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "")) return;
  event.preventDefault();
  byID("id").focus();
});

follow();
listen();
plot();
