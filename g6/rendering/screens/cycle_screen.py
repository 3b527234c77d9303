"""A finished cycle and one of its chains on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
from rich.table import Table
from rich.text import Text

from g6.domain.cycles.cycle import parse_z
from g6.domain.figures import build_up
from g6.domain.market.instrument import CE, PE
from g6.domain.reports import CycleReport
from g6.domain.schema.chain import Chain
from g6.domain.schema.overview_row import OverviewRow
from g6.rendering.parts import plain_table
from g6.rendering.wording import LAKH, in_india, number, percent

COLOURS = {"OK": "green", "PARTIAL": "yellow", "MISSING": "red", "SKIPPED": "magenta"}
HEADS = (
    "INDEX\nopt",
    "SPOT\nchg %",
    "F − S\nATM",
    "EXPIRY\nleft",
    "ATM IV\nstrad.",
    "PCR\nmax pain",
    "SUPPORT\nRESIST.",
    "IV ok\nnone",
    "AGE s\nms",
)
"""Heads of the table of a cycle, cut so that nine columns fit on 80."""
MINUTES_PER_DAY = 1440


def header(report: CycleReport, phase: str, provider: str, seed: int | None) -> Text:
    """Return the line above a cycle's table.

    Args:
        report: The cycle's report.
        phase: The phase of the session.
        provider: The provider's name.
        seed: The seed of a simulated market, None of any other.
    """
    words = [in_india(report.cycle), phase, provider]
    if seed is not None:
        words.append(f"seed {seed}")
    line = Text(" · ".join(words), style="bold")
    line.append(f" · {report.status}", style=COLOURS[report.status])
    return line


def cycle_table(
    report: CycleReport, fixes: Mapping[str, datetime], milliseconds: Mapping[str, float]
) -> Table:
    """Return the table of one cycle, two lines an index.

    Args:
        report: The cycle's report with its overview rows.
        fixes: The settlement fix of each index's nearest expiry.
        milliseconds: From the cycle's instant to each index's analysis.
    """
    table = plain_table()
    for head in HEADS:
        is_first = head == HEADS[0]
        table.add_column(head, justify="left" if is_first else "right", no_wrap=True)
    at = parse_z(report.cycle)
    for row in report.rows:
        index = row["underlying"]
        table.add_row(*_cells(row, at, fixes.get(index), milliseconds.get(index)))
    return table


def _cells(
    row: OverviewRow, at: datetime, fix: datetime | None, ms: float | None
) -> list[Text | str]:
    name = Text(row["underlying"], style=COLOURS[row["status"]])
    if row["spot"] is None:
        return [name, "–", "–", "–", "–", "–", "–", row["status"], row["reason"] or ""]
    forward = row["forward"]
    basis = None if forward is None else forward - row["spot"]
    expiry = row["expiry_nearest"]
    day = f"{date.fromisoformat(expiry):%d %b}" if expiry else "–"
    without_iv = (row["iv_unavailable"] or 0) + (row["iv_failed"] or 0)
    pairs = [
        (number(row["spot"]), number(row["change_pct"], sign=True)),
        (number(basis, 1, sign=True), number(row["atm"], 0)),
        (day, _time_left(fix if expiry else None, at)),
        (percent(row["atm_iv_nearest"]), number(row["straddle_nearest"], 1)),
        (number(row["pcr_nearest"]), number(row["max_pain_nearest"], 0)),
        (number(row["support"], 0), number(row["resistance"], 0)),
        (str(row["iv_ok"]), str(without_iv)),
        (number(row["quote_age_seconds"], 1), number(ms, 0)),
    ]
    first = Text.assemble(name, f"\n{row['options']}")
    return [first, *("\n".join(pair) for pair in pairs)]


def _time_left(fix: datetime | None, at: datetime) -> str:
    """Return the time to an expiry's fix, such as `5d 4h` or `3h 10m`."""
    if fix is None:
        return "–"
    minutes = int((fix - at).total_seconds() // 60)
    if minutes < 0:
        return "fixed"
    days, rest = divmod(minutes, MINUTES_PER_DAY)
    return f"{days}d {rest // 60}h" if days else f"{rest // 60}h {rest % 60}m"


def chain_table(chain: Chain, strikes: int = 11) -> Table:
    """Return one expiry's chain around ATM: open interest and its change in lakh, IV, premium.

    Args:
        chain: The stored chain of one expiry.
        strikes: How many strikes are shown.
    """
    centre = int(np.argmin(np.abs(chain.offset)))
    first = max(0, min(centre - strikes // 2, len(chain) - strikes))
    table = plain_table()
    for name in ("OI lakh", "ΔOI", "IV", "CALL", "STRIKE", "PUT", "IV", "ΔOI", "OI lakh"):
        table.add_column(name, justify="center" if name == "STRIKE" else "right", no_wrap=True)
    for row in range(first, min(first + strikes, len(chain))):
        is_atm = chain.offset[row] == 0
        strike = number(chain.strike[row], 0)
        table.add_row(
            *_side(chain, CE, row),
            f"▶ {strike} ◀" if is_atm else strike,
            *_side(chain, PE, row)[::-1],
            style="bold" if is_atm else "",
        )
    return table


def _side(chain: Chain, side: int, row: int) -> list[str]:
    oi = chain.sides["oi"][side, row]
    change = build_up.change(oi, chain.oi_prev[side, row], chain.sides["oi_day_high"][side, row])
    return [
        number(oi / LAKH),
        number(float(change) / LAKH, sign=True),
        percent(float(chain.iv[side, row])),
        number(chain.price[side, row]),
    ]
