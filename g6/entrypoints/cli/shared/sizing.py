"""What a day of the configured collection will take on the disk, said before anything is collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from g6.adapters.clocks import WallClock
from g6.adapters.parquet.listings import kept_listing
from g6.bootstrap.sources import simulated_market
from g6.config import Settings, calendar, plan
from g6.domain.cycles import sizing
from g6.domain.cycles.plan import IndexPlan
from g6.domain.cycles.sizing import Sizing
from g6.domain.market import expiry
from g6.domain.market.calendar import Calendar, Session, day_of
from g6.domain.market.instrument import INDICES, Listing
from g6.ports.sources import Ability

PARTS_SHARE = 1.8
"""How many times larger than compacted a running day is in its segments, measured."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A day by index, the overviews of it, and the indices whose contracts nobody listed yet."""

    day: date
    cycles: int
    indices: Mapping[str, Sizing]
    overviews: Sizing
    unknown: tuple[str, ...] = ()

    @property
    def total(self) -> Sizing:
        """Everything together."""
        return sum(self.indices.values(), self.overviews)


def estimated(settings: Settings, cycles: int | None = None) -> Estimate | None:
    """Return the bytes of the next whole session, or of its first `cycles`; None for a recording, which knows no session.

    Contracts are those of the simulated market, else of the newest listing that is kept.
    """
    if settings.source.can(Ability.RECORDED):
        return None
    decided, known = plan(settings), calendar()
    now = settings.market.start if settings.source.is_simulated else WallClock().market()
    sessions = {name: _session(known, INDICES[name].exchange, now) for name in decided.indices}
    most = {name: len(session.cycles(settings.interval)) for name, session in sessions.items()}
    found: dict[str, Sizing] = {}
    for name, wanted in decided.indices.items():
        if (listing := _listing(settings, name, sessions[name].open)) is not None:
            many = min(most[name], cycles or most[name])
            found[name] = _of(settings, wanted, listing, known, sessions[name], many)
    many = min(max(most.values()), cycles or max(most.values()))
    day = min(session.day for session in sessions.values())
    return Estimate(
        day,
        many,
        found,
        sizing.of_overviews(len(found), many),
        tuple(name for name in most if name not in found),
    )


def sentence(settings: Settings, found: Estimate) -> str:
    """Say it in a line."""
    if not found.indices:
        return f"what a whole day will take is known once a listing of {', '.join(found.unknown)} is kept, as every run does"
    total, told = found.total, list[str]()
    if settings.storage.parquet.enabled:
        told.append(
            f"{_mb(total.compacted)} of Parquet once it is compacted, {_mb(PARTS_SHARE * total.compacted)} until then"
        )
    if settings.storage.csv.enabled:
        told.append(f"{_mb(total.csv)} of CSV")
    if found.unknown:
        told.append(f"without {', '.join(found.unknown)}, whose contracts no kept listing tells")
    return f"a whole day of {found.cycles} cycles will take about {'; '.join(told) or 'nothing: no sink is switched on'}"


def _mb(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


def _session(known: Calendar, exchange: str, at: datetime) -> Session:
    day = day_of(at)
    return known.session(exchange, day) or known.next_session(exchange, day)


def _listing(settings: Settings, name: str, at: datetime) -> Listing | None:
    if settings.source.is_simulated:
        return simulated_market(settings).listing(name, at)
    return kept_listing(settings.directory, name, day_of(at))


def _of(
    settings: Settings,
    wanted: IndexPlan,
    listing: Listing,
    known: Calendar,
    session: Session,
    cycles: int,
) -> Sizing:
    contracts, index = listing.contracts, wanted.index
    resolved = expiry.resolve(
        contracts.expiries, session.open, known, index.exchange, wanted.rules, underlying=index.name
    )
    return sizing.of_index(
        wanted, contracts, resolved, whole=settings.scope == "chain", cycles=cycles, interval=settings.interval,
        greeks=settings.greeks.enabled,
    )  # fmt: skip
