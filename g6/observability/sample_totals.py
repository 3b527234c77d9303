"""Totals: the sums of samples, as one flat mapping that is stored with the last event's id.

Keys are `family{value,value}` with a part behind: none for a counter or gauge, `@` for the instant
that a gauge is as of, `:0.25` for the observations of one histogram bucket, `:sum` for their sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import inf, isnan, nan
from typing import Protocol

from g6.observability.catalogue import ALL, FAMILIES, LABELS, OTHER, Family, bounds, label_key
from g6.observability.catalogue.families.worker_families import HEARTBEAT_OVERDUE_UNIXTIME

# prometheus_client's multiprocess mode under prefork wants an environment variable before Python
# starts and one directory a worker service, wiped by whoever starts it. Totals that are stored with
# the id of the last event in them need neither, and a SIGKILL counts nothing twice.

# A refusal of no known reason is its own label, a sentence: its commas would split the key.
_CLEAN = str.maketrans(",{}", "___")


@dataclass(frozen=True, slots=True)
class Sample:
    """One fact for one family.

    Attributes:
        value: Added to a counter, set on a gauge, or observed by a histogram.
        weight: How often a histogram observes it.
        as_of: Epoch seconds, 0 for always. It keeps an older cycle that closes late from
            overwriting a newer one's gauge.
    """

    family: str
    labels: tuple[str, ...] = ()
    value: float = 1.0
    weight: float = 1.0
    as_of: float = 0.0


class TotalsStore(Protocol):
    """Where totals stay between restarts, together with the last event counted in them."""

    def load(self) -> tuple[dict[str, float], dict[str, str], str]:
        """Return the numbers, the texts and the id of the last event in them.

        They are empty and "0" when nothing is stored.
        """
        ...

    def save(
        self, numbers: Mapping[str, float], texts: Mapping[str, str], last_id: str, after: str
    ) -> bool:
        """Store changed values and `last_id` in one transaction.

        Args:
            after: The id that must be stored now. Otherwise another follower was quicker.

        Returns:
            Whether they were stored.
        """
        ...


def key_of(family: str, labels: Iterable[str], part: str = "") -> str:
    """Return the key of one value."""
    return f"{family}{{{','.join(labels)}}}{part}"


HEARTBEAT_AT = key_of(HEARTBEAT_OVERDUE_UNIXTIME.name, (), "@")
"""The key of the newest heartbeat's instant."""

_LABEL_OF_HEARTBEATS = {
    family.name: label_key(family.labels[-1])
    for family in FAMILIES.values()
    if family.shown == "beat" and family.labels
}
"""The last label of each family that shows what the newest heartbeat told: who told it."""


def parse_key(key: str) -> tuple[str, tuple[str, ...], str]:
    """Return family, label values and part of a key."""
    family, _, rest = key.partition("{")
    labels, _, part = rest.rpartition("}")
    return family, tuple(labels.split(",")) if labels else (), part


class Totals:
    """The state and its one step: samples in, changed values out.

    A commit replaces the whole state, so that a reader sees one batch.
    """

    def __init__(
        self, indices: Iterable[str] = (), state: Mapping[str, float] | None = None
    ) -> None:
        self._values: dict[str, set[str]] = {
            key: set(label.values) for key, label in LABELS.items()
        }
        self._values["index"] |= {*indices, ALL}
        self._state: dict[str, float] = dict(self._zeros())
        self.commit(state or {})

    def _zeros(self) -> Iterator[tuple[str, float]]:
        """Yield a zero for every series of primed families whose label values are known."""
        # A counter that appears with its first increase has no rate before its second one.
        for family in FAMILIES.values():
            if not family.primed:
                continue
            parts = [""]
            if family.kind == "histogram":
                parts = [":sum", *(_bucket(bound) for bound in bounds(family))]
            values = [self._starting(family, label_key(label)) for label in family.labels]
            for labels in product(*values):
                for part in parts:
                    yield key_of(family.name, labels, part), 0.0

    def _starting(self, family: Family, label: str) -> list[str]:
        values = self._values[label] - {ALL}
        whole_cycle = label == "index" and "stage" in family.labels
        return sorted(values | {ALL} if whole_cycle else values)

    @property
    def state(self) -> Mapping[str, float]:
        """Every value there is, by key."""
        return self._state

    def value(self, family: str, *labels: str) -> float:
        """Return one counter's or gauge's value as it is stored, NaN when there is none."""
        return self._state.get(key_of(family, labels), nan)

    def advance(self, samples: Iterable[Sample]) -> dict[str, float]:
        """Return the values that samples change. The state changes when they are committed."""
        changed: dict[str, float] = {}
        for sample in samples:
            family = FAMILIES[sample.family]
            labels = tuple(
                self._fold(label_key(label), text)
                for label, text in zip(family.labels, sample.labels, strict=True)
            )
            _STEPS[family.kind](self._state, changed, family, labels, sample)
        return changed

    def commit(self, changed: Mapping[str, float]) -> None:
        """Make `changed` part of the state."""
        for key in changed.keys() - self._state.keys():
            name, labels, _ = parse_key(key)
            for label, value in zip(
                FAMILIES[name].labels if name in FAMILIES else (), labels, strict=False
            ):
                self._values[label_key(label)].add(value)
        self._state = {**self._state, **changed}

    def _fold(self, label: str, value: str) -> str:
        """Return the value that a label shows: itself, or `other` where the label is full."""
        value = value.translate(_CLEAN)
        values = self._values[label]
        if value in values:
            return value
        if value and len(values) >= LABELS[label].room:
            self._forget_silent(label)
        if not value or len(values) >= LABELS[label].room:
            return OTHER
        values.add(value)
        return value

    def _forget_silent(self, label: str) -> None:
        """Make room in a label: forget its values that the newest heartbeat did not tell."""
        # A pod has a name of its own. After four upgrades of two beats each was told as `other`,
        # a dead one and a living one together.
        if label not in _LABEL_OF_HEARTBEATS.values():
            return
        beat_at = self._state.get(HEARTBEAT_AT, -inf)
        for key, as_of in self._state.items():
            name, labels, part = parse_key(key)
            is_silent = part == "@" and as_of < beat_at
            if is_silent and _LABEL_OF_HEARTBEATS.get(name) == label:
                self._values[label].discard(labels[-1])


def _bucket(bound: float) -> str:
    return f":{bound:g}"


def _add(
    state: Mapping[str, float],
    changed: dict[str, float],
    family: Family,
    labels: tuple[str, ...],
    sample: Sample,
) -> None:
    key = key_of(family.name, labels)
    changed[key] = changed.get(key, state.get(key, 0.0)) + sample.value


def _observe(
    state: Mapping[str, float],
    changed: dict[str, float],
    family: Family,
    labels: tuple[str, ...],
    sample: Sample,
) -> None:
    if isnan(sample.value):
        return
    bound = next(bound for bound in bounds(family) if sample.value <= bound)
    for part, more in ((_bucket(bound), sample.weight), (":sum", sample.value * sample.weight)):
        key = key_of(family.name, labels, part)
        changed[key] = changed.get(key, state.get(key, 0.0)) + more


def _set(
    state: Mapping[str, float],
    changed: dict[str, float],
    family: Family,
    labels: tuple[str, ...],
    sample: Sample,
) -> None:
    key = key_of(family.name, labels)
    moment = key_of(family.name, labels, "@")
    before = changed.get(key, state.get(key, nan))
    before_as_of = changed.get(moment, state.get(moment, -inf))
    if sample.as_of < before_as_of and family.shown != "lag":
        return
    value = sample.value
    if family.shown == "lag":
        value = _newer(before, value)
    elif family.shown == "lap":
        value = value - before_as_of if before_as_of > 0 else nan
    if isnan(value) and isnan(before) and family.shown != "lap":
        return
    changed[key] = value
    if sample.as_of:
        changed[moment] = max(before_as_of, sample.as_of)


def _newer(before: float, value: float) -> float:
    """Return the larger of two instants, of which either may be NaN."""
    if isnan(value):
        return before
    return value if isnan(before) else max(before, value)


_STEPS = {"counter": _add, "gauge": _set, "histogram": _observe}
