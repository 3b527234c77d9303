"""Whether the configured expiries are listed, as far as a listing is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from g6.domain.cycles.plan import IndexPlan
from g6.domain.market.calendar import Calendar
from g6.domain.market.expiry import BUCKETS, resolve
from g6.domain.market.instrument import Listing
from g6.ports.readers import CollectionReader
from g6.studies.documents import columns_of

__all__ = ["UnansweredExpiries", "UnansweredExpiriesParameters", "UnansweredExpiry", "answer"]


@dataclass(frozen=True, slots=True)
class UnansweredExpiriesParameters:
    """Asks which configured expiries nothing listed answers. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class UnansweredExpiry:
    """The expiries of one index that answer to nothing.

    Attributes:
        index: The underlying's name.
        sentence: Which, and what is listed.
        fix: What helps.
    """

    index: str
    sentence: str
    fix: str


@dataclass(frozen=True, slots=True)
class UnansweredExpiries:
    """The indices of which configured expiries are not listed."""

    indices: tuple[UnansweredExpiry, ...]

    @property
    def passes(self) -> bool:
        """Tell whether everything that is configured is listed, as far as it is known."""
        return not self.indices

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index."""
        return columns_of(UnansweredExpiry, self.indices)


def answer(
    reader: CollectionReader,
    parameters: UnansweredExpiriesParameters,  # noqa: ARG001
) -> UnansweredExpiries:
    """Return the configured expiries that no listed one answers, by index.

    Buckets change their meaning by the day, so of them only all together must have an answer. A
    recording is collected with every expiry that it has.
    """
    return UnansweredExpiries(() if reader.is_recorded else tuple(_unanswered(reader)))


def _unanswered(reader: CollectionReader) -> Iterator[UnansweredExpiry]:
    at = reader.now
    for name, index in reader.plan.indices.items():
        path = f"index_params.{name}.expiries"
        if not index.rules:
            yield UnansweredExpiry(
                name,
                f"{path} is empty, so that nothing of {name} would be collected",
                f"name {', '.join(BUCKETS)}, or set index_params.{name}.enabled=false",
            )
            continue
        listing = reader.listing(name, at)
        if listing is None:
            continue
        if missing := _missing(index, listing, at, reader.calendar):
            days = ", ".join(str(day) for day in sorted(set(listing.contracts.expiries)))
            yield UnansweredExpiry(
                name,
                f"{path}: {', '.join(missing)} answers to no expiry; listed are {days}",
                f"g6 expiries {name} shows which expiry answers each rule",
            )


def _missing(index: IndexPlan, listing: Listing, at: datetime, sessions: Calendar) -> list[str]:
    resolved = resolve(
        listing.contracts.expiries,
        at,
        sessions,
        index.index.exchange,
        index.rules,
        underlying=index.index.name,
    )
    named = [name for name in resolved.not_listed if name not in BUCKETS]
    return named if resolved.slots else list(resolved.not_listed)
