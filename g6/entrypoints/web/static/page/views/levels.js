// PCR, max pain, walls, volatility and open interest through the session.

import { chart } from "../chart.js";
import { number, percent, points, inLakh } from "../format.js";
import { figures } from "../grid.js";
import { throughTime } from "./overview.js";

function through(id, title, note, axes, list, { height = 280, width = "", head } = {}) {
  return {
    id,
    width,
    note,
    title: (state) => `${state.index} ${title}`,
    study: "levels",
    parameters: (state) => ({ index: state.index }),
    draw(body, { data }, context) {
      if (head) figures(body, head(Object.fromEntries(Object.entries(data.figures).map(([name, values]) => [name, values.at(-1)]))));
      const { x, series, marks } = throughTime(data, list);
      chart(body, x, {
        label: `${data.index} ${title} on ${data.day}`, height, theme: context.theme(), x: { time: true }, axes, series, marks,
      });
    },
  };
}

export default {
  name: "levels",
  title: "PCR and walls",
  heading: (state) => `${state.index}: PCR, max pain and walls through the day`,
  panels: () => [
    through("walls", "index, max pain and walls", "Support: most put open interest below the forward. Resistance: most call open interest above it.",
      { y: "points" }, [
        { name: "Index", figure: "spot", role: "spot", width: 2.5, isOfIndex: true },
        { name: "Max pain", figure: "max_pain", role: "pain", step: true, dash: [2, 3], places: 0 },
        { name: "Support", figure: "support", role: "puts", step: true, dash: [8, 4], places: 0 },
        { name: "Resistance", figure: "resistance", role: "calls", step: true, dash: [8, 4], places: 0 },
      ], { height: 340, width: "wide", head: (now) => [
        ["Index", number(now.spot), "points"], ["PCR", number(now.pcr)], ["Max pain", points(now.max_pain), "points"],
        ["Support", points(now.support), "points"], ["Resistance", points(now.resistance), "points"],
        ["ATM IV", percent(now.atm_iv), "%"], ["India VIX", number(now.vix), "%"],
      ] }),
    through("pcr", "put/call ratios", "Open interest and the day's volume of the nearest expiry's whole chain.",
      { y: "puts over calls" }, [
        { name: "By open interest", figure: "pcr", role: "atm", places: 3, width: 2.5 },
        { name: "By volume", figure: "pcr_volume", role: "forward", places: 3, dash: [8, 4] },
      ]),
    through("totals", "open interest", "Sums over the nearest expiry's whole chain.", { y: "lakh units" }, [
      { name: "Calls", figure: "oi_calls", role: "calls", factor: inLakh(1), places: 1 },
      { name: "Puts", figure: "oi_puts", role: "puts", factor: inLakh(1), places: 1, dash: [8, 4] },
    ]),
    through("volatility", "volatility and straddle", "At the money of the nearest expiry.", { y: "%", straddle: "points" }, [
      { name: "ATM IV", figure: "atm_iv", role: "calls", factor: 100, width: 2.5 },
      { name: "India VIX", figure: "vix", role: "quiet", isOfIndex: true },
      { name: "Straddle", figure: "straddle", role: "puts", scale: "straddle", dash: [8, 4] },
    ], { width: "wide" }),
  ],
};
