"""The dated rules of the market as one document: lots, ticks, weekdays of expiry, sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated

from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.expiry import WEEKDAYS
from g6.domain.market.lots import HISTORY, lots_on
from g6.domain.market.rule_expiries import WEEKLIES
from g6.domain.market.ticks import TICKS
from g6.domain.schema.json_types import JsonObject
from g6.ports.readers import ListingReader
from g6.studies.parameters import Parameter, listing_instant

__all__ = ["MarketRules", "MarketRulesParameters", "RuleLine", "answer", "rules_of"]

FORM = "g6-market-rules-v1"
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ON_WEEKDAYS = "the exchanges' circulars on expiry days, 2023 to 2025"
ON_WEEKLIES = "listings and open interest; SEBI's circular of 1 Oct 2024 left one to each exchange"
ON_SESSIONS = "the circulars named in g6/config/sessions.toml, and sessions.local.toml"


RuledAt = Annotated[
    datetime | None,
    Parameter(
        "Only what held on the day of this instant, such as 2026-11-20; else all.",
        "2026-11-20",
        option="--at",
        also=("--as-of",),
        metavar="DAY|INSTANT",
        read_at=listing_instant,
    ),
]


@dataclass(frozen=True, slots=True)
class MarketRulesParameters:
    """Asks for all rules, or for those that held on a day."""

    at: RuledAt = None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One dated rule.

    Attributes:
        rule: lot, tick, weekday, weeklies, hours, closed or special.
        of: The root or the exchange.
        since: The first day, None where it is not known.
        until: The last day, None where it goes on.
        says: What holds, in words.
        source: Who says so.
    """

    rule: str
    of: str
    since: date | None
    until: date | None
    says: str
    source: str

    def to_json(self) -> JsonObject:
        """Return the rule as JSON has it."""
        return {
            "rule": self.rule,
            "of": self.of,
            "since": None if self.since is None else self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "says": self.says,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class MarketRules:
    """The rules that G6 knows, in the order in which they took effect, by kind.

    Attributes:
        lines: Each rule.
        covered_years: The years whose sessions are known.
    """

    lines: tuple[RuleLine, ...]
    covered_years: tuple[int, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per rule."""
        names = RuleLine.__dataclass_fields__
        return {name: [getattr(line, name) for line in self.lines] for name in names}

    def to_json(self) -> JsonObject:
        """Return the rules as the file for others has them."""
        rules = [line.to_json() for line in self.lines]
        return {"form": FORM, "covered_years": list(self.covered_years), "rules": rules}


def answer(reader: ListingReader, parameters: MarketRulesParameters) -> MarketRules:
    """Return the rules, of an instant those that held on its day."""
    rules = rules_of(reader.calendar)
    if parameters.at is None:
        return rules
    day = day_of(parameters.at)
    others = [line for line in rules.lines if line.rule != "lot"]
    return replace(rules, lines=(*_lots(day), *_in_force(others, day)))


def _in_force(lines: Iterable[RuleLine], day: date) -> Iterator[RuleLine]:
    """Yield the rules that hold on a day.

    A rule without a last day holds until the next one about the same.
    """
    newest: dict[tuple[str, str, str], RuleLine] = {}
    for line in lines:
        has_begun = line.since is None or line.since <= day
        has_ended = line.until is not None and line.until < day
        if not has_begun or has_ended:
            continue
        about = line.says.partition(":")[0] if line.rule == "tick" else ""
        newest[line.rule, line.of, about] = line
    yield from newest.values()


def rules_of(calendar: Calendar) -> MarketRules:
    """Return the rules with the sessions of a calendar."""
    lines = (*_lots(), *_ticks(), *_weekdays(), *_weeklies(), *_sessions(calendar))
    return MarketRules(lines, tuple(sorted(calendar.covered_years)))


def _known(day: date) -> date | None:
    return None if day in (date.min, date.max) else day


def _lots(day: date | None = None) -> Iterator[RuleLine]:
    for root, revisions in HISTORY.items():
        for lot in revisions if day is None else lots_on(root, day):
            says = (
                f"{lot.units} units; weeklies from {lot.weekly}, monthlies from {lot.monthly}, "
                f"long-dated contracts from {lot.long_dated} on"
            )
            yield RuleLine("lot", root, lot.quoted, _known(lot.until), says, lot.source)


def _ticks() -> Iterator[RuleLine]:
    for tick in TICKS:
        says = f"{tick.kind}: {tick.points:g} points"
        yield RuleLine("tick", tick.root, tick.since, None, says, tick.source)


def _weekdays() -> Iterator[RuleLine]:
    for of, eras in WEEKDAYS.items():
        for since, weekday in eras:
            says = f"expiry on {WEEKDAY_NAMES[weekday]}, on a holiday the trading day before"
            yield RuleLine("weekday", of, _known(since), None, says, ON_WEEKDAYS)


def _weeklies() -> Iterator[RuleLine]:
    for root, spans in WEEKLIES.items():
        for first, last in spans:
            yield RuleLine("weeklies", root, first, _known(last), "weekly expiries", ON_WEEKLIES)


def _sessions(calendar: Calendar) -> Iterator[RuleLine]:
    for exchange, days in calendar.exchanges.items():
        for era in days.eras:
            says = f"{era.open:%H:%M} to {era.close:%H:%M} in India"
            yield RuleLine("hours", exchange, _known(era.since), None, says, ON_SESSIONS)
        for day, name in sorted(days.holidays.items()):
            yield RuleLine("closed", exchange, day, day, name, ON_SESSIONS)
        for day, hours in sorted(days.specials.items()):
            says = f"{hours.open:%H:%M} to {hours.close:%H:%M} in India"
            yield RuleLine("special", exchange, day, day, says, ON_SESSIONS)
