"""Checks of the quotes of each cycle: books, trades, open interest, strikes, the index itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from math import exp, isfinite

import numpy as np

from g6.domain.market.calendar import IST
from g6.domain.schema.words import Flag, Severity, SpotSource
from g6.studies.checks.quality.checked_rows import (
    CycleCheck,
    CycleRows,
    Mask,
    RowCounts,
    strike_keys,
)

__all__ = ["QUOTE_CHECKS"]

MOST_LATE_SECONDS = 60.0
MOST_AHEAD_SECONDS = 5.0
"""An exchange's clock and ours are not one."""
INTEREST_BY = time(9, 30)
"""When an exchange has published open interest, India's."""
FUTURE_SHARE = 0.01
_BUCKET_ORDER = ((1, 2), (4, 8))


def _of_options(rows: CycleRows, wrong: Mask) -> RowCounts:
    return int(np.count_nonzero(rows.chain.is_listed)), int(np.count_nonzero(wrong))


def _flagged(flag: Flag) -> Callable[[CycleRows], RowCounts]:
    def rule(rows: CycleRows) -> RowCounts:
        return _of_options(rows, rows.flagged(flag))

    return rule


def _flagged_near(flag: Flag) -> Callable[[CycleRows], RowCounts]:
    def rule(rows: CycleRows) -> RowCounts:
        wrong = rows.flagged(flag) & rows.is_near
        return int(np.count_nonzero(rows.is_near)), int(np.count_nonzero(wrong))

    return rule


def _frozen(rows: CycleRows) -> RowCounts:
    count = len(rows.matched[0])
    for name in ("last", "bid", "ask", "volume"):
        now, then = rows.side_pair(name)
        if not np.array_equal(now, then, equal_nan=True):
            return count, 0
    return count, count


def _falling_volume(rows: CycleRows) -> RowCounts:
    now, then = rows.side_pair("volume")
    return int(np.isfinite(now - then).sum()), int((now < then).sum())


def _lost_expiries(rows: CycleRows) -> RowCounts:
    if rows.before is None:
        return 0, 0
    earlier = {expiry.day for expiry in rows.before.expiries}
    return len(earlier), len(earlier - {expiry.day for expiry in rows.chain.expiries})


def _missing_strikes(rows: CycleRows) -> RowCounts:
    gaps = 0
    for expiry in rows.chain.expiries:
        gaps += int((np.diff(rows.chain.offset[expiry.rows]) > 1).sum())
    return len(rows.chain), gaps


def _repeated_strikes(rows: CycleRows) -> RowCounts:
    keys = strike_keys(rows.chain)
    return len(keys), int((keys[1:] <= keys[:-1]).sum())


def _past_expiries(rows: CycleRows) -> RowCounts:
    expiries = rows.chain.expiries
    return len(expiries), sum(expiry.day < rows.day for expiry in expiries)


def _bucket_order(rows: CycleRows) -> RowCounts:
    days = {}
    for expiry in rows.chain.expiries:
        for bit in (1, 2, 4, 8):
            if expiry.mask & bit:
                days[bit] = expiry.day
    pairs = [(days[low], days[high]) for low, high in _BUCKET_ORDER if {low, high} <= days.keys()]
    return len(pairs), sum(low >= high for low, high in pairs)


def _changed_lots(rows: CycleRows) -> RowCounts:
    now, then = rows.matched
    if rows.before is None:
        return 0, 0
    return len(now), int((rows.chain.lot_size[now] != rows.before.lot_size[then]).sum())


def _no_whole_lots(rows: CycleRows) -> RowCounts:
    interest = rows.chain.sides["oi"]
    is_counted = np.isfinite(interest) & (rows.chain.lot_size > 0)
    is_counted &= ~np.char.startswith(rows.chain.sides["source"].astype(str), "replay")
    lots = np.where(rows.chain.lot_size > 0, rows.chain.lot_size, 1.0)
    wrong = is_counted & (np.where(is_counted, interest, 0.0) % lots != 0)
    return int(is_counted.sum()), int(wrong.sum())


def _late_interest(rows: CycleRows) -> RowCounts:
    if rows.chain.instant < datetime.combine(rows.day, INTEREST_BY, IST).timestamp():
        return 0, 0
    interest = rows.chain.sides["oi"]
    is_due = (rows.chain.sides["oi_prev"] > 0) & rows.chain.is_listed
    return int(is_due.sum()), int((is_due & (np.isnan(interest) | (interest == 0))).sum())


def _interest_outside_day(rows: CycleRows) -> RowCounts:
    sides = rows.chain.sides
    is_known = (sides["oi"] >= 0) & (sides["oi_day_high"] > 0)
    is_outside = (sides["oi"] > sides["oi_day_high"]) | (sides["oi"] < sides["oi_day_low"])
    return int(is_known.sum()), int((is_known & is_outside).sum())


def _last_outside_day(rows: CycleRows) -> RowCounts:
    sides = rows.chain.sides
    is_known = (sides["last"] > 0) & (sides["high"] > 0) & (sides["low"] > 0)
    is_outside = (sides["last"] > sides["high"]) | (sides["last"] < sides["low"])
    return int(is_known.sum()), int((is_known & is_outside).sum())


def _quotes_ahead(rows: CycleRows) -> RowCounts:
    ahead = rows.chain.sides["quote_time"] - rows.observed_at
    return int(np.isfinite(ahead).sum()), int((ahead > MOST_AHEAD_SECONDS).sum())


def _late(rows: CycleRows) -> RowCounts:
    is_live = rows.is_live.all(axis=0)
    late = (rows.observed_at - rows.chain.instant > MOST_LATE_SECONDS) & is_live
    return int(is_live.sum()), int(late.sum())


def _unknown_spot(rows: CycleRows) -> RowCounts:
    unknown = {SpotSource.NONE, SpotSource.DISPUTED, SpotSource.STALE}
    return 1, int(not isfinite(rows.chain.market.spot) or rows.spot_source in unknown)


def _spot_outside_day(rows: CycleRows) -> RowCounts:
    market = rows.chain.market
    is_known = isfinite(market.spot) and market.high > 0 and market.low > 0
    return int(is_known), int(is_known and not market.low <= market.spot <= market.high)


def _spot_and_future(rows: CycleRows) -> RowCounts:
    market = rows.chain.market
    if market.future_expiry is None or not (market.spot > 0 and market.future > 0):
        return 0, 0
    years = (market.future_expiry - rows.day).days / 365
    fair = market.spot * exp(rows.chain.rate * years)
    return 1, int(abs(market.future / fair - 1) > FUTURE_SHARE)


_W = Severity.WARNING
_C = Severity.CRITICAL

QUOTE_CHECKS = (
    CycleCheck("crossed", "A book is crossed.", "ask below bid", _W, _flagged(Flag.CROSSED)),
    CycleCheck(
        "stale",
        "Quotes near the money are old.",
        "more than 10 % of the options within 5 strikes are stale",
        _C,
        _flagged_near(Flag.STALE),
        0.1,
    ),
    CycleCheck(
        "outlier",
        "A last price is far from where its option was quoted.",
        "no move of the market explains it",
        _W,
        _flagged(Flag.OUTLIER),
    ),
    CycleCheck(
        "negative_oi",
        "Open interest is impossible.",
        "negative, or beyond what can be open",
        _W,
        _flagged(Flag.BAD_OI),
    ),
    CycleCheck(
        "bad_price",
        "A last price is no price.",
        "zero or less",
        _W,
        _flagged(Flag.BAD_PRICE),
    ),
    CycleCheck(
        "missing_quotes",
        "Options did not answer.",
        "more than 5 % of the listed ones",
        _C,
        _flagged(Flag.MISSING),
        0.05,
    ),
    CycleCheck(
        "no_book",
        "Options near the money have no two-sided book.",
        "more than 10 % of those within 5 strikes",
        _W,
        _flagged_near(Flag.NO_BOOK),
        0.1,
    ),
    CycleCheck(
        "wide_book",
        "Books near the money are wide.",
        "more than 25 % of those within 5 strikes",
        _W,
        _flagged_near(Flag.WIDE),
        0.25,
    ),
    CycleCheck(
        "below_intrinsic",
        "Options near the money cost less than their exercise is worth.",
        "more than 10 % of those within 5 strikes",
        _W,
        _flagged_near(Flag.BELOW_INTRINSIC),
        0.1,
    ),
    CycleCheck(
        "frozen",
        "The whole chain stands still.",
        "last, bid, ask and volume of every option are those of the cycle before",
        _C,
        _frozen,
    ),
    CycleCheck(
        "volume_falls",
        "The day's volume of an option falls.",
        "less than in the cycle before",
        _W,
        _falling_volume,
    ),
    CycleCheck(
        "expiry_lost",
        "An expiry of the cycle before is gone.",
        "none of its strikes is stored",
        _C,
        _lost_expiries,
    ),
    CycleCheck(
        "strike_missing",
        "A listed strike between others is missing.",
        "offsets of an expiry leave one out",
        _W,
        _missing_strikes,
    ),
    CycleCheck(
        "strike_repeated",
        "A strike is stored twice, or out of order.",
        "expiry and strike do not ascend",
        _C,
        _repeated_strikes,
    ),
    CycleCheck(
        "expired_contract",
        "An expiry lies before the day.",
        "its last trading day is over",
        _C,
        _past_expiries,
    ),
    CycleCheck(
        "bucket_order",
        "Buckets are in the wrong order.",
        "this_week not before next_week, or this_month not before next_month",
        _C,
        _bucket_order,
    ),
    CycleCheck(
        "lot_change",
        "The lot of a contract changes within the day.",
        "another one than in the cycle before",
        _C,
        _changed_lots,
    ),
    CycleCheck(
        "no_whole_lots",
        "Open interest is no number of lots.",
        "more than 1 % of the options; recordings are left out",
        _W,
        _no_whole_lots,
        0.01,
    ),
    CycleCheck(
        "oi_late",
        "Open interest is known late.",
        "from 09:30 on, none of more than 20 % of the options that had some yesterday",
        _W,
        _late_interest,
        0.2,
    ),
    CycleCheck(
        "oi_outside_day",
        "Open interest lies outside of its day's range.",
        "above the day's high or below its low",
        _W,
        _interest_outside_day,
    ),
    CycleCheck(
        "last_outside_day",
        "A last price lies outside of its day's range.",
        "above the day's high or below its low",
        _W,
        _last_outside_day,
    ),
    CycleCheck(
        "quote_ahead",
        "A quote is later than its receipt.",
        "by more than 5 seconds",
        _W,
        _quotes_ahead,
    ),
    CycleCheck(
        "observed_late",
        "Quotes came late.",
        "more than 60 seconds after the cycle's instant, repairs and imports left out",
        _W,
        _late,
    ),
    CycleCheck(
        "spot_unknown",
        "The index has no live price.",
        "none, stale or disputed",
        _C,
        _unknown_spot,
    ),
    CycleCheck(
        "spot_outside_day",
        "The index lies outside of its day's range.",
        "above the day's high or below its low",
        _W,
        _spot_outside_day,
    ),
    CycleCheck(
        "spot_future",
        "Index and future do not fit.",
        "the future is more than 1 % away from the index carried to its expiry",
        _C,
        _spot_and_future,
    ),
)
"""Checks of quotes, in the order in which they are shown."""
