"""The market's own clock: how much variance passes when. A session is 1, a closed day 0.15; a third of a session is the night's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import Calendar, Session

NIGHT = 1 / 3
CLOSED = 0.15
KICK = 1.5
UNITS_A_YEAR = 266.0
"""About 248 sessions and 117 closed days."""

_FULL_MINUTES = 375.0
_YEARS_AHEAD = 7


def profile(session: Session) -> NDArray[np.float64]:
    """Return the share of the session's variance that has passed at each second from its open, `(seconds + 1,)`, 0 to 1.

    The rate at minute m of L is `1 + 2.5 exp(-m/12) + 0.8 exp(-(L - m)/25)`, nothing in a break.
    """
    seconds = seconds_of(session)
    minute = (np.arange(seconds) + 0.5) / 60
    rate = 1 + 2.5 * np.exp(-minute / 12) + 0.8 * np.exp(-(seconds / 60 - minute) / 25)
    for start, end in session.breaks:
        rate[
            int((start - session.open).total_seconds()) : int((end - session.open).total_seconds())
        ] = 0
    passed = np.concatenate([[0.0], np.cumsum(rate)])
    return np.asarray(passed / passed[-1])


def seconds_of(session: Session) -> int:
    """Return the seconds from open to close."""
    return int((session.close - session.open).total_seconds())


def weight(session: Session) -> float:
    """Return the variance of a session with its night in units of an ordinary one: less for an hour at Diwali."""
    closed = sum((end - start).total_seconds() for start, end in session.breaks)
    return min(1.0, (seconds_of(session) - closed) / 60 / _FULL_MINUTES)


@dataclass(frozen=True)
class BusinessClock:
    """Variance between days on one exchange. `event` adds a kick of 1.5 sessions at its instant, which prices know beforehand."""

    calendar: Calendar
    exchange: str
    event: datetime | None = None

    _fix_share: dict[date, float] = field(default_factory=dict, repr=False, compare=False)

    def session(self, day: date) -> Session | None:
        """Return the session of `day`, None where there is none or the year is not covered."""
        return (
            self.calendar.session(self.exchange, day)
            if day.year in self.calendar.covered_years
            else None
        )

    def kick(self, session: Session) -> tuple[int, float]:
        """Return the second of the session at which the event comes and its units; `(0, 0.0)` without one."""
        if self.event is None or not session.open < self.event <= session.close:
            return 0, 0.0
        return int((self.event - session.open).total_seconds()), KICK

    def within(self, session: Session) -> tuple[float, NDArray[np.float64]]:
        """Return the units of the session without its night, and the share of them that has passed at each second."""
        plain, passed = (1 - NIGHT) * weight(session), profile(session)
        second, kick = self.kick(session)
        if not kick:
            return plain, passed
        units = plain * passed
        units[second:] += kick
        return plain + kick, units / units[-1]

    def between(self, day: date, expiry: date) -> float:
        """Return the units from the close of `day` to the settlement fix of `expiry`, 0 where that is the same day."""
        if expiry <= day:
            return 0.0
        first = self._origin
        nights = self._units[expiry.toordinal() - first - 1] - self._units[day.toordinal() - first]
        return float(nights + self._last_day(expiry))

    def _last_day(self, expiry: date) -> float:
        session = self.session(expiry)
        if session is None:
            return NIGHT + (1 - NIGHT) * 0.97
        if expiry not in self._fix_share:
            units, passed = self.within(session)
            fix = int((session.settlement_fix - session.open).total_seconds())
            self._fix_share[expiry] = NIGHT * weight(session) + units * float(
                passed[min(fix, len(passed) - 1)]
            )
        return self._fix_share[expiry]

    @cached_property
    def _origin(self) -> int:
        return date(min(self.calendar.covered_years), 1, 1).toordinal() - 10

    @cached_property
    def _units(self) -> NDArray[np.float64]:
        """Units of every day from ten days before the first covered year to seven years after the last, summed."""
        last = date(max(self.calendar.covered_years) + _YEARS_AHEAD, 12, 31).toordinal()
        days = [date.fromordinal(ordinal) for ordinal in range(self._origin, last + 1)]
        return np.cumsum([self._day(day) for day in days])

    def _day(self, day: date) -> float:
        if day.year not in self.calendar.covered_years:
            return 1.0 if day.weekday() < 5 else CLOSED
        session = self.session(day)
        if session is None:
            return CLOSED
        return weight(session) + self.kick(session)[1]


def trading_days(calendar: Calendar, exchange: str) -> tuple[Session, ...]:
    """Return every session of the covered years, oldest first."""
    found: list[Session] = []
    for year in sorted(calendar.covered_years):
        day = date(year, 1, 1)
        while day.year == year:
            session = calendar.session(exchange, day)
            if session is not None:
                found.append(session)
            day += timedelta(days=1)
    return tuple(found)
