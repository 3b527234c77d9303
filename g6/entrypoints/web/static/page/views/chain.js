// The chain of one expiry: calls left, puts right, with bars of open interest and its build-up.

import { h, setAttribute } from "../dom.js";
import { MOVE_BY_STRADDLE, expiryDay, isNumber, lakh, inLakh, number, percent, points, signed, signedLakh, words } from "../format.js";
import { Grid, bar, figures } from "../grid.js";
import { bars } from "../pictures.js";
import { choice, expiryChoice } from "./controls.js";

const NEAR = matchMedia("(max-width: 560px)").matches ? 8 : 15;
// Which way the premium went, and filled where positions were opened, hollow where they were closed.
const BUILD_UPS = {
  long_build_up: ["▲", "long build-up", "up"], short_covering: ["△", "short covering", "up"],
  short_build_up: ["▼", "short build-up", "down"], long_unwinding: ["▽", "long unwinding", "down"],
};

function buildUp(word) {
  const [sign, text] = BUILD_UPS[word] || ["", words(word)];
  return sign ? `${sign} ${text}` : text;
}

function side(prefix, role, word) {
  const own = (key, rest) => ({ key: `${prefix}${key}`, ...rest });
  return [
    own("build_up", { label: "Build-up", class: "p3 word", text: (row) => buildUp(row[`${prefix}build_up`]), title: `How open interest and premium of the ${word} moved together`,
      paint: (_, row, text) => setAttribute(text, "data-way", BUILD_UPS[row[`${prefix}build_up`]]?.[2] || "none") }),
    own("delta", { label: "Delta", class: "p4", text: (row) => number(row[`${prefix}delta`]) }),
    own("theta", { label: "Theta", class: "p5", text: (row) => number(row[`${prefix}theta`], 1), title: "Points a day" }),
    own("volume", { label: "Volume", unit: "lakh", class: "p3", text: (row) => lakh(row[`${prefix}volume`]) }),
    own("oi_change", { label: "OI change", unit: "lakh", class: "p2", text: (row) => signedLakh(row[`${prefix}oi_change`]), title: "Since the previous session",
      paint: (cell, row) => bar(cell, Math.abs(row[`${prefix}oi_change`] || 0) / row.top_change, row[`${prefix}oi_change`] < 0 ? "fall" : "rise") }),
    own("oi", { label: "OI", unit: "lakh", class: "oi", text: (row) => lakh(row[`${prefix}oi`]), paint: (cell, row) => bar(cell, row[`${prefix}oi`] / row.top_oi, role) }),
    own("iv", { label: "IV", unit: "%", class: "p1", text: (row) => percent(row[`${prefix}iv`]) }),
    own("bid", { label: "Bid", class: "p5", text: (row) => number(row[`${prefix}bid`]) }),
    own("ask", { label: "Ask", class: "p5", text: (row) => number(row[`${prefix}ask`]) }),
    own("change", { label: "Change", class: "p2 between", text: (row) => signed(row[`${prefix}change`]), title: "Of the last price, since what build-up is compared with",
      paint: (_, row, text) => setAttribute(text, "data-way", row[`${prefix}change`] > 0 ? "up" : row[`${prefix}change`] < 0 ? "down" : "none") }),
    own("last", { label: "Last", class: "price", text: (row) => number(row[`${prefix}last`]), title: "Last traded price" }),
  ];
}

const MARKS = { max_pain: ["max pain", "P"], support: ["support", "S"], resistance: ["resistance", "R"] };

const STRIKE = { key: "strike", label: "Strike", head: true, class: "strike", text: (row) => points(row.strike),
  paint(cell, row) {
    let tags = cell.querySelector(".tags");
    if (!tags) cell.append(tags = h("span", { class: "tags" }));
    const wanted = [row.offset === 0 ? ["at the money", "ATM"] : null, ...row.marks.map((name) => MARKS[name])].filter(Boolean);
    const text = wanted.map(([, short]) => short).join(" ");
    if (tags.textContent !== text) tags.replaceChildren(...wanted.flatMap(([long, short]) => [" ", h("abbr", { title: long }, short)]));
  } };

const COLUMNS = [...side("ce_", "calls", "call").map((one) => ({ ...one, class: `${one.class || ""} call` })), STRIKE,
  ...side("pe_", "puts", "put").reverse().map((one) => ({ ...one, class: `${one.class || ""} put` }))];
const OF_A_SIDE = (COLUMNS.length - 1) / 2;
const GROUPS = [{ text: "Calls", span: OF_A_SIDE, class: "call" }, { text: "", span: 1 }, { text: "Puts", span: OF_A_SIDE, class: "put" }];

function level(value) {
  return value && typeof value === "object" ? value.strike : value;
}

const FIELDS = ["last", "change", "bid", "ask", "oi", "oi_change", "volume", "iv", "delta", "theta"];

// The columns as one record a strike.
function records(data) {
  const list = data.strike.map((strike, place) => {
    const row = { strike, offset: data.offset[place], forward: data.forward, marks: [] };
    for (const name of Object.keys(MARKS)) if (level(data.figures[name]) === strike) row.marks.push(name);
    ["ce_", "pe_"].forEach((prefix, side) => {
      for (const name of FIELDS) row[prefix + name] = data.sides[name][side][place];
      row[`${prefix}build_up`] = data.build_up[side][place];
    });
    return row;
  });
  const top = (name) => Math.max(1, ...list.flatMap((row) => ["ce_", "pe_"].map((prefix) => Math.abs(row[prefix + name] || 0))));
  const tops = { top_oi: top("oi"), top_change: top("oi_change") };
  return list.map((row) => ({ ...row, ...tops }));
}

function moved(change, before, now) {
  return isNumber(change) && isNumber(before) && isNumber(now) ? change + now - before : null;
}

function mark(row) {
  const names = [];
  if (row.offset === 0) names.push("atm");
  if (isNumber(row.forward)) names.push(row.strike < row.forward ? "below" : "above");
  return names.join(" ");
}

const chainPanel = {
  id: "chain",
  width: "wide",
  title: (state, answer) => `${state.index} chain${answer ? `, expiry ${expiryDay(answer.data.expiry)}` : ""}`,
  study: "ladder",
  parameters: (state) => ({
    index: state.index, expiry: state.expiry, against: state.against, window: state.strikes === "all" ? "" : NEAR,
  }),
  view: (state) => [state.strikes, state.expiry, state.against],
  note: "Shaded options are in the money. P max pain, S support (most put open interest below the forward), R resistance (most call open interest above it). Bars show open interest and its change since the previous session. Build-up: ▲ △ the premium rose, ▼ ▽ it fell; filled where open interest rose, hollow where it fell.",
  draw(body, answer, context) {
    const { data } = answer;
    const own = data.figures;
    figures(body, [
      ["Index", number(data.spot), "points"],
      ["Forward", number(data.forward), "points", "Of this expiry, from put-call parity where quotes allow"],
      ["ATM IV", percent(own.atm_iv), "%"],
      ["Straddle", number(own.straddle), "points"],
      ["Move ±, 0.85 straddle", number(own.em_straddle, 0), "points", MOVE_BY_STRADDLE],
      ["PCR", number(own.pcr), "", "Put over call open interest"],
      ["Max pain", points(own.max_pain), "points"],
      ["Support", points(level(own.support)), "points", "Most put open interest below the forward"],
      ["Resistance", points(level(own.resistance)), "points", "Most call open interest above the forward"],
      ["Days left", number(data.days, 0)],
    ]);
    body.grid ||= new Grid(body, { caption: "One line per strike", label: "Option chain", columns: COLUMNS, groups: GROUPS, mark });
    body.shown = `${data.index} ${data.expiry}`;
    body.why ||= body.appendChild(h("p", { class: "none" }));
    body.why.textContent = data.note ? `The ${data.note}.` : "";
    body.grid.show(records(data).map((row) => [String(row.strike), row]));
    const [calls, puts] = data.sums;
    body.grid.total({
      strike: "Collected",
      ce_oi: lakh(calls.oi), ce_oi_change: signedLakh(calls.oi_change), ce_volume: lakh(calls.volume),
      pe_oi: lakh(puts.oi), pe_oi_change: signedLakh(puts.oi_change), pe_volume: lakh(puts.volume),
    });
  },
  // Strikes near the money come with the stream, before they are stored.
  live(body, panels, context, { data }) {
    const panel = panels[`index_${context.state().index}`];
    if (!body.grid || !panel || panel.expiry !== data.expiry || body.shown !== `${panel.index} ${panel.expiry}`) return false;
    for (const line of panel.strikes) {
      const fields = { offset: line.offset };
      for (const name of ["ce", "pe"]) {
        for (const [field, value] of Object.entries(line[name])) fields[`${name}_${field}`] = value;
        // What it is compared with stays the same between two answers.
        const known = body.grid.rows.get(String(line.strike))?.row;
        if (known) fields[`${name}_change`] = moved(known[`${name}_change`], known[`${name}_last`], line[name].last);
      }
      body.grid.patch(String(line.strike), fields);
    }
    return true;
  },
};

const LINES = [
  ["spot", "Index", "spot"], ["ATM", "ATM", "atm"], ["max pain", "Max pain", "pain"], ["call gamma wall", "Call gamma wall", "calls"],
  ["put gamma wall", "Put gamma wall", "puts"],
];

function around(strikes, spot, count = 24) {
  if (!isNumber(spot)) return [0, strikes.length];
  const near = strikes.reduce((best, strike, place) => (Math.abs(strike - spot) < Math.abs(strikes[best] - spot) ? place : best), 0);
  return [Math.max(0, near - count), Math.min(strikes.length, near + count + 1)];
}

function interest(id, title, values, roles, unit) {
  return {
    id,
    title,
    study: "oi",
    parameters: (state) => ({ index: state.index, expiry: state.expiry }),
    draw(body, { data }) {
      const [from, to] = around(data.strike, data.marks.ATM ?? data.marks.spot);
      bars(body, {
        label: title({ index: data.index }), height: 300, x: data.strike.slice(from, to), places: 2, unit, x_unit: "strike, points",
        series: ["Calls", "Puts"].map((name, place) => ({ name, role: roles[place], values: values(data)[place].slice(from, to).map(inLakh) })),
        lines: LINES.map(([name, label, role]) => ({ at: data.marks[name], label, role })),
      });
      body.why ||= body.appendChild(h("p", { class: "none" }));
      body.why.textContent = id === "change" && data.note ? `The ${data.note}.` : "";
    },
  };
}

export default {
  name: "chain",
  title: "Chain",
  heading: (state) => `${state.index} option chain`,
  controls: (context) => [
    expiryChoice(context),
    choice(context, "strikes", "Strikes", [["near", `${NEAR} each side`], ["all", "all"]]),
    choice(context, "against", "Build-up since", [["close", "the previous close"], ["open", "the open"], ["15", "15 minutes"], ["30", "30 minutes"], ["60", "an hour"]]),
  ],
  panels: () => [
    chainPanel,
    interest("interest", (state) => `${state.index} open interest by strike`, (data) => data.oi, ["calls", "puts"], "lakh units"),
    interest("change", (state) => `${state.index} change of open interest since the previous session`, (data) => data.change, ["calls", "puts"], "lakh units"),
  ],
};
export { around };
