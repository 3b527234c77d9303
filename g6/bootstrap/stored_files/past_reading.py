"""The stored past of a configured data directory, as studies read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from g6.adapters.data_dir.kept_configs import kept_settings
from g6.adapters.data_dir.owner import owner
from g6.adapters.parquet import stored_units
from g6.adapters.parquet.queries.market_time import kind_of_rows
from g6.adapters.parquet.statuses import statuses
from g6.config import Settings, config_id, flat, values
from g6.config.source_table import source_named
from g6.domain.cycles.gaps import Outcomes
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instrument import INDICES
from g6.domain.schema.words import OF_THEIR_OWN_TIME, MarketKind, QuoteSource
from g6.ports.readers import CollectionSettings, StoredChains
from g6.ports.sources import Ability

__all__ = ["DirectoryPast"]

LONGEST_INTERVAL = 86_400
"""Seconds. A longer interval in a written configuration is none."""
"""Sources of quotes of a live market."""


@dataclass(frozen=True, slots=True)
class DirectoryPast:
    """Reads what a data directory says of its stored days, under the settings of now.

    Attributes:
        reached: Says how far the simulated market has come that runs there.
        at: The instant as of which it reads, None for what is there now.
    """

    settings: Settings
    calendar: Calendar
    reached: Callable[[Settings], datetime | None] | None = None
    at: datetime | None = None

    def observed_by(self, at: datetime | None) -> DirectoryPast:
        """Return a reader of what was there at an instant, or is there now."""
        return replace(self, at=at)

    @property
    def place(self) -> str:
        """Return the data directory as it was named."""
        return str(self.settings.directory)

    @property
    def now(self) -> datetime:
        """Return the wall time, or the instant as of which it reads."""
        return self.at or datetime.now(UTC)

    @property
    def interval(self) -> int:
        """Return the seconds between cycles that are configured now."""
        return self.settings.interval

    @property
    def indices(self) -> Sequence[str]:
        """Return the indices that are enabled now."""
        return self.settings.indices

    def kind(self) -> str:
        """Return the kind of market as the directory remembers it, else by the newest chain."""
        if remembered := kind_of_rows(self.settings.directory):
            return remembered
        sources = stored_units.sources(self.settings.directory)
        kinds = {source.market for source in QuoteSource if source in sources}
        return next((kind for kind in MarketKind if kind in kinds), "")

    def is_running(self) -> bool:
        """Tell whether a simulated or replayed market runs in the directory now."""
        # A repair or an import owns the directory too, and has no Redis.
        record = owner(self.settings.directory) or {}
        return bool(record.get("kind") in OF_THEIR_OWN_TIME and record.get("broker"))

    def settled_until(self) -> datetime | None:
        """Return the last instant by whose cycle the running market must have rows."""
        return self.reached(self.settings) if self.reached else None

    def chain_days(self) -> Mapping[str, Sequence[date]]:
        """Return by index the days that have a directory for its chains."""
        directory = self.settings.directory
        names = stored_units.indices(directory)
        return {name: self._until(stored_units.chain_days(directory, name)) for name in names}

    def overview_days(self) -> Sequence[date]:
        """Return the days that have a directory for overview rows."""
        return self._until(stored_units.overview_days(self.settings.directory))

    def _until(self, days: Sequence[date]) -> Sequence[date]:
        """Return the days that had begun."""
        if self.at is None:
            return days
        last = day_of(self.at)
        return [day for day in days if day <= last]

    def outcomes(
        self, first: date | None, last: date | None
    ) -> Mapping[date, Mapping[str, Outcomes]]:
        """Return how cycles ended by day and index."""
        if self.at is not None:
            last = min(last or date.max, day_of(self.at))
        return dict(statuses(self.settings.directory, first, last, self.at))

    def chains(self, keys: Sequence[tuple[str, date]]) -> Mapping[tuple[str, date], StoredChains]:
        """Return the stored chains of each index and day, by what collected them."""
        directory = self.settings.directory
        return stored_units.stored_chains(directory, keys, self.at, of_collection=True)

    def written_settings(self, config_id: str) -> CollectionSettings | None:
        """Return what a configuration that wrote rows says, None where it is not written down."""
        kept = kept_settings(self.settings.directory, config_id)
        if kept is None:
            return None
        # A setting that the file leaves out was at its default.
        return _collection_settings(flat(values(Settings())) | flat(kept))

    def own_settings(self, config_id_: str) -> CollectionSettings | None:
        """Return the settings of now where they are of that configuration, else None."""
        if config_id_ != config_id(self.settings):
            return None
        return _collection_settings(flat(values(self.settings)))


def _collection_settings(settings: Mapping[str, object]) -> CollectionSettings:
    enabled = [name for name in INDICES if settings.get(f"index_params.{name}.enabled") is True]
    return CollectionSettings(_interval(settings), frozenset(enabled))


def _interval(settings: Mapping[str, object]) -> int | None:
    """Return an interval in seconds, None where there is none that can be."""
    if source_named(str(settings.get("provider.name"))).can(Ability.RECORDED):
        return None  # the instants of a recording are its own
    seconds = settings.get("interval")
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    return seconds if 1 <= seconds <= LONGEST_INTERVAL else None
