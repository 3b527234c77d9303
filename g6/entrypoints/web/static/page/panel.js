// A panel: one question, its picture or table, and of which instant and whose rows it is.

import { ask, kept, path } from "./api.js";
import { h, setAttribute } from "./dom.js";
import { age, clock, day, isNumber, percent, seconds } from "./format.js";

// A day: an answer this far from its rows is of a simulated or a replayed market.
const MOVED_SECONDS = 86400;
const LEAST_REST_MS = 900;

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export class Panel {
  // spec: id, title(state), study, parameters(state, context), more, draw(body, answer, context),
  // note, controls(context), live(body, panels, context, answer), rest_ms (of what the stream
  // keeps up to date: how long it is not asked again), width.
  constructor(spec, context) {
    this.spec = spec;
    this.context = context;
    this.answer = null;
    this.trouble = "";
    this.drawn = "";
    this.rests = 0;
    this.restMs = spec.rest_ms || LEAST_REST_MS;
    const title = `${spec.id}-title`;
    this.heading = h("h3", { id: title }, spec.title(context.state(), null));
    this.meta = h("p", { class: "meta" });
    this.links = h("p", { class: "forms" });
    this.body = h("div", { class: "body" }, h("p", { class: "waiting" }, "asking …"));
    this.message = h("p", { class: "message", role: "status" });
    this.element = h("section", { class: `panel ${spec.width || ""}`, id: spec.id, "aria-labelledby": title, "aria-busy": "true" },
      h("div", { class: "head" }, this.heading, this.links), this.meta, this.message, this.body,
      spec.note ? h("p", { class: "note" }, spec.note) : null);
  }

  // Ask again. A panel that is asked while it asks goes round once more.
  async refresh() {
    if (this.isAsking) {
      this.isBehind = true;
      return;
    }
    this.isAsking = true;
    const begun = performance.now();
    const shown = this.context.state();
    try {
      await this.ask(shown);
    } finally {
      this.isAsking = false;
      this.rests = performance.now() + Math.max(this.restMs, 3 * (performance.now() - begun));
    }
    if (this.isBehind) {
      this.isBehind = false;
      if (!this.isGone) await this.refresh();
    }
  }

  async ask(state) {
    const parameters = { ...await this.spec.parameters(state, this.context) };
    const at = this.spec.isTimeless ? {} : { at: state.at };
    this.asked = { ...parameters, ...at };
    try {
      const asked = Object.entries(this.spec.more || {}).map(async ([name, more]) => {
        const own = more(state, this.context);
        return [name, own && await ask(own.study, { ...own.parameters, ...at }).catch(() => null)];
      });
      const [answer, ...rest] = await Promise.all([ask(this.spec.study, this.asked), ...asked]);
      if (this.isGone) return;
      this.take({ ...answer, more: Object.fromEntries(rest) }, state);
    } catch (problem) {
      if (!this.isGone) this.fail(problem);
    }
  }

  take(answer, state) {
    this.answer = answer;
    this.answeredFor = state;
    this.trouble = "";
    this.element.hidden = false;
    this.arrived = performance.now();
    this.message.textContent = "";
    if (this.body.querySelector(".waiting")) this.body.replaceChildren();
    const { answered_at: _, ...same } = answer;
    const mark = JSON.stringify([same, this.spec.view?.(state), this.context.theme()]);
    // What came with the stream is newer than what is stored: older rows would flicker.
    const isOlder = this.streamed && !state.at && this.streamed.of === this.of(state) && seconds(this.streamed.cycle) > seconds(this.rowsInstant());
    if (mark !== this.drawn && !isOlder) {
      this.drawn = mark;
      this.spec.draw(this.body, answer, this.context);
    }
    this.describe(state);
  }

  of(state) {
    return JSON.stringify([this.spec.view?.(state), this.context.theme()]);
  }

  fail(problem) {
    this.trouble = problem.message;
    if (this.answer === null) this.body.replaceChildren();
    this.isLacking = problem.status === 404;
    this.message.replaceChildren(`${sentence(problem.message)}.`, ...(problem.fix ? [h("span", { class: "fix" }, `${problem.fix}.`)] : []));
    this.describe(this.context.state());
  }

  redraw() {
    this.drawn = "";
    if (this.answer) this.take(this.answer, this.context.state());
  }

  describe(state) {
    this.heading.textContent = this.spec.title(state, this.answer);
    setAttribute(this.element, "aria-busy", String(this.answer === null && !this.trouble));
    if (kept()) {
      this.links.replaceChildren();
    } else {
      const forms = ["html", "csv", "xlsx"].map((form) =>
        h("a", { href: path(this.spec.study, this.asked || {}, form), title: `The same rows as ${form}` },
          form === "html" ? "table" : form));
      this.links.replaceChildren(...forms.flatMap((link, place) => (place ? [" ", link] : [link])));
    }
    this.tick();
  }

  // How old the data is now, in seconds. Of a moved market: since it came.
  age() {
    const known = seconds(this.observed());
    const since = (performance.now() - (this.isStreamed ? this.streamed.arrived : this.arrived)) / 1000;
    if (this.isStreamed) return since;
    const before = seconds(this.answer.answered_at) - known;
    return isNumber(before) && Math.abs(before) < MOVED_SECONDS ? Math.max(0, before) + since : since;
  }

  // Rows of another day than today's have no age that says something: they are a stored day's, or
  // those of a simulated market.
  get isMoved() {
    return !this.isStreamed && !(Math.abs(seconds(this.answer.answered_at) - seconds(this.observed())) < MOVED_SECONDS);
  }

  // How old the rows are. A system that runs on a simulated clock has rows of another day than
  // today's, which are new there. What lies stored without one is as old as it is.
  ages() {
    if (!this.spec.isTimeless && !this.isMoved) return [`${age(this.age())} old`];
    const read = `read ${age(this.age())} ago`;
    const old = seconds(this.answer.answered_at) - seconds(this.observed());
    const isStored = this.isMoved && !this.spec.isTimeless && !this.context.follows() && old > 0;
    return isStored ? [`of an earlier session, ${age(old)} old`, read] : [read];
  }

  rowsInstant() {
    return this.answer?.instant || this.spec.instant?.(this.answer) || "";
  }

  get isStreamed() {
    return Boolean(this.streamed) && !this.context.state().at && seconds(this.streamed.cycle) > seconds(this.rowsInstant());
  }

  instant() {
    return this.isStreamed ? this.streamed.cycle : this.rowsInstant();
  }

  observed() {
    return (!this.isStreamed && this.answer?.observed_at) || this.instant();
  }

  // Write the instant, the age and the source, and grey the panel where it is stale.
  tick() {
    const past = Boolean(this.context.state().at) || Boolean(kept());
    const parts = [];
    let stale = this.trouble;
    if (this.answer) {
      const instant = this.instant();
      if (instant) parts.push(`as of ${clock(instant)} IST, ${day(instant)}`);
      if (past) parts.push(this.observed() !== instant ? `known at ${clock(this.observed())}` : "");
      else parts.push(...this.ages());
      if (this.answer.source) parts.push(`source ${this.answer.source}`);
      if (isNumber(this.answer.coverage)) parts.push(`${percent(this.answer.coverage, 0)} % of strikes`);
      if (this.answer.stale) stale ||= "no newer cycle for more than two intervals";
      if (!past && !this.spec.isTimeless) stale ||= this.context.staleness();
    }
    this.element.classList.toggle("stale", Boolean(stale));
    this.element.classList.toggle("blank", Boolean(this.trouble) && !this.answer);
    if (stale && this.answer) parts.unshift(`STALE: ${stale}`);
    const text = parts.filter(Boolean).join(" · ");
    if (this.meta.textContent !== text) this.meta.textContent = text;
  }

  patch(panels, cycle) {
    if (!this.answer || !this.spec.live) return;
    if (this.spec.live(this.body, panels, this.context, this.answer)) {
      this.streamed = { cycle, arrived: performance.now(), of: this.of(this.context.state()) };
    }
  }

  remove() {
    this.isGone = true;
    for (const chart of this.body.querySelectorAll("[data-chart]")) chart.end?.();
    this.element.remove();
  }
}
