"""Faults on request: what goes wrong in real feeds, one word each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from typing import Any

from g6.domain.market.calendar import IST
from g6.domain.market.expiry import rule_of
from g6.domain.schema.nearest import nearest
from g6.errors import BadConfig
from g6.simulation.roots import ROOTS

_SPAN = re.compile(r"(\d{1,2}:\d{2})-(\d{1,2}:\d{2})")


@dataclass(frozen=True, slots=True)
class DailySpan:
    """A part of every day in India, from `start` to `end`, both included."""

    start: time = time.min
    end: time = time.max

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in it."""
        return self.start <= at.astimezone(IST).time() <= self.end


@dataclass(frozen=True, slots=True)
class MarketFaults:
    """What is wrong with the market.

    Shares lie between 0 and 1. They are drawn afresh each minute, that of `missing` each day.

    Attributes:
        halt: Spans in which nothing trades or ticks though the calendar says open.
        freeze: Indices whose feed stands still, each in a span or all session.
        delay: Wall seconds before an answer.
        missing: Share of strikes without an answer.
        crossed: Share of books whose bid is above the ask.
        spike: Share of last prices that are ten times too high.
        stale: Share of quotes that are ten minutes old.
        zero: Share of last prices of 0.
        negative: Share of open interest below 0.
        fail: Indices whose requests end as ProviderBusy.
        drop: Expiries, by their rules, without an answer.
    """

    halt: tuple[DailySpan, ...] = ()
    freeze: tuple[tuple[str, DailySpan], ...] = ()
    delay: float = 0.0
    missing: float = 0.0
    crossed: float = 0.0
    spike: float = 0.0
    stale: float = 0.0
    zero: float = 0.0
    negative: float = 0.0
    fail: tuple[str, ...] = ()
    drop: tuple[str | date, ...] = ()

    @classmethod
    def parse(cls, text: str) -> MarketFaults:
        """Return the faults that words between commas switch on.

        For instance `freeze:FINNIFTY@11:30-11:45,delay:0.5,missing:0.02,halt:13:00-13:15`,
        `fail:BANKNIFTY` or `drop:next_week`.

        Raises:
            BadConfig: A word is no fault, or its value is none of that fault.
        """
        faults = cls()
        for word in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = word.partition(":")
            changed: dict[str, Any] = {name: _value(faults, name, value, word)}
            faults = replace(faults, **changed)
        return faults

    def describe(self) -> list[str]:
        """Return the names of the faults that are switched on."""
        return [fault.name for fault in fields(self) if getattr(self, fault.name)]

    def spans(self, index: str) -> Iterator[DailySpan]:
        """Yield the spans in which the feed of an index stands still."""
        yield from self.halt
        yield from (span for name, span in self.freeze if name == index)


def _value(faults: MarketFaults, name: str, value: str, word: str) -> object:
    names = [field.name for field in fields(MarketFaults)]
    if name not in names:
        near = nearest(name, names)
        raise BadConfig(
            f"{word!r}: no such fault; there are {', '.join(names)}",
            f"did you mean {near}?" if near else "",
        )
    if name == "halt":
        return (*faults.halt, _span(value, word))
    if name == "freeze":
        index, _, span = value.partition("@")
        return (*faults.freeze, (_index(index, word), _span(span, word) if span else DailySpan()))
    if name == "fail":
        return (*faults.fail, _index(value, word))
    if name == "drop":
        return (*faults.drop, rule_of(value))
    return _number(name, value, word)


def _span(text: str, word: str) -> DailySpan:
    match = _SPAN.fullmatch(text)
    if match is not None:
        try:
            span = DailySpan(*(time.fromisoformat(part.zfill(5)) for part in match.groups()))
        except ValueError:
            pass
        else:
            if span.start < span.end:
                return span
    raise BadConfig(f"{word!r}: {text!r} is not a span of the day", "write it as 11:30-11:45, IST")


def _index(name: str, word: str) -> str:
    if name not in ROOTS:
        raise BadConfig(f"{word!r}: {name!r} is not an index", f"one of {', '.join(ROOTS)}")
    return name


def _number(name: str, text: str, word: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise BadConfig(
            f"{word!r}: {text!r} is not a number", f"for instance {name}:0.02"
        ) from error
    most = 600.0 if name == "delay" else 1.0
    if not 0 <= number <= most:
        raise BadConfig(
            f"{word!r}: allowed are numbers from 0 to {most:g}", f"for instance {name}:0.02"
        )
    return number
