"""One row per index and cycle: the unit in sixty numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import isfinite, nan
from typing import Any, TypeAlias, cast

import numpy as np

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.figures import open_interest
from g6.domain.figures.by_expiry import FIGURES
from g6.domain.figures.expiry_table import ExpiryTable, expiry_table
from g6.domain.figures.smile import volatility_smile
from g6.domain.figures.unit_counts import (
    iv_statuses,
    quote_sources,
    share_collected,
    staleness_seconds,
)
from g6.domain.market.expiry import BUCKETS
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.pricing.quality import spot_source
from g6.domain.pricing.volatility import FAILED, SOLVED
from g6.domain.schema import rows
from g6.domain.schema.beyond import MAX_MISSING_SHARE
from g6.domain.schema.overview_row import OverviewCell, OverviewRow
from g6.domain.schema.words import Reason, Status

Cells: TypeAlias = dict[str, OverviewCell]
"""Cells of an overview row that is being filled, by the names of `rows.OVERVIEW`."""

__all__ = ["missing_row", "summarise", "summarise_all"]


def summarise(priced: PricedChain) -> OverviewRow:
    """Return the unit's overview row.

    Figures named nearest, and those without a bucket, are of the nearest expiry whose fix lies
    ahead.

    Returns:
        Keys of `rows.OVERVIEW`, JSON-able, None for what is not known.

    >>> from g6.simulation.example_unit import PRICED
    >>> row = summarise(PRICED)
    >>> row["underlying"], row["status"], row["atm"], row["options"]
    ('NIFTY', 'OK', 24100.0, 164)
    """
    return summarise_all([priced])[0]


def summarise_all(units: Sequence[PricedChain]) -> list[OverviewRow]:
    """Return what `summarise` does for each unit, every figure by one call for all of them.

    >>> from g6.simulation.example_unit import PRICED
    >>> [row["status"] for row in summarise_all([PRICED, PRICED])]
    ['OK', 'OK']
    """
    if not units:
        return []
    table = expiry_table([priced.chain for priced in units])
    starts = [*accumulate((len(priced.expiries) for priced in units), initial=0)][:-1]
    by_bucket = _by_bucket(units, table, starts)
    of_nearest = _of_nearest(units, table, starts)
    figures = zip(units, by_bucket, of_nearest, strict=True)
    return [
        _row({**_market(priced), **buckets, **nearest, **_coverage(priced), **_iv_counts(priced)})
        for priced, buckets, nearest in figures
    ]


def missing_row(
    cycle: str,
    index: str,
    status: str,
    reason: str,
    *,
    expected_mask: int | None = None,
    expiries_expected: int | None = None,
) -> OverviewRow:
    """Return the row of a unit of which nothing was analysed (MISSING) or begun (SKIPPED).

    It says why, and holds no figure.

    >>> row = missing_row("2026-11-20T04:05:00Z", "NIFTY", "MISSING", "late")
    >>> row["reason"], row["options"], row["spot"]
    ('late', 0, None)
    """
    values = {
        "timestamp": cycle,
        "underlying": index,
        "status": str(status),
        "reason": reason,
        "expected_mask": expected_mask,
        "collected_mask": 0,
        "missing_mask": expected_mask,
        "expiries_expected": expiries_expected,
        "expiries_collected": 0,
        "options": 0,
    }
    return cast("OverviewRow", {column.name: values.get(column.name) for column in rows.OVERVIEW})


def _row(values: Cells) -> OverviewRow:
    return cast("OverviewRow", {name: form(values.get(name)) for name, form in _FORMS.items()})


def _number(value: OverviewCell) -> OverviewCell:
    return None if _is_unknown(value) else float(cast("float", value))


def _count(value: OverviewCell) -> OverviewCell:
    return None if _is_unknown(value) else round(cast("float", value))


def _is_unknown(value: OverviewCell) -> bool:
    return value is None or not isfinite(cast("float", value))


def _instant(value: OverviewCell) -> OverviewCell:
    if value is None or isinstance(value, str):
        return value
    return isoformat_z(value) if isfinite(value) else None


def _as_it_is(value: OverviewCell) -> OverviewCell:
    return value


_BY_KIND: Mapping[str, Callable[[OverviewCell], OverviewCell]] = {
    "float": _number,
    "iv": _number,
    "integer": _count,
    "flags": _count,
    "instant": _instant,
}
_FORMS: Mapping[str, Callable[[OverviewCell], OverviewCell]] = {
    column.name: _BY_KIND.get(column.kind, _as_it_is) for column in rows.OVERVIEW
}
"""How each figure is written as JSON has it."""


def _market(priced: PricedChain) -> Cells:
    market = priced.quotes.market
    stamp = priced.stamp
    at = stamp.at.timestamp()
    return {
        "timestamp": stamp.cycle,
        "observed_at": priced.quotes.observed_at,
        "underlying": stamp.index,
        "spot": market.spot,
        "spot_source": spot_source(market, at, stamp.quality),
        "spot_age_seconds": at - market.spot_time,
        "open": market.open,
        "high": market.high,
        "low": market.low,
        "prev_close": market.prev_close,
        "change_pct": volatility_smile.change_pct(market.spot, market.prev_close),
        "future": market.future,
        "future_expiry": market.future_expiry.isoformat() if market.future_expiry else None,
        "basis": market.future - market.spot,
        "vix": market.vix,
        "day_width": market.high - market.low,
        "quote_age_seconds": staleness_seconds(priced),
        "quote_source": ",".join(quote_sources(priced)),
    }


def _by_bucket(
    units: Sequence[PricedChain], table: ExpiryTable, starts: Sequence[int]
) -> list[dict[str, float]]:
    """Return PCR over the whole chain and ATM volatility, per bucket, of each unit."""
    pcr = FIGURES["pcr"](table).tolist()
    atm_iv = FIGURES["atm_iv"](table).tolist()
    parts = []
    for priced, start in zip(units, starts, strict=True):
        places = {expiry.day: start + i for i, expiry in enumerate(priced.expiries)}
        figures = {}
        for bucket in BUCKETS:
            day = priced.stamp.buckets.get(bucket)
            place = places.get(day) if day else None
            if place is not None:
                figures[f"pcr_{bucket}"] = pcr[place]
                figures[f"atm_iv_{bucket}"] = atm_iv[place]
        parts.append(figures)
    return parts


# After the fix on expiry day the first bucket is still the expiring series: PCR and ATM volatility
# of it stood beside the max pain of the next. These are of the nearest expiry whose fix is ahead.
_NEAREST: Mapping[str, Callable[[ExpiryTable], Any]] = {
    "forward": FIGURES["forward"],
    "atm": FIGURES["atm"],
    "pcr_nearest": FIGURES["pcr"],
    "pcr_volume_nearest": FIGURES["pcr_volume"],
    "max_pain_nearest": FIGURES["max_pain"],
    "support": lambda table: FIGURES["support"](table).strike,
    "resistance": lambda table: FIGURES["resistance"](table).strike,
    "oi_calls": FIGURES["oi_calls"],
    "oi_puts": FIGURES["oi_puts"],
    "oi_strikes": FIGURES["oi_strikes"],
    "oi_age_seconds": lambda table: table.whole.age_seconds,
    "straddle_nearest": FIGURES["straddle"],
    "em_sd": FIGURES["em_sd"],
    "em_straddle": FIGURES["em_straddle"],
    "rr25": FIGURES["rr25"],
    "bf25": FIGURES["bf25"],
    "atm_iv_nearest": FIGURES["atm_iv"],
}
"""How each column of the nearest expiry is made of expiries side by side."""


def _of_nearest(
    units: Sequence[PricedChain], table: ExpiryTable, starts: Sequence[int]
) -> list[Cells]:
    """Return the figures of each unit's nearest expiry whose fix lies ahead.

    Where no quotes of it came there is its name alone.
    """
    slots = [priced.nearest() for priced in units]
    parts: list[Cells] = []
    collected = {}
    places = []
    for n, (priced, slot) in enumerate(zip(units, slots, strict=True)):
        parts.append({"expiry_nearest": slot.expiry.isoformat() if slot else None})
        expiry = priced.expiry(slot.expiry) if slot else None
        if expiry is not None:
            collected[n] = expiry
            places.append(starts[n] + priced.expiries.index(expiry))
    if not collected:
        return parts
    nearest = table.take(places)
    figures = {name: figure(nearest).tolist() for name, figure in _NEAREST.items()}
    figures |= _of_settings(nearest, [units[n] for n in collected])
    for row, (n, expiry) in enumerate(collected.items()):
        parts[n] |= {name: values[row] for name, values in figures.items()}
        parts[n]["forward_source"] = expiry.forward.source
        parts[n]["forward_spread"] = expiry.forward.spread
    return parts


def _of_settings(nearest: ExpiryTable, units: Sequence[PricedChain]) -> dict[str, list[float]]:
    """Return the figures of the nearest expiries that need a unit's index or window."""
    spot = np.array([priced.quotes.market.spot for priced in units])
    windows = np.array([priced.stamp.window for priced in units], dtype=np.float64)
    low = -windows[:, :1]
    high = windows[:, 1:]
    is_inside = (nearest.offset >= low) & (nearest.offset <= high)
    # Under its own name, because it jumps with ATM: over ±10 strikes it read 0.795 where the whole
    # chain said 0.675.
    inside = np.where(is_inside[:, None, :], nearest.oi, nan)
    return {
        "atm_spot": volatility_smile.strike_nearest(nearest.strike, spot).tolist(),
        "pcr_window_nearest": open_interest.pcr(inside).tolist(),
    }


def _coverage(priced: PricedChain) -> Cells:
    """Return masks, counts of expiries and options, and the unit's status.

    More than 5 % of an expiry's strikes missing is PARTIAL.
    """
    # 25 to 60 % of listed options have no volatility of their own in real chains: they did not
    # trade. So what counts is which quotes came, not which were solved.
    slots = {slot.expiry: slot for slot in priced.stamp.slots}
    shares = {day: share_collected(priced, slot) for day, slot in slots.items()}
    collected = [slots[day] for day, share in shares.items() if share > 0]
    mask = sum(slot.mask for slot in collected)
    expected = priced.stamp.expected_mask
    options = int(np.count_nonzero(priced.has_answer))
    status, reason = _status(options, len(slots) - len(collected), min(shares.values(), default=1))
    return {
        "expiries_expected": len(slots),
        "expiries_collected": len(collected),
        "expected_mask": expected,
        "collected_mask": mask & expected,
        "missing_mask": expected & ~mask,
        "options": options,
        "rejected": int(np.count_nonzero(priced.prices.missing)),
        "status": status.value,
        "reason": reason,
    }


def _status(options: int, missing_expiries: int, least_share: float) -> tuple[Status, str]:
    if not options:
        return Status.MISSING, Reason.NO_QUOTES.value
    if missing_expiries:
        return Status.PARTIAL, Reason.EXPIRY_MISSING.value
    if least_share < 1 - MAX_MISSING_SHARE:
        return Status.PARTIAL, Reason.STRIKES_MISSING.value
    return Status.OK, ""


def _iv_counts(priced: PricedChain) -> dict[str, int]:
    statuses = iv_statuses(priced, slice(None))
    solved = sum(statuses.get(word, 0) for word in SOLVED)
    failed = sum(statuses.get(word, 0) for word in FAILED)
    return {
        "iv_ok": solved,
        "iv_failed": failed,
        "iv_unavailable": sum(statuses.values()) - solved - failed,
    }
