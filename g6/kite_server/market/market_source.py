"""The source of the server's market, and the simulated one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from g6.domain.market.calendar import IST, Calendar, Session, day_of
from g6.domain.market.instrument import Contracts, Future, Listing
from g6.domain.quotes.quotes import Quotes
from g6.domain.schema.underlying import Underlying
from g6.kite_server.market import futures, session_bars, vix
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.market.session_bars import Bars
from g6.kite_server.market.tick_records import Ticks
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS

# Kite makes it between 07:30 and 08:00 and does not change it intraday: strikes that an exchange
# adds in a session are absent until the next morning.
GENERATED = timedelta(hours=7, minutes=45)
"""Time after midnight (IST) at which the day's dump is made.

Before it the older one is served.
"""


class MarketSource(Protocol):
    """A market by roots. Instants are the server's market time."""

    @property
    def roots(self) -> Mapping[str, str]:
        """The exchange of each root's contracts."""
        ...

    def edition(self, at: datetime) -> object:
        """Return the name of the listing in force at `at`: it changes with the listing."""
        ...

    def listing(self, root: str, at: datetime) -> Listing:
        """Return the contracts of a root in the dump in force at `at`."""
        ...

    def quotes(self, root: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of options, NaN where the market has none."""
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

    def minutes(self, ref: InstrumentRef, listed: Listing | None, day: date) -> Bars:
        """Return the minutes of an instrument's session."""
        ...

    def facts(self) -> Mapping[str, object]:
        """Return facts for people."""
        ...


@dataclass(frozen=True)
class SimulatedSource:
    """The simulated market. `invented` are names of roots that no exchange has."""

    market: SimulatedMarket
    invented: tuple[str, ...] = ()

    @property
    def roots(self) -> Mapping[str, str]:
        """Every simulated root, and the invented ones that are served with them."""
        names = (*ROOTS, *self.invented)
        return {name: ROOTS[name].derivatives for name in names}

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

    def minutes(self, ref: InstrumentRef, listed: Listing | None, day: date) -> Bars:
        """Return the minutes of the market's day."""
        return session_bars.bars(self.market, ref, listed, day)

    def facts(self) -> Mapping[str, object]:
        """Return seed and faults."""
        return self.market.describe().to_json()


def cash_market(source: MarketSource, root: str) -> str:
    """Return the exchange whose hours a root keeps."""
    return "BSE" if source.roots.get(root) == "BFO" else "NSE"


def settled_since(calendar: Calendar, exchange: str, at: datetime) -> Session | None:
    """Return the session whose morning `at` lies in, from 06:30 to its open.

    None otherwise.
    """
    session = calendar.session(exchange, day_of(at))
    if session is None or not time(6, 30) <= at.astimezone(IST).time() or at >= session.open:
        return None
    return session
