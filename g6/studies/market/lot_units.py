"""How many units contracts are and who says so, and end-of-day files held against that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from g6.domain.market.calendar import day_of
from g6.domain.market.lots import HISTORY, lot_of, lots_on
from g6.errors import UnknownLot, UserError
from g6.ports.readers import EndOfDayReader, FileLots
from g6.studies.documents import columns_of
from g6.studies.market.market_rules import RuledAt
from g6.studies.parameters import Parameter, paths

__all__ = ["LotParameters", "LotVerdict", "Lots", "StatedLot", "UnreadRows", "answer", "verdict"]

AGREES = "agrees"
DIFFERS = "differs"
NOT_IN_TABLE = "not in the table"
MOST_REASONS = 5
"""Rows that were left out and are named with their reason."""


@dataclass(frozen=True, slots=True)
class StatedLot:
    """One line of the table of lots. The names of the fields are published.

    Attributes:
        root: The underlying's name.
        units: Units of the underlying in a contract.
        quoted_from: The day of the circular's contracts.
        first_weekly: The first weekly expiry of this lot.
        first_monthly: The first monthly expiry of this lot.
        long_dated_from: The first long-dated expiry of this lot.
        source: The circular.
    """

    root: str
    units: int
    quoted_from: str
    first_weekly: str
    first_monthly: str
    long_dated_from: str
    source: str


@dataclass(frozen=True, slots=True)
class LotParameters:
    """Asks for the table of lots, or for a comparison of files with it."""

    files: Annotated[
        tuple[Path, ...],
        Parameter(
            "End-of-day files of NSE or BSE, CSV, .gz or .zip; else the table itself.",
            "BhavCopy_NSE_FO_0_0_0_20241226_F_0000.csv.zip",
            metavar="[FILE]…",
            read=paths,
            is_positional=True,
        ),
    ] = ()
    at: RuledAt = None


@dataclass(frozen=True, slots=True)
class LotVerdict:
    """What a file says of one root and expiry, held against the table of lots.

    Attributes:
        lots: What the file says.
        units: The lot by the table, None where it has none.
        verdict: agrees, differs, or not in the table.
        why: Why the table has none.
    """

    lots: FileLots
    units: int | None
    verdict: str
    why: str = ""

    def document(self) -> Mapping[str, object]:
        """Return the verdict under the names that are published."""
        return {
            "file": self.lots.file,
            "day": self.lots.day.isoformat(),
            "root": self.lots.root,
            "expiry": self.lots.expiry.isoformat(),
            "contracts": self.lots.contracts,
            "file_lots": sorted(self.lots.lots),
            "divisor": self.lots.divisor,
            "units": self.units,
            "verdict": self.verdict,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class UnreadRows:
    """The rows of a file that could not be read.

    Attributes:
        file: The file's name.
        rows: How many rows.
        why: The first reasons, or that there is nothing to read.
    """

    file: str
    rows: int
    why: str

    def document(self) -> Mapping[str, object]:
        """Return them under the names that are published."""
        return {"file": self.file, "verdict": "left out", "rows": self.rows, "why": self.why}


@dataclass(frozen=True, slots=True)
class Lots:
    """The table of lots, or what files say beside it.

    Attributes:
        table: The table, empty where files were compared.
        lines: File by file one for each root and expiry, and one for what could not be read.
    """

    table: tuple[StatedLot, ...]
    lines: tuple[LotVerdict | UnreadRows, ...] = ()

    @property
    def verdicts(self) -> tuple[LotVerdict, ...]:
        """The roots and expiries of the files."""
        return tuple(line for line in self.lines if isinstance(line, LotVerdict))

    @property
    def passes(self) -> bool:
        """Whether no lot of a file differs."""
        return all(line.verdict != DIFFERS for line in self.verdicts)

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per row of the table, or per root and expiry of the files."""
        documents = [line.document() for line in self.verdicts]
        if not documents:
            return columns_of(StatedLot, self.table)
        return {name: [document[name] for document in documents] for name in documents[0]}


def answer(reader: EndOfDayReader, parameters: LotParameters) -> Lots:
    """Return the table of lots, or what the files say beside it.

    Of an instant the table has the lots that contracts had on its day.

    Raises:
        BadInput: A file cannot be read.
        UserError: An instant is named beside files.
    """
    at = parameters.at
    if not parameters.files:
        return Lots(tuple(stated_lots(None if at is None else day_of(at))))
    if at is not None:
        raise UserError("each file names its own day", "leave --at out")
    lines: list[LotVerdict | UnreadRows] = []
    for path in parameters.files:
        content = reader.read(path)
        lines += map(verdict, content.lots)
        if content.left_out:
            reasons = [f"line {line}: {why}" for line, why in content.left_out[:MOST_REASONS]]
            lines.append(UnreadRows(path.name, len(content.left_out), "; ".join(reasons)))
        elif not content.lots:
            lines.append(UnreadRows(path.name, 0, "no contract of a known index stands in it"))
    return Lots((), tuple(lines))


def stated_lots(day: date | None = None) -> Iterator[StatedLot]:
    """Yield the table of lots by root and day, or those that contracts had on one day.

    >>> next(stated_lots()).root
    'NIFTY'
    """
    for root, history in HISTORY.items():
        for lot in history if day is None else lots_on(root, day):
            yield StatedLot(
                root=root,
                units=lot.units,
                quoted_from=lot.quoted.isoformat(),
                first_weekly=lot.weekly.isoformat(),
                first_monthly=lot.monthly.isoformat(),
                long_dated_from=lot.long_dated.isoformat(),
                source=lot.source,
            )


def verdict(lots: FileLots) -> LotVerdict:
    """Return what the table of lots says of a file's contracts.

    Until July 2024 files carry no lot: then every open interest must be a multiple of it.

    >>> from datetime import date
    >>> day = date(2026, 11, 2)
    >>> verdict(FileLots("x.csv", day, "GOLD", day, 1, {100}, 100)).verdict
    'not in the table'
    """
    try:
        units = lot_of(lots.root, lots.expiry, lots.day)
    except UnknownLot as error:
        return LotVerdict(lots, None, NOT_IN_TABLE, error.sentence)
    agrees = lots.lots == {units} if lots.lots else lots.divisor % units == 0
    return LotVerdict(lots, units, AGREES if agrees else DIFFERS)
