"""What a person asks of a market: whether options trade, until when, and when they trade next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from g6.domain.market.calendar import Calendar, Session, day_of
from g6.errors import UncoveredYear

__all__ = ["TradingHours", "trading_hours"]


@dataclass(frozen=True, slots=True)
class TradingHours:
    """Whether options of some exchanges trade at an instant.

    Attributes:
        is_open: Whether options of one exchange at least trade.
        until: When the last of them stops trading, None while none trades.
        opens: When options trade next, None where the calendar does not say.
        why: Why none trades, in words. Empty while some do.
        frozen_from: When the index itself stands still on a day of trading, None where never.
    """

    is_open: bool
    until: datetime | None = None
    opens: datetime | None = None
    why: str = ""
    frozen_from: datetime | None = None


def trading_hours(calendar: Calendar, exchanges: Iterable[str], at: datetime) -> TradingHours:
    """Return the trading hours of options of `exchanges`, as they stand at `at`.

    Options trade on after the index stands still: `until` is the end of their trading.

    >>> from datetime import UTC
    >>> from g6.config import calendar
    >>> at = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    >>> trading_hours(calendar(), ["NSE"], at).until.isoformat()
    '2026-11-18T10:10:00+00:00'
    """
    names = tuple(exchanges)
    today = [calendar.known_session(name, day_of(at)) for name in names]
    sessions = [session for session in today if session is not None]
    opens, unknown = _next_open_of_any(calendar, names, at)
    trading = [session for session in sessions if session.holds(at)]
    if trading:
        frozen = [session.index_freeze for session in trading if session.index_freeze]
        return TradingHours(
            is_open=True,
            until=max(session.close for session in trading),
            opens=opens,
            frozen_from=min(frozen, default=None),
        )
    return TradingHours(
        is_open=False, opens=opens, why=unknown or _why(calendar, names, sessions, at)
    )


def _next_open_of_any(
    calendar: Calendar, exchanges: tuple[str, ...], at: datetime
) -> tuple[datetime | None, str]:
    """Return when options of any exchange trade next, or None and what the calendar lacks."""
    # On the last covered day the next open is not known, and options trade all the same.
    opens: list[datetime] = []
    unknown = ""
    for exchange in exchanges:
        try:
            opens.append(_next_open(calendar, exchange, at))
        except UncoveredYear as error:
            unknown = str(error.sentence)
    return (min(opens), "") if opens else (None, unknown)


def _next_open(calendar: Calendar, exchange: str, at: datetime) -> datetime:
    """Return the first instant after `at` at which options of an exchange begin to trade."""
    session = calendar.session(exchange, day_of(at))
    if session is not None:
        begins = [session.open, *(end for _, end in session.breaks)]
        ahead = [instant for instant in begins if instant > at]
        if ahead:
            return min(ahead)
    return calendar.next_session(exchange, day_of(at)).open


def _why(
    calendar: Calendar, exchanges: tuple[str, ...], sessions: list[Session], at: datetime
) -> str:
    """Return why no option trades at `at`."""
    if not sessions:
        return _day_off(calendar, exchanges, day_of(at))
    if any(session.open <= at <= session.close for session in sessions):
        return "a break of the session"
    if at < min(session.open for session in sessions):
        return "before the open"
    return "after the close"


def _day_off(calendar: Calendar, exchanges: tuple[str, ...], day: date) -> str:
    holidays = [name for exchange in exchanges if (name := calendar.holiday(exchange, day))]
    return next(iter(dict.fromkeys(holidays)), f"{day:%A}")
