"""The newest overview row of every index, with how its figures went over the last cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Annotated

import numpy as np

from g6.domain.market.calendar import day_of
from g6.domain.schema.frame import ColumnValues, Frame
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Parameter

OneIndex = Annotated[
    str | None,
    Parameter(
        "The index, such as NIFTY; else every stored one.",
        "NIFTY",
        metavar="INDEX",
        is_positional=True,
        read=selection.known_index,
    ),
]
TrendCycles = Annotated[
    int,
    Parameter("How many cycles of the session a trend has.", "60", least=1, metavar="N"),
]
_NUMBERS = (
    "spot",
    "prev_close",
    "change_pct",
    "open",
    "high",
    "low",
    "future",
    "basis",
    "vix",
    "forward",
    "atm",
    "pcr_nearest",
    "pcr_volume_nearest",
    "atm_iv_nearest",
    "straddle_nearest",
    "em_straddle",
    "max_pain_nearest",
    "support",
    "resistance",
    "oi_calls",
    "oi_puts",
    "rr25",
    "quote_age_seconds",
)
_COLUMNS = (*_NUMBERS, "expiry_nearest", "options", "iv_ok", "status", "reason", "quote_source")


@dataclass(frozen=True, slots=True)
class BoardParameters:
    """Asks for the newest overview row of each index, or of one."""

    index: OneIndex = None
    cycles: TrendCycles = 60
    at: At = None


@dataclass(frozen=True, slots=True)
class IndexTrend:
    """How figures of one index went over the last cycles of the session, oldest first.

    Attributes:
        instant: The cycles' instants, UTC.
        spot: The index, points, NaN unknown.
        pcr: Put/call ratio of open interest of the nearest expiry.
        atm_iv: Volatility at the money of the nearest expiry, a fraction.
        straddle: The straddle at the money of the nearest expiry, points.
    """

    instant: tuple[datetime, ...]
    spot: tuple[float, ...]
    pcr: tuple[float, ...]
    atm_iv: tuple[float, ...]
    straddle: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class IndexRow:
    """The newest overview row of one index. Figures are those of the nearest expiry.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant, UTC.
        status: OK, PARTIAL, MISSING or SKIPPED.
        reason: Why it is not OK, empty where it is.
        source: Where the option quotes came from.
        expiry: The nearest expiry whose fix lies ahead, None unknown.
        options: How many options have a quote, NaN unknown.
        iv_ok: How many of them have an implied volatility, NaN unknown.
        figures: Columns of the overview by their names, NaN unknown.
        trend: How the main figures went.
        stale_seconds: How much older than the newest cycle of all its cycle is, 0 where it is that.
    """

    index: str
    cycle: datetime
    status: str
    reason: str
    source: str
    expiry: date | None
    options: float
    iv_ok: float
    figures: Mapping[str, float]
    trend: IndexTrend
    stale_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class OverviewBoard:
    """The newest overview row of each index."""

    rows: tuple[IndexRow, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index."""
        columns = columns_of(IndexRow, self.rows)
        del columns["trend"], columns["figures"]
        return columns | {name: [row.figures[name] for row in self.rows] for name in _NUMBERS}


def answer(reader: StoredReader, parameters: BoardParameters) -> OverviewBoard:
    """Return the newest overview row of an index that was observed by `at`, or of every one.

    Raises:
        UserError: There is no such index.
        NothingToDo: No overview row is stored.
    """
    at = parameters.at
    # After a cycle of one index alone the rows of all others were left out without a word.
    names = [parameters.index] if parameters.index else selection.indices_lately(reader, at)
    rows = [_row(reader, name, parameters) for name in names]
    stored = tuple(row for row in rows if row is not None)
    if not stored:
        raise NothingToDo(f"no overview row was observed by then in {reader.place}")
    newest = max(row.cycle for row in stored)
    return OverviewBoard(
        tuple(replace(row, stale_seconds=(newest - row.cycle).total_seconds()) for row in stored)
    )


def _row(reader: StoredReader, index: str, parameters: BoardParameters) -> IndexRow | None:
    """Return the newest row of an index, None where none was observed by then."""
    unit = selection.units(reader, index, parameters.at, 1)[0]
    day = day_of(unit.instant)
    rows = reader.overview(index, day, unit.instant, _COLUMNS, parameters.at)
    if not len(rows):
        return None
    columns = rows.columns
    expiry = columns["expiry_nearest"][-1]
    return IndexRow(
        index=index,
        cycle=datetime.fromtimestamp(float(columns["timestamp"][-1]), UTC),
        status=_word(columns["status"]),
        reason=_word(columns["reason"]),
        source=_word(columns["quote_source"]),
        expiry=None if np.isnat(expiry) else expiry.item(),
        options=float(columns["options"][-1]),
        iv_ok=float(columns["iv_ok"][-1]),
        figures={name: float(columns[name][-1]) for name in _NUMBERS},
        trend=_trend(rows, parameters.cycles),
    )


def _word(values: ColumnValues) -> str:
    return str(values[-1] or "")


def _trend(rows: Frame, cycles: int) -> IndexTrend:
    def last(name: str) -> tuple[float, ...]:
        return tuple(rows.columns[name][-cycles:].tolist())

    instants = last("timestamp")
    return IndexTrend(
        instant=tuple(datetime.fromtimestamp(instant, UTC) for instant in instants),
        spot=last("spot"),
        pcr=last("pcr_nearest"),
        atm_iv=last("atm_iv_nearest"),
        straddle=last("straddle_nearest"),
    )
