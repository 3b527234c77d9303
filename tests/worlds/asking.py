"""Short ways to ask the simulated market."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import Quotes
from g6.simulation import SimulatedMarket

IST = ZoneInfo("Asia/Kolkata")
SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")


def ist(text: str) -> datetime:
    """Return the instant of `2026-11-18 11:00` in India."""
    return datetime.fromisoformat(text).replace(tzinfo=IST).astimezone(UTC)


def near(market: SimulatedMarket, index: str, at: datetime, expiries: int = 1) -> Contracts:
    """Return the contracts of the nearest expiries."""
    contracts = market.listing(index, at).contracts
    return contracts.take(contracts.expiry <= np.unique(contracts.expiry)[expiries - 1])


def ask(market: SimulatedMarket, index: str, at: datetime, expiries: int = 1) -> Quotes:
    """Return the quotes of the nearest expiries."""
    return market.quotes(index, near(market, index, at, expiries), at)
