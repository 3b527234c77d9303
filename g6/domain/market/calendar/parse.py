"""Reads what a sessions file says: eras of hours, holidays and special sessions.

A user's additions are laid over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import cast

from g6.domain.market.calendar.session import Hours
from g6.errors import BadInput

CalendarEntry = Mapping[str, object]
"""A table of a parsed TOML file."""
_CLOCKS = ("open", "close", "settlement_fix", "pre_open", "index_freeze", "index_resume")
_SHAPES = {
    "exchanges": list,
    "covered_years": list,
    "holidays": Mapping,
    "hours": list,
    "specials": list,
}
_KEYS = {
    "file": set(_SHAPES),
    "hours": {"since", "exchanges", *_CLOCKS},
    "specials": {"day", "name", "exchanges", "breaks", "provisional", *_CLOCKS},
}


@dataclass(frozen=True, slots=True)
class Days:
    """One exchange's eras in order of `since`, its holidays and its special sessions by day."""

    eras: tuple[Hours, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)
    specials: Mapping[date, Hours] = field(default_factory=dict)

    def hours(self, day: date) -> Hours:
        """Return the hours in force on a day.

        Its year need not be covered, and it need not have a session.
        """
        return self.specials.get(day) or next(
            (era for era in reversed(self.eras) if era.since <= day), self.eras[0]
        )


def parse_sessions(
    base: CalendarEntry, additions: CalendarEntry | None = None
) -> tuple[dict[str, Days], frozenset[int]]:
    """Return the days of each exchange, and the covered years.

    Args:
        base: Content of `g6/config/sessions.toml`.
        additions: Content of a user's file, which wins.

    Raises:
        BadInput: An entry is wrong. The error names it and says what is wrong with it.

    >>> clocks = {"open": time(9, 15), "close": time(15, 30), "settlement_fix": time(15, 30)}
    >>> hours = [{"since": date(2026, 1, 1), **clocks}]
    >>> base = {"exchanges": ["NSE"], "covered_years": [2026], "hours": hours}
    >>> parse_sessions(base)[1]
    frozenset({2026})
    """
    days = {str(exchange): Days() for exchange in _list(base, "exchanges")}
    years: set[int] = set()
    for name, layer in (("sessions.toml", base), ("sessions.local.toml", additions or {})):
        file = _File(name, layer, tuple(days))
        file.check_shape()
        years.update(cast("Sequence[int]", _list(layer, "covered_years")))
        days = {exchange: file.laid_over(exchange, under) for exchange, under in days.items()}
    if not days or not years:
        raise BadInput("sessions.toml", None, "exchanges and covered_years are needed")
    return days, frozenset(years)


@dataclass(frozen=True, slots=True)
class _File:
    """One layer of the calendar: a file's name and its content."""

    name: str
    content: CalendarEntry
    exchanges: tuple[str, ...]

    def laid_over(self, exchange: str, under: Days) -> Days:
        """Return the days of an exchange with this file's entries, which win by day and by era."""
        eras = {era.since: era for era in (*under.eras, *self.eras(exchange))}
        ordered = tuple(eras[since] for since in sorted(eras))
        if not ordered:
            raise BadInput(self.name, None, f"no [[hours]] for {exchange}")
        closed = dict(self.holidays(exchange))
        specials = {day: hours for day, hours in under.specials.items() if day not in closed}
        specials |= dict(self.specials(exchange, Days(ordered)))
        return Days(ordered, {**under.holidays, **closed}, specials)

    def holidays(self, exchange: str) -> Iterator[tuple[date, str]]:
        for key, value in cast("CalendarEntry", self.content.get("holidays", {})).items():
            if isinstance(value, Mapping):
                if key not in self.exchanges:
                    raise BadInput(
                        self.name,
                        f"holidays.{key}",
                        f"not an exchange; known are {', '.join(self.exchanges)}",
                    )
                if key == exchange:
                    yield from (
                        (self.day(day, "holidays"), str(name)) for day, name in value.items()
                    )
            else:
                yield self.day(key, "holidays"), str(value)

    def eras(self, exchange: str) -> Iterator[Hours]:
        for row, entry in self.entries("hours", exchange):
            try:
                yield self.in_order(
                    Hours(
                        self.day(entry.get("since"), row),
                        breaks=(),
                        special=None,
                        provisional=False,
                        **self.clocks(entry, row),
                    ),
                    row,
                )
            except TypeError as error:
                raise BadInput(
                    self.name, row, "open, close and settlement_fix are needed"
                ) from error

    def specials(self, exchange: str, base: Days) -> Iterator[tuple[date, Hours]]:
        """Yield the special sessions of an exchange.

        One without hours of its own is a whole session. One with them has no auction and is fixed
        at its close.
        """
        for row, entry in self.entries("specials", exchange):
            day = self.day(entry.get("day"), row)
            clocks = self.clocks(entry, row)
            if "open" in clocks and "close" in clocks:
                clocks = {"settlement_fix": clocks["close"], **clocks}
                under = Hours(day, breaks=(), special=None, provisional=False, **clocks)
            else:
                under = base.hours(day)
            hours = replace(
                under,
                since=day,
                breaks=self.breaks(entry, row) if "breaks" in entry else under.breaks,
                special=str(entry.get("name", "special")),
                provisional=bool(entry.get("provisional")),
                **clocks,
            )
            yield day, self.in_order(hours, row)

    def entries(self, table: str, exchange: str) -> Iterator[tuple[str, CalendarEntry]]:
        for number, entry in enumerate(
            cast("list[CalendarEntry]", _list(self.content, table)), start=1
        ):
            row = f"{table} {number}"
            self.check(table, entry, row)
            if exchange in cast("Sequence[str]", entry.get("exchanges", self.exchanges)):
                yield row, entry

    def check_shape(self) -> None:
        self.check("file", self.content, None)
        for key, value in self.content.items():
            if not isinstance(value, _SHAPES[key]):
                raise BadInput(
                    self.name,
                    key,
                    "has the wrong shape; see g6/config/sessions.toml for the format",
                )
        for year in _list(self.content, "covered_years"):
            if not isinstance(year, int):
                raise BadInput(
                    self.name, "covered_years", f"{year!r} is not a year; write it as 2027"
                )

    def check(self, table: str, entry: CalendarEntry, row: str | None) -> None:
        unknown = sorted(set(entry) - _KEYS[table])
        if unknown:
            raise BadInput(
                self.name,
                row,
                f"unknown key {unknown[0]}; allowed are {', '.join(sorted(_KEYS[table]))}",
            )
        exchanges = _list(entry, "exchanges")
        strangers = [exchange for exchange in exchanges if exchange not in self.exchanges]
        if strangers:
            raise BadInput(
                self.name,
                row,
                f"not an exchange: {strangers[0]}; known are {', '.join(self.exchanges)}",
            )

    def in_order(self, hours: Hours, row: str) -> Hours:
        stops = [
            hours.pre_open,
            hours.open,
            *(clock for pair in hours.breaks for clock in pair),
            hours.index_freeze,
        ]
        stops += [hours.settlement_fix, hours.index_resume, hours.close]
        clocks = [clock for clock in stops if clock is not None]
        if clocks != sorted(clocks):
            raise BadInput(self.name, row, "its times do not follow each other")
        return hours

    def day(self, value: object, row: str) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError as error:
            raise BadInput(
                self.name, row, f"{value!r} is not a day; write it as 2026-11-24"
            ) from error

    def clocks(self, entry: CalendarEntry, row: str) -> dict[str, time]:
        return {key: self.clock(entry[key], row) for key in _CLOCKS if key in entry}

    def breaks(self, entry: CalendarEntry, row: str) -> tuple[tuple[time, time], ...]:
        try:
            pairs = cast("Sequence[Sequence[object]]", entry["breaks"])
            return tuple((self.clock(start, row), self.clock(end, row)) for start, end in pairs)
        except (TypeError, ValueError) as error:
            raise BadInput(
                self.name, row, "breaks are pairs of times, such as [[10:00:00, 11:30:00]]"
            ) from error

    def clock(self, value: object, row: str) -> time:
        try:
            return value if isinstance(value, time) else time.fromisoformat(str(value))
        except ValueError as error:
            raise BadInput(
                self.name, row, f"{value!r} is not a time; write it as 15:40:00"
            ) from error


def _list(entry: CalendarEntry, name: str) -> Sequence[object]:
    """Return a list of a table, whose shape was checked, empty where it is absent."""
    return cast("Sequence[object]", entry.get(name, ()))
