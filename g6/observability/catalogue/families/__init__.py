"""The metric families: the one list of them, by area."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from g6.observability.catalogue.families import (
    cycle_families,
    option_families,
    provider_families,
    quality_families,
    storage_families,
    stream_families,
    worker_families,
)
from g6.observability.catalogue.family import HISTOGRAM_PARTS, Family
from g6.observability.catalogue.labels import LABELS, label_key

AREAS = (
    cycle_families,
    option_families,
    provider_families,
    quality_families,
    storage_families,
    stream_families,
    worker_families,
)


def by_name(families: Iterable[Family]) -> Mapping[str, Family]:
    """Return families by name.

    Raises:
        ValueError: Two have one name, or a series of one is called like one of another.
    """
    names: dict[str, Family] = {}
    series: dict[str, str] = {}
    for family in families:
        parts = HISTOGRAM_PARTS if family.kind == "histogram" else ()
        for name in (family.name, *(f"{family.name}_{part}" for part in parts)):
            if name in series:
                raise ValueError(f"{family.name} and {series[name]} both have the series {name}")
            series[name] = family.name
        names[family.name] = family
    return MappingProxyType(names)


FAMILIES = by_name(family for area in AREAS for family in area.FAMILIES)


def series_cap(indices: int) -> int:
    """Return the most series that /metrics can have with this many indices.

    Every label is at its limit, in every combination. Series of single options, which are off
    unless configured, are counted by `detail_cap`.
    """
    sizes = {key: label.size for key, label in LABELS.items()} | {"index": indices + 2}
    return sum(
        family.series({label: sizes[label_key(label)] for label in family.labels})
        for family in FAMILIES.values()
        if not family.opt_in
    )


def detail_cap(indices: int, most: int) -> int:
    """Return the most series of single options.

    Args:
        indices: How many indices are collected.
        most: Options of one index that have series, at most.

    >>> detail_cap(6, 400)
    7200
    """
    return indices * most * sum(family.opt_in for family in FAMILIES.values())
