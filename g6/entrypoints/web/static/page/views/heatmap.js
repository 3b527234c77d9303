// Open interest or volatility over strikes and the day's cycles, or over strikes and expiries.

import { expiryDay, isNumber, points, shortClock, inLakh } from "../format.js";
import { heat } from "../pictures.js";
import { around } from "./chain.js";
import { choice, expiryChoice } from "./controls.js";

const COLUMNS = 120;

async function parameters(state, context) {
  const base = { index: state.index, of: state.of, by: state.by };
  if (state.by === "expiry") return base;
  const cycles = await context.cyclesOfDay();
  return { ...base, expiry: state.expiry, cycles, every: Math.max(1, Math.ceil(cycles / COLUMNS)) };
}

const panel = {
  id: "heatmap",
  width: "wide",
  title: (state, answer) => `${state.index} ${state.values === "change" ? "change of " : ""}${state.of === "oi" ? "open interest" : "implied volatility"} by strike and ${state.by}${answer?.data.expiry ? `, expiry ${expiryDay(answer.data.expiry)}` : ""}`,
  study: "heatmap",
  parameters,
  view: (state) => [state.values, state.strikes],
  draw(body, { data }, context) {
    const { values, strikes } = context.state();
    // Over expiries volatility has no change.
    const isChange = values === "change" && (data.by === "time" || data.of === "oi");
    const shown = isChange ? data.change : data.matrix;
    const last = data.atm.findLast(isNumber) ?? data.spot.findLast(isNumber);
    const [from, to] = strikes === "all" ? [0, data.strike.length] : around(data.strike, last, 25);
    const isInterest = data.of === "oi";
    heat(body, {
      label: `${data.index} ${isInterest ? "open interest" : "volatility"} by strike and ${data.by}`, height: 520,
      rows: data.strike.slice(from, to), columns: data.labels,
      matrix: shown.slice(from, to).map((row) => (isInterest ? row.map(inLakh) : row)),
      diverging: isChange, unit: isInterest ? "lakh units" : "%", places: isInterest ? 1 : 2,
      y_unit: "strike, points", x_unit: data.by === "time" ? "IST" : "expiry",
      x_word: (place) => (data.by === "time" ? shortClock(data.labels[place]) : expiryDay(data.labels[place])),
      y_word: (place) => points(data.strike[from + place]),
      path: data.by === "time" ? { name: "index", values: data.spot } : null,
    });
  },
  note: "Open interest is that of calls and puts together. A change is since the previous session, of volatility since the first cycle that is shown.",
};

export default {
  name: "heatmap",
  title: "Heat map",
  heading: (state) => `${state.index} heat map`,
  controls: (context) => [
    choice(context, "of", "Of", [["oi", "open interest"], ["iv", "implied volatility"]]),
    choice(context, "by", "By", [["time", "time"], ["expiry", "expiry"]]),
    choice(context, "values", "Show", [["change", "changes"], ["level", "levels"]]),
    choice(context, "strikes", "Strikes", [["near", "25 each side"], ["all", "all"]]),
    ...(context.state().by === "time" ? [expiryChoice(context)] : []),
  ],
  panels: () => [panel],
};
