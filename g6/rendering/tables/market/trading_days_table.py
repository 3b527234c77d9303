"""The sessions, holidays and expiries of a month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import clock
from g6.studies.market.trading_days import (
    DaySessions,
    ExchangeHours,
    IndexExpiry,
    TradingMonth,
)


def parts(document: TradingMonth, _: NoView) -> Iterator[Part]:
    """Yield the month, its days, and where their expiries are known from."""
    yield Line(f"{document.first:%B %Y}, times of India")
    yield days_table(document)
    for origin, indices in document.origins.items():
        yield f"expiries of {', '.join(indices)} from {origin}"


def notes(document: TradingMonth) -> Iterator[str]:
    """Yield what is not known."""
    if document.unknown:
        yield (
            f"expiries not known of {', '.join(document.unknown)}: "
            "no listing of that month (g6 expiries says why)"
        )


def days_table(document: TradingMonth) -> Table:
    """Return a line for a day, or one for each exchange where they differ."""
    lines = [line for day in document.days for line in _lines(day)]
    has_exchange = any(exchange for _, exchange, *_ in lines)
    table = plain_table()
    heads = ["day", *(["exchange"] if has_exchange else []), "hours", "settlement"]
    for head in heads:
        table.add_column(head, no_wrap=True)
    table.add_column("expires, closed for")
    for day, exchange, *cells in lines:
        table.add_row(day, *([exchange] if has_exchange else []), *cells)
    return table


def _lines(day: DaySessions) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield day, exchange, hours, settlement and what happens, for each exchange that differs."""
    hours = day.hours
    alike = {replace(exchange, exchange="") for exchange in hours}
    # A day on which one exchange alone trades names it.
    if len(alike) == 1 and len(hours) > 1:
        hours = tuple(alike)
    for exchange in hours:
        expiring = [
            expiring for expiring in day.expiring if exchange.exchange in ("", expiring.exchange)
        ]
        events = "; ".join(filter(None, (exchange.note, _expiries(expiring))))
        yield (f"{day.day:%a %d %b}", exchange.exchange, *_times(exchange), events)


def _expiries(expiring: Sequence[IndexExpiry]) -> str:
    """Return the indices that expire, those of the month named so."""
    weekly = [one.index for one in expiring if not one.monthly]
    monthly = [one.index for one in expiring if one.monthly]
    of_month = f"{', '.join(monthly)} (monthly)" if monthly else ""
    return ", ".join(filter(None, (", ".join(weekly), of_month)))


def _times(hours: ExchangeHours) -> tuple[str, str]:
    """Return an exchange's hours and its settlement."""
    if hours.opens is None or hours.closes is None or hours.settlement is None:
        return "closed", ""
    return f"{clock(hours.opens)}–{clock(hours.closes)}", clock(hours.settlement)
