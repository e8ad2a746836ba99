// Latencies over the last hour: by Debian's Chart.js where it is installed, else as tables.

const charts = new Map();
const plotKinds = [
  { key: "request", title: "Requests: sent to answered", count: "requests" },
  { key: "fill", title: "Fills: the venue’s time to the record", count: "fills" },
];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function plotTable(points, kind) {
  const names = ["UTC", kind.count, "median", "99 %"];
  const rows = points.filter((point) => point[kind.count]).reverse();
  if (!rows.length) return make("p", { class: "soft" }, `No ${kind.count} in the last hour.`);
  return make("div", { class: "scroll", tabindex: "0", "data-scroll": kind.key }, make("table", {},
    make("thead", {}, make("tr", {}, names.map((name) => make("th", { scope: "col", class: name === "UTC" ? "" : "number" }, name)))),
    make("tbody", {}, rows.map((point) => make("tr", {}, make("td", {}, clockTime(point.at).slice(0, 5)),
      make("td", { class: "number" }, group(point[kind.count])), make("td", { class: "number" }, micros(point[`${kind.key}_p50_us`])),
      make("td", { class: "number" }, micros(point[`${kind.key}_p99_us`])))))));
}

function chartData(points, kind) {
  const line = (name, field, stroke, dash, style) => ({
    label: name, data: points.map((point) => (point[kind.count] ? point[field] / 1000 : null)), borderColor: colour(stroke), backgroundColor: colour(stroke),
    borderDash: dash, borderWidth: 2, pointRadius: 2, pointStyle: style, spanGaps: false,
  });
  return {
    labels: points.map((point) => clockTime(point.at).slice(0, 5)),
    datasets: [line("median", `${kind.key}_p50_us`, "--plot-a", [], "circle"), line("99 %", `${kind.key}_p99_us`, "--plot-b", [6, 4], "triangle")],
  };
}

function chartOptions() {
  const axis = { ticks: { color: colour("--soft"), maxRotation: 0, autoSkipPadding: 16 }, grid: { color: colour("--line") } };
  return {
    animation: false, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
    scales: { x: axis, y: { ...axis, beginAtZero: true, title: { display: true, text: "ms", color: colour("--soft") } } },
    plugins: { legend: { labels: { color: colour("--text"), usePointStyle: true } } },
  };
}

function plots({ points, words, isPart }) {
  for (const chart of charts.values()) chart.destroy();
  charts.clear();
  if (!points) return make("p", { class: words ? "note" : "soft" }, words ?? "Not known yet.");
  const hasLibrary = typeof Chart !== "undefined";
  const parts = plotKinds.map((kind) => {
    const total = points.reduce((sum, point) => sum + (point[kind.count] ?? 0), 0);
    const heading = make("h3", {}, kind.title, " ", make("span", { class: "soft" }, `(${group(total)})`));
    if (!hasLibrary) return make("div", { class: "plot" }, heading, plotTable(points, kind));
    const canvas = make("canvas", { role: "img", "aria-label": `${kind.title}; the table below has the numbers` });
    queueMicrotask(() => {
      if (canvas.isConnected) charts.set(kind.key, new Chart(canvas, { type: "line", data: chartData(points, kind), options: chartOptions() }));
    });
    return make("div", { class: "plot" }, heading, make("div", { class: "canvas" }, canvas),
      make("details", { "data-key": `table/${kind.key}` }, make("summary", { "data-key": `table-summary/${kind.key}` }, "as a table"), plotTable(points, kind)));
  });
  if (isPart) parts.push(make("p", { class: "soft" }, "There was too much to read all of it: numbers are estimates from a part."));
  if (!hasLibrary) parts.push(make("p", { class: "soft" }, "Tables only: Debian’s package libjs-chart.js, which draws the plots, is not installed on this host."));
  return parts;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  // Colours are read when a chart is made.
  shown.delete("plots");
  if (lastPlots) render("plots", lastPlots, plots);
});
