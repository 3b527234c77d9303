"""How a stored day agrees with the exchange's own file of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.documents.json_plain import json_plain
from g6.domain.market.instrument import SIDES, contract_keys
from g6.domain.quotes.daily_rows import DailyRows
from g6.domain.schema.frame import Frame
from g6.domain.schema.json_types import JsonObject

__all__ = [
    "AgreementDay",
    "AgreementShare",
    "ContractDifference",
    "EndOfDayAgreement",
    "end_of_day_agreement",
]

Array = NDArray[np.float64]

SETTLEMENT_SHARE = 0.02
SETTLEMENT_POINTS = 1.0
"""A last price agrees with a settlement within the larger of both.

The settlement of a contract is a mean over the last half hour, and the last price one trade of it.
"""
SHOWN = 5
"""Contracts of a figure that differ and are named."""


@dataclass(frozen=True, slots=True)
class AgreementShare:
    """How often one figure agrees.

    Attributes:
        figure: oi, volume, settlement or lot.
        contracts: Contracts of which both have the figure.
        agree: Those that agree.
        share: `agree` over `contracts`, NaN of none.
    """

    figure: str
    contracts: int
    agree: int
    share: float


@dataclass(frozen=True, slots=True)
class AgreementDay:
    """What is kept of a day that was compared: its shares by figure, NaN of no contract."""

    day: str
    index: str
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ContractDifference:
    """A contract of which a figure differs: ours beside the exchange's."""

    figure: str
    expiry: date
    strike: float
    side: str
    ours: float
    exchange: float


@dataclass(frozen=True, slots=True)
class EndOfDayAgreement:
    """The last stored cycle of an index on a day, held against the exchange's file.

    Attributes:
        day: The day.
        index: Name of the index.
        cycle: The cycle.
        matched: Contracts that both have.
        only_stored: Contracts that the file lacks.
        only_exchange: Contracts that the cycle lacks.
        shares: How often each figure agrees.
        differences: The first contracts of each figure that differ, the largest ones first.
    """

    day: date
    index: str
    cycle: str
    matched: int
    only_stored: int
    only_exchange: int
    shares: tuple[AgreementShare, ...]
    differences: tuple[ContractDifference, ...]

    def document(self) -> JsonObject:
        """Return the comparison as it is kept and shown."""
        return {
            "day": self.day.isoformat(),
            "index": self.index,
            "cycle": self.cycle,
            "matched": self.matched,
            "only_stored": self.only_stored,
            "only_exchange": self.only_exchange,
            "shares": [json_plain(share) for share in self.shares],
            "differences": [json_plain(odd) for odd in self.differences],
        }


def end_of_day_agreement(
    day: date, index: str, cycle: str, chain: Frame, rows: DailyRows
) -> EndOfDayAgreement:
    """Return how a stored chain agrees with the rows of an end-of-day file.

    A contract with nothing but zeros in the file counts as one that our source need not list.

    Args:
        day: The day of both.
        index: Name of the index.
        cycle: The cycle of the chain.
        chain: Rows of the store.
        rows: The file's options of the index.
    """
    ours = _stored(chain)
    key = contract_keys(rows.expiry, rows.strike) * 2 + rows.side
    _, stored_place, file_place = np.intersect1d(ours.key, key, return_indices=True)
    shares = []
    differences: list[ContractDifference] = []
    for figure, exchange in _exchange_figures(rows).items():
        mine = ours.figures[figure][stored_place]
        other = exchange[file_place]
        both = np.isfinite(mine) & np.isfinite(other)
        agree = both & (np.abs(mine - other) <= _tolerance(figure, other))
        count = int(both.sum())
        share = float(agree.sum() / count) if count else nan
        shares.append(AgreementShare(figure, count, int(agree.sum()), share))
        odd = np.flatnonzero(both & ~agree)
        largest = odd[np.argsort(-np.abs(mine - other)[odd], kind="stable")][:SHOWN]
        differences += _differences(figure, rows, file_place[largest], mine[largest])
    is_active = (rows.oi > 0) | (rows.volume > 0)
    alone = np.isin(key, ours.key, invert=True) & is_active
    return EndOfDayAgreement(
        day,
        index,
        cycle,
        len(stored_place),
        int(np.isin(ours.key, key, invert=True).sum()),
        int(alone.sum()),
        tuple(shares),
        tuple(differences),
    )


def _exchange_figures(rows: DailyRows) -> Mapping[str, Array]:
    """Return what the file says by figure, of settlements those of contracts that traded."""
    return {
        "oi": rows.oi,
        "volume": rows.volume,
        "settlement": np.where(rows.volume > 0, rows.settlement, nan),
        "lot": rows.lot,
    }


@dataclass(frozen=True, slots=True)
class _StoredOptions:
    """The listed options of a stored chain, one element each."""

    key: NDArray[np.int64]
    figures: Mapping[str, Array]


def _stored(chain: Frame) -> _StoredOptions:
    expiry = np.asarray(chain.columns["expiry"]).astype("datetime64[D]")
    strike = np.asarray(chain.columns["strike"], dtype=np.float64)
    keys = []
    columns: dict[str, list[Array]] = {"oi": [], "volume": [], "settlement": [], "lot": []}
    for side, name in enumerate(SIDES):
        prefix = name.lower()
        is_listed = np.asarray(chain.columns[f"{prefix}_symbol"]).astype(str) != ""
        keys.append((contract_keys(expiry, strike) * 2 + side)[is_listed])
        sources = {
            "oi": f"{prefix}_oi",
            "volume": f"{prefix}_volume",
            "settlement": f"{prefix}_last",
            "lot": "lot_size",
        }
        for figure, column in sources.items():
            values = np.asarray(chain.columns[column], dtype=np.float64)[is_listed]
            columns[figure].append(values)
    figures = {figure: np.concatenate(parts) for figure, parts in columns.items()}
    figures["lot"] = np.where(figures["lot"] > 0, figures["lot"], nan)
    return _StoredOptions(np.concatenate(keys), figures)


def _tolerance(figure: str, exchange: Array) -> Array:
    if figure == "settlement":
        return np.maximum(SETTLEMENT_POINTS, SETTLEMENT_SHARE * np.abs(exchange))
    return np.full(len(exchange), 0.5)


def _differences(
    figure: str, rows: DailyRows, places: NDArray[np.intp], ours: Array
) -> Iterator[ContractDifference]:
    theirs = rows.settlement if figure == "settlement" else getattr(rows, figure)
    for place, value in zip(places.tolist(), ours.tolist(), strict=True):
        yield ContractDifference(
            figure,
            rows.expiry[place].astype("datetime64[D]").item(),
            float(rows.strike[place]),
            SIDES[int(rows.side[place])],
            value,
            float(theirs[place]),
        )
