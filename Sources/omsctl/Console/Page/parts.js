// The sections, each made of one part of the model.

const marks = { right: "✔", watch: "◆", person: "▲", old: "✖", unknown: "…" };

function verdict(kind, words) {
  const element = byID("verdict");
  const text = `${marks[kind]} ${words}`;
  // Said aloud by a screen reader only when it changes.
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  element.className = kind;
  element.replaceChildren(make("span", { "aria-hidden": "true" }, marks[kind]), " ", make("strong", {}, words));
  document.title = `${marks[kind]} omsd: ${words}`;
}

function needs(list) {
  if (!list.length) return make("p", { class: "good-text" }, "✔ Nothing does.");
  return make("ul", { class: "list" }, list.map((need, index) =>
    make("li", { class: "bad" }, make("p", {}, make("b", {}, need.account ?? "the daemon"), ": ", sentence(need.parts, `need/${need.account}/${index}`)))));
}

function numbers(pairs) {
  return make("dl", { class: "numbers" }, pairs.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function account(one) {
  const ready = one.ready ? make("span", { class: "good-text" }, "✔ ready") : make("span", { class: "bad-text" }, "✖ NOT READY");
  const trades = { active: ["good-text", "✔ active"], reducing: ["watch-text", "◆ reducing"], halted: ["bad-text", "■ halted"] }[one.state] ?? ["", one.state];
  const queued = ["cancel", "lookup", "modify", "place"].filter((lane) => one.queue[lane]).map((lane) => `${lane} ${group(one.queue[lane])}`);
  const states = Object.entries(one.counts ?? {}).filter(([, count]) => count).map(([state, count]) => `${state.replace("_", " ")} ${group(count)}`);
  const offset = one.clock_offset_ms;
  return make("article", { class: one.troubled ? "card troubled" : "card" },
    make("div", { class: "heading" },
      make("h3", {}, one.account), make("span", { class: "soft" }, `${one.venue ?? ""} ${one.product ?? ""}`)),
    make("p", { class: "states" }, make("span", { class: trades[0] }, trades[1]), " · ", ready),
    one.state_by ? make("p", { class: trades[0] }, `by ${one.state_by}, `, ago(one.state_at), one.state_reason ? `: ${one.state_reason}` : null) : null,
    one.ready || !one.reason ? null : make("p", { class: "bad-text" }, one.reason),
    numbers([
      ["open", group(one.open)], ["in doubt", group(one.in_doubt)], ["parked", group(one.parked)], ["breaks", group(one.breaks)],
      ["in flight", group(one.in_flight)], ["requests/s", one.rate === null ? "–" : one.rate.toFixed(1)],
    ]),
    one.counts === null ? null : make("p", { class: "soft" }, "not closed: ", states.length ? states.join(", ") : "no order"),
    make("p", { class: "soft" }, "queued: ", queued.length ? queued.join(", ") : "nothing"),
    one.in_doubt ? make("p", { class: "watch-text" }, "oldest doubt from ", ago(one.oldest_doubt_at)) : null,
    make("p", { class: "soft" }, "venue’s last answer ", ago(one.last_answer_at)),
    make("p", { class: "soft" }, one.ready && one.last_reconcile_at === null ? "nothing to reconcile yet" : ["reconciled ", ago(one.last_reconcile_at)]),
    one.stream?.state && one.stream.state !== "off"
      ? make("p", { class: one.stream.state === "live" ? "soft" : "watch-text" }, `stream ${one.stream.state} since `, ago(one.stream.since),
        one.stream.late ? `, ${group(one.stream.late)} late` : "", one.stream.state !== "live" && one.stream.last_error ? `: ${one.stream.last_error}` : "")
      : null,
    offset === null ? make("p", { class: "watch-text" }, "the venue’s clock is not known")
      : Math.abs(offset) > 500 ? make("p", { class: "watch-text" }, `the clock is off by ${group(offset)} ms`) : null,
    one.last_error && one.last_error !== one.reason ? make("p", { class: "watch-text" }, `last error: ${one.last_error}, `, ago(one.last_error_at)) : null);
}

function accounts({ list, more }) {
  if (!list.length) return make("p", { class: "soft" }, "No account is configured.");
  return [make("div", { class: "cards" }, list.map(account)), more ? make("p", { class: "soft" }, `and ${group(more)} more: omsctl status`) : null];
}

function breaks({ list, total }) {
  if (!total) return make("p", { class: "good-text" }, "✔ None: the record and the venues agree.");
  return [
    make("ul", { class: "list" }, list.map((row) => make("li", { class: "bad" },
      make("p", {}, make("b", {}, `▲ ${row.kind}`), ` of ${row.account}, `, ago(row.at)),
      make("p", { class: "soft" }, sentence(row.words, `break/words/${row.break_id}`)),
      row.detail ? make("p", {}, row.detail) : null,
      row.venue_order_id ? make("p", { class: "soft" }, `venue’s id ${row.venue_order_id}`) : null,
      linesOf(row.parts, `break/${row.break_id}`)))),
    total > list.length ? make("p", { class: "soft" }, `${group(total - list.length)} more: omsctl breaks --open`) : null,
  ];
}

function doubts({ list, total }) {
  if (!total) return make("p", { class: "good-text" }, "✔ None: the fate of every order is known.");
  return [
    make("ul", { class: "list" }, list.map((order) => make("li", { class: order.parked_at ? "bad" : "watch-line" },
      make("p", {},
        make("b", {}, order.parked_at ? "▲ parked " : "◆ in doubt "), look(order.client_order_id, `doubt/look/${order.client_order_id}`), ` of ${order.account}, from `,
        ago(order.intended_at)),
      make("p", { class: "soft" }, [order.side, order.quantity, order.symbol, order.price ? `at ${order.price}` : null].filter(Boolean).join(" ")),
      order.parked_at ? make("p", {}, "It waits for a person: look at the venue, then say what was found.") : make("p", { class: "soft" }, "The venue is asked by itself; nothing is sent again before it is proven absent."),
      linesOf(order.parts, `doubt/${order.client_order_id}`)))),
    total > list.length ? make("p", { class: "soft" }, `${group(total - list.length)} more: omsctl orders --state in_doubt`) : null,
  ];
}

// MARK: Limits

function bar(used, most) {
  const share = most > 0 ? Math.min(1, used / most) : 0;
  const kind = share >= 1 ? "bar full" : share >= 0.8 ? "bar tight" : "bar";
  return drawn("svg", { class: kind, viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawn("rect", { x: 0, y: 0, width: 100, height: 10 }), drawn("rect", { class: "used", x: 0, y: 0, width: share * 100, height: 10 }));
}

function limitTable(list) {
  const head = make("tr", {}, make("th", { scope: "col" }, "budget"), make("th", { scope: "col", class: "wide" }, "use"),
    make("th", { scope: "col", class: "number" }, "in use"), make("th", { scope: "col", class: "number" }, "of"),
    make("th", { scope: "col", class: "number wide" }, "window"), make("th", { scope: "col", class: "number wide" }, "busiest"), make("th", { scope: "col" }, make("span", { class: "unseen" }, "remark")));
  const rows = list.map((one) => {
    const most = one.share ?? one.permits ?? 0;
    const share = most > 0 ? (one.in_use ?? 0) / most : 0;
    return make("tr", {},
      make("td", {}, `${one.account} ${one.budget}`), make("td", { class: "wide" }, bar(one.in_use ?? 0, most)),
      make("td", { class: "number" }, group(one.in_use)), make("td", { class: "number" }, group(most)),
      make("td", { class: "number wide" }, one.window_ms === null ? "–" : span(one.window_ms)), make("td", { class: "number wide" }, group(one.busiest_window)),
      make("td", { class: "remark" }, share >= 1 ? make("span", { class: "bad-text" }, "■ full") : share >= 0.8 ? make("span", { class: "watch-text" }, "◆ tight") : ""));
  });
  return make("div", { class: "table", "data-scroll": "limits" }, make("table", {}, make("thead", {}, head), make("tbody", {}, rows)));
}

function limits(list) {
  const used = list.filter((one) => one.in_use > 0);
  const idle = list.filter((one) => !(one.in_use > 0));
  const most = (one) => (one.in_use ?? 0) / Math.max(1, one.share ?? one.permits ?? 1);
  used.sort((a, b) => most(b) - most(a));
  return [
    used.length ? limitTable(used) : make("p", { class: "soft" }, "No permit is in use."),
    idle.length ? make("details", { "data-key": "idle" }, make("summary", { "data-key": "idle-summary" }, `${group(idle.length)} idle`), limitTable(idle)) : null,
  ];
}

// MARK: Looking up

/// An id that looks itself up.
function look(id, key) {
  const button = make("button", { type: "button", class: "link", "data-key": key, title: "look it up" }, id);
  button.addEventListener("click", () => find(id));
  return button;
}

function found(result) {
  const words = result.words ? make("p", { class: "note" }, result.words) : null;
  if (!result.kind || result.kind === "none") return words;
  const orders = result.orders ? make("div", { class: "table", "data-scroll": "found" }, make("table", {},
    make("thead", {}, make("tr", {}, ["order", "symbol", "side", "price", "quantity", "filled", "state"].map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, result.orders.map((order) => make("tr", {},
      make("td", {}, look(order.client_order_id, `found/${order.client_order_id}`)),
      ["symbol", "side"].map((name) => make("td", {}, order[name])),
      ["price", "quantity", "filled_quantity"].map((name) => make("td", { class: "number" }, order[name])), make("td", {}, order.state)))))) : null;
  return [
    make("h3", {}, `${result.kind === "order" ? "Order" : "Intent"} ${result.id}: ${result.state ?? ""}`), linesOf(result.parts, "found"),
    make("pre", { tabindex: "0", "data-scroll": "story", "aria-label": "its story" }, result.lines.join("\n")), orders,
    result.more ? make("p", { class: "soft" }, "and more: the line above lists all") : null,
  ];
}
