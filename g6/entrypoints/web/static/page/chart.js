// Lines over time or strikes, drawn by uPlot, with a legend that the keyboard reaches.

import { colour, h } from "./dom.js";
import { DASH, isNumber, number } from "./format.js";

const TIME_ZONE = "Asia/Kolkata";
const FONT = "12px system-ui, sans-serif";
const TICKS = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 4 });

// spec: height, label, x { time, unit, format }, series [{ name, role, values, places, scale, dash,
// points, step, width, fill }], axes { scale: unit }, marks [{ at, label, role }].
export function chart(host, x, spec) {
  const old = host.querySelector(":scope > [data-chart]");
  if (old?.update?.(x, spec)) return;
  old?.end();
  old?.remove();
  const plot = h("div", { class: "plot", role: "img" });
  const legend = h("ul", { class: "legend" });
  const frame = h("figure", { "data-chart": "", class: "chart" }, plot, legend);
  host.append(frame);
  new Lines(frame, plot, legend, x, spec);
}

// Calls and puts of one strike often have one volatility: a dot within a ring shows both.
const POINTS = {
  dot: (tone) => ({ show: true, size: 5, fill: tone, width: 0 }),
  ring: (tone) => ({ show: true, size: 10, fill: "transparent", stroke: tone, width: 2 }),
};

class Lines {
  constructor(frame, plot, legend, x, spec) {
    Object.assign(this, { frame, plot, legend, spec, x });
    this.values = legend_of(legend, spec, (place) => this.toggle(place));
    this.uplot = new globalThis.uPlot(this.options(), this.data(), plot);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(plot);
    frame.end = () => { this.sizes.disconnect(); this.uplot.destroy(); };
    frame.update = (next, changed) => this.update(next, changed);
    this.describe();
    // Once a page: what its loading is measured by.
    if (!performance.getEntriesByName("first-chart").length) performance.mark("first-chart");
  }

  shape(spec) {
    return JSON.stringify([spec.height, spec.theme, spec.axes, spec.range,
      spec.series.map(({ values: _, ...rest }) => rest)]);
  }

  update(x, spec) {
    if (this.shape(spec) !== this.shape(this.spec)) return false;
    this.spec = spec;
    this.x = x;
    this.uplot.setData(this.data());
    this.describe();
    return true;
  }

  data() {
    return [this.x, ...this.spec.series.map((series) => series.values.map((one) => (isNumber(one) ? one : null)))];
  }

  resize() {
    const width = this.plot.clientWidth;
    if (width && width !== this.uplot.width) this.uplot.setSize({ width, height: this.spec.height });
  }

  toggle(place) {
    const shown = !this.uplot.series[place + 1].show;
    this.uplot.setSeries(place + 1, { show: shown });
    return shown;
  }

  describe() {
    // Over strikes the last value is that of the outermost one, which nobody asks for.
    if (!this.spec.x?.time) {
      this.plot.setAttribute("aria-label", `${this.spec.label}: ${this.spec.series.map((one) => one.name).join(", ")}.`);
      this.read(null);
      return;
    }
    const parts = this.spec.series.map((series) => {
      const last = series.values.findLast(isNumber);
      return `${series.name} ${isNumber(last) ? number(last, series.places ?? 2) : "unknown"}`;
    });
    this.plot.setAttribute("aria-label", `${this.spec.label}. Last: ${parts.join(", ")}.`);
    this.read(null);
  }

  read(place) {
    this.spec.series.forEach((series, number_of) => {
      const value = place === null ? series.values.findLast(isNumber) : series.values[place];
      const isNamed = place !== null || this.spec.x?.time;
      this.values[number_of].textContent = isNamed ? (isNumber(value) ? number(value, series.places ?? 2) : DASH) : "";
    });
  }

  options() {
    const { spec } = this;
    const uPlot = globalThis.uPlot;
    const scales = { x: { time: Boolean(spec.x?.time), ...(spec.range ? { range: spec.range } : {}) } };
    const names = [...new Set(spec.series.map((series) => series.scale || "y"))];
    for (const name of names) scales[name] = {};
    const grid = { stroke: colour("grid"), width: 1 };
    const axis = { stroke: colour("text"), grid, ticks: grid, font: FONT };
    const axes = [{ ...axis, space: 70, ...time_axis(spec), label: spec.x?.unit, labelFont: FONT, labelSize: 18, size: 32 }];
    names.forEach((name, place) => axes.push({
      ...axis, scale: name, side: place ? 1 : 3, size: (_, ticks) => 18 + 7 * Math.max(4, ...(ticks || []).map((tick) => tick.length)), label: spec.axes[name], labelFont: FONT, labelSize: 18,
      grid: place ? { show: false } : grid,
      values: (_, ticks) => ticks.map((tick) => TICKS.format(tick).replace("-", "−")),
    }));
    return {
      width: this.plot.clientWidth || 300,
      height: spec.height,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), TIME_ZONE),
      legend: { show: false },
      scales,
      axes,
      series: [{}, ...spec.series.map((series) => ({
        label: series.name,
        scale: series.scale || "y",
        stroke: colour(series.role),
        width: series.points ? 0 : (series.width || 2),
        dash: series.dash,
        fill: series.fill ? `${colour(series.role)}22` : undefined,
        paths: series.step ? uPlot.paths.stepped({ align: 1 }) : undefined,
        points: series.points ? POINTS[series.points](colour(series.role)) : { show: false },
        spanGaps: Boolean(series.spans),
      }))],
      cursor: { drag: { x: true, y: false }, points: { size: 7 } },
      hooks: {
        setCursor: [(plot) => this.read(plot.cursor.idx ?? null)],
        draw: [(plot) => draw_marks(plot, this.spec.marks || [])],
      },
    };
  }
}

function time_axis(spec) {
  if (!spec.x?.time) return {};
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: TIME_ZONE, hour: "2-digit", minute: "2-digit" });
  const fine = new Intl.DateTimeFormat("en-GB", { timeZone: TIME_ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return {
    values: (_, ticks, _1, _2, step) => ticks.map((at) => (step < 60 ? fine : clock).format(new Date(at * 1000))),
  };
}

function draw_marks(plot, marks) {
  const { ctx, bbox } = plot;
  const ratio = globalThis.devicePixelRatio;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  // The axes that uPlot drew before leave their own alignment.
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  // Where each level of labels is free again. A label without room is left out, its line stays.
  // On a phone more than two levels lie on the lines that they are about.
  const free = Array(bbox.width < 480 * ratio ? 2 : 3).fill(0);
  const shown = marks.map((mark) => ({ ...mark, x: plot.valToPos(mark.at, "x", true) }))
    .filter(({ x }) => x >= bbox.left && x <= bbox.left + bbox.width).sort((one, other) => one.x - other.x);
  // Every line before the first label: the line of the ATM went through the word "forward".
  for (const { x, ...mark } of shown) {
    ctx.strokeStyle = ctx.fillStyle = colour(mark.role || "text");
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  for (const { x, ...mark } of shown) {
    if (!mark.label) continue;
    const width = ctx.measureText(mark.label).width;
    const isRight = x + width + 6 * ratio > bbox.left + bbox.width;
    const from = isRight ? x - width - 4 * ratio : x + 4 * ratio;
    const level = free.findIndex((end) => end <= from);
    if (level < 0) continue;
    free[level] = from + width + 6 * ratio;
    const down = bbox.top + (12 + 13 * level) * ratio;
    ctx.setLineDash([]);
    ctx.lineWidth = 3 * ratio;
    ctx.strokeStyle = colour("paper");
    ctx.strokeText(mark.label, from, down);
    ctx.fillStyle = colour("text");
    ctx.fillText(mark.label, from, down);
  }
  ctx.restore();
}

function legend_of(legend, spec, toggle) {
  return spec.series.map((series, place) => {
    const value = h("span", { class: "value" });
    const unit = spec.axes[series.scale || "y"];
    const button = h("button", { type: "button", "aria-pressed": "true", title: unit, onclick: () =>
      button.setAttribute("aria-pressed", String(toggle(place))) },
    h("i", { class: `key ${series.dash ? "dashed" : ""} ${series.points ? `dotted ${series.points}` : ""}`, "data-role": series.role, "aria-hidden": "true" }),
    `${series.name} `, value);
    legend.append(h("li", {}, button));
    return value;
  });
}

// Lines that start anew at some places, where they become those of another contract: a point without
// values stands before each. A series that is not apart there goes on: its point lies on the line
// between its neighbours, since the later value half an interval early would be one that nobody saw.
export function apart(x, series, places) {
  if (!places.length) return { x, series };
  const starts = new Set(places);
  const split = (values, between) => values.flatMap((value, place) => (starts.has(place) ? [between(place), value] : [value]));
  return {
    x: split(x, (place) => halfway(x, place)),
    series: series.map((one) => ({ ...one, values: split(one.values, (place) => (one.isApart && !one.isApart(place) ? halfway(one.values, place) : null)) })),
  };
}

function halfway(values, place) {
  const [before, after] = [values[place - 1], values[place]];
  return isNumber(before) && isNumber(after) ? (before + after) / 2 : null;
}

// The places at which a list has another value than before.
export function changes(values) {
  return values.flatMap((value, place) => (place && value && values[place - 1] && value !== values[place - 1] ? [place] : []));
}

// Lines through the last cycles in the cell of a table.
export function spark(values) {
  const known = values.filter(isNumber);
  if (known.length < 2) return "";
  const low = Math.min(...known);
  const high = Math.max(...known);
  const span = high - low || 1;
  return values.map((value, place) => (isNumber(value)
    ? `${(100 * place / (values.length - 1)).toFixed(1)},${(22 - 20 * (value - low) / span).toFixed(1)}` : ""))
    .filter(Boolean).join(" ");
}
