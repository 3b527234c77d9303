"""The page of the matrix, written from the last measurement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from g6.observability.catalogue.alerts import ALERTING_RULES

MEASURED = Path(__file__).parents[1] / "benchmarks/pager.json"
HEAD = """\
# Whom the pager wakes

Each fault is planted in a running system: workers, beat, `g6 serve` and a Redis, each started by itself, two indices every ten
seconds on the [look-alike](../how-to/kite-server.md) at pace 1. Debian's Prometheus reads it every {scrape} s, Debian's Alertmanager
posts to a local webhook with the generated settings. A row is right when exactly the alerts named reach the webhook, each of them
once, within 60 s of its hold and of the time that its condition names itself (30 s of "no cycle for 30 s"), and when each is
resolved after the fault is mended; the watchdog must be there throughout. What leads out of a fault is the command that stands under
Mitigation on the alert's [page](../runbooks/index.md), run as it is there. Faults marked *recorded* are series of a simulated session
whose source goes wrong, evaluated by promtool with the same rules: their alerts hold too long to wait for.

`make pager`, {date}: {right} of {count} faults are right. Rows come from several runs: each is the newest run of its fault in which
the system came up. Times are those of a machine that had other work too.

"""


def render() -> str:
    """Return docs/reference/pager.md."""
    document = json.loads(MEASURED.read_text("utf-8"))
    rows: Sequence[Mapping[str, Any]] = document["rows"]
    head = HEAD.format(
        scrape=document["pace"]["scrape_seconds"],
        date=document["measured"],
        right=sum(not row["wrong"] for row in rows),
        count=len(rows),
    )
    return head + _faults(rows) + "\n" + _texts(rows) + "\n" + _matrix(rows)


def _faults(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| | fault | what is done | told after | allowed | resolved after the mending | verdict |",
        "|---:|---|---|---|---|---|---|",
    ]
    for number, row in enumerate(rows, 1):
        fired = row["fired"]
        told = ", ".join(f"`{alert}` {seconds:.0f} s" for alert, seconds in fired.items())
        allowed = ", ".join(f"{seconds:.0f} s" for seconds in row["limits"].values())
        resolved = ", ".join(f"{seconds:.0f} s" for seconds in row["resolved"].values())
        way = " (recorded)" if row["way"] == "recorded" else ""
        verdict = "; ".join(row["wrong"]) or "right"
        cells = (
            str(number),
            row["fault"] + way,
            row["sentence"],
            told or "nothing",
            allowed,
            resolved,
            verdict,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _texts(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what the alerts of running systems said, word for word."""
    lines = ["## What was said", "", "| fault | alert | urgency and summary |", "|---|---|---|"]
    for row in rows:
        for alert, summary in row["summaries"].items():
            lines.append(f"| {row['fault']} | `{alert}` | {summary.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def _matrix(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return one line an alert, one column a fault."""
    numbers = [str(number) for number in range(1, len(rows) + 1)]
    lines = [
        "## Faults and alerts",
        "",
        "`x` is an alert that was told and expected, `!` one that was not as expected, `s` one that fired as well and that the expected",
        "one silenced. An alert without a mark is shown firing and resolving by its case in `tests/rules/cases.py` only.",
        "",
        f"| alert | {' | '.join(numbers)} |",
        f"|---|{'---|' * len(rows)}",
    ]
    for rule in ALERTING_RULES:
        marks = [_mark(rule.id, row) for row in rows]
        lines.append(f"| `{rule.id}` | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


def _mark(alert: str, row: Mapping[str, Any]) -> str:
    is_told = alert in row["fired"]
    if is_told != (alert in row["expected"]):
        return "!"
    if row.get("silenced", {}).get(alert):
        return "s"
    return "x" if is_told else ""
