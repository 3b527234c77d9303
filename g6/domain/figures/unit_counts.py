"""Counts of one unit's options: how many answered, from where, how old, and with which status."""

from __future__ import annotations

from collections import Counter
from math import isfinite

import numpy as np

from g6.domain.market.slot import Slot
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.pricing.volatility import WORDS

__all__ = ["iv_statuses", "quote_sources", "share_collected", "staleness_seconds"]


def iv_statuses(priced: PricedChain, rows: slice) -> dict[str, int]:
    """Return how many of the options that have a quote carry which word of `iv_status`.

    >>> from g6.simulation.example_unit import PRICED
    >>> iv_statuses(PRICED, slice(None))
    {'ok': 164}
    """
    codes = priced.vol.code[:, rows][priced.has_answer[:, rows]]
    counts = np.bincount(codes, minlength=len(WORDS)).tolist()
    return {word: count for word, count in zip(WORDS, counts, strict=True) if count}


def quote_sources(priced: PricedChain) -> dict[str, int]:
    """Return how many options that have a quote came from where, the most frequent first.

    >>> from g6.simulation.example_unit import PRICED
    >>> quote_sources(PRICED)
    {'sim': 164}
    """
    sources = priced.quotes.source[priced.has_answer].tolist()
    return dict(Counter(sources).most_common())


def share_collected(priced: PricedChain, slot: Slot) -> float:
    """Return the share of an expiry's strikes asked for that came, 0 to 1.

    >>> from g6.simulation.example_unit import PRICED, STAMP
    >>> share_collected(PRICED, STAMP.slots[0])
    1.0
    """
    expiry = priced.expiry(slot.expiry)
    if expiry is None or not expiry.requested:
        return 0.0
    return min(1.0, expiry.collected / expiry.requested)


def staleness_seconds(priced: PricedChain) -> float | None:
    """Return the age of the freshest option quote at the cycle's instant.

    Without times it is that of the index, None when neither has one.

    >>> from g6.simulation.example_unit import PRICED
    >>> staleness_seconds(PRICED)
    1.0
    """
    ages = priced.prices.age_seconds
    age = float(np.min(ages, where=np.isfinite(ages), initial=np.inf))
    if not isfinite(age):
        age = priced.stamp.at.timestamp() - priced.quotes.market.spot_time
    return max(0.0, age) if isfinite(age) else None
