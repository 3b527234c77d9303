"""Whether the day's listing obeys the dated rules, and which line the rules lack where not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.expiry import MOST_SHIFT_DAYS, WEEKDAYS, weekday_in
from g6.domain.market.instrument import INDICES, Listing
from g6.domain.market.lots import kind_of, lot_row
from g6.domain.market.ticks import TradedKind, tick_of
from g6.errors import G6Error, NothingToDo
from g6.ports.readers import ListingReader
from g6.studies.documents import columns_of
from g6.studies.market.market_rules import WEEKDAY_NAMES
from g6.studies.parameters import FromDumps, ListedAt

__all__ = [
    "BrokenRule",
    "RuleCheckParameters",
    "RuleChecks",
    "answer",
    "broken_rules",
    "obeys_weekday",
]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RuleCheckParameters:
    """Asks whether the listing of a day obeys the rules."""

    at: ListedAt = None
    from_dumps: FromDumps = False


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One rule that a listing contradicts.

    Attributes:
        index: The underlying's name.
        rule: lot, tick or weekday.
        what: What is listed, and what the rules say.
        line: The line to add, as the table in the source has it.
        is_unwritten: Whether the rules say nothing of it, so that nothing contradicts them.
    """

    index: str
    rule: str
    what: str
    line: str
    is_unwritten: bool = False


@dataclass(frozen=True, slots=True)
class RuleChecks:
    """The rules that a day's listings contradict.

    Attributes:
        day: The day.
        listed: How many expiries of each index were held against the rules.
        broken: What contradicts them.
        unknown: Why nobody knows the listings of the others, by index.
        invented: What the rules do not say yet and the simulated market has made up.
    """

    day: date
    listed: Mapping[str, int]
    broken: tuple[BrokenRule, ...]
    unknown: Mapping[str, str]
    invented: tuple[BrokenRule, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether every listing was there and obeys what the rules say."""
        return not self.broken and not self.unknown

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per rule that is broken."""
        return columns_of(BrokenRule, self.broken)


def answer(reader: ListingReader, parameters: RuleCheckParameters) -> RuleChecks:
    """Hold the listings of every enabled index against the rules.

    Raises:
        NothingToDo: No listing is known.
    """
    listings = reader.of_dumps() if parameters.from_dumps else reader
    source = listings.configured_at(parameters.at)
    at = parameters.at or source.now
    day = day_of(at)
    listed: dict[str, int] = {}
    unknown: dict[str, str] = {}
    broken: list[BrokenRule] = []
    for name in source.plan.indices:
        try:
            listing = source.listing(name, at)
        except G6Error as error:
            unknown[name] = error.sentence
            continue
        listed[name] = len(listing.contracts.expiries)
        broken += broken_rules(listing, source.calendar)
    if not listed:
        raise NothingToDo("; ".join(unknown.values()), "g6 expiries says where listings come from")
    # A simulated listing is no source of a lot that no circular has told yet.
    is_simulated = source.source.is_simulated
    invented = tuple(rule for rule in broken if is_simulated and rule.is_unwritten)
    contradicted = tuple(rule for rule in broken if rule not in invented)
    return RuleChecks(day, listed, contradicted, unknown, invented)


def broken_rules(listing: Listing, calendar: Calendar) -> Iterator[BrokenRule]:
    """Yield the rules that a listing contradicts, as of its own day."""
    yield from _lots(listing)
    yield from _ticks(listing)
    yield from _weekdays(listing, calendar)


def _lots(listing: Listing) -> Iterator[BrokenRule]:
    root = listing.underlying
    contracts = listing.contracts
    new: dict[int, dict[str, date]] = {}
    for expiry in contracts.expiries:
        kind = kind_of(root, expiry, listing.on)
        row = lot_row(root, expiry, listing.on)
        for units in np.unique(contracts.of(expiry).lot_size).tolist():
            if row is None or row.units != units:
                new.setdefault(units, {}).setdefault(kind, expiry)
    for units, firsts in new.items():
        first = min(firsts.values())
        weekly = firsts.get("weekly", first)
        monthly = firsts.get("monthly", firsts.get("long-dated", first))
        line = (
            f"{root:<11}{units:>3} {listing.on} {weekly} {monthly} {listing.on} -          "
            f"dump-{listing.on}"
        )
        row = lot_row(root, first, listing.on)
        says = "say nothing of it" if row is None else f"say {row.units} ({row.source})"
        what = f"contracts of {first} have a lot of {units}, and the rules {says}"
        yield BrokenRule(root, "lot", what, line, is_unwritten=row is None)


def _ticks(listing: Listing) -> Iterator[BrokenRule]:
    futures = [future.tick_size for future in listing.futures]
    steps: dict[TradedKind, list[float]] = {
        "options": np.unique(listing.contracts.tick_size).tolist(),
        "futures": sorted(set(futures)),
    }
    for kind, points in steps.items():
        tick = tick_of(listing.underlying, kind, listing.on)
        for step in points:
            if tick is not None and step == tick.points:
                continue
            says = "say nothing of it" if tick is None else f"say {tick.points:g} ({tick.source})"
            day = listing.on
            line = (
                f'Tick("{listing.underlying}", "{kind}", date({day.year}, {day.month}, {day.day}), '
                f'{step:g}, "dump of {day}"),'
            )
            what = f"{kind} move in steps of {step:g} points, and the rules {says}"
            unwritten = tick is None
            yield BrokenRule(listing.underlying, "tick", what, line, is_unwritten=unwritten)


def _weekdays(listing: Listing, calendar: Calendar) -> Iterator[BrokenRule]:
    root = listing.underlying
    exchange = INDICES[root].exchange
    eras = WEEKDAYS.get(root, WEEKDAYS[exchange])
    for expiry in listing.contracts.expiries:
        is_covered = expiry.year in calendar.covered_years
        if not is_covered or obeys_weekday(root, expiry, calendar):
            continue
        weekday = weekday_in(eras, expiry)
        name = WEEKDAY_NAMES[expiry.weekday()]
        what = (
            f"{expiry} is a {name}, and the rules say {WEEKDAY_NAMES[weekday]}, or the trading day "
            "before a holiday"
        )
        day = f"date({expiry.year}, {expiry.month}, {expiry.day})"
        line = f'"{root}": (…, ({day}, _{name[:3].upper()})); or a holiday in sessions.local.toml'
        yield BrokenRule(root, "weekday", what, line)


def obeys_weekday(root: str, expiry: date, calendar: Calendar) -> bool:
    """Tell whether an expiry is on its weekday, or holidays alone lie between it and that.

    Args:
        root: Name of the index.
        expiry: A day of a year that the calendar covers.
        calendar: Says which days trade.

    >>> from g6.config import calendar
    >>> obeys_weekday("NIFTY", date(2026, 11, 18), calendar())
    False
    """
    exchange = INDICES[root].exchange
    weekday = weekday_in(WEEKDAYS.get(root, WEEKDAYS[exchange]), expiry)
    if calendar.session(exchange, expiry) is None:
        return False
    shift = (weekday - expiry.weekday()) % 7
    if shift > MOST_SHIFT_DAYS:
        return False
    between = [expiry + n * _DAY for n in range(1, shift + 1)]
    return all(
        day.year not in calendar.covered_years or calendar.session(exchange, day) is None
        for day in between
    )
