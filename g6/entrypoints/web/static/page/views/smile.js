// Implied volatility by strike, over moneyness and time, and by expiry.

import { chart } from "../chart.js";
import { h } from "../dom.js";
import { MOVE_BY_VOLATILITY, expiryDay, isNumber, number, percent, points } from "../format.js";
import { Grid, figures } from "../grid.js";
import { heat } from "../pictures.js";
import { expiryChoice } from "./controls.js";

const smilePanel = {
  id: "smile",
  title: (state, answer) => `${state.index} smile${answer ? `, expiry ${expiryDay(curve(answer.data, state)?.expiry)}` : ""}`,
  study: "smile",
  parameters: (state) => ({ index: state.index }),
  view: (state) => [state.expiry],
  note: "Rings are the volatilities of calls, dots those of puts, the line is the fitted surface.",
  draw(body, { data }, context) {
    const own = curve(data, context.state());
    body.none ||= body.appendChild(h("p", { class: "none" }));
    body.none.textContent = own && hasVolatility(own) ? ""
      : `No option of ${own ? expiryDay(own.expiry) : data.index} has a volatility at this instant: the expiry is over, or no price was good enough. Choose another expiry.`;
    if (!own) return;
    const reach = own.reach || 0.1;
    const places = own.strike.map((_, place) => place).filter((place) => Math.abs(own.strike[place] / own.forward - 1) <= reach);
    const pick = (values) => places.map((place) => values[place]);
    chart(body, pick(own.strike), {
      label: `${data.index} implied volatility by strike`, height: 340, theme: context.theme(), x: { unit: "strike, points" },
      axes: { y: "implied volatility, %" },
      series: [
        { name: "Calls", role: "calls", values: pick(own.calls), points: "ring" },
        { name: "Puts", role: "puts", values: pick(own.puts), points: "dot" },
        { name: "Fitted", role: "fit", values: pick(own.fitted), width: 2 },
      ],
      marks: [[own.forward, "forward", "forward"], [own.atm, "ATM", "atm"]].filter(([at]) => isNumber(at)).map(([at, label, role]) => ({ at, label, role })),
    });
  },
};

function curve(data, state) {
  return data.expiries.find((one) => one.expiry === state.expiry) || data.expiries.find(hasVolatility) || data.expiries[0];
}

const hasVolatility = (one) => one.calls.some(isNumber) || one.puts.some(isNumber);

// The grid has a hull of its own in each row: it is laid on one axis of moneyness.
function onOneAxis(data, steps = 61) {
  const low = Math.min(...data.moneyness.map((row) => row[0]));
  const high = Math.max(...data.moneyness.map((row) => row.at(-1)));
  const columns = Array.from({ length: steps }, (_, place) => low + (high - low) * place / (steps - 1));
  const matrix = data.iv.map((row, time) => columns.map((at) => {
    const own = data.moneyness[time];
    if (at < own[0] || at > own.at(-1)) return null;
    return row[own.reduce((best, one, place) => (Math.abs(one - at) < Math.abs(own[best] - at) ? place : best), 0)];
  }));
  return { columns, matrix };
}

const surfacePanel = {
  id: "surface",
  title: (state) => `${state.index} volatility surface`,
  study: "surface",
  parameters: (state) => ({ index: state.index }),
  note: "Fitted volatility over moneyness (strike over forward) and days to expiry, within the strikes that were used.",
  draw(body, { data }) {
    if (data.days.length < 2) return;
    const { columns, matrix } = onOneAxis(data);
    heat(body, {
      label: `${data.index} volatility surface`, height: 340, rows: data.days, columns, matrix, unit: "%", places: 1,
      y_unit: "days to expiry", x_unit: "strike over forward", x_word: (place) => number(columns[place], 3), y_word: (place) => number(data.days[place], 1),
    });
  },
};

const EXPIRIES = [
  { key: "expiry", label: "Expiry", head: true, text: (row) => expiryDay(row.expiry) },
  { key: "bucket", label: "Bucket", class: "p2 word", text: (row) => (row.bucket || "").replaceAll("_", " ") },
  { key: "forward", label: "Forward", unit: "points", class: "p1", text: (row) => number(row.forward) },
  { key: "atm", label: "ATM", class: "p2", text: (row) => points(row.atm) },
  { key: "atm_iv", label: "ATM IV", unit: "%", text: (row) => percent(row.atm_iv) },
  { key: "straddle", label: "Straddle", unit: "points", text: (row) => number(row.straddle) },
  { key: "em_sd", label: "Move ±1σ", unit: "points", class: "p2", text: (row) => number(row.em_sd, 0), title: MOVE_BY_VOLATILITY },
  { key: "rr25", label: "Risk reversal", unit: "25Δ, %", class: "p3", text: (row) => percent(row.rr25, 2) },
  { key: "bf25", label: "Butterfly", unit: "25Δ, %", class: "p3", text: (row) => percent(row.bf25, 2) },
  { key: "pcr", label: "PCR", text: (row) => number(row.pcr) },
  { key: "max_pain", label: "Max pain", class: "p1", text: (row) => points(row.max_pain) },
];

const termPanel = {
  id: "expiries",
  width: "wide",
  title: (state) => `${state.index} by expiry`,
  study: "analyze",
  parameters: (state) => ({ index: state.index }),
  draw(body, { data }) {
    const own = data.indices[0];
    figures(body, [
      ["Index", number(own.spot), "points"],
      ["Surface warnings", String(Object.values(own.surface.warnings).flat().length)],
    ]);
    body.grid ||= new Grid(body, { caption: "Figures of each expiry", columns: EXPIRIES });
    body.grid.show(own.expiries.map((row) => [row.expiry, row]));
  },
};

export default {
  name: "smile",
  title: "Smile",
  heading: (state) => `${state.index} smile and surface`,
  controls: (context) => [expiryChoice(context)],
  panels: () => [smilePanel, surfacePanel, termPanel],
};
