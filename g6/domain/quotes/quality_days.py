"""What the checks say of a day: each check with the rows that it ran on, as it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from math import nan

from g6.domain.schema.json_reading import entries, part, read_record, text, whole
from g6.domain.schema.json_types import Document, JsonObject

__all__ = ["CheckResult", "DayStatistics", "IndexQuality", "QualityDay"]


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """What is kept of a day for the check of the next one.

    Attributes:
        strikes: Median of the rows of a cycle.
        oi: Open interest of the last cycle, units.
        volume: Volume of the last cycle, units, NaN of a day that ends before the close.
        atm_iv: ATM volatility of the farthest expiry in the last cycle.
        last_spot: The last price of the index, NaN of a day that ends before the close.
        lots: Units by expiry, ISO.
    """

    strikes: float = nan
    oi: float = nan
    volume: float = nan
    atm_iv: float = nan
    last_spot: float = nan
    lots: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check says of an index on a day.

    Attributes:
        check: Its name.
        severity: How urgent a failure is.
        ran: Cycles in which there was something to judge; of a check of days 1. 0: it judged none.
        rows: Rows that it looked at.
        wrong: Those of them that are wrong, also where that is allowed.
        failures: Cycles in which it failed.
        first: The first of them, empty without any.
    """

    check: str
    severity: str
    ran: int
    rows: int
    wrong: int
    failures: int
    first: str = ""


@dataclass(frozen=True, slots=True)
class IndexQuality:
    """What the checks say of one index on a day, of how many cycles, and the day's statistics."""

    index: str
    cycles: int
    statistics: DayStatistics
    results: tuple[CheckResult, ...]

    def to_json(self) -> JsonObject:
        """Return it as JSON has it, but for NaN."""
        return {
            "index": self.index,
            "cycles": self.cycles,
            "statistics": asdict(self.statistics),
            "checks": [asdict(result) for result in self.results],
        }

    @classmethod
    def parse(cls, document: Document) -> IndexQuality:
        """Read what `to_json` gave."""
        results = [read_record(CheckResult, result) for result in entries(document, "checks")]
        statistics = read_record(DayStatistics, part(document, "statistics"))
        index = text(document, "index")
        return cls(index, whole(document, "cycles"), statistics, tuple(results))


@dataclass(frozen=True, slots=True)
class QualityDay:
    """What the checks say of a day, by index."""

    day: date
    indices: tuple[IndexQuality, ...]

    @property
    def failures(self) -> int:
        """How many checks failed, of all indices."""
        return sum(bool(result.failures) for of in self.indices for result in of.results)

    def of(self, index: str) -> IndexQuality | None:
        """Return what is said of one index, None where it was not checked."""
        return next((of for of in self.indices if of.index == index), None)

    def to_json(self) -> JsonObject:
        """Return the document that is kept."""
        indices = [of.to_json() for of in self.indices]
        return {"day": self.day.isoformat(), "failures": self.failures, "indices": indices}

    @classmethod
    def parse(cls, document: Document) -> QualityDay:
        """Read what `to_json` gave."""
        indices: Sequence[Document] = entries(document, "indices")
        day = date.fromisoformat(text(document, "day"))
        return cls(day, tuple(map(IndexQuality.parse, indices)))
