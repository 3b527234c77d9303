"""What is listed of an index as one row per contract, and the search over these rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice

from g6.domain.market.instrument import INDICES, SIDES, Listing

__all__ = ["MOST_MATCHES", "ContractFacts", "contract_rows", "matches"]

MOST_MATCHES = 20
"""Rows that a search returns at most."""


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """One listed contract. The names of the fields are published.

    Attributes:
        symbol: The exchange's symbol.
        kind: FUT, CE or PE.
        key: Exchange and symbol, as quotes are asked for.
        token: The number that the provider's stream knows it by.
        underlying: The index.
        expiry: Its expiry.
        strike: Its strike in points, None of a future.
        lot_size: Units of the underlying in a contract.
        tick_size: The tick in points.
    """

    symbol: str
    kind: str
    key: str
    token: int
    underlying: str
    expiry: date
    strike: float | None
    lot_size: int
    tick_size: float

    def document(self) -> dict[str, object]:
        """Return the facts for JSON."""
        return asdict(self) | {"expiry": self.expiry.isoformat()}

    def has(self, word: str) -> bool:
        """Tell whether a word is its index, its strike, its kind, or a part of symbol or expiry."""
        if word in INDICES:
            return self.underlying == word
        strike = "" if self.strike is None else f"{self.strike:g}"
        return (
            word in (strike, self.kind)
            or self.expiry.isoformat().startswith(word)
            or (not word.isdigit() and word in self.symbol)
        )


def contract_rows(listing: Listing, exchange: str) -> Iterator[ContractFacts]:
    """Yield every contract of a listing, futures first.

    Args:
        listing: What is listed of one index.
        exchange: The exchange of its derivatives.
    """
    for future in listing.futures:
        yield ContractFacts(
            symbol=future.symbol,
            kind="FUT",
            key=f"{exchange}:{future.symbol}",
            token=future.token,
            underlying=listing.underlying,
            expiry=future.expiry,
            strike=None,
            lot_size=future.lot_size,
            tick_size=future.tick_size,
        )
    contracts = listing.contracts
    expiries = contracts.expiry.tolist()
    for row in range(len(expiries)):
        for side, kind in enumerate(SIDES):
            symbol = str(contracts.symbol[side, row])
            if symbol:
                yield ContractFacts(
                    symbol=symbol,
                    kind=kind,
                    key=f"{exchange}:{symbol}",
                    token=int(contracts.token[side, row]),
                    underlying=listing.underlying,
                    expiry=expiries[row],
                    strike=float(contracts.strike[row]),
                    lot_size=int(contracts.lot_size[row]),
                    tick_size=float(contracts.tick_size[row]),
                )


def matches(rows: Iterable[ContractFacts], words: Sequence[str]) -> list[ContractFacts]:
    """Return the first rows that have every word, in capitals or not."""
    capitals = [word.upper() for word in words]
    return list(islice((row for row in rows if all(map(row.has, capitals))), MOST_MATCHES))
