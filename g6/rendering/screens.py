"""What a cycle and a chain look like on a terminal of 80 columns; pure functions from rows to tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from math import isnan
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import IST
from g6.domain.schema.frame import Frame

LAKH = 1e5
COLOURS = {"OK": "green", "PARTIAL": "yellow", "MISSING": "red", "SKIPPED": "magenta"}


def number(value: Any, places: int = 2, sign: bool = False) -> str:
    """Write a number with fixed places, `–` where there is none."""
    if value is None or isnan(value):
        return "–"
    return f"{value:{'+' if sign else ''},.{places}f}"


def percent(value: Any) -> str:
    """Write a fraction as a percentage."""
    return "–" if value is None or isnan(value) else f"{100 * value:.1f}"


def left(expiry: str | None, fix: datetime | None, at: datetime) -> str:
    """Write the time left to an expiry's fix: `5d 4h`, `3h 10m`."""
    if not expiry or fix is None:
        return "–"
    minutes = int((fix - at).total_seconds() // 60)
    if minutes < 0:
        return "fixed"
    days, rest = divmod(minutes, 1440)
    return f"{days}d {rest // 60}h" if days else f"{rest // 60}h {rest % 60}m"


def countdown(seconds: float) -> str:
    """Write seconds as hours and minutes: `18 h 05 min`, `12 min`."""
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def header(report: Mapping[str, Any], phase: str, provider: str, seed: int | None) -> Text:
    """Return the line above a cycle's table."""
    at = parse_z(report["cycle"]).astimezone(IST)
    parts = [
        f"{at:%a %d %b %Y %H:%M:%S} IST", phase, f"cycle {report['cycle'][11:]}", provider,
        *([f"seed {seed}"] if seed is not None else []),
    ]  # fmt: skip
    line = Text(" · ".join(parts), style="bold")
    line.append(f" · {report['status']}", style=COLOURS[report["status"]])
    return line


def cycle_table(
    report: Mapping[str, Any], fixes: Mapping[str, datetime], milliseconds: Mapping[str, float]
) -> Table:
    """Return the table of one cycle: two lines an index, 80 columns.

    `fixes`: index → settlement fix of its nearest expiry; `milliseconds`: index → instant to analysed.
    """
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in ("INDEX\nopt", "SPOT\nchg %", "F − S\nATM", "EXPIRY\nleft", "ATM IV\nstradl", "PCR\nmax pain", "SUPPRT\nRESIST",
                 "IV ok\nnone", "AGE s\nms"):  # fmt: skip
        table.add_column(
            name, justify="left" if name.startswith("INDEX") else "right", no_wrap=True
        )
    for row in report["rows"]:
        table.add_row(
            *_cells(
                row,
                parse_z(report["cycle"]),
                fixes.get(row["underlying"]),
                milliseconds.get(row["underlying"]),
            )
        )
    return table


def _cells(
    row: Mapping[str, Any], at: datetime, fix: datetime | None, ms: float | None
) -> list[Text | str]:
    name = Text(row["underlying"], style=COLOURS[row["status"]])
    if row["spot"] is None:
        return [name, "–", "–", "–", "–", "–", "–", row["status"], row["reason"] or ""]
    basis = None if row["forward"] is None else row["forward"] - row["spot"]
    expiry = row["expiry_nearest"]
    day = f"{date.fromisoformat(expiry):%d %b}" if expiry else "–"
    pairs = [
        (number(row["spot"]), number(row["change_pct"], sign=True)),
        (number(basis, 1, sign=True), number(row["atm"], 0)),
        (day, left(expiry, fix, at)),
        (percent(row["atm_iv_nearest"]), number(row["straddle_nearest"], 1)),
        (number(row["pcr_nearest"]), number(row["max_pain_nearest"], 0)),
        (number(row["support"], 0), number(row["resistance"], 0)),
        (str(row["iv_ok"]), str((row["iv_unavailable"] or 0) + (row["iv_failed"] or 0))),
        (number(row["quote_age_seconds"], 1), number(ms, 0)),
    ]
    first = Text.assemble(name, f"\n{row['options']}")
    return [first, *("\n".join(pair) for pair in pairs)]


def chain_table(frame: Frame, expiry: str, strikes: int = 11) -> Table:
    """Return one expiry's chain around ATM: OI and its change in lakh, premium and IV of both sides.

    `expiry`: an ISO date that the frame has rows of, such as the `expiry_nearest` of its overview row.
    """
    columns = frame.columns
    rows = np.flatnonzero(columns["expiry"] == np.datetime64(expiry))
    centre = int(np.argmin(np.abs(columns["offset"][rows])))
    first = max(0, min(centre - strikes // 2, len(rows) - strikes))
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in ("OI lakh", "ΔOI", "IV", "CALL", "STRIKE", "PUT", "IV", "ΔOI", "OI lakh"):
        table.add_column(name, justify="center" if name == "STRIKE" else "right", no_wrap=True)
    for row in rows[first : first + strikes]:
        at_the_money = columns["offset"][row] == 0
        strike = number(columns["strike"][row], 0)
        cells = [
            *_side(columns, "ce_", row),
            f"▶ {strike} ◀" if at_the_money else strike,
            *_side(columns, "pe_", row)[::-1],
        ]
        table.add_row(*cells, style="bold" if at_the_money else "")
    return table


def _side(columns: Mapping[str, Any], side: str, row: int) -> list[str]:
    oi, previous = columns[f"{side}oi"][row], columns[f"{side}oi_prev"][row]
    return [
        number(oi / LAKH), number((oi - previous) / LAKH, sign=True), percent(float(columns[f"{side}iv"][row])),
        number(columns[f"{side}price"][row]),
    ]  # fmt: skip


def rows_by_index(report: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return a report's overview rows by index."""
    rows: Sequence[Mapping[str, Any]] = report["rows"]
    return {row["underlying"]: row for row in rows}
