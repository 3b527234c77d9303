"""Tables that name a contract by its symbol alone: in a column, or in the name of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from g6.adapters.replay.tables.shape_columns import (
    CONTRACT_EXPIRY,
    CONTRACT_INDEX,
    CONTRACT_SIDE,
    CONTRACT_STRIKE,
    FILE_INSTANT,
)
from g6.adapters.replay.tables.shapes.shape import ShapedRows
from g6.domain.market.contract_names import ContractName, contract_named
from g6.domain.market.instrument import INDICES, SIDES
from g6.domain.quotes import cells
from g6.domain.quotes.cells import SIDE_WORDS

Monthly = Callable[[str, int, int], date]
"""The day on which the monthly of an index, a year and a month expired."""

SYMBOL_COLUMNS = (
    "contract",
    "tradingsymbol",
    "ticker",
    "trading_symbol",
    "symbol",
    "instrument",
    "instrument_name",
    "contract_name",
    "identifier",
    "name",
)
"""Columns in which symbols of contracts are met. The first one counts."""
MADE_COLUMNS = (CONTRACT_INDEX, CONTRACT_EXPIRY, CONTRACT_STRIKE, CONTRACT_SIDE)
_ENDINGS = re.compile(r"\.(?:csv|parquet|feather|jsonl?|xlsx|zip)\b", re.IGNORECASE)
_TOKENS = re.compile(r"[A-Za-z0-9.+\-]+")
_INSTANT = re.compile(r"(20\d\d)-?(\d\d)-?(\d\d)[ _T-]?(\d\d)[-:.]?(\d\d)(?:[-:.]?(\d\d))?(?!\d)")


@dataclass(frozen=True, slots=True)
class ContractColumn:
    """Makes index, expiry, strike and side of a column of symbols.

    Attributes:
        column: The column of symbols.
        others: The other columns, which stay.
        monthly: The day that a symbol's month means.
    """

    column: str
    others: tuple[str, ...]
    monthly: Monthly

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns afterwards."""
        return (*self.others, *MADE_COLUMNS)

    def apply(self, batch: ShapedRows) -> ShapedRows:
        """Return the batch with the columns of each contract. Each symbol is read once."""
        symbols = batch.table.column(self.column).combine_chunks().cast(pa.string())
        distinct = symbols.dictionary_encode()
        code = np.nan_to_num(distinct.indices.to_numpy(zero_copy_only=False), nan=-1)
        code = code.astype(np.intp)
        contracts: list[_Contract] = []
        unread: list[str] = []
        for symbol in distinct.dictionary.to_pylist():
            contract, reason = _contract(symbol, self.monthly)
            contracts.append(contract)
            unread.append(reason)
        # The last place is for cells without a symbol.
        contracts.append(_Contract("", None, None, ""))
        unread.append("the contract is missing")
        table = batch.table.select(list(self.others))
        for name, column in _columns(contracts).items():
            table = table.append_column(name, column.take(pa.array(code % len(contracts))))
        rows = np.array([not reason for reason in unread], dtype=np.bool_)[code]
        lost = zip(batch.number[~rows].tolist(), code[~rows].tolist(), strict=True)
        return ShapedRows(table, batch.number, batch.reasons).keep(
            rows, {number: unread[place] for number, place in lost}
        )


@dataclass(frozen=True, slots=True)
class FileColumns:
    """Gives every row of a file what the file's name says.

    Attributes:
        before: The columns that are there.
        values: What the name says, by the column that it makes. None is missing in every row.
    """

    before: tuple[str, ...]
    values: Mapping[str, date | float | str | None]

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns afterwards."""
        return (*self.before, *self.values)

    def apply(self, batch: ShapedRows) -> ShapedRows:
        """Return the batch with a column for each value."""
        table = batch.table
        for name, value in self.values.items():
            scalar = pa.scalar(value, pa.float64() if value is None else None)
            table = table.append_column(name, pa.repeat(scalar, table.num_rows))
        return ShapedRows(table, batch.number, batch.reasons)


@dataclass(frozen=True, slots=True)
class _Contract:
    """A contract's columns. One that is none of ours has its text as the index."""

    index: str
    expiry: date | None
    strike: float | None
    side: str


def _contract(symbol: str, monthly: Monthly) -> tuple[_Contract, str]:
    """Return the columns of a symbol, and why they cannot be made, "" where they can."""
    name = contract_named(symbol)
    if name is None:
        # Futures and stocks stand beside options: they are counted as what is no index.
        return _Contract(symbol, None, None, ""), ""
    try:
        expiry = _expiry(name, monthly)
    except ValueError as error:
        return _Contract(name.root, None, None, ""), f"{symbol}: {error}"
    return _Contract(name.root, expiry, name.strike, SIDES[name.side]), ""


def _expiry(name: ContractName, monthly: Monthly) -> date:
    if name.day is None:
        return monthly(name.root, name.year, name.month)
    return date(name.year, name.month, name.day)


def _columns(contracts: Sequence[_Contract]) -> dict[str, pa.Array]:
    return {
        CONTRACT_INDEX: pa.array([contract.index for contract in contracts], pa.string()),
        CONTRACT_EXPIRY: pa.array([contract.expiry for contract in contracts], pa.date32()),
        CONTRACT_STRIKE: pa.array([contract.strike for contract in contracts], pa.float64()),
        CONTRACT_SIDE: pa.array([contract.side for contract in contracts], pa.string()),
    }


def said_by_file(path: Path, monthly: Monthly) -> dict[str, date | float | str]:
    """Return what the name of a file, and of its three folders, says of its rows.

    It may say a whole contract (`NIFTY25SEP24800CE.csv`), or parts of it in any order
    (`NIFTY/2025-09-09/ATM+1/bars_CE.csv`).
    """
    stem = _ENDINGS.split(path.name)[0]
    parts = [*path.parts[-4:-1], stem]
    tokens: list[str] = []
    for part in parts:
        tokens += [part, *re.split(r"[_\s]+", part)]
    for token in reversed(tokens):
        name = contract_named(token)
        if name is not None:
            contract, _ = _contract(token, monthly)
            values: dict[str, date | float | str | None] = {
                CONTRACT_INDEX: contract.index,
                CONTRACT_EXPIRY: contract.expiry,
                CONTRACT_STRIKE: contract.strike,
                CONTRACT_SIDE: contract.side,
            }
            return {name: value for name, value in values.items() if value}
    return _parts_said(stem, tokens)


def _parts_said(stem: str, tokens: Sequence[str]) -> dict[str, date | float | str]:
    values: dict[str, date | float | str] = {}
    words = [word.upper() for token in tokens for word in re.split(r"[-_=\s]+", token)]
    if root := next((word for word in reversed(words) if word in INDICES), ""):
        values[CONTRACT_INDEX] = root
    sides = [word for word in words if word in SIDE_WORDS and len(word) > 1]
    if sides:
        values[CONTRACT_SIDE] = SIDES[SIDE_WORDS[sides[-1]]]
    day_of_file = None
    if match := _INSTANT.search(stem):
        year, month, day, hour, minute, second = match.groups()
        values[FILE_INSTANT] = f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}"
        day_of_file = _day(f"{year}-{month}-{day}")
    for token in reversed(tokens):
        key, is_key, _ = token.lower().partition("=")
        # The day of the rows, as a folder date=… or the file's own name has it, is no expiry.
        if is_key and "exp" not in key:
            continue
        if (expiry := _day(token)) and expiry != day_of_file:
            values[CONTRACT_EXPIRY] = expiry
            break
    return values


def _day(token: str) -> date | None:
    """Return the date in a word of a name, or at its end, None for none."""
    match = re.search(r"(\d{1,2}-?[A-Za-z]{3}-?\d{2,4}|\d{4}-\d{2}-\d{2})$", token)
    if match is None:
        return None
    try:
        return cells.day(match[1])
    except ValueError:
        return None


def file_columns(
    path: Path, before: Sequence[str], missing: Sequence[str], monthly: Monthly
) -> FileColumns | None:
    """Return a step that gives what is missing from the name of the file, None for nothing."""
    values_of_name = said_by_file(path, monthly)
    values = {name: value for name, value in values_of_name.items() if name in missing}
    return FileColumns(tuple(before), values) if values else None
