// How the cycles ended, what is missing and why, and how the running system is.

import { h } from "../dom.js";
import { age, clock, day, number, words } from "../format.js";
import { Grid, figures } from "../grid.js";

async function span(_, context) {
  const shown = await context.day();
  return { first: shown, last: shown };
}


const COVERAGE = [
  { key: "index", label: "Index", head: true, text: (row) => row.index },
  ...[["due", "Due"], ["OK", "OK"], ["PARTIAL", "Partial"], ["MISSING", "Missing"], ["SKIPPED", "Skipped"], ["no_row", "Not collected"], ["repaired", "Repaired"]]
    .map(([key, label], place) => ({ key, label, class: place > 3 ? "p2" : "", text: (row) => number(row[key], 0) })),
];

const GAPS = [
  { key: "index", label: "Index", head: true, text: (row) => row.index },
  { key: "from", label: "From", unit: "IST", text: (row) => clock(row.from) },
  { key: "to", label: "To", unit: "IST", text: (row) => clock(row.to) },
  { key: "cycles", label: "Cycles", text: (row) => number(row.cycles, 0) },
  { key: "status", label: "Status", class: "p1", text: (row) => (row.reason === "not_collected" ? "" : row.status) },
  { key: "reason", label: "Reason", class: "word", text: (row) => (row.reason === "no_row" ? "not collected" : words(row.reason)) },
];

const ALERTS = [
  { key: "level", label: "Level", head: true, text: (row) => row.level || row.severity || row.type || "alert" },
  { key: "message", label: "What happened", class: "word", text: (row) => row.message || row.sentence || row.reason || JSON.stringify(row) },
];

function whole(columns, caption, none) {
  return (body, { data }) => {
    const rows = data;
    body.grid ||= new Grid(body, { caption, columns });
    body.grid.show(rows.map((row, place) => [`${row.index} ${row.from || row.day} ${place}`, row]));
    body.none ||= body.appendChild(h("p", { class: "none" }));
    body.none.textContent = rows.length ? "" : none;
    body.grid.frame.hidden = !rows.length;
  };
}

const coveragePanel = {
  id: "coverage",
  title: (_, answer) => `Cycles that were due${answer?.data[0] ? ` on ${day(`${answer.data[0].day}T06:00:00Z`)}` : ""}`,
  study: "coverage",
  parameters: span,
  isTimeless: true,
  draw: whole(COVERAGE, "How the cycles of the day ended", "Nothing was due on this day."),
};

const gapsPanel = {
  id: "gaps",
  title: () => "Gaps",
  study: "gaps",
  parameters: span,
  isTimeless: true,
  note: "A gap is a run of cycles of one index that are not OK.",
  draw: whole(GAPS, "Runs of cycles that are not OK", "No gap on this day: every cycle that was due is OK."),
};

// What only a running system can say comes with the stream.
class Running {
  constructor(context) {
    this.context = context;
    this.body = h("div", { class: "body" });
    this.message = h("p", { class: "meta" });
    this.element = h("section", { class: "panel wide", id: "running", "aria-labelledby": "running-title" },
      h("div", { class: "head" }, h("h3", { id: "running-title" }, "The newest cycle")), this.message, this.body);
  }

  async refresh() {
    this.patch(this.context.panels());
  }

  patch(panels) {
    const { cycle, summary, storage, provider } = panels;
    if (!cycle) {
      this.message.textContent = "No running system is followed here: this is told only while one runs.";
      return;
    }
    this.message.textContent = `as of ${clock(cycle.cycle)} IST, ${day(cycle.cycle)}`;
    figures(this.body, [
      ["Status", cycle.status],
      ["Elapsed", age(cycle.elapsed_seconds), "", "From the instant to overview and panels"],
      ["Lateness", age(cycle.lateness_seconds), "", "First stage's start after the instant"],
      ["Success", number(summary?.success_rate_pct, 0), "%"],
      ["Options", number(summary?.options_last_cycle, 0)],
      ["With IV", number(summary?.iv_ok, 0)],
      ["Provider", String(provider?.mode || provider?.source || "–")],
      ["Stored", storage?.bytes ? number(storage.bytes / 1e6, 0) : "–", "MB"],
    ]);
    const alerts = panels.alerts?.alerts || [];
    this.body.grid ||= new Grid(this.body, { caption: "Alerts", columns: ALERTS });
    this.body.grid.show(alerts.map((row, place) => [String(place), row]));
    this.body.grid.frame.hidden = !alerts.length;
    this.body.none ||= this.body.appendChild(h("p", { class: "none" }));
    this.body.none.textContent = alerts.length ? "" : "No alert.";
  }

  tick() {
    this.element.classList.toggle("stale", Boolean(this.context.staleness()) && Boolean(this.body.firstChild));
  }

  redraw() {}

  remove() {
    this.element.remove();
  }
}

export default {
  name: "health",
  title: "Health",
  heading: () => "Cycle health and gaps",
  panels: () => [coveragePanel, gapsPanel],
  own: (context) => (context.state().at || context.kept() ? [] : [new Running(context)]),
};
