"""The newest stored chain of one expiry, strike by strike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import build_up, exposures, open_interest
from g6.domain.figures.book_spreads import illiquid
from g6.domain.figures.by_expiry import ExpiryFigures, expiry_figures
from g6.domain.figures.smile.repricing import iv_error
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import CE, INDICES, PE
from g6.domain.pricing.black76 import PHI, HigherGreeks, higher_greeks
from g6.domain.schema import rows
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import SIDE_PREFIXES, Frame
from g6.errors import UncoveredYear
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.contract_size import ContractSize, contract_size
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Expiry, Index, Parameter

Array = NDArray[np.float64]

SecondOrderWanted = Annotated[
    bool, Parameter("Vanna, charm and vomma instead of open interest.", option="--second-order")
]
# An error is read for its size: more digits would only widen every line of a CSV.
_IV_ERROR_DIGITS = 3


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """Asks for the newest stored chain of an index."""

    index: Index
    expiry: Expiry = None
    at: At = None
    second_order: SecondOrderWanted = False


@dataclass(frozen=True, slots=True)
class SideTotals:
    """Sums over the stored strikes of one side, units, NaN where no strike has a figure."""

    oi: float
    oi_change: float
    volume: float


@dataclass(frozen=True, slots=True)
class ChainByStrike:
    """One expiry of a stored chain, n strikes.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        expiry: The expiry's day.
        days: Days to the expiry.
        spot: The index in points, NaN unknown.
        forward: The expiry's forward in points, NaN unknown.
        sizes: What one contract is. There are several records where lots differ.
        rows: Columns of `rows.CHAIN`, n values each.
        iv_error: How far each volatility is from its price, a fraction, shape (2, n).
        is_illiquid: Strikes of which no side has a book worth trading in, shape (n,).
        second_order: Greeks of second order, None unless they are asked for.
        buckets: The buckets that the expiry fills.
        figures: Ratios and levels of the expiry.
        sums: Sums of the calls and of the puts.
        previous_session: The day whose close the changes are counted from, None unknown.
    """

    index: str
    cycle: str
    expiry: date
    days: int
    spot: float
    forward: float
    sizes: tuple[ContractSize, ...]
    rows: Mapping[str, NDArray[np.generic]]
    iv_error: Array
    is_illiquid: NDArray[np.bool_]
    second_order: HigherGreeks | None
    buckets: tuple[str, ...]
    figures: ExpiryFigures
    sums: tuple[SideTotals, SideTotals]
    previous_session: date | None

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per strike: every stored column and `iv_error` of both sides."""
        columns: dict[str, DocumentColumn] = {
            column.name: _values(column, self.rows[column.name]) for column in rows.CHAIN
        }
        for side, errors in zip(SIDE_PREFIXES, self.iv_error.tolist(), strict=True):
            columns[f"{side}iv_error"] = [
                float(f"{error:.{_IV_ERROR_DIGITS}g}") if isfinite(error) else None
                for error in errors
            ]
        return columns


def answer(reader: StoredReader, parameters: ChainParameters) -> ChainByStrike:
    """Return the newest stored chain of one expiry, the nearest unless one is named.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or none of that expiry.
    """
    unit, frame = selection.latest(reader, parameters.index, parameters.at)
    rows_of_expiry = selection.of_expiry(frame, parameters.expiry)
    return document(reader, unit, rows_of_expiry, second_order=parameters.second_order)


def document(
    reader: StoredReader, unit: Unit, frame: Frame, *, second_order: bool = False
) -> ChainByStrike:
    """Return the document of one expiry's rows.

    Args:
        reader: What one contract is comes from it.
        unit: The unit that the rows are of.
        frame: Rows of one expiry, columns of `rows.CHAIN`.
        second_order: Whether Greeks of second order are computed.
    """
    chain = Chain.of_rows(frame)
    spot, forward = (float(frame.columns[name][0]) for name in ("spot", "forward"))
    # An imported day may have no index; its forward is near enough for a notional.
    price = spot if isfinite(spot) else forward
    day = day_of(unit.instant)
    lots = np.unique(frame.columns["lot_size"]).tolist()
    return ChainByStrike(
        index=unit.index,
        cycle=unit.cycle,
        expiry=chain.expiries[0].day,
        days=int(frame.columns["dte"][0]),
        spot=spot,
        forward=forward,
        sizes=tuple(
            contract_size(reader.freeze_quantity, unit.index, int(lot), price, day) for lot in lots
        ),
        rows={column.name: frame.columns[column.name] for column in rows.CHAIN},
        iv_error=iv_error(chain),
        is_illiquid=illiquid(chain),
        second_order=_second_order(chain) if second_order else None,
        buckets=selection.buckets_of(chain.expiries[0]),
        figures=expiry_figures(chain)[0],
        sums=_sums(chain),
        previous_session=_previous_session(reader, unit.index, day),
    )


def _sums(chain: Chain) -> tuple[SideTotals, SideTotals]:
    oi = chain.sides["oi"]
    change = build_up.change(oi, chain.oi_prev, chain.sides["oi_day_high"])
    volume = chain.sides["volume"]
    calls, puts = (
        SideTotals(*(float(open_interest.total(figure, side)) for figure in (oi, change, volume)))
        for side in (CE, PE)
    )
    return calls, puts


def _previous_session(reader: StoredReader, index: str, day: date) -> date | None:
    try:
        return reader.calendar.previous_session(INDICES[index].exchange, day).day
    except UncoveredYear:
        return None


def _second_order(chain: Chain) -> HigherGreeks:
    positions = exposures.positions(chain)
    return higher_greeks(
        positions.iv, positions.forward, positions.strike, positions.years, positions.rate, PHI
    )


def _values(column: rows.Column, values: NDArray[np.generic]) -> list[object]:
    """Return a stored column as plain values, None where a number or an instant is missing."""
    plain = values.tolist()
    if column.kind in {"float", "iv"}:
        # Half of the 104 columns are of this kind.
        return [None if value != value else value for value in plain]  # noqa: PLR0124
    # The same instant stands in every row of a cycle.
    made: dict[object, object] = {value: _value(column, value) for value in dict.fromkeys(plain)}
    return [made[value] for value in plain]


def _value(column: rows.Column, value: object) -> object:
    if value is None or value != value:  # noqa: PLR0124 - NaN differs from itself
        return "" if column.kind == "text" else None
    if column.kind == "instant" and isinstance(value, float):
        return datetime.fromtimestamp(round(value, 6), UTC)
    # Whole numbers with a missing value among them are read as floats.
    if column.kind in {"integer", "flags"} and isinstance(value, float):
        return int(value)
    return value
