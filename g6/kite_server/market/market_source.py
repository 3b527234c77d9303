"""Where the server's market comes from, and the simulated one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from g6.domain.market.calendar import IST, Calendar, Session, day_of
from g6.domain.market.instrument import Contracts, Future, Listing
from g6.domain.quotes.quotes import Quotes, Underlying
from g6.kite_server.market import futures, vix
from g6.kite_server.market import minute_bars as minutes
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.market.minute_bars import Bars
from g6.kite_server.market.tick_records import Ticks
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS

GENERATED = timedelta(hours=7, minutes=45)
"""How long after midnight (IST) the day's dump is made; until then the day before's is served."""


class MarketSource(Protocol):
    """A market by roots. Instants are the server's market time."""

    @property
    def roots(self) -> Mapping[str, str]:
        """The exchange of each root's contracts."""
        ...

    def edition(self, at: datetime) -> object:
        """Return what names the listing in force at `at`; another means that it changed."""
        ...

    def listing(self, root: str, at: datetime) -> Listing:
        """Return what the dump in force at `at` lists of a root."""
        ...

    def quotes(self, root: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of options, NaN for what the market does not have."""
        ...

    def underlying(self, root: str, at: datetime) -> Underlying:
        """Return the index of a root, NaN where the market does not have it."""
        ...

    def futures(self, root: str, listed: tuple[Future, ...], at: datetime) -> Ticks:
        """Return quotes of futures."""
        ...

    def vix(self, at: datetime) -> vix.VixDay | None:
        """Return India VIX, None where the market does not have it."""
        ...

    def minutes(self, place: InstrumentRef, listed: Listing | None, day: date) -> Bars:
        """Return the minutes of an instrument's session."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """Return what people ask of a market."""
        ...


@dataclass(frozen=True)
class SimulatedSource:
    """The simulated market."""

    market: SimulatedMarket

    @property
    def roots(self) -> Mapping[str, str]:
        """Every simulated root."""
        return {root.name: root.derivatives for root in ROOTS.values()}

    def edition(self, at: datetime) -> object:
        """Return the day of the dump."""
        return day_of(at - GENERATED)

    def listing(self, root: str, at: datetime) -> Listing:
        """Return the listing of the morning's dump."""
        return self.market.listing(root, at - GENERATED)

    def quotes(self, root: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the market's quotes."""
        return self.market.quotes(root, contracts, at)

    def underlying(self, root: str, at: datetime) -> Underlying:
        """Return the market's index."""
        return self.market.underlying(root, at)

    def futures(self, root: str, listed: tuple[Future, ...], at: datetime) -> Ticks:
        """Return futures on the market's forwards."""
        return futures.ticks(self.market, root, listed, at)

    def vix(self, at: datetime) -> vix.VixDay | None:
        """Return the market's VIX."""
        return vix.day(self.market, at)

    def minutes(self, place: InstrumentRef, listed: Listing | None, day: date) -> Bars:
        """Return the minutes of the market's day."""
        return minutes.bars(self.market, place, listed, day)

    def facts(self) -> Mapping[str, Any]:
        """Return seed and faults."""
        return self.market.describe().to_json()


def cash_market(source: MarketSource, root: str) -> str:
    """Return the exchange whose hours a root keeps."""
    return "BSE" if source.roots.get(root) == "BFO" else "NSE"


def settled_since(calendar: Calendar, exchange: str, at: datetime) -> Session | None:
    """Return the coming session whose morning `at` lies in, from 06:30 to its open; None at any other time."""
    session = calendar.session(exchange, day_of(at))
    if session is None or not time(6, 30) <= at.astimezone(IST).time() or at >= session.open:
        return None
    return session
