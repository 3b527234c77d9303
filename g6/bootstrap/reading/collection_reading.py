"""A configured collection before it begins: no provider is asked, and nothing has to run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from g6.adapters.parquet.listings import kept_listing
from g6.bootstrap.quote_sources.simulated_source import simulated_market
from g6.config import Settings, calendar, plan
from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instrument import Listing
from g6.ports.sources import Ability

__all__ = ["CollectionReading"]


@dataclass(frozen=True, slots=True)
class CollectionReading:
    """Reads what some settings collect."""

    settings: Settings

    @property
    def now(self) -> datetime:
        """Return the market's instant."""
        if self.settings.source.is_simulated:
            return self.settings.market.start
        return datetime.now(UTC)

    @property
    def calendar(self) -> Calendar:
        """Return the sessions of the exchanges."""
        return calendar()

    @property
    def plan(self) -> Plan:
        """Return which indices are collected, and by which rules."""
        return plan(self.settings)

    @property
    def is_recorded(self) -> bool:
        """Tell whether a recording is collected."""
        return self.settings.source.can(Ability.RECORDED)

    @property
    def is_whole_chain(self) -> bool:
        """Tell whether every listed strike is collected."""
        return self.settings.scope == "chain"

    @property
    def has_greeks(self) -> bool:
        """Tell whether Greeks are computed."""
        return self.settings.greeks.enabled

    @property
    def sinks(self) -> frozenset[str]:
        """Return the kinds of files that are written."""
        storage = self.settings.storage
        switches = {"parquet": storage.parquet.enabled, "csv": storage.csv.enabled}
        return frozenset(name for name, is_on in switches.items() if is_on)

    def listing(self, index: str, at: datetime) -> Listing | None:
        """Return what the simulated market lists, else the newest listing that is kept."""
        if self.settings.source.is_simulated:
            return simulated_market(self.settings).listing(index, at)
        return kept_listing(self.settings.directory, index, day_of(at))
