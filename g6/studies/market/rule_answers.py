"""Which listed expiry answers each rule of an index, and what is listed of each expiry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

import numpy as np

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.plan import IndexPlan
from g6.domain.market.calendar import Calendar
from g6.domain.market.contract_symbols import Trusted
from g6.domain.market.expiry import dte, is_monthly, resolve
from g6.domain.market.instrument import Listing, strike_step

__all__ = ["ListedExpiry", "ListedSeries", "RuleAnswer", "RuleAnswers", "rule_answers", "series_of"]


@dataclass(frozen=True, slots=True)
class ListedSeries:
    """What is listed of one expiry. The names of the fields are published.

    Attributes:
        strikes: How many strikes.
        one_sided: Strikes that have a call or a put alone.
        lowest: The lowest strike in points.
        highest: The highest strike in points.
        step: Points between strikes, as configured or near the middle.
        lot_size: The distinct lots in units.
        tick_size: The tick in points.
    """

    strikes: int
    one_sided: int
    lowest: float
    highest: float
    step: float
    lot_size: tuple[int, ...]
    tick_size: float


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """The expiry that answers a rule.

    Attributes:
        expiry: The expiry.
        dte: Calendar days to it.
        why: Why it is that one.
        series: What is listed of it.
    """

    expiry: date
    dte: int
    why: str
    series: ListedSeries


@dataclass(frozen=True, slots=True)
class ListedExpiry:
    """One expiry that is listed.

    Attributes:
        expiry: The expiry.
        rules: The rules that it answers.
        monthly: Whether it is the last one of its month.
        series: What is listed of it.
    """

    expiry: date
    rules: tuple[str, ...]
    monthly: bool
    series: ListedSeries


@dataclass(frozen=True, slots=True)
class RuleAnswers:
    """The listed expiries of one index, and the rules that they answer.

    Attributes:
        index: The underlying's name.
        on: The day of the listing.
        at: The instant that was asked about.
        rules: Rule and answer.
        not_listed: Rules that nothing listed answers.
        expiries: Every listed expiry.
        left_out: Contracts that are not believed, by reason.
        salvaged: How many contracts were believed after all.
    """

    index: str
    on: date
    at: datetime
    rules: Mapping[str, RuleAnswer]
    not_listed: tuple[str, ...]
    expiries: tuple[ListedExpiry, ...]
    left_out: Mapping[str, int]
    salvaged: int

    def document(self) -> dict[str, object]:
        """Return the answers under the names that are published."""
        return {
            "index": self.index,
            "on": self.on.isoformat(),
            "at": isoformat_z(self.at),
            "rules": {
                name: {"expiry": rule.expiry.isoformat(), "dte": rule.dte, "why": rule.why}
                for name, rule in self.rules.items()
            },
            "not_listed": list(self.not_listed),
            "expiries": [
                {
                    "expiry": listed.expiry.isoformat(),
                    "rules": list(listed.rules),
                    "monthly": listed.monthly,
                    **asdict(listed.series),
                }
                for listed in self.expiries
            ],
            "left_out": dict(self.left_out),
            "salvaged": self.salvaged,
        }


def rule_answers(
    believed: Trusted, index: IndexPlan, sessions: Calendar, at: datetime
) -> RuleAnswers:
    """Return which listed expiry answers each rule of an index.

    Args:
        believed: The listing without contracts that cannot be.
        index: The rules of the index, and its strike step.
        sessions: The trading days, which say whether an expiry is over.
        at: The instant that is asked about.
    """
    listing = believed.listing
    name = index.index.name
    exchange = index.index.exchange
    dates = listing.contracts.expiries
    resolved = resolve(dates, at, sessions, exchange, index.rules, underlying=name)
    series = {expiry: series_of(listing, expiry, index.strike_step) for expiry in dates}
    rules = {
        rule: RuleAnswer(expiry, dte(expiry, at), _reason(rule, expiry, dates), series[expiry])
        for rule, expiry in resolved.buckets.items()
    }
    expiries: list[ListedExpiry] = []
    for expiry in dates:
        answered = tuple(rule for rule, day in resolved.buckets.items() if day == expiry)
        is_last = is_monthly(expiry, exchange, name, at)
        expiries.append(ListedExpiry(expiry, answered, is_last, series[expiry]))
    return RuleAnswers(
        index=name,
        on=listing.on,
        at=at,
        rules=rules,
        not_listed=tuple(resolved.not_listed),
        expiries=tuple(expiries),
        left_out=dict(believed.left_out),
        salvaged=believed.salvaged,
    )


def series_of(listing: Listing, expiry: date, step: float | None = None) -> ListedSeries:
    """Return what is listed of one expiry.

    Args:
        listing: The contracts of an index.
        expiry: One of its expiries.
        step: Points between strikes where that is configured, else it is seen near the middle.
    """
    contracts = listing.contracts.of(expiry)
    strikes = contracts.strike
    return ListedSeries(
        strikes=len(strikes),
        one_sided=int(np.count_nonzero((contracts.symbol == "").any(axis=0))),
        lowest=float(strikes[0]),
        highest=float(strikes[-1]),
        step=step or strike_step(strikes, float(strikes[len(strikes) // 2])),
        lot_size=tuple(np.unique(contracts.lot_size).tolist()),
        tick_size=float(contracts.tick_size[0]),
    )


def _reason(rule: str, expiry: date, dates: tuple[date, ...]) -> str:
    of_month = [day for day in dates if (day.year, day.month) == (expiry.year, expiry.month)]
    match rule:
        case "this_week":
            return "first expiry alive"
        case "next_week":
            return "second expiry alive"
        case "this_month" | "next_month":
            is_last = expiry == max(of_month)
            return "last expiry listed of its month" if is_last else "monthly by its slot"
        case _:
            return "asked for by name"
