// Bars by strike and heat maps, drawn on a canvas, with a pointer that mouse and keyboard move.

import { colour, colours, h } from "./dom.js";
import { isNumber, number } from "./format.js";

const FONT = "system-ui, sans-serif";
const LEFT = 64;
const RIGHT = 10;
const BOTTOM = 40;
const TOP = 22;

class Picture {
  constructor(host, height) {
    this.canvas = h("canvas", { tabindex: "0", role: "application", "aria-roledescription": "chart" });
    this.readout = h("output", { class: "readout" });
    this.legend = h("ul", { class: "legend plain" });
    this.frame = h("figure", { class: "chart picture", "data-chart": "" }, this.canvas, this.readout, this.legend);
    host.append(this.frame);
    this.height = height;
    this.place = null;
    this.sizes = new ResizeObserver(() => this.paint());
    this.sizes.observe(this.frame);
    this.frame.end = () => this.sizes.disconnect();
    this.canvas.addEventListener("pointermove", (event) => this.point(event.offsetX, event.offsetY));
    this.canvas.addEventListener("pointerleave", () => this.choose(null));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  begin() {
    const ratio = globalThis.devicePixelRatio || 1;
    const width = this.frame.clientWidth;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(this.height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(this.height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${this.height}px`;
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, this.height);
    context.font = `12px ${FONT}`;
    this.width = width;
    return context;
  }

  keys(event, moves) {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(move());
  }

  choose(place) {
    if (JSON.stringify(place) === JSON.stringify(this.place)) return;
    this.place = place;
    this.readout.textContent = place === null ? this.hint : this.words(place);
    this.paint();
  }
}

// spec: label, height, x (strikes), series [{ name, role, values }], lines [{ at, label, role }],
// unit, x_unit, places.
export function bars(host, spec) {
  const old = host.querySelector(":scope > .picture");
  const picture = old?.picture || new Bars(host, spec.height);
  picture.frame.picture = picture;
  picture.show(spec);
}

class Bars extends Picture {
  show(spec) {
    this.spec = spec;
    this.hint = "Point at a strike, or use the arrow keys.";
    this.canvas.setAttribute("aria-label", `${spec.label}, ${spec.x.length} strikes. Arrow keys read them.`);
    if (this.place === null) this.readout.textContent = this.hint;
    else this.readout.textContent = this.words(this.place);
    this.legend.replaceChildren(
      ...spec.series.map((series) => h("li", {}, h("i", { class: "key block", "data-role": series.role, "aria-hidden": "true" }), series.name)),
      ...spec.lines.filter((line) => isNumber(line.at)).map((line) =>
        h("li", {}, h("i", { class: "key dashed", "data-role": line.role, "aria-hidden": "true" }), `${line.label} ${number(line.at, Number.isInteger(line.at) ? 0 : 2)}`)));
    this.paint();
  }

  paint() {
    if (!this.spec) return;
    const { x, series, unit, x_unit: xUnit, lines } = this.spec;
    const c = this.begin();
    const wide = this.width - LEFT - RIGHT;
    const high = this.height - TOP - BOTTOM;
    const values = series.flatMap((one) => one.values.filter(isNumber));
    const ticks = scale(Math.min(0, ...values), Math.max(0, ...values));
    const y = (value) => TOP + high * (1 - (value - ticks.low) / (ticks.high - ticks.low));
    const slot = wide / Math.max(1, x.length);
    c.strokeStyle = colour("grid");
    c.fillStyle = colour("text");
    c.textBaseline = "middle";
    c.textAlign = "right";
    for (const tick of ticks.ticks) {
      c.beginPath();
      c.moveTo(LEFT, Math.round(y(tick)) + 0.5);
      c.lineTo(this.width - RIGHT, Math.round(y(tick)) + 0.5);
      c.stroke();
      c.fillText(number(tick, ticks.places), LEFT - 6, y(tick));
    }
    const each = Math.max(1, slot * 0.84 / series.length);
    if (this.place !== null) {
      c.fillStyle = colour("flash");
      c.fillRect(LEFT + slot * this.place, TOP, slot, high);
    }
    series.forEach((one, side) => {
      c.fillStyle = colour(one.role);
      one.values.forEach((value, place) => {
        if (!isNumber(value)) return;
        const from = y(0);
        c.fillRect(LEFT + slot * place + slot * 0.08 + each * side, Math.min(from, y(value)), Math.max(1, each - 0.5), Math.max(0.5, Math.abs(y(value) - from)));
      });
    });
    c.fillStyle = colour("text");
    c.textAlign = "center";
    c.textBaseline = "top";
    const every = Math.max(1, Math.ceil(72 / slot));
    const last = x.length - 1;
    x.forEach((strike, place) => {
      if (place % every === 0) c.fillText(number(strike, Number.isInteger(strike) ? 0 : 1), Math.min(Math.max(LEFT + 20, LEFT + slot * (place + 0.5)), this.width - 24), this.height - BOTTOM + 5);
    });
    c.fillText(xUnit, LEFT + wide / 2, this.height - 16);
    c.textAlign = "left";
    c.fillText(unit, 4, 0);
    // Levels at one strike share the line: each draws its own part of it.
    const inside = lines.filter((line) => isNumber(line.at) && last > 0 && line.at >= x[0] && line.at <= x[last])
      .map((line) => ({ ...line, x: Math.round(LEFT + slot * (place_of(x, line.at) + 0.5)) + 0.5 }));
    for (const line of inside) {
      const shared = inside.filter((other) => Math.abs(other.x - line.x) < 3);
      c.strokeStyle = colour(line.role);
      c.setLineDash(shared.length > 1 ? [7, 7 * (shared.length - 1)] : [5, 3]);
      c.lineDashOffset = -7 * shared.indexOf(line);
      c.lineWidth = 2;
      c.beginPath();
      c.moveTo(line.x, TOP);
      c.lineTo(line.x, TOP + high);
      c.stroke();
    }
    c.setLineDash([]);
    c.lineWidth = 1;
  }

  point(offset) {
    const slot = (this.width - LEFT - RIGHT) / Math.max(1, this.spec.x.length);
    const place = Math.floor((offset - LEFT) / slot);
    this.choose(place >= 0 && place < this.spec.x.length ? place : null);
  }

  key(event) {
    const last = this.spec.x.length - 1;
    const from = this.place ?? Math.floor(last / 2);
    this.keys(event, {
      ArrowLeft: () => Math.max(0, from - 1),
      ArrowRight: () => Math.min(last, from + 1),
      Home: () => 0,
      End: () => last,
      Escape: () => null,
    });
  }

  words(place) {
    const { x, series, places, unit } = this.spec;
    const values = series.map((one) => `${one.name} ${number(one.values[place], places)}`);
    return `${number(x[place], Number.isInteger(x[place]) ? 0 : 2)}: ${values.join(", ")} ${unit}`;
  }
}

// The place of a level among ascending strikes, between two of them where it lies between.
function place_of(strikes, level) {
  const after = strikes.findIndex((strike) => strike >= level);
  if (after <= 0) return 0;
  return after - (strikes[after] - level) / (strikes[after] - strikes[after - 1]);
}

// Round numbers of an axis.
export function scale(low, high, count = 5) {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = [];
  for (let place = first; place <= Math.max(last, first + 1); place += 1) ticks.push(place * step);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (String(step / power) === "2.5" ? 1 : 0));
  return { low: ticks[0], high: ticks.at(-1), ticks, places };
}

// spec: label, height, columns (labels), rows (labels), matrix[row][column], diverging, unit, places,
// y_unit, x_unit, path { name, values per column }, x_word(place), y_word(place).
export function heat(host, spec) {
  const old = host.querySelector(":scope > .picture");
  const picture = old?.picture || new Heat(host, spec.height);
  picture.frame.picture = picture;
  picture.show(spec);
}

class Heat extends Picture {
  show(spec) {
    this.spec = spec;
    this.hint = "Point at a cell, or use the arrow keys.";
    this.canvas.setAttribute("aria-label",
      `${spec.label}, ${spec.rows.length} rows and ${spec.columns.length} columns. Arrow keys read cells.`);
    if (this.place && (this.place[0] >= spec.rows.length || this.place[1] >= spec.columns.length)) this.place = null;
    this.readout.textContent = this.place === null ? this.hint : this.words(this.place);
    const known = spec.matrix.flat().filter(isNumber);
    // The few largest values would leave all others pale: colours end at 98 of 100.
    const sorted = (spec.diverging ? known.map(Math.abs) : known).sort((one, other) => one - other);
    const most = sorted.at(-1);
    this.high = sorted[Math.floor(0.98 * (sorted.length - 1))] || most || 1;
    this.low = spec.diverging ? -this.high : sorted[0];
    const isCut = this.high < most;
    this.image = this.picture();
    const steps = colours(spec.diverging ? "change-scale" : "level-scale");
    const ramp = h("i", { class: "ramp", "aria-hidden": "true" });
    ramp.style.background = `linear-gradient(to right, ${steps.join(", ")})`;
    this.legend.replaceChildren(
      h("li", {}, known.length ? `${isCut && spec.diverging ? "≤ " : ""}${number(this.low, spec.places)}` : "–", " ", ramp, " ", known.length ? `${isCut ? "≥ " : ""}${number(this.high, spec.places)}` : "–", ` ${spec.unit}`),
      h("li", {}, h("i", { class: "key block", "data-role": "missing", "aria-hidden": "true" }), "no value"),
      ...(spec.path ? [h("li", {}, h("i", { class: "key", "data-role": "text", "aria-hidden": "true" }), spec.path.name)] : []));
    this.paint();
  }

  // One pixel a cell; the canvas scales it without smoothing.
  picture() {
    const { rows, columns, matrix, diverging } = this.spec;
    const steps = colours(diverging ? "change-scale" : "level-scale").map(rgb);
    const missing = rgb(colour("missing"));
    const canvas = h("canvas", { width: Math.max(1, columns.length), height: Math.max(1, rows.length) });
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    rows.forEach((_, row) => columns.forEach((_1, column) => {
      const value = matrix[row][column];
      const tone = isNumber(value) ? mixed(steps, (value - this.low) / (this.high - this.low || 1)) : missing;
      const to = 4 * ((rows.length - 1 - row) * columns.length + column);
      image.data.set([...tone, 255], to);
    }));
    context.putImageData(image, 0, 0);
    return canvas;
  }

  paint() {
    if (!this.spec) return;
    const { rows, columns, path } = this.spec;
    const c = this.begin();
    const wide = this.width - LEFT - RIGHT;
    const high = this.height - TOP - BOTTOM;
    const slot = wide / Math.max(1, columns.length);
    const row = high / Math.max(1, rows.length);
    c.imageSmoothingEnabled = false;
    c.drawImage(this.image, LEFT, TOP, wide, high);
    c.fillStyle = colour("text");
    c.textAlign = "right";
    c.textBaseline = "middle";
    const every = Math.max(1, Math.ceil(18 / row));
    rows.forEach((label, place) => {
      if (place % every === 0) c.fillText(this.spec.y_word(place), LEFT - 6, TOP + high - row * (place + 0.5));
    });
    c.textAlign = "center";
    c.textBaseline = "top";
    const each = Math.max(1, Math.ceil(74 / slot));
    columns.forEach((label, place) => {
      if (place % each === 0) c.fillText(this.spec.x_word(place), Math.min(Math.max(LEFT + 20, LEFT + slot * (place + 0.5)), this.width - 26), this.height - BOTTOM + 5);
    });
    c.fillText(this.spec.x_unit, LEFT + wide / 2, this.height - 16);
    c.textAlign = "left";
    c.fillText(this.spec.y_unit, 4, 0);
    if (path && rows.length > 1) {
      for (const [width, tone] of [[4, "paper"], [1.8, "text"]]) {
        c.strokeStyle = colour(tone);
        c.lineWidth = width;
        c.beginPath();
        path.values.forEach((level, place) => {
          if (isNumber(level)) c.lineTo(LEFT + slot * (place + 0.5), TOP + high - row * (place_of(rows, level) + 0.5));
        });
        c.stroke();
      }
      c.lineWidth = 1;
    }
    if (this.place) {
      c.strokeStyle = colour("text");
      c.lineWidth = 2;
      c.strokeRect(LEFT + slot * this.place[1], TOP + high - row * (this.place[0] + 1), Math.max(3, slot), Math.max(3, row));
      c.lineWidth = 1;
    }
  }

  point(x, y) {
    const { rows, columns } = this.spec;
    const column = Math.floor((x - LEFT) / ((this.width - LEFT - RIGHT) / columns.length));
    const row = rows.length - 1 - Math.floor((y - TOP) / ((this.height - TOP - BOTTOM) / rows.length));
    const inside = column >= 0 && column < columns.length && row >= 0 && row < rows.length;
    this.choose(inside ? [row, column] : null);
  }

  key(event) {
    const rows = this.spec.rows.length - 1;
    const columns = this.spec.columns.length - 1;
    const [row, column] = this.place || [Math.floor(rows / 2), columns];
    this.keys(event, {
      ArrowUp: () => [Math.min(rows, row + 1), column],
      ArrowDown: () => [Math.max(0, row - 1), column],
      ArrowLeft: () => [row, Math.max(0, column - 1)],
      ArrowRight: () => [row, Math.min(columns, column + 1)],
      Home: () => [row, 0],
      End: () => [row, columns],
      Escape: () => null,
    });
  }

  words([row, column]) {
    const { matrix, places, unit } = this.spec;
    const value = matrix[row][column];
    return `${this.spec.y_word(row)} at ${this.spec.x_word(column)}: ${isNumber(value) ? `${number(value, places)} ${unit}` : "no value"}`;
  }
}

function rgb(text) {
  return [1, 3, 5].map((place) => parseInt(text.slice(place, place + 2), 16));
}

function mixed(steps, share) {
  const place = Math.min(1, Math.max(0, share)) * (steps.length - 1);
  const low = Math.min(steps.length - 2, Math.floor(place));
  const part = place - low;
  return steps[low].map((from, channel) => Math.round(from + part * (steps[low + 1][channel] - from)));
}
