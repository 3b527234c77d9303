"""Checks of a whole day: its cycles, its contracts, and its figures beside the day before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import isfinite, nan

import numpy as np

from g6.domain.schema.words import Severity
from g6.studies.checks.quality.checked_rows import DayCheck, DayRows, RowCounts, share_outside
from g6.studies.market.rule_checks import obeys_weekday

__all__ = ["DAY_CHECKS"]

LONGEST_STEP = 3.0
"""Times the usual step between two cycles."""
STUCK_CYCLES = 12
MOVE_SHARE = 0.1
"""Exchanges halt trading at such a move of an index."""
CLOSE_SHARE = 0.005
AGREEMENT = 0.99


def _not_ok(rows: DayRows) -> RowCounts:
    return len(rows.is_ok), int(np.count_nonzero(~rows.is_ok))


def _holes(rows: DayRows) -> RowCounts:
    steps = np.diff(rows.instants)
    if not len(steps):
        return 0, 0
    return len(steps), int((steps > LONGEST_STEP * float(np.median(steps))).sum())


def _stuck(rows: DayRows) -> RowCounts:
    longest = 0
    run = 0
    last = nan
    for spot in rows.spots.tolist():
        run = run + 1 if spot == last else 0
        last = spot
        longest = max(longest, run)
    return len(rows.spots), longest if longest >= STUCK_CYCLES else 0


def _expiries(rows: DayRows) -> RowCounts:
    judged = 0
    wrong = 0
    for text in rows.statistics.lots:
        expiry = date.fromisoformat(text)
        if expiry.year in rows.calendar.covered_years:
            judged += 1
            wrong += not obeys_weekday(rows.index, expiry, rows.calendar)
    return judged, wrong


def _move(rows: DayRows) -> RowCounts:
    spots = rows.spots[np.isfinite(rows.spots)]
    if not (len(spots) and rows.prev_close > 0):
        return 0, 0
    return len(spots), int((np.abs(spots / rows.prev_close - 1) > MOVE_SHARE).sum())


def _closes(rows: DayRows) -> RowCounts:
    earlier = nan if rows.before is None else rows.before.last_spot
    ratio = rows.prev_close / earlier if earlier > 0 else nan
    return int(isfinite(ratio)), int(abs(ratio - 1) > CLOSE_SHARE)


def _lots(rows: DayRows) -> RowCounts:
    earlier = {} if rows.before is None else rows.before.lots
    both = earlier.keys() & rows.statistics.lots.keys()
    return len(both), sum(earlier[day] != rows.statistics.lots[day] for day in both)


def _ratio_to_day_before(name: str, most: float) -> Callable[[DayRows], RowCounts]:
    def rule(rows: DayRows) -> RowCounts:
        earlier = nan if rows.before is None else getattr(rows.before, name)
        ratio = getattr(rows.statistics, name) / earlier if earlier > 0 else nan
        return share_outside([ratio], most)

    return rule


def _agreement(rows: DayRows) -> RowCounts:
    shares = [rows.agreement.get(figure, nan) for figure in ("oi", "lot")]
    judged = [share for share in shares if isfinite(share)]
    return len(judged), sum(share < AGREEMENT for share in judged)


_W = Severity.WARNING
_C = Severity.CRITICAL

DAY_CHECKS = (
    DayCheck(
        "cycles_not_ok",
        "Cycles of the day are not OK.",
        "more than 1 % of its overview rows",
        _W,
        _not_ok,
        0.01,
    ),
    DayCheck(
        "cycle_gap",
        "Cycles of the day have no row.",
        "a step of more than three times the usual one",
        _C,
        _holes,
    ),
    DayCheck(
        "spot_stuck",
        "The index stands still.",
        "the same live price in 12 successive cycles after its first",
        _C,
        _stuck,
    ),
    DayCheck(
        "expiry_rule",
        "An expiry is not on its weekday.",
        "nor moved off it by holidays alone",
        _C,
        _expiries,
    ),
    DayCheck(
        "day_move",
        "The index is far from its previous close.",
        "more than 10 %",
        _W,
        _move,
    ),
    DayCheck(
        "close_differs",
        "The previous close is not where the day before ended.",
        "more than 0.5 % off its last price",
        _W,
        _closes,
    ),
    DayCheck(
        "lot_day_on_day",
        "The lot of a contract is not that of the day before.",
        "of the same expiry",
        _C,
        _lots,
    ),
    DayCheck(
        "strikes_day_on_day",
        "The chain is of another size than on the day before.",
        "more than twice, or less than half, the strikes",
        _W,
        _ratio_to_day_before("strikes", 2.0),
    ),
    DayCheck(
        "oi_day_on_day",
        "Open interest is far from the day before.",
        "more than five times, or less than a fifth",
        _W,
        _ratio_to_day_before("oi", 5.0),
    ),
    DayCheck(
        "volume_day_on_day",
        "Volume is far from the day before.",
        "more than ten times, or less than a tenth",
        _W,
        _ratio_to_day_before("volume", 10.0),
    ),
    DayCheck(
        "iv_day_on_day",
        "The volatility of the farthest expiry is far from the day before.",
        "more than twice, or less than half",
        _W,
        _ratio_to_day_before("atm_iv", 2.0),
    ),
    DayCheck(
        "exchange_total",
        "Open interest or lots are not those of the exchange's file.",
        "fewer than 99 % of the contracts agree, of days that g6 compare eod compared",
        _C,
        _agreement,
    ),
)
"""Checks of days, in the order in which they are shown."""
