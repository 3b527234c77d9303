"""The exchanges' own daily files: contracts with their lots at the end of a day, and the most units that one order may have."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import gcd
from pathlib import Path

from g6.domain.market.instrument import INDICES
from g6.errors import BadInput

UDIFF = ("TradDt", "FinInstrmTp", "TckrSymb", "XpryDt", "OpnIntrst", "NewBrdLotQty")
"""Columns read of the layout of NSE and BSE since 8 July 2024; `NewBrdLotQty` is the lot."""
OLDER = ("INSTRUMENT", "SYMBOL", "EXPIRY_DT", "OPEN_INT", "TIMESTAMP")
"""Columns read of NSE's layout until 5 July 2024: it has no lot, but every open interest is a multiple of it."""
_INDEX_KINDS = frozenset(("IDO", "IDF", "OPTIDX", "FUTIDX"))
_ALIASES: Mapping[str, str] = {"BSX": "SENSEX", "BKX": "BANKEX"}
FREEZE_FOLDER = "freeze"
_MOST_DIGITS = 15


@dataclass(slots=True)
class ExpiryLots:
    """What a file says of the contracts of one root and expiry on one day.

    Attributes:
        lots: Distinct lots that the rows carry; empty where the layout has none.
        divisor: The greatest number of units that divides every open interest; 0 without any.
        rows: How many contracts there are.
    """

    lots: set[int] = field(default_factory=set)
    divisor: int = 0
    rows: int = 0


@dataclass(slots=True)
class EndOfDay:
    """A day's file: what it says by (day, root, expiry), and line and reason of each row that was left out."""

    path: Path
    contracts: dict[tuple[date, str, date], ExpiryLots] = field(default_factory=dict)
    left_out: list[tuple[int, str]] = field(default_factory=list)


def read_end_of_day(path: Path) -> EndOfDay:
    """Return the lots of the index contracts in an end-of-day file (CSV, also .gz or .zip) of NSE or BSE. Errors: BadInput."""
    found = EndOfDay(path)
    rows = csv.DictReader(io.StringIO(_text(path), newline=""))
    names = [(name or "").strip() for name in rows.fieldnames or ()]
    rows.fieldnames = names
    if set(UDIFF) <= set(names):
        read = _udiff
    elif set(OLDER) <= set(names):
        read = _older
    else:
        raise BadInput(
            path, 1, f"is no end-of-day file of derivatives: it has the columns {', '.join(names)[:80] or 'of nothing'}",
            f"those of NSE and BSE have {', '.join(UDIFF)}, or until July 2024 {', '.join(OLDER)}",
        )  # fmt: skip
    try:
        for number, row in enumerate(rows, 2):
            kind = (row.get("FinInstrmTp") or row.get("INSTRUMENT") or "").strip()
            symbol = (row.get("TckrSymb") or row.get("SYMBOL") or "").strip()
            root = _ALIASES.get(symbol, symbol)
            if kind not in _INDEX_KINDS or root not in INDICES:
                continue
            try:
                day, expiry, interest, lot = read(row)
            except ValueError as error:
                found.left_out.append((number, str(error)[:100]))
                continue
            seen = found.contracts.setdefault((day, root, expiry), ExpiryLots())
            seen.rows += 1
            seen.divisor = gcd(seen.divisor, interest)
            seen.lots |= {lot} if lot else set()
    except csv.Error as error:
        raise BadInput(path, rows.line_num, f"is not CSV: {error}") from error
    return found


def _udiff(row: Mapping[str, str | None]) -> tuple[date, date, int, int]:
    """Return day, expiry, open interest and lot of a row. Errors: ValueError."""
    expiry = (row.get("FininstrmActlXpryDt") or "").strip() or (row["XpryDt"] or "").strip()
    lot = _whole(row["NewBrdLotQty"], "NewBrdLotQty")
    if lot <= 0:
        raise ValueError("NewBrdLotQty is 0")
    return (
        date.fromisoformat((row["TradDt"] or "").strip()),
        date.fromisoformat(expiry),
        _whole(row["OpnIntrst"], "OpnIntrst"),
        lot,
    )


def _older(row: Mapping[str, str | None]) -> tuple[date, date, int, int]:
    """Return day, expiry and open interest of a row, and 0 for a lot that it does not have. Errors: ValueError."""
    return (
        _spelt(row["TIMESTAMP"]),
        _spelt(row["EXPIRY_DT"]),
        _whole(row["OPEN_INT"], "OPEN_INT"),
        0,
    )


def _spelt(text: str | None) -> date:
    return datetime.strptime((text or "").strip().title(), "%d-%b-%Y").date()  # noqa: DTZ007 - a day has no zone


def _whole(text: str | None, name: str) -> int:
    value = (text or "").strip().replace(",", "") or "0"
    number, _, fraction = value.partition(".")
    if not number.isdecimal() or fraction.strip("0") or len(number) > _MOST_DIGITS:
        raise ValueError(f"{name} {value[:40]!r} is not a whole number")
    return int(number)


def _text(path: Path) -> str:
    """Return a file's text, unpacked. Errors: BadInput."""
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        elif path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                raw = archive.read(
                    next(name for name in archive.namelist() if name.lower().endswith(".csv"))
                )
        return raw.decode("utf-8-sig")
    except (OSError, EOFError, zipfile.BadZipFile, StopIteration, UnicodeDecodeError) as error:
        raise BadInput(path, None, f"cannot be read: {str(error) or 'it holds no CSV'}") from error


def freeze_quantity(directory: Path, root: str, day: date) -> tuple[int, date] | None:
    """Return the most units one order may have, and the day of the file that says so; None where no file does.

    `<directory>/freeze/YYYY-MM-DD.csv` is the exchange's list with the columns SYMBOL and VOL_FRZ_QTY; the newest that is not
    later than `day` answers. Errors: BadInput, of that file.
    """
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
