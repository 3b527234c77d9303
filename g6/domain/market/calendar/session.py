"""One day's trading: its hours by the clock in India, and the same as instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, timezone
from typing import Literal

# India has one zone and, since 1945, no daylight saving.
IST = timezone(timedelta(hours=5, minutes=30), "IST")

Phase = Literal[
    "closed", "pre-open", "open", "break", "index frozen", "closing auction", "index final"
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hours:
    """The clock times in India of an era, or of a special session.

    An era begins with the day `since`. A special session is that of this day.
    """

    since: date
    open: time
    close: time
    settlement_fix: time
    pre_open: time | None = None
    index_freeze: time | None = None
    index_resume: time | None = None
    breaks: tuple[tuple[time, time], ...] = ()
    special: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One day of trading on one exchange, in UTC.

    Both ends belong to it: the last cycle is the one at `close`. From `index_freeze` the index
    waits for the closing auction. It moves once, between `settlement_fix` and `index_resume`.
    `breaks` are spans without trading whose ends still trade. `special` names a session out of the
    ordinary, and `provisional` says that no circular has confirmed its hours yet.
    """

    exchange: str
    day: date
    open: datetime
    close: datetime
    settlement_fix: datetime
    index_freeze: datetime | None = None
    index_resume: datetime | None = None
    special: str | None = None
    pre_open: datetime | None = None
    breaks: tuple[tuple[datetime, datetime], ...] = ()
    provisional: bool = False

    @classmethod
    def on(cls, exchange: str, day: date, hours: Hours) -> Session:
        """Return the session that `hours` make of `day`."""

        def instant(clock: time | None) -> datetime | None:
            return None if clock is None else instant_of(day, clock)

        return cls(
            exchange,
            day,
            instant_of(day, hours.open),
            instant_of(day, hours.close),
            instant_of(day, hours.settlement_fix),
            instant(hours.index_freeze),
            instant(hours.index_resume),
            hours.special,
            instant(hours.pre_open),
            tuple((instant_of(day, start), instant_of(day, end)) for start, end in hours.breaks),
            hours.provisional,
        )

    def holds(self, at: datetime) -> bool:
        """Tell whether contracts trade at `at`."""
        return self.open <= at <= self.close and not any(
            start < at < end for start, end in self.breaks
        )

    def first_cycle(self, at: datetime, interval_seconds: int) -> datetime | None:
        """Return the first cycle at or after an instant, None where the session has none left.

        Cycles are the epoch multiples of the interval.
        """
        step = timedelta(seconds=interval_seconds)
        instant = _grid_from(max(at, self.open), step)
        for start, end in self.breaks:
            if start < instant < end:
                instant = _grid_from(end, step)
        return instant if instant <= self.close else None

    def cycles(self, interval_seconds: int) -> tuple[datetime, ...]:
        """Return the cycles of the session, both its ends included.

        They are the epoch multiples of the interval.
        """
        step = timedelta(seconds=interval_seconds)
        first = _grid_from(self.open, step)
        instants = (first + k * step for k in range((self.close - first) // step + 1))
        return tuple(instant for instant in instants if self.holds(instant))

    def phases(self) -> tuple[tuple[datetime, Phase], ...]:
        """Return every instant at which a phase begins, with the phase. The last is the close."""
        begins: list[tuple[datetime | None, Phase]] = [
            (self.pre_open, "pre-open"),
            (self.open, "open"),
            (self.close, "closed"),
        ]
        for start, end in self.breaks:
            begins += [(start, "break"), (end, "open")]
        if self.index_freeze is not None:
            begins += [
                (self.index_freeze, "index frozen"),
                (self.settlement_fix, "closing auction"),
            ]
            begins += [(self.index_resume, "index final")]
        return tuple(
            sorted(
                ((at, phase) for at, phase in begins if at is not None), key=lambda begin: begin[0]
            )
        )


def instant_of(day: date, clock: time) -> datetime:
    """Return the UTC instant at which clocks in India show a time on a day.

    >>> instant_of(date(2026, 11, 20), time(9, 15)).isoformat()
    '2026-11-20T03:45:00+00:00'
    """
    return datetime.combine(day, clock, IST).astimezone(UTC)


def day_of(at: datetime) -> date:
    """Return the date in India at an instant.

    >>> day_of(datetime(2026, 11, 19, 19, 0, tzinfo=UTC))
    datetime.date(2026, 11, 20)
    """
    return at.astimezone(IST).date()


def in_utc(at: datetime) -> datetime:
    """Return an instant that somebody wrote in UTC. Without a zone it is India's.

    Raises:
        ValueError: It lies in the first or the last year that datetime knows, where another zone's
            clock overflows.

    >>> in_utc(datetime(2026, 11, 20, 9, 15))
    datetime.datetime(2026, 11, 20, 3, 45, tzinfo=datetime.timezone.utc)
    """
    if not MINYEAR < at.year < MAXYEAR:
        raise ValueError(f"the year {at.year} is none that calendars reckon with")
    return (at if at.tzinfo else at.replace(tzinfo=IST)).astimezone(UTC)


def _grid_from(at: datetime, step: timedelta) -> datetime:
    return _EPOCH - ((_EPOCH - at) // step) * step
