"""Where on the grid a simulated market starts."""

from __future__ import annotations

from datetime import datetime

from g6.config import Settings, calendar
from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.ports.sources import Ability


def aligned(settings: Settings) -> Settings:
    """Return the settings with the simulated market's start on the grid and inside a session.

    The start moves forward only. A recording is read whole here, so that a corrupt one ends the run
    before anything is written.

    Raises:
        BadInput: The recording is corrupt.
        BadConfig: The settings of the recording contradict each other.
    """
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
