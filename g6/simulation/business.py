"""The market's own clock: how much variance passes when.

A session with its night is 1, a closed day 0.15. A third of a session's variance is the night's.
"""

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
    """Return the share of the session's variance that has passed at each second, 0 to 1.

    The shape is (seconds + 1,), from the open on. The rate at minute m of L is
    `1 + 2.5 exp(-m/12) + 0.8 exp(-(L - m)/25)`, nothing in a break.
    """
    seconds = seconds_of(session)
    minute = (np.arange(seconds) + 0.5) / 60
    rate = 1 + 2.5 * np.exp(-minute / 12) + 0.8 * np.exp(-(seconds / 60 - minute) / 25)
    for start, end in session.breaks:
        begin = int((start - session.open).total_seconds())
        rate[begin : int((end - session.open).total_seconds())] = 0
    passed = np.concatenate([[0.0], np.cumsum(rate)])
    return np.asarray(passed / passed[-1])


def seconds_of(session: Session) -> int:
    """Return the seconds from open to close."""
    return int((session.close - session.open).total_seconds())


def weight(session: Session) -> float:
    """Return the variance of a session with its night in units of an ordinary one."""
    # The hour of Muhurat at Diwali weighs 60/375 of a session.
    closed = sum((end - start).total_seconds() for start, end in session.breaks)
    return min(1.0, (seconds_of(session) - closed) / 60 / _FULL_MINUTES)


@dataclass(frozen=True)
class BusinessClock:
    """Variance between days on one exchange.

    `event` adds a kick of 1.5 sessions at its instant, which prices know beforehand.
    """

    calendar: Calendar
    exchange: str
    event: datetime | None = None

    _fix_share: dict[date, float] = field(default_factory=dict, repr=False, compare=False)

    def session(self, day: date) -> Session | None:
        """Return the session of `day`, None without one or in a year that is not covered."""
        # Expiries reach five years beyond the last covered one.
        return self.calendar.known_session(self.exchange, day)

    def kick(self, session: Session) -> tuple[int, float]:
        """Return the second of the session at which the event comes, and the event's units.

        They are `(0, 0.0)` where none comes.
        """
        if self.event is None or not session.open < self.event <= session.close:
            return 0, 0.0
        return int((self.event - session.open).total_seconds()), KICK

    def within(self, session: Session) -> tuple[float, NDArray[np.float64]]:
        """Return the units of the session without its night, and their share by each second."""
        plain = (1 - NIGHT) * weight(session)
        passed = profile(session)
        second, kick = self.kick(session)
        if not kick:
            return plain, passed
        units = plain * passed
        units[second:] += kick
        return plain + kick, units / units[-1]

    def between(self, day: date, expiry: date) -> float:
        """Return the units from the close of `day` to the settlement fix of `expiry`.

        They are 0 where that is the same day.
        """
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
            share = float(passed[min(fix, len(passed) - 1)])
            self._fix_share[expiry] = NIGHT * weight(session) + units * share
        return self._fix_share[expiry]

    @cached_property
    def _origin(self) -> int:
        return date(min(self.calendar.covered_years), 1, 1).toordinal() - 10

    @cached_property
    def _units(self) -> NDArray[np.float64]:
        """The units of every day, summed.

        They begin ten days before the first covered year and end seven years after the last.
        """
        last = date(max(self.calendar.covered_years) + _YEARS_AHEAD, 12, 31).toordinal()
        days = map(date.fromordinal, range(self._origin, last + 1))
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
    sessions: list[Session] = []
    for year in sorted(calendar.covered_years):
        day = date(year, 1, 1)
        while day.year == year:
            session = calendar.session(exchange, day)
            if session is not None:
                sessions.append(session)
            day += timedelta(days=1)
    return tuple(sessions)
