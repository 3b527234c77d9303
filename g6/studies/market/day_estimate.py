"""What a day of the configured collection will take on the disk, before it is collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from g6.domain.cycles import sizing
from g6.domain.cycles.plan import IndexPlan
from g6.domain.cycles.sizing import Sizing
from g6.domain.market import expiry
from g6.domain.market.calendar import Calendar, Session, day_of
from g6.domain.market.instrument import INDICES, Listing
from g6.errors import NothingToDo
from g6.ports.readers import CollectionReader
from g6.studies.documents import columns_of

__all__ = ["DayEstimate", "DayEstimateParameters", "answer", "estimate_of_cycles"]


@dataclass(frozen=True, slots=True)
class DayEstimateParameters:
    """Asks what the next whole session takes. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class DayEstimate:
    """What a day will take.

    Attributes:
        day: The session's day.
        cycles: How many cycles it has.
        indices: The chains of each index.
        overviews: The overview rows.
        unknown: Indices whose contracts nobody listed yet.
        sinks: The kinds of files that are written.
    """

    day: date
    cycles: int
    indices: Mapping[str, Sizing]
    overviews: Sizing
    unknown: tuple[str, ...] = ()
    sinks: frozenset[str] = frozenset({"parquet", "csv"})

    @property
    def total(self) -> Sizing:
        """Everything together."""
        return sum(self.indices.values(), self.overviews)

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index."""
        return {"index": list(self.indices), **columns_of(Sizing, self.indices.values())}


def answer(
    reader: CollectionReader,
    parameters: DayEstimateParameters,  # noqa: ARG001
) -> DayEstimate:
    """Return the bytes of the next whole session.

    Raises:
        NothingToDo: A recording is collected, which knows no session.
    """
    return estimate_of_cycles(reader)


def estimate_of_cycles(reader: CollectionReader, cycles: int | None = None) -> DayEstimate:
    """Return the bytes of the next whole session, or of its first `cycles`.

    Raises:
        NothingToDo: A recording is collected, which knows no session.
    """
    if reader.is_recorded:
        raise NothingToDo("a recording is as long as it is: there is no day of it to estimate")
    plan = reader.plan
    days = reader.calendar
    now = reader.now
    sessions = {name: _session(days, INDICES[name].exchange, now) for name in plan.indices}
    counts: dict[str, int] = {}
    sizes: dict[str, Sizing] = {}
    for name, index in plan.indices.items():
        session = sessions[name]
        whole_day = len(session.cycles(plan.interval))
        counts[name] = min(whole_day, cycles or whole_day)
        listing = reader.listing(name, session.open)
        if listing is not None:
            sizes[name] = _index_size(reader, index, listing, session, counts[name])
    most = max(counts.values())
    return DayEstimate(
        day=min(session.day for session in sessions.values()),
        cycles=most,
        indices=sizes,
        overviews=sizing.of_overviews(len(sizes), most),
        unknown=tuple(name for name in plan.indices if name not in sizes),
        sinks=reader.sinks,
    )


def _session(days: Calendar, exchange: str, at: datetime) -> Session:
    day = day_of(at)
    return days.session(exchange, day) or days.next_session(exchange, day)


def _index_size(
    reader: CollectionReader, index_plan: IndexPlan, listing: Listing, session: Session, cycles: int
) -> Sizing:
    contracts = listing.contracts
    index = index_plan.index
    resolved = expiry.resolve(
        contracts.expiries,
        session.open,
        reader.calendar,
        index.exchange,
        index_plan.rules,
        underlying=index.name,
    )
    return sizing.of_index(
        index_plan,
        contracts,
        resolved,
        whole=reader.is_whole_chain,
        cycles=cycles,
        interval=reader.plan.interval,
        greeks=reader.has_greeks,
    )
