// Timelines: drawn from the table below each, so that both always agree.
"use strict";

const HEIGHT = 210;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function readTable(table) {
  const { start, step, steps } = table.dataset;
  const first = Math.floor(Number(start) / 1000 / Number(step)) * Number(step);
  const times = Array.from({ length: Number(steps) }, (_, place) => first + place * Number(step));
  const read = (name) => {
    const sums = new Array(times.length).fill(0);
    for (const row of table.querySelectorAll("tbody tr")) {
      sums[Math.floor((Number(row.dataset.at) / 1000 - first) / Number(step))] = Number(row.dataset[name]);
    }
    return sums;
  };
  const columns = ["allowed", "denied", "observed", "bytes"].map((name) => [name, read(name)]);
  return { times, ...Object.fromEntries(columns) };
}

function utc(seconds) {
  return new Date(seconds * 1000).toISOString();
}

function timeLabels(_chart, places, _axis, _space, step) {
  let day = "";
  return places.map((seconds) => {
    const text = utc(seconds);
    const clock = step >= 86400 ? "" : text.slice(11, step < 60 ? 19 : 16);
    const shown = text.slice(0, 10) === day ? clock : [clock, text.slice(0, 10)].filter(Boolean).join("\n");
    day = text.slice(0, 10);
    return shown;
  });
}

function shortNumber(number) {
  const units = ["", "k", "M", "G", "T", "P"];
  let unit = 0;
  while (Math.abs(number) >= 1000 && unit < units.length - 1) {
    number /= 1000;
    unit += 1;
  }
  return `${Number(number.toPrecision(3))}${units[unit]}`;
}

function seriesOf(kind, data) {
  const bars = uPlot.paths.bars({ size: [0.9, 60], align: 1 });
  const one = (label, name, shown) => ({
    label,
    stroke: colour(name),
    fill: colour(name),
    width: 0,
    paths: bars,
    points: { show: false },
    value: (_chart, _value, _series, place) => (place === null ? "–" : shown[place].toLocaleString("en")),
  });
  if (kind === "bytes") {
    return { columns: [data.bytes], series: [one("Bytes", "--bytes", data.bytes)] };
  }
  // Stacked: the sum of all is drawn first, and each smaller sum over its lower part.
  const decided = data.allowed.map((count, place) => count + data.denied[place]);
  const columns = [decided, data.denied];
  const series = [one("Allowed", "--allowed", data.allowed), one("Denied", "--denied", data.denied)];
  if (data.observed.some((count) => count > 0)) {
    columns.unshift(decided.map((count, place) => count + data.observed[place]));
    series.unshift(one("Seen by agents", "--observed", data.observed));
  }
  return { columns, series };
}

function zoom(figure, from, to) {
  const address = new URL(figure.dataset.zoom, window.location.href);
  address.searchParams.delete("range");
  address.searchParams.set("from", new Date(from).toISOString());
  address.searchParams.set("to", new Date(to).toISOString());
  window.location.assign(address);
}

function draw(figure) {
  const table = figure.querySelector("table.steps");
  const place = figure.querySelector(".chart");
  const data = readTable(table);
  const { columns, series } = seriesOf(figure.dataset.kind, data);
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const from = Number(table.dataset.start);
  const to = Number(table.dataset.end);
  return new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      cursor: { drag: { x: true, y: false, setScale: false }, y: false, points: { show: false } },
      scales: {
        x: { time: true, range: [from / 1000, to / 1000] },
        y: { range: (_chart, _low, high) => [0, Math.max(high * 1.05, 1)] },
      },
      axes: [
        { ...axis, space: 90, size: 40, values: timeLabels },
        { ...axis, size: 52, values: (_chart, numbers) => numbers.map(shortNumber) },
      ],
      series: [
        { label: "UTC", value: (_chart, seconds) => (seconds === null ? "–" : utc(seconds).slice(0, 19).replace("T", " ")) },
        ...series,
      ],
      hooks: {
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width > 4) {
              const began = Math.round(self.posToVal(left, "x") * 1000);
              zoom(figure, Math.max(began, from), Math.min(Math.round(self.posToVal(left + width, "x") * 1000), to));
            }
          },
        ],
      },
    },
    [data.times, ...columns],
    place,
  );
}

let forget = [];

function drawAll() {
  forget.forEach((one) => one());
  forget = Array.from(document.querySelectorAll("figure.timeline"), (figure) => {
    const place = figure.querySelector(".chart");
    const chart = draw(figure);
    const watching = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT }));
    watching.observe(place);
    return () => {
      watching.disconnect();
      chart.destroy();
    };
  });
}

drawAll();
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

// The home page refreshes itself, but not while somebody is about to follow a link or is reading a table.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const live = event.target;
  if (live.id === "live" && (live.contains(document.activeElement) || live.querySelector("details[open]"))) {
    event.preventDefault();
  }
});
// If the session has ended, the answer is the sign-in page, which belongs in the whole window.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id === "live" && !event.detail.xhr.responseText.includes('id="live"')) {
    event.detail.shouldSwap = false;
    window.location.reload();
  }
});
document.body.addEventListener("htmx:afterSettle", drawAll);
