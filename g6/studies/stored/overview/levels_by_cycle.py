"""The index, its levels and its ratios through one session, as the overview has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

import numpy as np

from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES
from g6.domain.schema.frame import ColumnValues
from g6.errors import NothingToDo, UncoveredYear
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.parameters import At, Index, Parameter

Points = Annotated[
    int,
    Parameter("At most so many cycles, evenly chosen.", "400", least=2, metavar="N"),
]

FIGURES: Mapping[str, str] = {
    "spot": "spot",
    "future": "future",
    "forward": "forward",
    "atm": "atm",
    "max_pain": "max_pain_nearest",
    "support": "support",
    "resistance": "resistance",
    "pcr": "pcr_nearest",
    "pcr_volume": "pcr_volume_nearest",
    "atm_iv": "atm_iv_nearest",
    "straddle": "straddle_nearest",
    "oi_calls": "oi_calls",
    "oi_puts": "oi_puts",
    "vix": "vix",
}
"""The columns of the overview by the names of the figures here."""


@dataclass(frozen=True, slots=True)
class LevelParameters:
    """Asks how levels and ratios of an index went through the session of an instant."""

    index: Index
    points: Points = 400
    at: At = None


@dataclass(frozen=True, slots=True)
class LevelsByCycle:
    """Levels and ratios of an index through one session, t cycles, oldest first.

    Attributes:
        index: The underlying's name.
        cycle: The newest cycle's instant as its name.
        day: The session day.
        opens: When the session opens, None where the calendar does not say.
        closes: When it closes, None where the calendar does not say.
        cycles: How many cycles of the session have a row, chosen or not.
        instant: The cycles' instants, UTC.
        expiry: The nearest expiry at each cycle, None unknown.
        status: How the index's unit of each cycle ended.
        figures: Each figure of `FIGURES` by its name, shape (t,), NaN unknown. Ratios are puts
            over calls, volatility is a fraction, open interest is in units, the rest in points.
    """

    index: str
    cycle: str
    day: date
    opens: datetime | None
    closes: datetime | None
    cycles: int
    instant: tuple[datetime, ...]
    expiry: tuple[date | None, ...]
    status: tuple[str, ...]
    figures: Mapping[str, tuple[float, ...]]

    def columns(self) -> Mapping[str, Sequence[object]]:
        """Return one line per cycle."""
        names = ("instant", "expiry", "status")
        return {name: getattr(self, name) for name in names} | dict(self.figures)


def answer(reader: StoredReader, parameters: LevelParameters) -> LevelsByCycle:
    """Return levels and ratios of the session that the newest cycle by `at` belongs to.

    Raises:
        UserError: There is no such index.
        NothingToDo: No overview row of it is stored.
    """
    unit = selection.units(reader, parameters.index, parameters.at, 1)[0]
    day = day_of(unit.instant)
    columns = ("expiry_nearest", "status", *FIGURES.values())
    rows = reader.overview(unit.index, day, unit.instant, columns, parameters.at)
    if not len(rows):
        raise NothingToDo(f"no overview row of {unit.index} was observed by then")
    places = _evenly(len(rows), parameters.points)
    picked = {name: values[places] for name, values in rows.columns.items()}
    opens, closes = _session(reader, unit.index, day)
    return LevelsByCycle(
        index=unit.index,
        cycle=unit.cycle,
        day=day,
        opens=opens,
        closes=closes,
        cycles=len(rows),
        instant=tuple(datetime.fromtimestamp(at, UTC) for at in picked["timestamp"].tolist()),
        expiry=tuple(picked["expiry_nearest"].tolist()),
        status=tuple(str(word or "") for word in picked["status"].tolist()),
        figures={name: tuple(picked[column].tolist()) for name, column in FIGURES.items()},
    )


def _evenly(count: int, most: int) -> ColumnValues:
    """Return places of at most `most` of `count` rows, the first and the last among them.

    >>> _evenly(10, 4).tolist()
    [0, 3, 6, 9]
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _session(
    reader: StoredReader, index: str, day: date
) -> tuple[datetime | None, datetime | None]:
    """Return when the session of a day opens and closes, None where there is none."""
    try:
        session = reader.calendar.session(INDICES[index].exchange, day)
    except UncoveredYear:
        return None, None
    return (None, None) if session is None else (session.open, session.close)
