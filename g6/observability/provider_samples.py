"""Samples of what a collection asked of its provider, and of where its listings came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from g6.domain.reports import ProviderFacts
from g6.observability.sample_totals import Sample

__all__ = ["listing_samples", "provider_samples"]


def provider_samples(facts: ProviderFacts) -> Iterator[Sample]:
    """Yield what one collection asked of the provider."""
    name = facts.name or ""
    if facts.tally is not None:
        for endpoint, outcomes in facts.tally.requests.items():
            for outcome, count in outcomes.items():
                labels = (name, endpoint, outcome)
                yield Sample("g6_provider_requests_total", labels, float(count))
        for endpoint, durations in facts.tally.seconds.items():
            for seconds in durations:
                yield Sample("g6_provider_request_seconds", (endpoint,), seconds)
        for endpoint, seconds in facts.tally.wait.items():
            yield Sample("g6_provider_rate_wait_seconds", (endpoint,), seconds)
        for reason, count in facts.tally.retries.items():
            yield Sample("g6_provider_retries_total", (reason,), float(count))
    dumps = facts.dumps or {}
    if lookups := sum(dumps.values()):
        yield Sample("g6_root_cache_hit_ratio", (), 1.0 - dumps.get("download", 0) / lookups)
    yield from listing_samples(facts.listings or {})


def listing_samples(sources: Mapping[str, int]) -> Iterator[Sample]:
    """Yield how many listings came from where: memory, shelf, disk, download, older."""
    missed = sources.get("download", 0) + sources.get("older", 0)
    yield Sample("g6_expiry_cache_hits", (), float(sum(sources.values()) - missed))
    yield Sample("g6_expiry_cache_misses", (), float(missed))
