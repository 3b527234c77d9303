// The straddle at the money through the day, or a position of own legs, with its VWAP.

import { apart, changes, chart } from "../chart.js";
import { h } from "../dom.js";
import { expiryDay, number, points, seconds, signed } from "../format.js";
import { figures } from "../grid.js";

const CHOSEN_POINTS = 200;
const MOST_LEGS = 6;

export async function span(state, context) {
  const cycles = await context.cyclesOfDay();
  return { cycles, every: Math.max(1, Math.ceil(cycles / CHOSEN_POINTS)) };
}

const panel = {
  id: "straddle",
  width: "wide",
  title: (state) => (state.legs ? `${state.index} position of ${state.legs.split(",").length} legs` : `${state.index} straddle at the money`),
  study: "straddle",
  parameters: async (state, context) => ({ index: state.index, legs: state.legs, ...await span(state, context) }),
  note: "VWAP is what the options traded at on average since the open. A roll is where the strike at the money, and so the straddle, became another one: its VWAP is that of other options, so the line starts anew. Where the expiry rolls, both lines do.",
  draw(body, { data }, context) {
    const last = data.price.length - 1;
    const away = data.price[last] !== null && data.vwap[last] !== null ? data.price[last] - data.vwap[last] : null;
    figures(body, [
      ["Price", number(data.price[last]), "points"],
      ["VWAP", number(data.vwap[last]), "points"],
      ["Against VWAP", signed(away), "points"],
      ["Strike", points(data.strike[last]), ""],
      ["Expiry", expiryDay(data.expiry[last]), ""],
      ["Rolls", String(data.rolled.filter(Boolean).length), "", "How often the strike at the money changed"],
    ]);
    const instants = data.instant.map(seconds);
    const rolls = data.rolled.flatMap((rolled, place) => (rolled && place ? [place] : []));
    const expiries = data.legs ? [] : changes(data.expiry);
    const { x, series } = apart(instants, [
      { name: data.legs ? "Position" : "Straddle", role: "atm", values: data.price, width: 2.5, isApart: (place) => expiries.includes(place) },
      { name: "VWAP", role: "forward", values: data.vwap, dash: [8, 4] },
      { name: "Index", role: "quiet", values: data.spot, scale: "index", width: 1.5, isApart: () => false },
    ], rolls);
    chart(body, x, {
      label: `${data.index} ${data.legs ? "position" : "straddle"} and its VWAP`, height: 360, theme: context.theme(), x: { time: true },
      axes: { y: "premium, points", index: "index, points" },
      series,
      // The expiry first, so that its label is the one that has room.
      marks: [
        ...expiries.map((place) => ({ at: instants[place], label: `expiry ${expiryDay(data.expiry[place])}`, role: "text" })),
        ...rolls.filter((place) => !expiries.includes(place)).map((place) => ({ at: instants[place], label: points(data.strike[place]), role: "quiet" })),
      ],
    });
  },
};

const payoffPanel = {
  id: "payoff",
  width: "wide",
  title: (state) => `${state.index} ${state.legs ? "position" : "straddle"}: gain were the index elsewhere`,
  study: "payoff",
  parameters: (state) => ({ index: state.index, legs: state.legs }),
  note: "Now: each option at its own volatility, every forward moved alike. At expiry: when the first leg expires; what legs that live longer are worth then is Black-76's.",
  draw(body, { data }, context) {
    const roots = data.break_even.map((level) => points(Math.round(level)));
    figures(body, [
      ["Worth now", number(data.cost), "points", "Negative where premium is taken in"],
      ["First expiry", expiryDay(data.expires)],
      ["Break-even", roots.join(" and ") || "none near", "points", "Levels at which it gains nothing when the first leg expires"],
    ]);
    chart(body, data.level, {
      label: `${data.index} gain by level of the index`, height: 280, theme: context.theme(), x: { unit: "index, points" },
      axes: { y: "gain, points" },
      series: [
        { name: "At expiry", role: "atm", values: data.gain_at_expiry, width: 2.5, fill: true },
        { name: "Now", role: "forward", values: data.gain_now, dash: [8, 4] },
      ],
      marks: [
        { at: data.spot, label: "Index", role: "spot" },
        ...data.break_even.map((at, place) => ({ at, label: roots[place], role: "quiet" })),
      ],
    });
  },
};

// Rows of a form, one a leg. The address keeps them as DATE:STRIKE:CE|PE:QUANTITY.
function legForm(context) {
  const rows = h("ol", { class: "legs" });
  const message = h("p", { class: "message", role: "status" });
  let listed = { expiries: [], strikes: [] };
  const add = (text = "") => {
    if (rows.children.length >= MOST_LEGS) {
      message.textContent = `A position has at most ${MOST_LEGS} legs.`;
      return;
    }
    const [expiry = listed.expiries[0] || "", strike = listed.atm || "", side = "CE", quantity = "1"] = text ? text.split(":") : [];
    const place = rows.children.length + 1;
    const days = [...new Set([...listed.expiries, expiry].filter(Boolean))];
    const row = h("li", {},
      h("label", {}, "Expiry ", h("select", { name: "expiry" }, ...days.map((day) => h("option", { value: day, selected: day === expiry }, expiryDay(day))))),
      h("label", {}, " Strike ", h("input", { name: "strike", inputmode: "decimal", value: strike, list: "strikes", size: "8", required: true })),
      h("label", {}, " Side ", h("select", { name: "side" }, ...["CE", "PE"].map((one) => h("option", { value: one, selected: one === side }, one === "CE" ? "call" : "put")))),
      h("label", {}, " Quantity ", h("input", { name: "quantity", inputmode: "numeric", value: quantity || "1", size: "4", required: true, title: "Negative for a leg that is sold" })),
      " ", h("button", { type: "button", "aria-label": `Take leg ${place} away`, onclick: () => row.remove() }, "×"));
    rows.append(row);
  };
  const form = h("form", { class: "leg-form", onsubmit: (event) => {
    event.preventDefault();
    const legs = [...rows.children].map((row) => ["expiry", "strike", "side", "quantity"].map((name) => row.querySelector(`[name=${name}]`).value.trim()).join(":"));
    context.go({ legs: legs.join(",") });
  } }, h("datalist", { id: "strikes" }), rows,
  h("p", {}, h("button", { type: "button", onclick: () => add() }, "Add a leg"), " ",
    h("button", { type: "submit" }, "Follow these legs"), " ",
    h("button", { type: "button", onclick: () => context.go({ legs: "" }) }, "Back to the straddle")), message);
  context.expiries().then((expiries) => {
    listed = { expiries: expiries.map((one) => one.expiry), atm: String(expiries[0]?.atm ?? "") };
    for (const leg of context.state().legs.split(",").filter(Boolean)) add(leg);
    if (!rows.children.length) {
      const own = expiries[0];
      if (own) for (const one of ["CE", "PE"]) add(`${own.expiry}:${own.atm}:${one}:1`);
    }
  }, () => {});
  return h("details", { class: "own-legs", open: Boolean(context.state().legs) }, h("summary", {}, "Own legs"), form);
}

export default {
  name: "straddle",
  title: "Straddle",
  heading: (state) => `${state.index} straddle and positions`,
  controls: (context) => [legForm(context)],
  panels: () => [panel, payoffPanel],
};
