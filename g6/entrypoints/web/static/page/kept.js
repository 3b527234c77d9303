// The answers that an exported page carries with it, by instant. Nothing is asked of a server.

import { Problem } from "./api.js";
import { seconds } from "./format.js";

const OF_THE_DAY = ["levels", "straddle", "heatmap"];

// Read the answers, which stand in the page compressed, and have the page ask them.
export async function open() {
  const packed = document.getElementById("kept").textContent;
  const bytes = Uint8Array.from(atob(packed), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const content = await new Response(stream).json();
  globalThis.G6_KEPT = new Kept(content);
}

class Kept {
  constructor({ facts, day, index, instants, answers }) {
    Object.assign(this, { facts, day, index, instants, answers });
  }

  async ask(study, { at = "", cycles: _, every: _1, points: _2, first: _3, last: _4, window: _5, ...rest }) {
    const names = Object.entries(rest).filter(([, value]) => value !== "" && value !== undefined).sort();
    const key = [study, ...names.map(([name, value]) => `${name}=${value}`)].join(" ");
    const place = this.place(at);
    const answer = this.answers[key];
    const first = Array.isArray(answer) ? answer[place] : answer;
    // An answer that is another one's stands there once.
    const own = typeof first === "string" ? this.answers[first][place] : first;
    if (!own) {
      throw new Problem(404, { detail: "this file has no answer to that", fix: "ask the system that wrote it" });
    }
    return OF_THE_DAY.includes(study) && at ? cut(own, this.instants[place]) : own;
  }

  // The newest instant that was known by then.
  place(at) {
    if (!at) return this.instants.length - 1;
    const now = seconds(at);
    let place = 0;
    while (place + 1 < this.instants.length && seconds(this.instants[place + 1]) <= now) place += 1;
    return place;
  }
}

// The answer of a day without what came after an instant.
function cut(answer, instant) {
  const { data } = answer;
  const instants = data.by === "expiry" ? [] : data.instant || data.labels;
  const count = instants.filter((one) => seconds(one) <= seconds(instant)).length;
  if (!instants.length) return answer;
  const shorter = (values) => {
    if (!Array.isArray(values)) return values;
    if (values.length === instants.length && !(values === data.strike)) return values.slice(0, count);
    return values;
  };
  const changed = {};
  for (const [name, value] of Object.entries(data)) {
    if (name === "matrix" || name === "change") changed[name] = value.map((row) => row.slice(0, count));
    else if (name === "figures") changed[name] = Object.fromEntries(Object.entries(value).map(([key, values]) => [key, values.slice(0, count)]));
    else if (name === "strike" && data.labels) changed[name] = value;
    else changed[name] = shorter(value);
  }
  return { ...answer, instant, observed_at: instant, data: { ...data, ...changed } };
}
