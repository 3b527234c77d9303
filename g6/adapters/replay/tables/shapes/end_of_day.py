"""The exchanges' end-of-day files of derivatives: the bhavcopy until 5 July 2024, UDiFF since.

One row a contract, one instant a day: the close. Open interest counts units, volume lots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from g6.adapters.replay.tables.shape_columns import plain, refuse_twins, twins_of
from g6.adapters.replay.tables.shapes.shape import ShapedRows
from g6.domain.market.instrument import INDICES
from g6.domain.market.lots import lot_of
from g6.domain.quotes import cells
from g6.errors import UnknownLot

Closes = Callable[[str, date], datetime]
"""When trading of an exchange ends on a day."""

KIND = "kind"
DAY = "day"
LOTS = "lots"
LOT = "contract_lot"
SETTLEMENT = "settlement"
UDIFF: Mapping[str, str] = MappingProxyType(
    {
        KIND: "FinInstrmTp",
        DAY: "TradDt",
        "symbol": "TckrSymb",
        "expiry": "FininstrmActlXpryDt",
        "strike": "StrkPric",
        "option_type": "OptnTp",
        "ltp": "ClsPric",
        "oi": "OpnIntrst",
        "oi_change": "ChngInOpnIntrst",
        "day_open": "OpnPric",
        "day_high": "HghPric",
        "day_low": "LwPric",
        "prev_close": "PrvsClsgPric",
        "spot": "UndrlygPric",
        SETTLEMENT: "SttlmPric",
        LOTS: "TtlTradgVol",
        LOT: "NewBrdLotQty",
    }
)
"""Columns of UDiFF by our names. `UndrlygPric` is the index's close, and of the two expiries the
second is the day to which a holiday moved it."""
ROOTS: Mapping[str, str] = MappingProxyType({"BSX": "SENSEX", "BKX": "BANKEX"})
"""Indices that BSE's files call otherwise."""
BHAVCOPY: Mapping[str, str] = MappingProxyType(
    {
        KIND: "INSTRUMENT",
        DAY: "TIMESTAMP",
        "symbol": "SYMBOL",
        "expiry": "EXPIRY_DT",
        "strike": "STRIKE_PR",
        "option_type": "OPTION_TYP",
        "ltp": "CLOSE",
        "oi": "OPEN_INT",
        "oi_change": "CHG_IN_OI",
        "day_open": "OPEN",
        "day_high": "HIGH",
        "day_low": "LOW",
        SETTLEMENT: "SETTLE_PR",
        LOTS: "CONTRACTS",
    }
)
"""Columns of the bhavcopy by our names. It has neither the index nor the lot."""
OPTION_KINDS = ("IDO", "OPTIDX")
"""How either form calls an option on an index."""
_KEPT = ("symbol", "expiry", "strike", "option_type", "ltp", "oi", "oi_change")
_OF_THE_DAY = ("day_open", "day_high", "day_low", "prev_close", "spot", SETTLEMENT)
NAMES = ("timestamp", *_KEPT, *_OF_THE_DAY, "volume", LOT)


@dataclass(frozen=True, slots=True)
class DailyOptions:
    """Makes the options on indices of an end-of-day file, at the close of its day.

    Attributes:
        columns: The file's columns by our names.
        closes: When trading of an exchange ends on a day.
    """

    columns: Mapping[str, str]
    closes: Closes

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns afterwards, the same of both forms."""
        return NAMES

    def apply(self, batch: ShapedRows) -> ShapedRows:
        """Return the options of a batch. Volume is in units, NaN where no lot is known."""
        kind = self._text(batch.table, KIND)
        options = pc.fill_null(pc.is_in(kind, pa.array(OPTION_KINDS)), False)
        batch = batch.keep(options.to_numpy(zero_copy_only=False), {})
        table = batch.table
        count = table.num_rows
        columns = {"timestamp": self._instants(table)}
        for name in (*_KEPT, *_OF_THE_DAY):
            column = self._text(table, name) if name in self.columns else pa.nulls(count)
            columns[name] = column.cast(pa.string())
        columns["symbol"] = _roots(columns["symbol"])
        lots, is_bad = numbers(self._text(table, LOTS))
        lot = self._lot(table, columns)
        columns["volume"] = pa.array(lots * np.where(lot > 0, lot, np.nan))
        columns[LOT] = pa.array(lot)
        rows = batch.number[is_bad].tolist()
        reasons = dict.fromkeys(rows, f"{self.columns[LOTS]} is not a number")
        return ShapedRows(pa.table(columns), batch.number, batch.reasons).keep(~is_bad, reasons)

    def _text(self, table: pa.Table, name: str) -> pa.Array:
        column = table.column(self.columns[name]).combine_chunks().cast(pa.string())
        return pc.utf8_trim_whitespace(column)

    def _instants(self, table: pa.Table) -> pa.Array:
        """Return the close of each row's day. A day that cannot be read stays as it is written."""
        day = self._text(table, DAY)
        symbol = _roots(self._text(table, "symbol"))
        both = pc.binary_join_element_wise(pc.fill_null(day, ""), pc.fill_null(symbol, ""), "|")
        distinct = both.dictionary_encode()
        instants = []
        for text in distinct.dictionary.to_pylist():
            written, _, root = text.partition("|")
            try:
                exchange = INDICES[root].exchange if root in INDICES else "NSE"
                instants.append(self.closes(exchange, cells.day(written)).isoformat())
            except ValueError:
                instants.append(written)
        return pa.array(instants, pa.string()).take(distinct.indices)

    def _lot(self, table: pa.Table, columns: Mapping[str, pa.Array]) -> NDArray[np.float64]:
        """Return the lot of each row, by the file where it has one, 0 where it is not known."""
        if LOT in self.columns and self.columns[LOT] in table.column_names:
            lot, _ = numbers(self._text(table, LOT))
            return np.nan_to_num(lot)
        day = self._text(table, DAY)
        parts = [pc.fill_null(column, "") for column in (columns["symbol"], columns["expiry"], day)]
        distinct = pc.binary_join_element_wise(*parts, "|").dictionary_encode()
        lots = [_ruled_lot(*text.split("|")) for text in distinct.dictionary.to_pylist()]
        place = distinct.indices.to_numpy(zero_copy_only=False)
        by_row: NDArray[np.float64] = np.array([*lots, 0.0])[place]
        return by_row


def end_of_day(names: Sequence[str], closes: Closes) -> DailyOptions | None:
    """Return how an end-of-day file is read, None where the names are not those of one.

    Raises:
        Malformed: It has a column twice.
    """
    by_plain = {plain(name): name for name in names}
    for form in (UDIFF, BHAVCOPY):
        there = {ours: by_plain.get(plain(theirs), "") for ours, theirs in form.items()}
        required = {ours: name for ours, name in there.items() if ours != LOT}
        if all(required.values()):
            for ours, name in there.items():
                refuse_twins(ours, twins_of(name, names))
            return DailyOptions({ours: name for ours, name in there.items() if name}, closes)
    return None


def numbers(column: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return a column of texts as numbers, NaN for none, and which texts are no numbers."""
    distinct = column.dictionary_encode()
    code = np.nan_to_num(distinct.indices.to_numpy(zero_copy_only=False), nan=-1).astype(np.intp)
    values = np.full(len(distinct.dictionary) + 1, np.nan)
    bad = np.zeros(len(values), dtype=np.bool_)
    for n, text in enumerate(distinct.dictionary.to_pylist()):
        try:
            values[n] = cells.number(text)
        except ValueError:
            bad[n] = True
    return values[code], bad[code]


def _roots(symbols: pa.Array) -> pa.Array:
    distinct = symbols.dictionary_encode()
    names = [ROOTS.get(name, name) for name in distinct.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(distinct.indices)


def _ruled_lot(root: str, expiry: str, day: str) -> float:
    try:
        return float(lot_of(root, cells.day(expiry), cells.day(day)))
    except (UnknownLot, ValueError, KeyError):
        return 0.0
