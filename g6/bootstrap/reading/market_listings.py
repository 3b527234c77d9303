"""What is listed, from the provider or, of a past day, from the dumps in the data directory."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import UTC, date, datetime
from functools import cached_property

from g6.config import Settings, calendar, plan
from g6.domain.cycles.plan import IndexPlan, Plan
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instrument import INDICES, Listing
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind
from g6.errors import BadConfig, G6Error, NothingToDo
from g6.ports import Provider
from g6.ports.sources import Abilities, Ability, Source

REFRESH_SECONDS = 60.0
"""How long a download of every dump may take: a person waits for it."""


class MarketListings:
    """The listings of some settings.

    Attributes:
        origins: Where the listing came from, by index that was asked for.
    """

    def __init__(self, settings: Settings, *, from_dumps: bool = False) -> None:
        self._settings = settings
        self._from_dumps = from_dumps
        self.origins: dict[str, str] = {}

    @cached_property
    def now(self) -> datetime:
        """The market's instant: a simulation's start, a live provider's clock."""
        from g6.bootstrap.wiring import live_clock

        if not self.is_live:
            return self._settings.market.start
        return live_clock(self._settings).market().astimezone(UTC)

    @cached_property
    def calendar(self) -> Calendar:
        """The sessions of the exchanges."""
        return calendar()

    @cached_property
    def plan(self) -> Plan:
        """Which indices are collected, and by which rules."""
        return plan(self._settings)

    @property
    def source(self) -> Source:
        """The record of the configured provider."""
        return self._settings.source

    @property
    def is_live(self) -> bool:
        """Whether listings come from a live provider, which knows today's alone."""
        return self.source.is_live

    @property
    def knows_today_alone(self) -> bool:
        """Whether a live provider lists contracts, which leaves out what has expired."""
        return self.is_live

    def of_dumps(self) -> MarketListings:
        """Return the listings of the stored dumps alone, which ask nobody."""
        return MarketListings(self._settings, from_dumps=True)

    def configured_at(self, at: datetime | None) -> MarketListings:
        """Return these listings under the indices and rules of the newest cycle not after `at`.

        What the command line says of indices stays in force.
        """
        if at is None or self._names_indices():
            return self
        # Imported here: what it reads stands on pyarrow, and most questions name no instant.
        from g6.bootstrap.stored_files.stored_index_rules import index_rules_at

        rules = index_rules_at(self._settings, at)
        if rules is None:
            return self
        settings = self._settings.model_copy(update={"index_params": dict(rules)})
        return MarketListings(settings, from_dumps=self._from_dumps)

    def _names_indices(self) -> bool:
        """Tell whether the command line says which indices are collected, or how."""
        origins = self._settings.origins
        named = [path for path in origins if path.startswith("index_params.")]
        return any(origins[path] == "command line" for path in named)

    def index_plan(self, index: str) -> IndexPlan:
        """Return the rules of an index, whether it is enabled or not."""
        if index in self.plan.indices:
            return self.plan.indices[index]
        params = self._settings.index_params
        enabled = params | {index: params[index].model_copy(update={"enabled": True})}
        return plan(self._settings.model_copy(update={"index_params": enabled})).indices[index]

    def dump_span(self, exchange: str, symbol: str) -> tuple[date, date] | None:
        """Return the first and the last stored day that lists a contract, None without any."""
        from g6.adapters.parquet.listings import kept_span

        return kept_span(self._settings.directory, exchange, symbol)

    def freeze_quantity(self, root: str, day: date) -> tuple[int, date] | None:
        """Return the most units of one order and the day of the file that says so."""
        from g6.adapters.exchange.exchange_files import freeze_quantity

        return freeze_quantity(self._settings.directory, root, day)

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed of an index at an instant.

        Raises:
            G6Error: The provider does not answer.
            NothingToDo: No dump is stored that is old enough.
        """
        if self._is_past(at):
            return self._stored_listing(index, day_of(at))
        try:
            listing = self._provider.listing(index, self._answerable(at))
        except G6Error as error:
            if not self.is_live:
                raise
            # Dumps of a morning are good for its day: a provider that is down stops no look-up.
            try:
                listing = self._stored_listing(index, day_of(at))
            except NothingToDo:
                raise error from None
            self.origins[index] += f" ({error})"
            return listing
        self.origins[index] = self._settings.provider.name
        return listing

    def origin(self, index: str) -> str:
        """Return where the last listing of an index came from, empty before there was one."""
        return self.origins.get(index, "")

    def spot(self, index: str, at: datetime) -> float | None:
        """Return the index in points.

        None where nobody can be asked (stored dumps, a live provider's past), or nobody answers.
        """
        if self._is_past(at):
            return None
        try:
            return self._provider.underlying(index, self._answerable(at)).spot
        except G6Error:
            return None

    def refresh(self, indices: Set[str]) -> Mapping[str, int]:
        """Download the dumps of these indices' exchanges again.

        Returns:
            How many listings came from where.

        Raises:
            BadConfig: The provider has no dumps.
        """
        from g6.bootstrap.quote_sources.guarding import guarded, shared_state
        from g6.bootstrap.wiring import wire_if_running
        from g6.domain.reports import ListingCounts

        settings = self._settings
        wiring = wire_if_running(settings)
        shared = shared_state(wiring)
        abilities = Abilities()
        if settings.source.can(Ability.DUMPS):
            name = settings.provider.name
            abilities = guarded(wiring, shared, name, settings.provider.root, name).abilities
        dumps = abilities.dumps
        if dumps is None:
            raise BadConfig(
                f"the provider {settings.provider.name} has no dumps to download",
                "a provider with dumps is chosen by --provider kite",
            )
        with abilities.within(REFRESH_SECONDS):
            for exchange in sorted({INDICES[index].derivatives for index in indices}):
                dumps.refresh(exchange, day_of(self.now))
        counts = dict(dumps.hits)
        shared.notify(ListingCounts(counts))
        return counts

    def _is_past(self, at: datetime) -> bool:
        """Tell whether only a stored dump can answer."""
        return self._from_dumps or (self.is_live and day_of(at) < day_of(self.now))

    def _answerable(self, at: datetime) -> datetime:
        """Return the instant that is asked about: a live provider knows no later than now."""
        return min(at, self.now) if self.is_live else at

    @cached_property
    def _provider(self) -> Provider:
        from g6.bootstrap.quote_sources.sources import provider
        from g6.bootstrap.wiring import wire_if_running

        return provider(wire_if_running(self._settings))

    def _stored_listing(self, index: str, day: date) -> Listing:
        from g6.adapters.parquet.listings import kept_days, kept_listing

        directory = self._settings.directory
        listing = kept_listing(directory, index, day)
        if listing is None:
            days = kept_days(directory)
            there = f"nothing is kept below {directory / layout.folder(Kind.INSTRUMENTS)}"
            if days and days[0] > day:
                there = f"the first kept day is {days[0]}"
            elif days:
                there = "the kept days are of other indices"
            raise NothingToDo(f"no instruments of {index} are kept on or before {day}: {there}")
        self.origins[index] = f"kept on {listing.on}"
        return listing
