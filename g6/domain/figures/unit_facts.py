"""The facts of a unit that reports and metrics are made of."""

from __future__ import annotations

from collections import Counter
from math import isfinite, nan

import numpy as np

from g6.domain.figures.expiry_table import expiry_table
from g6.domain.figures.unit_counts import (
    iv_statuses,
    quote_sources,
    share_collected,
    staleness_seconds,
)
from g6.domain.market.slot import Slot, deviation_key
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.pricing.quality import quality_counts
from g6.domain.pricing.volatility import FAILED, SOLVED
from g6.domain.reports import AnalysisFacts
from g6.domain.reports.stage import ExpiryFacts, IterationCounts, IvCounts
from g6.domain.schema.beyond import MAX_MISSING_SHARE
from g6.domain.schema.words import Status

__all__ = ["facts"]


def facts(priced: PricedChain) -> AnalysisFacts:
    """Return the counts that reports and metrics are made of."""
    expiries = priced.expiries
    iterations = priced.vol.iterations[priced.vol.iterations > 0]
    histogram = sorted(Counter(iterations.tolist()).items())
    buckets = [(slot.bucket, expiries.rows(i)) for i, slot in enumerate(expiries.slot)]
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
        atm=_atm(priced),
        deviations=_deviations(priced),
    )


def _atm(priced: PricedChain) -> dict[str, float]:
    expiries = priced.expiries
    by_day = zip(expiries.slot, expiries.atm, strict=True)
    return {slot.expiry.isoformat(): atm for slot, atm in by_day if isfinite(atm)}


def _deviations(priced: PricedChain) -> dict[str, float]:
    """Return one standard deviation of each expiry to its fix, points."""
    if not len(priced.expiries):
        return {}
    # The ledger remembers them: the next cycle's windows are as wide as they say.
    points = expiry_table([priced.chain]).deviation.tolist()
    by_day = zip(priced.expiries.slot, points, strict=True)
    return {
        deviation_key(slot.expiry): deviation for slot, deviation in by_day if isfinite(deviation)
    }


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
    expiries = priced.expiries
    place = expiries.place(slot.expiry)
    share = share_collected(priced, slot)
    forward = nan if place is None else expiries.forward[place]
    return ExpiryFacts(
        bucket=slot.bucket,
        expiry=slot.expiry.isoformat(),
        strikes_wanted=slot.requested,
        strikes=0 if place is None else expiries.collected[place],
        coverage=share,
        status=_status(share),
        forward=forward if isfinite(forward) else None,
        forward_source="" if place is None else expiries.source[place],
    )


def _status(share: float) -> Status:
    if share >= 1 - MAX_MISSING_SHARE:
        return Status.OK
    return Status.PARTIAL if share > 0 else Status.MISSING
