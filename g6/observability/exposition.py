"""The text of /metrics: every catalogued family, from the totals as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import inf, isnan, nan

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from g6.domain.reports import OptionDetail
from g6.observability.catalogue import FAMILIES, Family, bounds, label_name
from g6.observability.catalogue.families.option_families import (
    OPTION_IV,
    OPTION_LAST_PRICE,
    OPTION_OI,
)
from g6.observability.sample_totals import HEARTBEAT_AT, parse_key

__all__ = ["CONTENT_TYPE_LATEST", "render"]

MetricFamily = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
Series = Mapping[tuple[str, ...], Mapping[str, float]]


def render(
    state: Mapping[str, float],
    *,
    now: float,
    build: Mapping[str, str],
    reads_bus: bool = True,
    details: Iterable[OptionDetail] = (),
) -> bytes:
    """Return the text of /metrics.

    Args:
        state: The totals: see `sample_totals`.
        now: Wall time in epoch seconds.
        build: The labels of g6_build_info.
        reads_bus: Whether the bus is read: totals of a Redis that is away stand still.
        details: The options that have series of their own.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Totals(state, now, build, reads_bus, details))
    return generate_latest(registry)


class _Totals(Collector):
    def __init__(
        self,
        state: Mapping[str, float],
        now: float,
        build: Mapping[str, str],
        reads_bus: bool,
        details: Iterable[OptionDetail],
    ) -> None:
        self._state = state
        self._now = now
        self._build = build
        self._reads_bus = reads_bus
        self._details = details

    def describe(self) -> Iterable[MetricFamily]:
        return (_empty(family) for family in FAMILIES.values())

    def collect(self) -> Iterator[MetricFamily]:
        series: dict[str, dict[tuple[str, ...], dict[str, float]]] = {}
        for key, value in self._state.items():
            name, labels, part = parse_key(key)
            series.setdefault(name, {}).setdefault(labels, {})[part] = value
        built = FAMILIES["g6_build_info"]
        series[built.name] = {
            tuple(self._build.get(label, "") for label in built.labels): {"": 1.0}
        }
        series[FAMILIES["g6_redis_up"].name] = {(): {"": float(self._reads_bus)}}
        for name, labels, value in _single_options(self._details):
            series.setdefault(name, {})[labels] = {"": value}
        beat_at = self._state.get(HEARTBEAT_AT, -inf)
        for family in FAMILIES.values():
            filled: Series = series.get(family.name, {})
            if family.shown == "beat":
                filled = _of_newest_beat(filled, beat_at)
            yield _filled(family, filled, self._now)


def _of_newest_beat(series: Series, beat_at: float) -> Series:
    """Return the series that the newest heartbeat told, and those that no heartbeat tells."""
    # A worker that was renamed stood at 0 for ever, and with it the alert that it is down.
    return {labels: parts for labels, parts in series.items() if parts.get("@", inf) >= beat_at}


def _single_options(
    details: Iterable[OptionDetail],
) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """Yield family, labels and value of each figure of an option that has one."""
    for detail in details:
        for option in detail.options:
            labels = (detail.index, option.expiry, f"{option.strike:g}", option.side)
            for family, value in (
                (OPTION_LAST_PRICE, option.last),
                (OPTION_IV, option.iv),
                (OPTION_OI, option.oi),
            ):
                if value is not None:
                    yield family.name, labels, value


_KINDS: Mapping[str, type[MetricFamily]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}


def _empty(family: Family) -> MetricFamily:
    # As a counter an older name would come out with `_total` behind it.
    kind = _KINDS["gauge" if family.older else family.kind]
    return kind(family.name, family.help, labels=[label_name(label) for label in family.labels])


def _filled(family: Family, series: Series, now: float) -> MetricFamily:
    metric = _empty(family)
    for labels, parts in sorted(series.items()):
        if isinstance(metric, HistogramMetricFamily):
            metric.add_metric(
                labels, buckets=_cumulative(family, parts), sum_value=parts.get(":sum", 0.0)
            )
        else:
            metric.add_metric(labels, _shown(family, parts, now))
    return metric


def _cumulative(family: Family, parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return (upper bound, observations at or below it), as Prometheus has them."""
    below = 0.0
    buckets = []
    for bound in bounds(family):
        below += parts.get(f":{bound:g}", 0.0)
        buckets.append(("+Inf" if bound == inf else str(bound), below))
    return buckets


def _shown(family: Family, parts: Mapping[str, float], now: float) -> float:
    value = parts.get("", nan)
    if family.shown == "age":
        return max(0.0, now - value)
    if family.shown == "lag":
        behind = parts.get("@", nan) - value
        return behind if isnan(behind) else max(0.0, behind)
    return value
