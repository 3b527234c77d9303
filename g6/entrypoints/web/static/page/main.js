// The page: what is chosen stands in the address, panels ask the studies, the stream keeps them new.

import { Problem, ask, kept } from "./api.js";
import { h, setAttribute, setText } from "./dom.js";
import * as forms from "./format.js";
import { Live } from "./live.js";
import { Panel } from "./panel.js";
import { address, go, onChange, state } from "./state.js";
import { TimeBar } from "./timebar.js";
import chain from "./views/chain.js";
import exposures from "./views/exposures.js";
import health from "./views/health.js";
import heatmap from "./views/heatmap.js";
import levels from "./views/levels.js";
import overview, { arrow } from "./views/overview.js";
import smile from "./views/smile.js";
import straddle from "./views/straddle.js";

const { clock, number, seconds, signed } = forms;
const VIEWS = [overview, chain, straddle, smile, levels, heatmap, exposures, health];
const byId = (id) => document.getElementById(id);
const MEMORY_MS = 20000;
const LATE_TRIES = 6;
const LATE_MS = 700;
const POLL_SECONDS = 3;

const KEYS = [
  ["1 to 8", "a view"], ["n, p", "next and previous index"], [", and .", "a cycle back and on"], ["l", "live"],
  ["t", "dark, light, or as the system has it"], ["?", "this help"], ["arrows", "within tables, sliders, bars and heat maps"],
];

class Page {
  constructor(facts) {
    this.facts = facts;
    this.panels = [];
    this.memory = new Map();
    this.board = new Map();
    this.context = this.makeContext();
    this.time = new TimeBar(byId("time"), facts);
    this.live = new Live(facts, {
      onPanels: (panels, cycle) => this.patch(panels, cycle),
      onCycle: (cycle) => this.cycle(cycle),
      onState: () => this.tick(),
    });
    onChange((now, before) => this.change(now, before));
    document.addEventListener("keydown", (event) => this.key(event));
    byId("theme").addEventListener("click", () => this.turn());
    byId("help").addEventListener("click", () => this.help());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    this.nameTheme();
    setInterval(() => this.tick(), 1000);
  }

  makeContext() {
    return {
      state, go, address, kept, forms,
      theme: () => `${document.documentElement.dataset.theme || ""}${matchMedia("(prefers-color-scheme: dark)").matches}`,
      panels: () => this.live.panels,
      staleness: () => this.live.staleness(),
      follows: () => this.facts.stream,
      day: async () => (await (this.time.ready ||= this.time.loadDays()), this.time.day),
      ordered: (rows, name) => this.ordered(rows, name),
      expiries: () => this.remembered(`expiries ${state().index} ${state().at}`, async () =>
        (await ask("analyze", { index: state().index, at: state().at })).data.indices[0].expiries),
      cyclesOfDay: () => this.remembered(`cycles ${state().index} ${state().at}`, async () =>
        (await ask("levels", { index: state().index, points: 2, at: state().at })).data.cycles),
    };
  }

  // What changes slowly is not asked again with every cycle.
  remembered(key, ask_again) {
    const old = this.memory.get(key);
    if (old && performance.now() - old.since < MEMORY_MS) return old.answer;
    const answer = ask_again();
    if (this.memory.size > 40) this.memory.clear();
    this.memory.set(key, { since: performance.now(), answer });
    answer.catch(() => this.memory.delete(key));
    return answer;
  }

  ordered(rows, name) {
    const place = (row) => {
      const at = this.facts.indices.indexOf(name(row));
      return at < 0 ? 99 : at;
    };
    return [...rows].sort((one, other) => place(one) - place(other) || (name(one) < name(other) ? -1 : 1));
  }

  async begin() {
    this.showViews();
    const first = this.facts.indices[0] || "";
    if (!state().index && first) go({ index: first }, { replace: true });
    if (state().index) this.show();
    const begun = [this.loadBoard(), this.live.follow(state().index)];
    if (state().index) begun.push(this.time.load());
    await Promise.all(begun);
    if (!state().index && this.board.size) {
      go({ index: [...this.board.keys()][0] }, { replace: true });
      await this.time.load();
    }
    if (!this.facts.stream && !kept()) setInterval(() => this.poll(), 1000 * Math.max(POLL_SECONDS, this.facts.wall_interval / 2));
  }

  async loadBoard() {
    try {
      const answer = await ask("overview", { at: state().at });
      this.showIndices(answer.data.rows.map((row) => ({ ...row, ...row.figures })));
    } catch (problem) {
      if (problem.status === 401) this.login();
      else if (!this.board.size) this.say(problem);
    }
    this.tick();
  }

  say(problem) {
    const text = `${problem.message}. ${problem.fix}`;
    if (!this.panels.length) byId("panels").replaceChildren(h("p", { class: "message" }, text));
  }

  // The token becomes a cookie that scripts cannot read: an event stream can send no header.
  login() {
    const field = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
    const message = h("p", { class: "message", role: "alert" });
    for (const panel of this.panels) panel.remove();
    this.panels = [];
    document.body.dataset.login = "";
    byId("panels").replaceChildren(h("form", { class: "panel login", onsubmit: async (event) => {
      event.preventDefault();
      const answer = await fetch("/login", { method: "POST", headers: { Authorization: `Bearer ${field.value}` } }).catch(() => null);
      if (answer?.ok) {
        delete document.body.dataset.login;
        await this.begin();
      } else message.textContent = "The server does not take this token. It is serve.token of its configuration.";
    } }, h("h3", {}, "This server asks for its token"), h("label", { for: "token" }, "Token "), field, " ",
    h("button", { type: "submit" }, "Sign in"), message));
  }

  showViews() {
    byId("views").replaceChildren(...VIEWS.map((view, place) => h("li", {},
      h("a", { href: address({ view: view.name }), "data-view": view.name, title: `Key ${place + 1}`, onclick: (event) => {
        event.preventDefault();
        go({ view: view.name });
      } }, view.title))));
  }

  showIndices(rows) {
    const list = byId("indices");
    for (const row of this.ordered(rows, (one) => one.index)) {
      let tab = this.board.get(row.index);
      if (!tab) {
        const spot = h("span", { class: "spot", "data-cell": `spot-${row.index}` });
        const change = h("span", { class: "change" });
        const link = h("a", { href: address({ index: row.index, expiry: "", legs: "" }), onclick: (event) => {
          event.preventDefault();
          go({ index: row.index, expiry: "", legs: "" });
        } }, h("span", { class: "name" }, row.index), h("span", { class: "now" }, spot, " ", change));
        list.append(h("li", {}, link));
        tab = { link, spot, change };
        this.board.set(row.index, tab);
      }
      setText(tab.spot, number(row.spot));
      setText(tab.change, `${arrow(row.change_pct)}${signed(row.change_pct)} %`);
      setAttribute(tab.change, "data-way", row.change_pct > 0 ? "up" : row.change_pct < 0 ? "down" : "none");
    }
    this.showChosen();
  }

  showChosen() {
    const { index, view } = state();
    for (const [name, { link }] of this.board) {
      if (name === index) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      setAttribute(link, "href", address({ index: name, expiry: "", legs: "" }));
    }
    for (const link of document.querySelectorAll("[data-view]")) {
      if (link.dataset.view === view) {
        link.setAttribute("aria-current", "page");
        // On a phone the last views lie beyond the edge.
        byId("views").parentElement.scrollLeft = link.offsetLeft - 60;
      } else link.removeAttribute("aria-current");
      setAttribute(link, "href", address({ view: link.dataset.view }));
    }
  }

  view() {
    return VIEWS.find((view) => view.name === state().view) || overview;
  }

  // Lay the panels of the view out anew.
  show() {
    const view = this.view();
    for (const panel of this.panels) panel.remove();
    byId("title").textContent = view.heading(state());
    document.title = `${view.heading(state())} · G6`;
    byId("controls").replaceChildren(...(view.controls?.(this.context) || []));
    this.panels = [...view.panels(this.context).map((spec) => new Panel(spec, this.context)), ...(view.own?.(this.context) || [])];
    byId("panels").replaceChildren(...this.panels.map((panel) => panel.element));
    this.showChosen();
    this.refresh();
  }

  async refresh() {
    const { panels } = this;
    await Promise.all(panels.map((panel) => panel.refresh()));
    if (panels === this.panels) this.sayOnce();
  }

  // Panels that lack the same say so once. Where nothing is stored at all, what brings rows is said.
  sayOnce() {
    const blank = this.panels.filter((panel) => panel.trouble && !panel.answer);
    const [first, ...rest] = blank;
    for (const panel of rest) panel.element.hidden = panel.trouble === first.trouble;
    if (first) first.element.hidden = false;
    const isEmpty = Boolean(first?.isLacking) && !this.board.size && !state().at;
    if (!isEmpty) this.welcome?.remove();
    else if (!this.welcome?.isConnected) byId("panels").append(this.welcome = welcome(this.facts));
  }

  change(now, before) {
    const isOther = ["view", "index", "by"].some((name) => now[name] !== before[name]) || (now.at === "") !== (before.at === "");
    if (now.index !== before.index) this.live.follow(now.index);
    if (isOther) this.show();
    else {
      for (const select of byId("controls").querySelectorAll("select[id^=choice-]")) select.value = now[select.id.slice(7)];
      this.showChosen();
      this.refresh();
    }
    if (now.at !== before.at) this.loadBoard();
    if (now.at !== before.at || now.index !== before.index) this.time.loadDay();
    this.tick();
  }

  patch(panels, cycle) {
    if (state().at) return;
    const rows = panels.overview?.rows || [];
    if (rows.length) this.showIndices(rows.map((row) => ({ ...row, index: row.underlying })));
    for (const panel of this.panels) panel.patch?.(panels, cycle);
    this.tick();
  }

  cycle(cycle) {
    this.time.grow(cycle);
    if (!state().at) for (const panel of this.panels) this.renew(panel, cycle, 0);
  }

  // Rows are stored a moment after the cycle's end: a panel that is behind asks again.
  renew(panel, cycle, tries) {
    clearTimeout(panel.waiting);
    const wait = Math.max(0, (panel.rests || 0) - performance.now(), tries ? LATE_MS * tries : 0);
    panel.waiting = setTimeout(async () => {
      if (panel.isGone || state().at) return;
      await panel.refresh();
      const own = panel.answer?.instant;
      const behind = own && seconds(own) < seconds(cycle);
      if (behind && tries < LATE_TRIES && this.live.cycle === cycle) this.renew(panel, cycle, tries + 1);
    }, wait);
  }

  poll() {
    if (document.hidden || state().at) return;
    this.loadBoard();
    this.refresh();
    this.time.loaded = "";
    this.time.loadDay();
  }

  tick() {
    for (const panel of this.panels) panel.tick();
    if (this.board.size) this.welcome?.remove();
    const live = byId("live");
    const [word, kind] = this.word();
    setAttribute(live, "data-kind", kind);
    if (live.textContent !== word) live.textContent = word;
  }

  word() {
    if (kept()) return ["kept copy", "past"];
    if (state().at) return ["past", "past"];
    if (!this.facts.stream) return ["newest stored", "stored"];
    const why = this.live.staleness();
    if (why) return [why, "stale"];
    if (!this.live.isFollowing) return ["connecting", "stored"];
    const closed = this.live.closed();
    if (closed) return [closed, "stored"];
    return [this.live.cycle ? `live, cycle ${clock(this.live.cycle)} IST` : "live", "live"];
  }

  redraw() {
    for (const panel of this.panels) panel.redraw();
  }

  turn() {
    const order = ["", "dark", "light"];
    const root = document.documentElement;
    const next = order[(order.indexOf(root.dataset.theme || "") + 1) % order.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    try {
      localStorage.setItem("g6-theme", next);
    } catch {
      // A page from a file may have no storage.
    }
    this.nameTheme();
    this.redraw();
  }

  nameTheme() {
    const word = document.documentElement.dataset.theme || "as the system has it";
    byId("theme").setAttribute("aria-label", `Theme: ${word}`);
  }

  help() {
    const dialog = byId("keys");
    dialog.replaceChildren(h("h2", { id: "keys-title" }, "Keys"),
      h("dl", { class: "keys" }, ...KEYS.flatMap(([key, what]) => [h("dt", {}, key), h("dd", {}, what)])),
      h("p", {}, "The address of this page says what is shown, the instant among it: a copy of the address is a picture of the moment."),
      h("p", {}, "Every panel leads to its rows as a table without scripts, as CSV and as a workbook."),
      h("form", { method: "dialog" }, h("button", {}, "Close")));
    dialog.showModal();
  }

  key(event) {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches("input, select, textarea") && !(target.type === "range" && !event.key.startsWith("Arrow"))) return;
    if (byId("keys").open) return;
    const names = [...this.board.keys()];
    const at = names.indexOf(state().index);
    const other = (by) => names.length && go({ index: names[(at + by + names.length) % names.length], expiry: "", legs: "" });
    const actions = {
      n: () => other(1), p: () => other(-1), ",": () => this.time.step(-1), ".": () => this.time.step(1),
      l: () => go({ at: "" }), t: () => this.turn(), "?": () => this.help(),
    };
    const view = VIEWS[Number(event.key) - 1];
    const action = view ? () => go({ view: view.name }) : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}

// What a person sees who has nothing yet.
function welcome(facts) {
  const line = (command, what) => [h("dt", {}, h("code", {}, command)), h("dd", {}, what)];
  const text = facts.stream ? "A system runs and its first cycle has not ended yet. This page fills by itself as soon as it has."
    : "There are no rows here yet. This page shows them as soon as one of these has written some:";
  return h("section", { class: "panel wide", "aria-labelledby": "welcome-title" }, h("h3", { id: "welcome-title" }, "Nothing to show yet"),
    h("p", {}, text), facts.stream ? null : h("dl", { class: "keys" },
      ...line("g6 demo --web", "a simulated market with this page, without an account"),
      ...line("g6 sample --days 5", "whole simulated days, in seconds"),
      ...line("g6 up", "the market itself, of the provider that is configured")));
}

async function begin() {
  try {
    const facts = kept()?.facts || JSON.parse(document.querySelector("meta[name=g6-facts]").content);
    globalThis.g6 = new Page(facts);
    await globalThis.g6.begin();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    byId("panels").replaceChildren(h("p", { class: "message" }, `${problem.message}. ${problem.fix}`));
  }
}

begin();
