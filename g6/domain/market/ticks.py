"""The smallest steps of prices, by what is traded and from which day on, with who says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

__all__ = ["TICKS", "Tick", "tick_of"]

TradedKind = Literal["options", "futures"]
_DUMP = "Kite's instrument dump of 18 Aug 2026"


@dataclass(frozen=True, slots=True)
class Tick:
    """The step of the prices of one root's contracts from a day on.

    Attributes:
        root: The underlying's name, `*` for all.
        kind: Options or futures.
        since: The first day on which it is known to hold.
        points: The step.
        source: Who says so.
    """

    root: str
    kind: TradedKind
    since: date
    points: float
    source: str


def _futures() -> Iterator[Tick]:
    steps = {
        "NIFTY": 0.1,
        "FINNIFTY": 0.1,
        "BANKNIFTY": 0.2,
        "NIFTYNXT50": 0.2,
        "MIDCPNIFTY": 0.05,
        "SENSEX": 0.05,
        "BANKEX": 0.05,
    }
    for root, points in steps.items():
        yield Tick(root, "futures", date(2026, 8, 18), points, _DUMP)


TICKS: tuple[Tick, ...] = (
    Tick("*", "options", date(2018, 1, 1), 0.05, f"contract specifications; {_DUMP}"),
    *_futures(),
)


def tick_of(root: str, kind: TradedKind, on: date) -> Tick | None:
    """Return the step of a root's prices on a day, None where nobody says it.

    >>> tick_of("NIFTY", "options", date(2026, 11, 18)).points
    0.05
    """
    for tick in reversed(TICKS):
        if tick.kind == kind and tick.root in (root, "*") and tick.since <= on:
            return tick
    return None
