// The stream of a running system: panels as they change, and whether it is still heard.

import { get } from "./api.js";
import { clock, day, shortClock } from "./format.js";

const LOOK_MS = 15000;
const CALM_MS = 60000;

export class Live {
  constructor(facts, { onPanels, onCycle, onState }) {
    Object.assign(this, { facts, onPanels, onCycle, onState });
    this.panels = {};
    this.cycle = "";
    this.heard = performance.now();
    this.isOpen = false;
    this.lookedAt = 0;
    this.market = null;
  }

  // Follow the topics of one index beside those of all.
  async follow(index) {
    if (!this.facts.stream) return;
    const { G6Stream } = await import("/g6-stream.js");
    this.stream?.close();
    const topics = ["overview", "status", "alerts", "reports", ...(index ? [`chain:${index}`] : [])];
    this.stream = new G6Stream("/events", {
      topics,
      onEvent: (type) => this.take(type),
      onState: (isLive) => this.change(isLive),
    });
  }

  take(type) {
    this.panels = this.stream.panels;
    if (type === "snapshot" || type === "end_of_cycle") {
      const isNew = this.cycle !== this.stream.cycle;
      this.cycle = this.stream.cycle;
      if (type === "end_of_cycle") this.heard = performance.now();
      this.onPanels(this.panels, this.cycle);
      if (isNew || type === "end_of_cycle") this.onCycle(this.cycle);
    }
  }

  change(isLive) {
    if (!isLive) this.lostAt = new Date().toISOString();
    this.onState();
  }

  get isFollowing() {
    return Boolean(this.stream?.isLive);
  }

  // Return why what is shown may be old, empty where it is not.
  staleness() {
    if (!this.facts.stream || !this.stream) return "";
    if (!this.stream.isLive) return this.lostAt ? `no connection since ${clock(this.lostAt)} IST` : "";
    const silent = (performance.now() - this.heard) / 1000;
    const isLate = silent > 3 * this.facts.wall_interval + 3;
    this.look(isLate ? LOOK_MS : CALM_MS);
    if (!isLate) return "";
    return this.isOpen ? `no cycle for ${Math.round(silent)} s` : "";
  }

  // A closed market is silent and nothing is wrong: the status knows.
  async look(restMs) {
    if (performance.now() - this.lookedAt < restMs && this.lookedAt) return;
    this.lookedAt = performance.now();
    const status = await get("/status").catch(() => null);
    this.market = status?.market || null;
    this.isOpen = Boolean(this.market?.open);
  }

  // Return what is said of a market that is not open, empty where it is.
  closed() {
    if (!this.market || this.market.open) return "";
    const { opens } = this.market;
    return opens ? `market closed until ${day(opens)} ${shortClock(opens)} IST` : "market closed";
  }

  end() {
    this.stream?.close();
  }
}
