// What open positions are worth to those who hedge them, by strike and over the index.

import { chart } from "../chart.js";
import { inCrore, isNumber, number, points, signed, words } from "../format.js";
import { figures } from "../grid.js";
import { bars } from "../pictures.js";
import { around } from "./chain.js";
import { choice, expiryChoice } from "./controls.js";

const KINDS = {
  gex: ["gamma", "₹ crore per 1 % move"],
  dex: ["delta", "₹ crore"],
  vex: ["vega", "₹ crore per volatility point"],
  vanna: ["vanna", "₹ crore per volatility point"],
  charm: ["charm", "₹ crore per day"],
  vomma: ["vomma", "₹ crore per volatility point"],
};

const parameters = (state) => ({ index: state.index, expiry: state.expiry });
const lines = (data) => [
  { at: data.spot, label: "Index", role: "spot" },
  { at: data.flip, label: "Flip", role: "atm" },
  { at: data.wall_call, label: "Call wall", role: "calls" },
  { at: data.wall_put, label: "Put wall", role: "puts" },
];

const strikesPanel = {
  id: "exposures",
  width: "wide",
  title: (state) => `${state.index} ${KINDS[state.exposure][0]} exposure by strike, ${state.expiry ? "one expiry" : "all expiries"}`,
  study: "exposures",
  parameters,
  view: (state) => [state.exposure],
  note: "Nobody publishes who holds what. The convention here: dealers hold calls and owe puts.",
  draw(body, { data }, context) {
    const kind = context.state().exposure;
    const net = (name, places = 0) => signed(inCrore(data.net[name]), places);
    figures(body, [
      ["Net GEX", net("gex"), "₹ crore per 1 %"],
      ["Regime", words(data.regime), "", "Long gamma damps moves, short gamma feeds them"],
      ["Flip", points(isNumber(data.flip) ? Math.round(data.flip) : null), "points", "Where net GEX changes sign"],
      ["Call wall", points(data.wall_call), "points"],
      ["Put wall", points(data.wall_put), "points"],
      ["DEX", net("dex"), "₹ crore"],
      ["Vanna", net("vanna", 1), "₹ crore"],
      ["Charm", net("charm", 1), "₹ crore a day"],
      ["Options", number(data.options, 0)],
    ]);
    const [from, to] = around(data.strike, data.spot, 25);
    bars(body, {
      label: `${data.index} ${KINDS[kind][0]} exposure`, height: 340, x: data.strike.slice(from, to), unit: KINDS[kind][1], x_unit: "strike, points", places: 2,
      series: ["Calls", "Puts"].map((name, place) => ({ name, role: place ? "puts" : "calls", values: data.exposures[kind][place].slice(from, to).map(inCrore) })),
      lines: lines(data),
    });
  },
};

const profilePanel = {
  id: "profile",
  width: "wide",
  title: (state) => `${state.index} net gamma exposure were the index elsewhere`,
  study: "exposures",
  parameters,
  note: "Each option at its own volatility, every forward moved alike.",
  draw(body, { data }, context) {
    chart(body, data.level, {
      label: `${data.index} net gamma exposure by level`, height: 280, theme: context.theme(), x: { unit: "index, points" },
      axes: { y: "₹ crore per 1 % move" },
      series: [{ name: "Net GEX", role: "calls", values: data.net_gex.map(inCrore), width: 2.5, fill: true, places: 0 }],
      marks: lines(data).filter((line) => isNumber(line.at)),
    });
  },
};

export default {
  name: "exposures",
  title: "Exposures",
  heading: (state) => `${state.index} exposures`,
  controls: (context) => [
    choice(context, "exposure", "Exposure", Object.entries(KINDS).map(([name, [word]]) => [name, word])),
    expiryChoice(context, { all: "all expiries" }),
  ],
  panels: () => [strikesPanel, profilePanel],
};
