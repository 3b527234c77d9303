"""Where on the grid a market starts, and where a bounded run ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from g6.config import Settings, calendar
from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.domain.schema.words import MarketKind
from g6.errors import BadConfig
from g6.pipeline import Runtime
from g6.ports.sources import Ability, abilities_of


@dataclass(frozen=True, slots=True)
class Window:
    """The first and last instant of a bounded run, and the number of its cycles, both included."""

    first: datetime
    last: datetime
    cycles: int


def aligned(settings: Settings) -> Settings:
    """Return the settings with the simulated market's start on the grid and inside a session.

    The start moves forward only. A recording is read whole here, so that a corrupt one ends the run
    before anything is written.

    Raises:
        BadInput: The recording is corrupt.
        BadConfig: The settings of the recording contradict each other, or the speed is one that
            only a recording has.
    """
    # A live market runs by itself: one file of settings may be of a replay and of the live system.
    if settings.market.speed == "max" and settings.kind is MarketKind.SIM:
        raise BadConfig(
            f"speed max is of recordings: the market of the provider {settings.provider.name} has "
            "a clock",
            "give a factor, such as --speed 60",
        )
    # Of a stored day the units are read one by one, and a damaged one ends alone.
    if settings.source.can(Ability.RECORDED) and settings.provider.stored_from is None:
        from g6.bootstrap.quote_sources.sources import open_recording

        open_recording(settings)
    if not settings.source.is_simulated:
        return settings
    first = next_cycle(calendar(), settings, settings.market.start)
    return settings.model_copy(
        update={"market": settings.market.model_copy(update={"start": first})}
    )


def next_cycle(days: Calendar, settings: Settings, at: datetime) -> datetime:
    """Return the first cycle of any index at an instant or after it."""
    exchanges = exchanges_of(INDICES[name] for name in settings.indices)
    return min(days.next_cycle(exchange, at, settings.interval) for exchange in exchanges)


def window(settings: Settings, runtime: Runtime, cycles: int | None) -> Window:
    """Return the span of a bounded run: `cycles` instants from its start, or those of a recording.

    A simulated market starts at `market.start`, a live one now.
    """
    recorded = abilities_of(runtime.provider).recorded
    if recorded is not None:
        instants = recorded.cycles()[:cycles]
        return Window(instants[0], instants[-1], len(instants))
    count = cycles or 1
    start = settings.market.start if settings.source.is_simulated else runtime.clock.market()
    first = next_cycle(runtime.calendar, settings, start)
    return Window(first, first + timedelta(seconds=(count - 1) * settings.interval), count)
