"use strict";
// How things are put on the page. Every text, whoever wrote it, is set as text: nothing here reads markup.

const byID = (id) => document.getElementById(id);

/// An element with attributes and children; texts become text nodes, null is left out.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function drawn(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

const shown = new Map();

/// Replaces a section's body where what it shows has changed: what stands still keeps the reader's selection, its scroll and its focus.
function render(id, data, build) {
  const text = JSON.stringify(data);
  if (shown.get(id) === text) return;
  shown.set(id, text);
  const body = byID(id).querySelector(":scope > .body");
  const key = body.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const open = new Set([...body.querySelectorAll("details[open]")].map((details) => details.dataset.key));
  const scrolls = new Map([...body.querySelectorAll("[data-scroll]")].map((box) => [box.dataset.scroll, [box.scrollLeft, box.scrollTop]]));
  body.replaceChildren(...[build(data)].flat(9).filter(Boolean));
  for (const details of body.querySelectorAll("details[data-key]")) if (open.has(details.dataset.key)) details.open = true;
  for (const box of body.querySelectorAll("[data-scroll]")) [box.scrollLeft, box.scrollTop] = scrolls.get(box.dataset.scroll) ?? [0, 0];
  if (key !== undefined) [...body.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key)?.focus({ preventScroll: true });
  tick();
}

// MARK: Times. The host's clock counts, not the browser's.

let ahead = 0;

function setClock(nowUs) { ahead = nowUs / 1000 - Date.now(); }
const hostNow = () => Date.now() + ahead;

/// A length of time in its two largest units, as `omsctl status` says it.
function span(ms) {
  const s = Math.floor(ms / 1000);
  if (s < 1) return `${Math.max(0, Math.round(ms))} ms`;
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

const clockTime = (us) => new Date(us / 1000).toISOString().slice(11, 19);

/// How long ago something was; kept up to date by `tick`.
function ago(us) {
  if (us === null || us === undefined) return "never";
  return make("time", { "data-at": us, title: new Date(us / 1000).toISOString(), datetime: new Date(us / 1000).toISOString() });
}

function tick() {
  for (const element of document.querySelectorAll("time[data-at]")) {
    const age = hostNow() - Number(element.dataset.at) / 1000;
    // To the second: what changes ten times a second cannot be read.
    const text = age < 1000 ? "just now" : `${span(age)} ago`;
    if (element.textContent !== text) element.textContent = text;
  }
}

const group = (number) => (number === null || number === undefined ? "–" : String(number).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"));

function micros(us) {
  if (us === null || us === undefined) return "–";
  if (us < 1000) return `${us} µs`;
  if (us < 1e6) return `${(us / 1000).toPrecision(3)} ms`;
  return `${(us / 1e6).toPrecision(3)} s`;
}

// MARK: Lines to copy

function say(text) { byID("said").textContent = text; }

async function copy(line, code, button) {
  let done = false;
  try {
    await navigator.clipboard.writeText(line);
    done = true;
  } catch {
    // Without a clipboard the line is marked, and the reader copies it.
    const range = document.createRange();
    range.selectNodeContents(code);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
  const word = done ? "Copied" : "Marked";
  button.textContent = word;
  say(done ? `copied: ${line}` : "the line is marked: copy it with the keyboard");
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function command(line, key) {
  const code = make("code", {}, line);
  const button = make("button", { type: "button", "data-key": key, "aria-label": `Copy: ${line}` }, "Copy");
  button.addEventListener("click", () => copy(line, code, button));
  return make("span", { class: "cmd" }, code, button);
}

/// A sentence with its lines in it, each with a button that copies it. What a verb's name is, is only named.
const sentence = (parts, key) => parts.map((part, index) =>
  part.words ?? (part.verb !== undefined ? make("code", {}, part.verb) : command(part.command, `${key}/${index}`)));

/// The lines alone, one below the other.
const linesOf = (parts, key) => make("div", { class: "lines" }, parts.filter((part) => part.command !== undefined).map((part, index) => command(part.command, `${key}/${index}`)));
