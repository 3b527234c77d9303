// The stored past: a day, an instant of it on a slider, and the way back to live.

import { ask, kept } from "./api.js";
import { h, setAttribute } from "./dom.js";
import { clock, day, isInstant, isoDay, isoInstant, seconds } from "./format.js";
import { go, state } from "./state.js";

const DRAG_MS = 120;
const PLAY_MS = 900;

export class TimeBar {
  constructor(host, facts) {
    this.facts = facts;
    this.days = [];
    this.holes = [];
    this.span = null;
    this.isRead = false;
    this.date = h("input", { type: "date", id: "day", onchange: () => this.chooseDay(this.date.value) });
    // A browser writes the field in the order of its own language, 11/18/2026 for one: unless it is
    // edited the day is shown in words.
    this.shownDay = h("span", { class: "in-words", "aria-hidden": "true" });
    this.slider = h("input", { type: "range", id: "instant", min: 0, max: 0, step: facts.interval, "aria-label": "Instant",
      oninput: () => this.drag() });
    this.gaps = h("div", { class: "gaps", "aria-hidden": "true" });
    this.output = h("output", { for: "instant", class: "instant" }, "…");
    this.live = h("button", { type: "button", class: "golive", onclick: () => go({ at: "" }) }, kept() ? "Last" : facts.stream ? "Live" : "Newest");
    this.playing = h("button", { type: "button", "aria-label": "Play the day", title: "Play the day", onclick: () => this.play() }, "▶");
    const step = (by, sign, name) => h("button", { type: "button", "aria-label": name, title: name, onclick: () => this.step(by) }, sign);
    host.append(
      h("div", { class: "days" }, h("button", { type: "button", "aria-label": "The stored day before", title: "The stored day before", onclick: () => this.stepDay(-1) }, "«"),
        h("label", { class: "hidden", for: "day" }, "Day"), h("span", { class: "day" }, this.date, this.shownDay),
        h("button", { type: "button", "aria-label": "The stored day after", title: "The stored day after", onclick: () => this.stepDay(1) }, "»")),
      h("div", { class: "steps" }, step(-1, "‹", "A cycle back (,)"), this.playing, step(1, "›", "A cycle on (.)")),
      h("div", { class: "track" }, this.slider, this.gaps), this.output, this.live);
    if (kept()) host.querySelector(".days").hidden = true;
  }

  // Read which days are stored, and from when to when the chosen one is.
  load() {
    this.ready = this.loadDays();
    return this.ready.then(() => this.loadDay());
  }

  async loadDays() {
    if (kept()) {
      this.days = [kept().day];
    } else {
      const answer = await ask("stored_days", {}).catch(() => null);
      const days = (answer?.data || []).filter((one) => one.kind === "overview").map((one) => one.day);
      this.days = [...new Set(days)].sort();
    }
    if (this.days.length) {
      setAttribute(this.date, "min", this.days[0]);
      setAttribute(this.date, "max", this.days.at(-1));
    }
  }

  get day() {
    const { at } = state();
    return isoDay(at) || this.days.at(-1) || "";
  }

  async loadDay() {
    const { index } = state();
    const chosen = this.day;
    if (!chosen || !index) return;
    if (this.loaded !== `${chosen} ${index}`) {
      this.loaded = `${chosen} ${index}`;
      // India's day ends at 18:30 UTC.
      const at = chosen === this.days.at(-1) ? "" : `${chosen}T18:29:00Z`;
      const [levels, gaps] = await Promise.all([
        ask("levels", { index, points: 2, at }).catch(() => null),
        ask("gaps", { index, first: chosen, last: chosen }).catch(() => null),
      ]);
      const instants = levels?.data.instant || [];
      this.span = instants.length ? [seconds(instants[0]), seconds(instants.at(-1))] : null;
      this.holes = gaps?.data || [];
      this.isRead = true;
    }
    this.show();
  }

  // A newer cycle lengthens the running day.
  grow(cycle) {
    // The stream is heard before the day was read: a span of one cycle would be all of it.
    if (!this.isRead) return;
    if (this.days.length && isoDay(cycle) > this.days.at(-1)) this.days.push(isoDay(cycle));
    if (this.day !== isoDay(cycle)) return;
    const now = seconds(cycle);
    if (!this.span) this.span = [now, now];
    else if (now > this.span[1]) this.span[1] = now;
    this.show();
  }

  show() {
    const { at } = state();
    this.date.value = this.day;
    this.shownDay.textContent = this.day ? day(`${this.day}T06:00:00Z`) : "";
    this.live.setAttribute("aria-pressed", String(!at));
    if (this.span) {
      const [first, last] = this.span;
      setAttribute(this.slider, "min", first);
      setAttribute(this.slider, "max", this.end());
      this.slider.value = isInstant(at) ? Math.min(Math.max(seconds(at), first), this.end()) : this.end();
      this.mark(first, last);
    }
    this.slider.disabled = !this.span;
    const shown = at || (this.span ? isoInstant(this.span[1]) : "");
    const known = `${at ? "known at " : ""}${clock(shown)} IST, ${day(shown)}`;
    const text = isInstant(shown) ? known : shown ? `at “${shown}”` : "nothing is stored";
    if (this.output.textContent !== text) this.output.textContent = text;
    setAttribute(this.slider, "aria-valuetext", at ? text : `newest, ${text}`);
  }

  // The end of the slider: after the last cycle of a past day it is known.
  end() {
    const isNewest = this.day === this.days.at(-1);
    return this.span[1] + (isNewest ? 0 : this.facts.interval);
  }

  mark(first, last) {
    const span = last - first || 1;
    const place = (instant) => `${100 * Math.min(1, Math.max(0, (seconds(instant) - first) / span))}%`;
    const key = JSON.stringify([this.holes, first, Math.round(last / 60)]);
    if (key === this.marked) return;
    this.marked = key;
    const inside = this.holes.filter((hole) => seconds(hole.from) <= last && seconds(hole.to) >= first);
    this.gaps.replaceChildren(...inside.map((hole) => {
      const piece = h("i", { title: `${hole.status} ${hole.reason}` });
      piece.style.left = place(hole.from);
      piece.style.right = `calc(100% - ${place(hole.to)})`;
      return piece;
    }));
  }

  drag() {
    clearTimeout(this.dragging);
    const value = Number(this.slider.value);
    this.output.textContent = `known at ${clock(isoInstant(value))} IST, ${day(isoInstant(value))}`;
    this.dragging = setTimeout(() => this.to(value), DRAG_MS);
  }

  to(instant, { replace = true } = {}) {
    const isEnd = this.span && instant >= this.end() && this.day === this.days.at(-1);
    go({ at: isEnd ? "" : isoInstant(instant) }, { replace });
  }

  step(by) {
    if (!this.span) return;
    const now = isInstant(state().at) ? seconds(state().at) : this.end();
    const grid = this.facts.interval;
    this.to(Math.min(Math.max(Math.round((now + by * grid) / grid) * grid, this.span[0] + grid), this.end()));
  }

  play() {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    } else {
      if (!state().at && this.span) this.to(this.span[0] + this.facts.interval, { replace: false });
      this.timer = setInterval(() => (state().at ? this.step(this.stride()) : this.play()), PLAY_MS);
    }
    this.playing.textContent = this.timer ? "❚❚" : "▶";
    this.playing.setAttribute("aria-label", this.timer ? "Stop playing" : "Play the day");
  }

  // A day is played in about two minutes.
  stride() {
    const cycles = (this.span[1] - this.span[0]) / this.facts.interval;
    return Math.max(1, Math.round(cycles / 120));
  }

  chooseDay(chosen) {
    if (!this.days.length || !chosen) return;
    const near = this.days.reduce((best, one) => (Math.abs(Date.parse(one) - Date.parse(chosen)) < Math.abs(Date.parse(best) - Date.parse(chosen)) ? one : best));
    // The close of the day: of the newest one that is now.
    go({ at: near === this.days.at(-1) ? "" : `${near}T10:29:00Z`, expiry: "" });
  }

  stepDay(by) {
    const place = this.days.indexOf(this.day);
    const next = this.days[place + by];
    if (next) this.chooseDay(next);
  }
}
