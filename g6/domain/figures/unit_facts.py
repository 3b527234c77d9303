"""The facts of a unit that reports and metrics are made of."""

from __future__ import annotations

from collections import Counter
from datetime import date
from math import isfinite

import numpy as np

from g6.domain.figures.smile import volatility_smile
from g6.domain.figures.unit_counts import (
    iv_statuses,
    quote_sources,
    share_collected,
    staleness_seconds,
)
from g6.domain.market.slot import Slot, SlotLevels
from g6.domain.pricing.forward import Forward
from g6.domain.pricing.padded import abreast
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.pricing.quality import quality_counts
from g6.domain.pricing.volatility import FAILED, SOLVED
from g6.domain.reports import AnalysisFacts
from g6.domain.reports.stage import ExpiryFacts, IterationCounts, IvCounts
from g6.domain.schema.beyond import MAX_MISSING_SHARE
from g6.domain.schema.words import Status

__all__ = ["facts"]

NEAR_STRIKES = 5
"""Strikes either side of the money whose open interest is watched: there somebody always trades."""


def facts(priced: PricedChain) -> AnalysisFacts:
    """Return the counts that reports and metrics are made of.

    >>> from g6.simulation.example_unit import PRICED
    >>> facts(PRICED).options
    164
    """
    iterations = priced.vol.iterations[priced.vol.iterations > 0]
    histogram = sorted(Counter(iterations.tolist()).items())
    buckets = [(expiry.slot.bucket, expiry.rows) for expiry in priced.expiries]
    spot = priced.quotes.market.spot
    return AnalysisFacts(
        options=int(np.count_nonzero(priced.has_answer)),
        missing=int(np.count_nonzero(priced.prices.missing)),
        iv={bucket: _iv_counts(priced, rows) for bucket, rows in buckets},
        iterations={bucket: _iteration_counts(priced, rows) for bucket, rows in buckets},
        iterations_histogram={str(count): times for count, times in histogram},
        quality=quality_counts(priced.flags),
        sources=dict(sorted(quote_sources(priced).items())),
        expiries=tuple(_expiry_facts(priced, slot) for slot in priced.stamp.slots),
        staleness_seconds=staleness_seconds(priced),
        spot=spot if isfinite(spot) else None,
        levels=_levels(priced),
        near_interest=_near_interest(priced),
        positions=int(np.count_nonzero(np.isfinite(priced.vol.iv) & np.isfinite(priced.oi))),
    )


def _near_interest(priced: PricedChain) -> float | None:
    """Return the open interest within five strikes of the money of the nearest expiry."""
    if not priced.expiries or not isfinite(priced.expiries[0].atm):
        return None
    nearest = priced.expiries[0]
    strikes = priced.quotes.strike[nearest.rows]
    near = np.argsort(np.abs(strikes - nearest.atm), kind="stable")[: 2 * NEAR_STRIKES + 1]
    interest = priced.oi[:, nearest.rows][:, near]
    return float(np.nansum(interest)) if np.isfinite(interest).any() else None


def _levels(priced: PricedChain) -> dict[date, SlotLevels]:
    """Return what the next cycle's windows are laid around, and how wide they are."""
    if not priced.expiries:
        return {}
    levels: dict[date, SlotLevels] = {}
    for expiry, deviation in zip(priced.expiries, _deviations(priced), strict=True):
        if isfinite(expiry.atm) or isfinite(deviation):
            levels[expiry.day] = SlotLevels(expiry.atm, deviation)
    return levels


def _deviations(priced: PricedChain) -> list[float]:
    """Return one standard deviation of each expiry to its fix, points."""
    # The table of every figure has the same numbers, but lays interest and volume out as well:
    # 73 us a unit with it, 28 without.
    tabled = abreast([0, *(expiry.rows.stop for expiry in priced.expiries)])
    forward = np.array([expiry.forward.value for expiry in priced.expiries], dtype=np.float64)
    years = np.array([expiry.years for expiry in priced.expiries], dtype=np.float64)
    iv = tabled(priced.vol.iv).swapaxes(0, 1)
    at_money = volatility_smile.atm_iv(tabled(priced.quotes.strike), forward, iv)
    deviations = np.asarray(volatility_smile.expected_move(forward, at_money, years))
    points: list[float] = deviations.tolist()
    return points


def _iv_counts(priced: PricedChain, rows: slice) -> IvCounts:
    statuses = iv_statuses(priced, rows)
    counted = {*SOLVED, *FAILED}
    return IvCounts(
        ok=sum(statuses.get(word, 0) for word in SOLVED),
        failed=sum(statuses.get(word, 0) for word in FAILED),
        unavailable={
            word: count for word, count in sorted(statuses.items()) if word not in counted
        },
    )


def _iteration_counts(priced: PricedChain, rows: slice) -> IterationCounts:
    spent = priced.vol.iterations[:, rows]
    return IterationCounts(int(spent.sum()), int(np.count_nonzero(spent)))


def _expiry_facts(priced: PricedChain, slot: Slot) -> ExpiryFacts:
    expiry = priced.expiry(slot.expiry)
    share = share_collected(priced, slot)
    forward = Forward() if expiry is None else expiry.forward
    return ExpiryFacts(
        bucket=slot.bucket,
        expiry=slot.expiry.isoformat(),
        strikes_wanted=slot.requested,
        strikes=0 if expiry is None else expiry.collected,
        coverage=share,
        status=_status(share),
        forward=forward.value if isfinite(forward.value) else None,
        forward_source=forward.source,
    )


def _status(share: float) -> Status:
    if share >= 1 - MAX_MISSING_SHARE:
        return Status.OK
    return Status.PARTIAL if share > 0 else Status.MISSING
