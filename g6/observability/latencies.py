"""How long cycles and requests take, from the totals of their histograms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from g6.domain.documents.system_facts import Latency
from g6.observability.catalogue.families.cycle_families import CYCLE_DURATION_SECONDS
from g6.observability.catalogue.families.provider_families import PROVIDER_REQUEST_SECONDS
from g6.observability.catalogue.family import bounds
from g6.observability.sample_totals import Totals, parse_key

TIMED = {"cycle": CYCLE_DURATION_SECONDS, "provider": PROVIDER_REQUEST_SECONDS}
"""By what is timed: the family of its histogram."""


def latencies(totals: Totals | None) -> dict[str, Latency]:
    """Return the latency of what was timed at least once."""
    if totals is None:
        return {}
    of_family = {family.name: what for what, family in TIMED.items()}
    counts: dict[str, Counter[float]] = {}
    for what, family in TIMED.items():
        counts[what] = Counter(dict.fromkeys(bounds(family), 0))
    for key, count in totals.state.items():
        name, _, part = parse_key(key)
        if name in of_family and part.startswith(":") and part != ":sum":
            counts[of_family[name]][float(part[1:])] += int(count)
    found: dict[str, Latency] = {}
    for what, buckets in counts.items():
        if total := buckets.total():
            half = round(1e3 * quantile(buckets, 0.5), 1)
            found[what] = Latency(half, round(1e3 * quantile(buckets, 0.95), 1), total)
    return found


def quantile(buckets: Mapping[float, int], share: float) -> float:
    """Return the value that a share of the observations does not exceed, as Prometheus counts it.

    Args:
        buckets: Observations by the upper bound of their bucket, of that bucket alone, and a zero
            for one without any.
        share: Between 0 and 1.

    >>> quantile({0.1: 50, 0.2: 50}, 0.75)
    0.15
    """
    rank = share * sum(buckets.values())
    below = 0.0
    ordered = sorted(buckets)
    for lower, upper in pairwise((0.0, *ordered)):
        inside = buckets[upper]
        if below + inside >= rank and inside:
            if upper == float("inf"):
                return lower
            return round(lower + (upper - lower) * (rank - below) / inside, 6)
        below += inside
    return ordered[-1] if ordered else 0.0
