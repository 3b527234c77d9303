"""How many units contracts are and who says so, and end-of-day files held against that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date

from g6.domain.market.lots import HISTORY, lot_of
from g6.errors import UnknownLot

__all__ = ["FileLots", "LotVerdict", "StatedLot", "stated_lots", "verdict"]

AGREES = "agrees"
DIFFERS = "differs"
NOT_IN_TABLE = "not in the table"


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
class FileLots:
    """What an end-of-day file says of the contracts of one root and expiry.

    Attributes:
        file: The file's name.
        day: The day of the file.
        root: The underlying's name.
        expiry: The expiry.
        contracts: How many contracts there are.
        lots: Distinct lots that the rows carry, none where the layout has none.
        divisor: The greatest number that divides every open interest, 0 without any.
    """

    file: str
    day: date
    root: str
    expiry: date
    contracts: int
    lots: Set[int]
    divisor: int


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


def stated_lots() -> Iterator[StatedLot]:
    """Yield the table of lots, by root and day.

    >>> next(stated_lots()).root
    'NIFTY'
    """
    for root, history in HISTORY.items():
        for lot in history:
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
