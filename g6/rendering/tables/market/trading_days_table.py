"""The sessions, holidays and expiries of a month as lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from g6.rendering.parts import Block, Line, NoView, Part
from g6.rendering.wording import clock, day_words
from g6.studies.market.trading_days import DaySessions, ExchangeHours, TradingMonth


def parts(document: TradingMonth, _: NoView) -> Iterator[Part]:
    """Yield the days, and where their expiries are known from."""
    lines = [line for day in document.days for line in _lines(day)]
    yield Block("\n".join(lines))
    for origin, indices in document.origins.items():
        yield Line(f"expiries of {', '.join(indices)} from {origin}")


def notes(document: TradingMonth) -> Iterator[str]:
    """Yield what is not known."""
    if document.unknown:
        yield (
            f"expiries not known of {', '.join(document.unknown)}: "
            "no listing of that month (g6 expiries says why)"
        )


def _lines(day: DaySessions) -> Iterator[str]:
    """Yield a line for a day, or one for each exchange where they differ."""
    hours = day.hours
    alike = {replace(exchange, exchange="") for exchange in hours}
    # A day on which one exchange alone trades names it.
    if len(alike) == 1 and len(hours) > 1:
        hours = tuple(alike)
    for exchange in hours:
        names = [
            f"{expiring.index} (monthly)" if expiring.monthly else expiring.index
            for expiring in day.expiring
            if exchange.exchange in ("", expiring.exchange)
        ]
        expires = f"  expires {', '.join(names)}" if names else ""
        yield f"{day_words(day.day)}  {exchange.exchange:<4}{_text(exchange)}{expires}"


def _text(hours: ExchangeHours) -> str:
    """Return an exchange's hours, or why it is closed."""
    if hours.opens is None or hours.closes is None or hours.settlement is None:
        return f"closed       {hours.note}"
    notes = ", ".join(filter(None, (f"settlement {clock(hours.settlement)}", hours.note)))
    return f"{clock(hours.opens)}–{clock(hours.closes)}  {notes}"
