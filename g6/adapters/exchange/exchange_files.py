"""The exchanges' daily files: the lots of contracts, and the most units of one order."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import gcd
from pathlib import Path
from typing import NamedTuple

from g6.domain.market.instrument import INDICES
from g6.errors import BadInput
from g6.packed_files import unpacked

UDIFF = ("TradDt", "FinInstrmTp", "TckrSymb", "XpryDt", "OpnIntrst", "NewBrdLotQty")
"""Columns read of the layout of NSE and BSE since 8 July 2024.

`NewBrdLotQty` is the lot.
"""
OLDER = ("INSTRUMENT", "SYMBOL", "EXPIRY_DT", "OPEN_INT", "TIMESTAMP")
"""Columns read of NSE's layout until 5 July 2024.

It has no lot, but every open interest is a multiple of it.
"""
_INDEX_KINDS = frozenset(("IDO", "IDF", "OPTIDX", "FUTIDX"))
_ALIASES: Mapping[str, str] = {"BSX": "SENSEX", "BKX": "BANKEX"}
FREEZE_FOLDER = "freeze"
_MOST_DIGITS = 15


CsvRow = Mapping[str, str | None]


class ContractRow(NamedTuple):
    """What a row says of one contract.

    `lot` is 0 where the layout has none.
    """

    day: date
    expiry: date
    open_interest: int
    lot: int


@dataclass(slots=True)
class ExpiryLots:
    """The contracts of one root and expiry on one day.

    Attributes:
        lots: Distinct lots that the rows carry, none where the layout has none.
        divisor: The greatest number of units that divides every open interest, 0 without any.
        rows: How many contracts there are.
    """

    lots: set[int] = field(default_factory=set)
    divisor: int = 0
    rows: int = 0

    def add(self, contract: ContractRow) -> None:
        """Add one contract."""
        self.rows += 1
        self.divisor = gcd(self.divisor, contract.open_interest)
        if contract.lot:
            self.lots.add(contract.lot)


@dataclass(slots=True)
class EndOfDay:
    """The contracts of a day's file.

    Attributes:
        path: The file.
        contracts: Lots by (day, root, expiry).
        left_out: Line and reason of each row that was left out.
    """

    path: Path
    contracts: dict[tuple[date, str, date], ExpiryLots] = field(default_factory=dict)
    left_out: list[tuple[int, str]] = field(default_factory=list)


def read_end_of_day(path: Path) -> EndOfDay:
    """Return the lots of the index contracts in an end-of-day file of NSE or BSE.

    Args:
        path: CSV, also packed as .gz or .zip.

    Raises:
        BadInput: The file cannot be read, or has the columns of neither layout.
    """
    end_of_day = EndOfDay(path)
    rows = csv.DictReader(io.StringIO(_text(path), newline=""))
    rows.fieldnames = [(name or "").strip() for name in rows.fieldnames or ()]
    read = _reader_of(path, rows.fieldnames)
    try:
        for number, row in enumerate(rows, 2):
            kind = (row.get("FinInstrmTp") or row.get("INSTRUMENT") or "").strip()
            symbol = (row.get("TckrSymb") or row.get("SYMBOL") or "").strip()
            root = _ALIASES.get(symbol, symbol)
            if kind not in _INDEX_KINDS or root not in INDICES:
                continue
            try:
                contract = read(row)
            except ValueError as error:
                end_of_day.left_out.append((number, str(error)[:100]))
                continue
            key = (contract.day, root, contract.expiry)
            end_of_day.contracts.setdefault(key, ExpiryLots()).add(contract)
    except csv.Error as error:
        raise BadInput(path, rows.line_num, f"is not CSV: {error}") from error
    return end_of_day


def _reader_of(path: Path, names: Sequence[str]) -> Callable[[CsvRow], ContractRow]:
    """Return the reader of rows with these columns.

    Raises:
        BadInput: They are those of no layout.
    """
    if set(UDIFF) <= set(names):
        return _udiff
    if set(OLDER) <= set(names):
        return _older
    columns = ", ".join(names)[:80] or "of nothing"
    raise BadInput(
        path,
        1,
        f"is no end-of-day file of derivatives: it has the columns {columns}",
        f"those of NSE and BSE have {', '.join(UDIFF)}, or until July 2024 {', '.join(OLDER)}",
    )


def _udiff(row: CsvRow) -> ContractRow:
    """Return the contract of a row in the present layout.

    Raises:
        ValueError: A cell is no day or no whole number.
    """
    # Where the actual day of expiry differs from the nominal one, the file has both.
    expiry = (row.get("FininstrmActlXpryDt") or "").strip() or (row["XpryDt"] or "").strip()
    lot = _whole(row["NewBrdLotQty"], "NewBrdLotQty")
    if lot <= 0:
        raise ValueError("NewBrdLotQty is 0")
    return ContractRow(
        date.fromisoformat((row["TradDt"] or "").strip()),
        date.fromisoformat(expiry),
        _whole(row["OpnIntrst"], "OpnIntrst"),
        lot,
    )


def _older(row: CsvRow) -> ContractRow:
    """Return the contract of a row in the older layout, which has no lot.

    Raises:
        ValueError: A cell is no day or no whole number.
    """
    return ContractRow(
        _spelt_date(row["TIMESTAMP"]),
        _spelt_date(row["EXPIRY_DT"]),
        _whole(row["OPEN_INT"], "OPEN_INT"),
        0,
    )


def _spelt_date(text: str | None) -> date:
    """Return the day of a text such as 05-JUL-2024.

    Raises:
        ValueError: It is written otherwise.
    """
    spelt = (text or "").strip().title()
    return datetime.strptime(spelt, "%d-%b-%Y").date()  # noqa: DTZ007 - a day has no zone


def _whole(text: str | None, name: str) -> int:
    value = (text or "").strip().replace(",", "") or "0"
    number, _, fraction = value.partition(".")
    if not number.isdecimal() or fraction.strip("0") or len(number) > _MOST_DIGITS:
        raise ValueError(f"{name} {value[:40]!r} is not a whole number")
    return int(number)


def _text(path: Path) -> str:
    """Return a file's text, unpacked.

    Raises:
        BadInput: The file cannot be read or unpacked.
    """
    raw = unpacked(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(path, None, f"cannot be read: {error}") from error


def freeze_quantity(directory: Path, root: str, day: date) -> tuple[int, date] | None:
    """Return the most units that one order may have, and the day of the file that says so.

    `<directory>/freeze/YYYY-MM-DD.csv` is the exchange's list with the columns SYMBOL and
    VOL_FRZ_QTY. The newest file that is not later than `day` answers.

    Returns:
        None where no file names the root.

    Raises:
        BadInput: The file cannot be read, or the root's quantity in it.
    """
    # The exchange revises the list often (NSE from 5 October 2026 by circular FAOP/76693), and
    # Kite's dump does not carry it: hence files that a person puts there.
    for path, on in _freeze_files(directory / FREEZE_FOLDER, day):
        rows = csv.DictReader(io.StringIO(_text(path), newline=""))
        rows.fieldnames = [(name or "").strip().upper() for name in rows.fieldnames or ()]
        if not {"SYMBOL", "VOL_FRZ_QTY"} <= set(rows.fieldnames):
            raise BadInput(
                path,
                1,
                "has no columns SYMBOL and VOL_FRZ_QTY",
                "take the exchange's list of freeze quantities as CSV",
            )
        for number, row in enumerate(rows, 2):
            if (row["SYMBOL"] or "").strip() == root:
                try:
                    return _whole(row["VOL_FRZ_QTY"], "VOL_FRZ_QTY"), on
                except ValueError as error:
                    raise BadInput(path, number, str(error)) from error
    return None


def _freeze_files(folder: Path, day: date) -> Iterator[tuple[Path, date]]:
    """Yield the files of days not later than `day`, the newest first."""
    for path in sorted(folder.glob("????-??-??.csv"), reverse=True):
        try:
            on = date.fromisoformat(path.stem)
        except ValueError:
            continue
        if on <= day:
            yield path, on
