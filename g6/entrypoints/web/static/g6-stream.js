// The reference client of the event stream for browsers: it keeps the panels up to date, comes back
// by itself, also after the computer slept, and knows what it lost. No dependency.
//
//   import { G6Stream } from "/g6-stream.js";
//   const stream = new G6Stream("/events", { onEvent: (type, data) => draw(stream.panels) });

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30000;
// The server says something every 15 s: after three times as long the connection is dead.
const SILENCE_MS = 45000;
const TYPES = ["snapshot", "panel_diff", "chain_diff", "oi_change", "gap", "alert", "end_of_cycle",
  "replay_completed", "slow_reader", "heartbeat"];

// Return a value changed by a difference. The value itself stays as it is.
export function mergePanelDiff(value, diff) {
  if ("to" in diff) return diff.to;
  if ("items" in diff) {
    const items = [...value];
    for (const [place, edit] of Object.entries(diff.items)) {
      if (!(place in items)) throw new Error(`no item ${place}`);
      items[place] = mergePanelDiff(items[place], edit);
    }
    return items;
  }
  const merged = { ...value };
  for (const key of diff.drop ?? []) delete merged[key];
  for (const [key, edit] of Object.entries(diff.edit ?? {})) {
    if (!(key in merged)) throw new Error(`no field ${key}`);
    merged[key] = mergePanelDiff(merged[key], edit);
  }
  return Object.assign(merged, diff.set ?? {});
}

export class G6Stream {
  // panels: the data of each panel by name. isLive: false while nothing is known of the present.
  // losses: how often events between may have been lost. since: when the last event arrived.
  // isReplay: what comes is of the past. appliedMs: from publication to here, of the newest event
  // that was traced, by both clocks.
  // from: tell the stored day from this instant first, such as "09:15".
  constructor(address, { topics = [], from = "", onEvent = () => {}, onState = () => {} } = {}) {
    this.panels = {};
    this.cycle = "";
    this.lastId = "";
    this.isLive = false;
    this.isReplay = false;
    this.from = from;
    this.waited = null;
    this.waits = [];
    this.appliedMs = null;
    this.losses = 0;
    this.reconnects = 0;
    this.since = 0;
    this.address = address;
    this.topics = topics;
    this.onEvent = onEvent;
    this.onState = onState;
    this.tries = 0;
    this.wake = () => { if (!document.hidden) this.lookAlive(); };
    document.addEventListener("visibilitychange", this.wake);
    window.addEventListener("online", this.wake);
    this.watch = setInterval(() => this.lookAlive(), 5000);
    this.connect();
  }

  close() {
    this.isClosed = true;
    document.removeEventListener("visibilitychange", this.wake);
    window.removeEventListener("online", this.wake);
    clearInterval(this.watch);
    clearTimeout(this.waiting);
    this.source?.close();
  }

  connect() {
    if (this.isClosed) return;
    const query = new URLSearchParams();
    if (this.topics.length) query.set("topics", this.topics.join(","));
    if (this.lastId) query.set("last_event_id", this.lastId);
    else if (this.from && !this.losses) query.set("from", this.from);
    if (this.waited !== null) query.set("waited", (this.waited / 1000).toFixed(3));
    this.waited = null;
    const text = query.toString();
    this.source?.close();
    this.source = new EventSource(text ? `${this.address}?${text}` : this.address);
    this.since = Date.now();
    this.source.onerror = () => this.retry();
    for (const type of TYPES) {
      this.source.addEventListener(type, (event) => this.take(type, event));
    }
  }

  // Wait before the next try: longer each time, and never all clients at once.
  retry() {
    this.source?.close();
    this.setLive(false);
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.tries);
    this.tries += 1;
    this.reconnects += 1;
    clearTimeout(this.waiting);
    this.waited = longest * (0.5 + Math.random() / 2);
    this.waits.push(this.waited);
    this.waiting = setTimeout(() => this.connect(), this.waited);
  }

  // After a sleep the connection may look open and be dead.
  lookAlive() {
    if (!this.isClosed && Date.now() - this.since > SILENCE_MS) this.retry();
  }

  take(type, event) {
    const data = JSON.parse(event.data);
    this.tries = 0;
    this.since = Date.now();
    if (event.lastEventId) this.lastId = event.lastEventId;
    if (data.cycle) this.cycle = data.cycle;
    if (type === "snapshot") {
      this.panels = data.panels;
      this.isReplay = Boolean(data.replay);
      if (!data.recovered) this.losses += 1;
    } else if (type === "replay_completed") {
      this.isReplay = false;
      if (!data.whole) this.losses += 1;
    } else if (type === "panel_diff" && !this.applied(data)) {
      // Without an id the server answers with a snapshot. It counts who comes back so, at once.
      this.lastId = "";
      this.waited = 0;
      this.reconnects += 1;
      this.connect();
      return;
    }
    this.setLive(!this.isReplay);
    if (data._trace && !this.isReplay) this.noteTrace(event.lastEventId, data._trace);
    this.onEvent(type, data);
  }

  // The server measures by its own clock what this client takes.
  noteTrace(id, trace) {
    this.appliedMs = Date.now() - 1000 * trace.publish_ts;
    const address = new URL("applied", new URL(this.address, location.href));
    address.searchParams.set("id", id);
    fetch(address, { credentials: "same-origin" }).catch(() => {});
  }

  applied(data) {
    if (data.gone) {
      delete this.panels[data.panel];
      return true;
    }
    if (!data.diff) return false;
    try {
      this.panels[data.panel] = mergePanelDiff(this.panels[data.panel], data.diff);
      return true;
    } catch {
      return false;
    }
  }

  setLive(isLive) {
    if (this.isLive !== isLive) {
      this.isLive = isLive;
      this.onState(isLive);
    }
  }
}
