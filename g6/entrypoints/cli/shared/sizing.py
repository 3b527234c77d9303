"""What a day of the configured collection will take on the disk, before it is collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from g6.adapters.parquet.listings import kept_listing
from g6.bootstrap.quote_sources.simulated_source import simulated_market
from g6.config import Settings, calendar, plan
from g6.domain.cycles import sizing
from g6.domain.cycles.plan import IndexPlan
from g6.domain.cycles.sizing import Sizing
from g6.domain.market import expiry
from g6.domain.market.calendar import Calendar, Session, day_of
from g6.domain.market.instrument import INDICES, Listing
from g6.ports.sources import Ability
from g6.rendering.wording import megabytes

PARTS_SHARE = 1.8
"""How many times larger than compacted a running day is in its segments, measured."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a day will take.

    Attributes:
        day: The session's day.
        cycles: How many cycles it has.
        indices: The chains of each index.
        overviews: The overview rows.
        unknown: Indices whose contracts nobody listed yet.
    """

    day: date
    cycles: int
    indices: Mapping[str, Sizing]
    overviews: Sizing
    unknown: tuple[str, ...] = ()

    @property
    def total(self) -> Sizing:
        """Everything together."""
        return sum(self.indices.values(), self.overviews)


def estimate_day(settings: Settings, cycles: int | None = None) -> Estimate | None:
    """Return the bytes of the next whole session, or of its first `cycles`.

    A recording knows no session: it has no estimate. Contracts are those of the simulated market,
    else of the newest listing that is kept.
    """
    if settings.source.can(Ability.RECORDED):
        return None
    indices = plan(settings).indices
    days = calendar()
    now = settings.market.start if settings.source.is_simulated else datetime.now(UTC)
    sessions = {name: _session(days, INDICES[name].exchange, now) for name in indices}
    counts = {name: _cycle_count(settings, session, cycles) for name, session in sessions.items()}
    sizes: dict[str, Sizing] = {}
    for name, index in indices.items():
        session = sessions[name]
        listing = _listing(settings, name, session.open)
        if listing is not None:
            sizes[name] = _index_size(settings, index, listing, days, session, counts[name])
    most = max(counts.values())
    return Estimate(
        day=min(session.day for session in sessions.values()),
        cycles=most,
        indices=sizes,
        overviews=sizing.of_overviews(len(sizes), most),
        unknown=tuple(name for name in indices if name not in sizes),
    )


def sentence(settings: Settings, estimate: Estimate, *, is_whole: bool = True) -> str:
    """Return an estimate as one sentence, of a whole day or of a bounded run's cycles."""
    unknown = ", ".join(estimate.unknown)
    if not estimate.indices:
        return (
            f"what a whole day will take is known once a listing of {unknown} is kept, "
            "as every run does"
        )
    total = estimate.total
    parts: list[str] = []
    if settings.storage.parquet.enabled:
        until_then = _mb(PARTS_SHARE * total.compacted)
        parts.append(
            f"{_mb(total.compacted)} of Parquet once it is compacted, {until_then} until then"
        )
    if settings.storage.csv.enabled:
        parts.append(f"{_mb(total.csv)} of CSV")
    if unknown:
        parts.append(f"without {unknown}, whose contracts no kept listing tells")
    takes = "; ".join(parts) or "nothing: no sink is switched on"
    noun = "cycle" if estimate.cycles == 1 else "cycles"
    whole = "a whole day of " if is_whole else ""
    return f"{whole}{estimate.cycles} {noun} will take about {takes}"


def _cycle_count(settings: Settings, session: Session, cycles: int | None) -> int:
    most = len(session.cycles(settings.interval))
    return min(most, cycles or most)


def _mb(size: float) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1e7 else megabytes(size)


def _session(days: Calendar, exchange: str, at: datetime) -> Session:
    day = day_of(at)
    return days.session(exchange, day) or days.next_session(exchange, day)


def _listing(settings: Settings, name: str, at: datetime) -> Listing | None:
    if settings.source.is_simulated:
        return simulated_market(settings).listing(name, at)
    return kept_listing(settings.directory, name, day_of(at))


def _index_size(
    settings: Settings,
    index_plan: IndexPlan,
    listing: Listing,
    days: Calendar,
    session: Session,
    cycles: int,
) -> Sizing:
    contracts = listing.contracts
    index = index_plan.index
    resolved = expiry.resolve(
        contracts.expiries,
        session.open,
        days,
        index.exchange,
        index_plan.rules,
        underlying=index.name,
    )
    return sizing.of_index(
        index_plan,
        contracts,
        resolved,
        whole=settings.scope == "chain",
        cycles=cycles,
        interval=settings.interval,
        greeks=settings.greeks.enabled,
    )
