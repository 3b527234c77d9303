// All indices at once, and the chosen one through its session.

import { h, setAttribute, svg } from "../dom.js";
import { apart, changes, chart, spark } from "../chart.js";
import { MOVE_BY_STRADDLE, age, clock, expiryDay, isNumber, number, percent, points, seconds, signed, words } from "../format.js";
import { Grid } from "../grid.js";

export const arrow = (change) => (change > 0 ? "▲ " : change < 0 ? "▼ " : "");

function change(cell, row, text) {
  setAttribute(text, "data-way", row.change_pct > 0 ? "up" : row.change_pct < 0 ? "down" : "none");
}

function trend(name) {
  return (cell, row) => {
    let line = cell.querySelector("polyline");
    if (!line) {
      line = svg("polyline", {});
      cell.append(svg("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" }, line));
    }
    setAttribute(line, "points", spark(row.trend[name]));
  };
}

// How the unit ended, or how much older it is than the newest cycle of all indices.
function statusOf(row) {
  if (row.stale_seconds) return `STALE ${age(row.stale_seconds)}`;
  return row.status + (row.reason ? ` (${words(row.reason)})` : "");
}

const COLUMNS = [
  { key: "index", label: "Index", head: true, paint: (cell, row, text) => link(cell, row, text) },
  { key: "spot", label: "Spot", unit: "points", text: (row) => number(row.spot) },
  { key: "change_pct", label: "Change", unit: "%", text: (row) => `${arrow(row.change_pct)}${signed(row.change_pct)}`, paint: change, title: "Against the previous close" },
  { key: "trend", label: "Last cycles", class: "p2", paint: trend("spot"), title: "The index over the last 60 cycles" },
  { key: "future", label: "Future", unit: "basis", class: "p4", text: (row) => signed(row.basis), title: "Nearest future less index, points" },
  { key: "expiry", label: "Expiry", class: "p3", text: (row) => expiryDay(row.expiry) },
  { key: "atm", label: "ATM", class: "p2", text: (row) => points(row.atm), title: "Listed strike nearest to the forward" },
  { key: "straddle", label: "Straddle", unit: "points", class: "p1", text: (row) => number(row.straddle_nearest), title: "Call and put at the money" },
  { key: "move", label: "Move ±", unit: "0.85 straddle", class: "p4", text: (row) => number(row.em_straddle, 0), title: MOVE_BY_STRADDLE },
  { key: "iv", label: "ATM IV", unit: "%", text: (row) => percent(row.atm_iv_nearest), title: "Implied volatility at the money" },
  { key: "pcr", label: "PCR", text: (row) => number(row.pcr_nearest), title: "Put over call open interest, nearest expiry" },
  { key: "pcrs", label: "PCR trend", class: "p4", paint: trend("pcr") },
  { key: "pain", label: "Max pain", class: "p2", text: (row) => points(row.max_pain_nearest), title: "Where open options are worth least" },
  { key: "support", label: "Support", class: "p3", text: (row) => points(row.support), title: "Most put open interest below the forward" },
  { key: "resistance", label: "Resistance", class: "p3", text: (row) => points(row.resistance), title: "Most call open interest above the forward" },
  { key: "status", label: "Status", class: "p2", text: statusOf, title: "STALE: the newest cycle left the index out", paint: (cell, row) => setAttribute(cell, "data-status", row.stale_seconds ? "STALE" : row.status) },
  { key: "cycle", label: "Cycle", unit: "IST", class: "p3", text: (row) => clock(row.cycle) },
];

// Why figures of the whole chain are dashes in the first cycles of a window.
const WHOLE_CHAIN = "– of PCR, max pain, support and resistance: the open interest of some strikes is not known. At intervals below 30 s it is asked for a few strikes a cycle, all within a minute.";
const lacksWholeChain = (row) => isNumber(row.atm) && !isNumber(row.pcr_nearest);

function explain(body) {
  body.why ||= body.appendChild(h("p", { class: "none" }));
  const text = [...body.grid.rows.values()].some((line) => lacksWholeChain(line.row)) ? WHOLE_CHAIN : "";
  if (body.why.textContent !== text) body.why.textContent = text;
}

let contextOf;

function link(cell, row, text) {
  if (!text.firstChild) {
    text.append(h("a", { href: contextOf.address({ index: row.index, view: "chain" }), onclick: (event) => {
      event.preventDefault();
      contextOf.go({ index: row.index, view: "chain", expiry: "" });
    } }, row.index));
  }
  setAttribute(text.firstChild, "href", contextOf.address({ index: row.index, view: "chain" }));
}

// The fields of a streamed row by the names of the figures that are drawn.
const STREAMED = { spot: "spot", straddle: "straddle_nearest" };
const plain = (row) => ({ ...row, ...row.figures });

// The columns of an overview row as the stream has them.
function streamed(row) {
  return { ...row, index: row.underlying, cycle: row.timestamp, expiry: row.expiry_nearest };
}

// What the stream brings is not asked again with every cycle: at one a second the answers took a
// third of the process that also sends the stream.
const STREAMED_REST_MS = 15000;

const SESSION = [
  { name: "Index", figure: "spot", role: "spot", width: 2, isOfIndex: true },
  { name: "Straddle", figure: "straddle", role: "puts", scale: "straddle", dash: [8, 4], width: 1.5 },
];

// Figures of the nearest expiry start anew where that becomes another one; those of the index go on.
export function throughTime(data, list) {
  const instants = data.instant.map(seconds);
  const places = changes(data.expiry);
  const { x, series } = apart(instants, list.map(({ figure, scale, factor, isOfIndex, ...rest }) => ({
    ...rest, scale, isApart: () => !isOfIndex,
    values: factor ? data.figures[figure].map((one) => (one === null ? null : one * factor)) : data.figures[figure],
  })), places);
  return { x, series, marks: places.map((place) => ({ at: instants[place], label: `expiry ${expiryDay(data.expiry[place])}`, role: "text" })) };
}

const spotPanel = {
  id: "spot",
  width: "wide",
  title: (state) => `${state.index} through the session`,
  study: "levels",
  parameters: (state) => ({ index: state.index, points: 240 }),
  note: "The straddle is that of the strike at the money of the nearest expiry.",
  rest_ms: STREAMED_REST_MS,
  // The newest cycle lengthens the lines.
  live(body, panels, context, { data }) {
    const row = (panels.overview?.rows || []).find((one) => one.underlying === data.index);
    if (!row || seconds(row.timestamp) <= seconds(data.instant.at(-1))) return false;
    data.instant.push(row.timestamp);
    data.expiry.push(row.expiry_nearest ?? null);
    for (const name of Object.keys(data.figures)) data.figures[name].push(row[STREAMED[name]] ?? null);
    spotPanel.draw(body, { data }, context);
    return true;
  },
  draw(body, { data }, context) {
    const { x, series, marks } = throughTime(data, SESSION);
    chart(body, x, {
      label: `${data.index} and its straddle on ${data.day}`, height: 280, theme: context.theme(), x: { time: true },
      axes: { y: "index, points", straddle: "straddle, points" }, series, marks,
    });
  },
};

export default {
  name: "overview",
  title: "Overview",
  heading: () => "Overview of all indices",
  panels: () => [{
    id: "board",
    width: "wide",
    title: () => "All indices",
    study: "overview",
    parameters: () => ({}),
    rest_ms: STREAMED_REST_MS,
    instant: (answer) => answer?.data.rows.map((row) => row.cycle).sort().at(-1),
    note: "Figures are those of each index's nearest expiry. Index names lead to the chain.",
    draw(body, { data }, context) {
      contextOf = context;
      body.grid ||= new Grid(body, { caption: "The newest cycle of every index", columns: COLUMNS,
        mark: (row) => (row.index === context.state().index ? "chosen" : "") });
      body.grid.show(context.ordered(data.rows.map(plain), (row) => row.index).map((row) => [row.index, row]));
      explain(body);
    },
    live(body, panels) {
      let isNew = false;
      for (const row of panels.overview?.rows || []) {
        const line = body.grid?.rows.get(row.underlying);
        if (!line || line.row.cycle >= row.timestamp) continue;
        isNew = true;
        const before = line.row.trend;
        const grown = (name, value) => [...before[name].slice(-59), value ?? null];
        body.grid.patch(row.underlying, { ...streamed(row), trend: {
          ...before, spot: grown("spot", row.spot), pcr: grown("pcr", row.pcr_nearest) } });
      }
      if (isNew) explain(body);
      return isNew;
    },
  }, spotPanel],
};
