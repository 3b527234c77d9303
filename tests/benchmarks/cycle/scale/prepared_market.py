"""A provider whose quotes were simulated before the run, so that a run of sixty indices costs what G6 costs, not what they do.

`main OUTPUT OPTIONS INSTANT NAME…` simulates the indices at an instant and keeps what they quote, in a file each below OUTPUT.
Each index lists as many options as are wanted, those nearest to the money, in five expiries. Its quotes stay as they are and move
with the clock: their times are as old at every cycle as they were.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from g6.config import calendar
from g6.domain.market.instrument import Contracts, Listing, contract_keys
from g6.domain.quotes.quotes import Quotes
from g6.domain.reports import ProviderFacts
from g6.domain.schema.provider_words import ProviderMode
from g6.domain.schema.underlying import Underlying
from g6.ports.sources import Abilities
from g6.simulation import SimulatedMarket

EXPIRIES = 5
_TIMES = ("quote_time", "last_trade_time")


@dataclass(frozen=True)
class PreparedIndex:
    """What one index lists and quotes."""

    listing: Listing
    quotes: Quotes
    interest: NDArray[np.float64]


class PreparedIndices(dict[str, PreparedIndex]):
    """The indices that were kept in a directory, each read when it is first asked for."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory

    def __missing__(self, name: str) -> PreparedIndex:
        content = (self._directory / f"{name}.pickle").read_bytes()
        prepared: PreparedIndex = pickle.loads(content)  # noqa: S301 (written by the benchmark a moment ago)
        return self.setdefault(name, prepared)


class PreparedMarket:
    """Quotes of a moment, at any later instant of its session."""

    name = "sim"

    def __init__(self, indices: Mapping[str, PreparedIndex]) -> None:
        self._indices = indices

    @property
    def abilities(self) -> Abilities:
        """It may be asked ahead of time: a worker that collects reads all indices before it forks."""
        return Abilities(rehearsal=self)

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed."""
        return self._indices[index].listing

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index, its future and VIX."""
        return _moved(self._indices[index].quotes, at).market

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the quotes of `contracts`, as old as they were."""
        prepared = self._indices[index]
        return replace(
            _moved(prepared.quotes, at).take(_rows(prepared, contracts)), contracts=contracts
        )

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the open interest of the session before."""
        prepared = self._indices[index]
        return prepared.interest[:, _rows(prepared, contracts)]

    def describe(self) -> ProviderFacts:
        """Return facts for people and panels."""
        return ProviderFacts(ProviderMode.SIM, "prepared quotes of the simulated market")


def _rows(prepared: PreparedIndex, contracts: Contracts) -> NDArray[np.int64]:
    every = prepared.listing.contracts
    keys = contract_keys(every.expiry, every.strike)
    return np.searchsorted(keys, contract_keys(contracts.expiry, contracts.strike))


def _moved(quotes: Quotes, at: datetime) -> Quotes:
    """Return quotes whose times lie as far before `at` as they lay before their own instant."""
    seconds = at.timestamp() - quotes.observed_at
    values = {**quotes.values, **{name: quotes.values[name] + seconds for name in _TIMES}}
    market = replace(
        quotes.market,
        spot_time=quotes.market.spot_time + seconds,
        future_time=quotes.market.future_time + seconds,
    )
    return replace(quotes, values=values, market=market, observed_at=at.timestamp())


def prepare(name: str, options: int, at: datetime) -> PreparedIndex:
    """Simulate an index of so many options at an instant."""
    market = SimulatedMarket(calendar())
    listed = market.listing(name, at)
    contracts = listed.contracts
    spot = market.underlying(name, at).spot
    chosen = np.zeros(len(contracts), dtype=np.bool_)
    for day in contracts.expiries[:EXPIRIES]:
        rows = np.flatnonzero(contracts.expiry == np.datetime64(day, "D"))
        nearest = np.argsort(np.abs(contracts.strike[rows] - spot), kind="stable")
        chosen[rows[nearest[: options // (2 * EXPIRIES)]]] = True
    trimmed = contracts.take(chosen)
    quotes = market.quotes(name, trimmed, at)
    interest = market.previous_oi(name, trimmed, at)
    return PreparedIndex(replace(listed, contracts=trimmed), quotes, interest)


def main() -> None:
    """Simulate and keep."""
    output, options, instant, *names = sys.argv[1:]
    at = datetime.fromisoformat(instant)
    Path(output).mkdir()
    for name in names:
        (Path(output) / f"{name}.pickle").write_bytes(pickle.dumps(prepare(name, int(options), at)))
