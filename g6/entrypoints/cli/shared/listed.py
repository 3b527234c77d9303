"""Where a command gets a day's listing from: the provider, or, of a past day and without one, the dumps that were kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Annotated

import typer

from g6.config import Settings
from g6.domain.market.calendar import IST, day_of, in_utc
from g6.domain.market.instrument import INDICES, Listing
from g6.errors import BadConfig, G6Error, NothingToDo
from g6.ports import Provider
from g6.ports.sources import Abilities, Ability

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DAY|INSTANT",
        help="Answer for this day or market time, such as 2026-11-20T04:05:00Z.",
    ),
]
Kept = Annotated[bool, typer.Option("--kept", help="Read the dumps that were kept; ask nobody.")]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Download the day's dumps again, for all workers.")
]

MORNING = time(9, 15)


def instant_of(text: str) -> datetime:
    """Return the instant that a person wrote; a day alone is its open, a clock without zone India's. Errors: BadConfig."""
    try:
        instant = datetime.fromisoformat(text)
        in_utc(instant)
    except ValueError as error:
        raise BadConfig(
            f"{text!r} is no instant", "write it as 2026-11-20 or 2026-11-20T04:05:00Z"
        ) from error
    if len(text) == len("2026-11-20"):
        instant = datetime.combine(instant.date(), MORNING)
    return instant.replace(tzinfo=instant.tzinfo or IST)


class Listed:
    """Listings of one command's settings; `came_from` tells of each index asked for where its listing came from."""

    def __init__(self, settings: Settings, *, kept: bool = False) -> None:
        self._settings, self._kept = settings, kept
        self.came_from: dict[str, str] = {}

    @cached_property
    def now(self) -> datetime:
        """The market's instant: a simulation's start, a broker's clock."""
        from g6.bootstrap.wiring import live_clock

        return (
            live_clock(self._settings).market().astimezone(UTC)
            if self.broker
            else self._settings.market.start
        )

    @property
    def broker(self) -> bool:
        """Whether listings come from a broker, who knows today's alone."""
        return self._settings.source.is_live

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed of an index at `at`.

        A broker knows today's alone: of an earlier day the kept dump answers, and today too when the broker does not. Errors:
        those of the provider, NothingToDo (nothing is kept that is old enough).
        """
        if self._kept or (self.broker and day_of(at) < day_of(self.now)):
            return self._from_kept(index, day_of(at))
        try:
            found = self._provider.listing(index, min(at, self.now) if self.broker else at)
        except G6Error as error:
            if not self.broker:
                raise
            try:
                found = self._from_kept(index, day_of(at))
            except NothingToDo:
                raise error from None
            self.came_from[index] += f" ({error})"
            return found
        self.came_from[index] = self._settings.provider.name
        return found

    def spot(self, index: str, at: datetime) -> float | None:
        """Return the index in points at `at`; None where nobody can be asked (kept dumps, a broker's past) or nobody answers."""
        if self._kept or (self.broker and day_of(at) < day_of(self.now)):
            return None
        try:
            return self._provider.underlying(index, min(at, self.now) if self.broker else at).spot
        except G6Error:
            return None

    def refresh(self) -> Mapping[str, int]:
        """Download the dumps of every enabled index's exchange again; return how many listings came from where."""
        from g6.bootstrap.guarding import guarded, shared_state
        from g6.bootstrap.wiring import wire_if_running
        from g6.domain.reports import ProviderState

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
                f"the provider {settings.provider.name} has no dumps to download", "--provider kite"
            )
        with abilities.within(60.0):
            for exchange in sorted({INDICES[index].derivatives for index in settings.indices}):
                dumps.refresh(exchange, day_of(self.now))
        counts = dict(dumps.hits)
        shared.notify(ProviderState("listings", facts={"listings": counts}))
        return counts

    @cached_property
    def _provider(self) -> Provider:
        from g6.bootstrap.sources import provider
        from g6.bootstrap.wiring import wire_if_running

        return provider(wire_if_running(self._settings))

    def _from_kept(self, index: str, day: date) -> Listing:
        from g6.adapters.parquet.listings import kept_days, kept_listing

        directory = self._settings.directory
        found = kept_listing(directory, index, day)
        if found is None:
            known = kept_days(directory)
            there = (
                f"the first kept day is {known[0]}"
                if known
                else f"nothing is kept below {directory / 'instruments'}"
            )
            raise NothingToDo(f"no instruments of {index} are kept on or before {day}: {there}")
        self.came_from[index] = f"kept on {found.on}"
        return found
