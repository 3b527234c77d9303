"""The calendar: which days have a session, and what the exchange is doing at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from g6.domain.market.calendar.parse import CalendarEntry, Days, parse_sessions
from g6.domain.market.calendar.session import Phase, Session, day_of, instant_of
from g6.errors import UncoveredYear

DAYS_AHEAD = 30
"""The calendar is told to end this long before it does."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Sessions by exchange.

    Every question about a session raises UncoveredYear for a year that the calendar does not cover,
    but for the methods with `known` in their names, which a running system asks. Days once worked
    out are remembered, so that asking at every tick costs microseconds.
    """

    exchanges: Mapping[str, Days]
    covered_years: frozenset[int]
    _known: dict[tuple[str, date], Session | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    @staticmethod
    def parse(base: CalendarEntry, additions: CalendarEntry | None = None) -> Calendar:
        """Return the calendar that a sessions file describes, a user's additions laid over it.

        In additions a holiday closes a day that the base opens, a special session opens one that it
        closes, and `covered_years` adds years.

        Args:
            base: Parsed content in the format of `g6/config/sessions.toml`.
            additions: The same of a user's file.

        Raises:
            BadInput: An entry is wrong. The error names it and says what is wrong with it.
        """
        return Calendar(*parse_sessions(base, additions))

    def session(self, exchange: str, day: date) -> Session | None:
        """Return the session of `day`, None where the exchange is closed."""
        key = (exchange, day)
        if key not in self._known:
            self._known[key] = self._session(exchange, day)
        return self._known[key]

    def _session(self, exchange: str, day: date) -> Session | None:
        if day.year not in self.covered_years:
            raise UncoveredYear(day.year, max(self.covered_years))
        days = self.exchanges[exchange]
        closed = day.weekday() >= 5 or day in days.holidays
        if closed and day not in days.specials:
            return None
        return Session.on(exchange, day, days.hours(day))

    def known_session(self, exchange: str, day: date) -> Session | None:
        """Return the session of `day`, None where none is known.

        The exchange is closed then, or the calendar does not cover the year.
        """
        return self.session(exchange, day) if day.year in self.covered_years else None

    @property
    def last_day(self) -> date:
        """The last day of the last covered year."""
        return date(max(self.covered_years), 12, 31)

    def known_until(self, at: datetime) -> datetime:
        """Return an instant, or the end of the last covered year where that comes before it."""
        return min(at, instant_of(self.last_day, time.max))

    def trades_all_day(self, exchange: str, day: date) -> bool:
        """Tell whether a day is an ordinary trading day, on which contracts may expire.

        A weekend or holiday with a special session (Muhurat, a drill on a Saturday) is none,
        whatever its hours.
        """
        return (
            self.session(exchange, day) is not None
            and day.weekday() < 5
            and self.holiday(exchange, day) is None
        )

    def holiday(self, exchange: str, day: date) -> str | None:
        """Return the name of the holiday on `day`, None where there is none known."""
        return self.exchanges[exchange].holidays.get(day)

    def close_of(self, exchange: str, day: date) -> datetime:
        """Return when trading ends on a day by the hours of its era.

        Its year need not be covered.
        """
        return instant_of(day, self.exchanges[exchange].hours(day).close)

    def settlement_fix(self, exchange: str, day: date) -> datetime:
        """Return when the settlement value of contracts that expire on a day is fixed.

        Its year need not be covered.
        """
        return instant_of(day, self.exchanges[exchange].hours(day).settlement_fix)

    def session_at(self, exchange: str, at: datetime) -> Session | None:
        """Return the session whose contracts trade at `at`, None where none do."""
        session = self.session(exchange, day_of(at))
        return session if session is not None and session.holds(at) else None

    def is_open(self, exchange: str, at: datetime) -> bool:
        """Tell whether contracts trade at `at`."""
        return self.session_at(exchange, at) is not None

    def next_session(self, exchange: str, after: date) -> Session:
        """Return the first session on a day later than `after`."""
        return self._walk(exchange, after, _DAY)

    def previous_session(self, exchange: str, before: date) -> Session:
        """Return the last session on a day earlier than `before`."""
        return self._walk(exchange, before, -_DAY)

    def _walk(self, exchange: str, day: date, step: timedelta) -> Session:
        while True:
            day += step
            if (session := self.session(exchange, day)) is not None:
                return session

    def sessions_between(self, exchange: str, first: date, last: date) -> tuple[Session, ...]:
        """Return the sessions from `first` to `last`, both included."""
        days = (first + n * _DAY for n in range((last - first).days + 1))
        return tuple(
            session for day in days if (session := self.session(exchange, day)) is not None
        )

    def next_cycle(self, exchange: str, at: datetime, interval: int) -> datetime:
        """Return the first cycle at or after an instant within a session.

        Args:
            exchange: NSE or BSE.
            at: The instant.
            interval: Seconds between cycles.

        Raises:
            UncoveredYear: The calendar does not cover the year.
        """
        day = day_of(at)
        session = self.session(exchange, day) or self.next_session(exchange, day)
        while (cycle := session.first_cycle(at, interval)) is None:
            session = self.next_session(exchange, session.day)
        return cycle

    def next_known_cycle(
        self, exchanges: Iterable[str], at: datetime, interval: int
    ) -> datetime | None:
        """Return the first cycle of any of some exchanges at or after an instant.

        None after the last session of the last covered year.
        """
        cycles: list[datetime] = []
        for exchange in exchanges:
            with suppress(UncoveredYear):
                cycles.append(self.next_cycle(exchange, at, interval))
        return min(cycles, default=None)

    def phase(self, exchange: str, at: datetime) -> Phase:
        """Return what the exchange is doing at an instant. At its close it still trades.

        `index frozen`: the index stands still while the auction collects orders. `closing auction`:
        it may jump to the auction's result at any moment. `index final`: it has its closing value
        and contracts still trade.

        Raises:
            UncoveredYear: The calendar does not cover the year.
        """
        session = self.session(exchange, day_of(at))
        if session is None or at > session.close:
            return "closed"
        *begun, _ = session.phases()
        return next((phase for start, phase in reversed(begun) if start <= at), "closed")

    def next_change(self, exchange: str, at: datetime) -> datetime:
        """Return the first instant after `at` at which the phase changes."""
        day = day_of(at)
        session = self.session(exchange, day)
        if session is None or at >= session.close:
            session = self.next_session(exchange, day)
        return next(start for start, _ in session.phases() if start > at)
