"""Sessions of one figure laid over each other by weekday."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import series
from g6.domain.figures.contracts.definitions import DEFINITIONS
from g6.domain.market.calendar import IST
from g6.domain.schema.frame import Frame
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Days, Index, Parameter

Array = NDArray[np.float64]

Figure = Annotated[
    str, Parameter("The column of the overview to show.", "atm_iv_this_week", metavar="COLUMN")
]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class OverlayParameters:
    """Asks for one overview figure's sessions by weekday."""

    index: Index
    figure: Figure = "straddle_nearest"
    days: Days = 60
    at: At = None


@dataclass(frozen=True, slots=True)
class SessionCurve:
    """One session's values, n cycles.

    Attributes:
        day: The session's day.
        minute: Minutes since midnight in India, shape (n,).
        value: The figure's values, shape (n,).
    """

    day: date
    minute: Array
    value: Array


@dataclass(frozen=True, slots=True)
class Overlays:
    """One figure's sessions by weekday.

    Attributes:
        index: The underlying's name.
        cycle: The newest cycle's instant as its name.
        figure: The column of the overview.
        unit: The figure's unit, empty where it has none.
        weekdays: Its sessions by the weekday's name, oldest first.
    """

    index: str
    cycle: str
    figure: str
    unit: str
    weekdays: Mapping[str, tuple[SessionCurve, ...]]

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per cycle."""
        curves = [curve for weekday in self.weekdays.values() for curve in weekday]
        sizes = [len(curve.minute) for curve in curves]
        days = np.array([curve.day for curve in curves], dtype="datetime64[D]")
        nothing = np.zeros(0)
        return {
            "day": np.repeat(days, sizes),
            "minute": np.concatenate([nothing, *(curve.minute for curve in curves)]),
            "value": np.concatenate([nothing, *(curve.value for curve in curves)]),
        }


def answer(reader: StoredReader, parameters: OverlayParameters) -> Overlays:
    """Return one overview figure's sessions by weekday.

    On an expiry day what follows the fix is left out: it is of the next expiry.

    Raises:
        UserError: There is no such index, or no such column.
        NothingToDo: Nothing of it is stored.
    """
    at = parameters.at
    figure = parameters.figure
    unit = selection.units(reader, parameters.index, at, 1)[0]
    first = unit.instant.astimezone(IST).date() - timedelta(days=parameters.days - 1)
    columns = list(dict.fromkeys(["expiry_nearest", figure]))
    rows = reader.overview(unit.index, first, unit.instant, columns, at)
    instants, values = _before_the_fix(rows, figure)
    weekdays = {
        WEEKDAYS[weekday]: tuple(_curve(curve) for curve in curves)
        for weekday, curves in series.overlay(instants, values).items()
    }
    units = {contract.id: contract.unit for contract in DEFINITIONS}
    return Overlays(unit.index, unit.cycle, figure, units.get(figure, ""), weekdays)


def _before_the_fix(rows: Frame, figure: str) -> tuple[list[float], list[float]]:
    """Return instants and values of the rows of each day's first expiry, none of a text column."""
    column = rows.columns[figure]
    if column.dtype != np.float64:
        return [], []
    first_expiry: dict[date, date | None] = {}
    instants: list[float] = []
    values: list[float] = []
    for instant, expiry, value in zip(
        rows.columns["timestamp"].tolist(),
        rows.columns["expiry_nearest"].tolist(),
        column.tolist(),
        strict=True,
    ):
        if not np.isfinite(value):
            continue
        day = datetime.fromtimestamp(instant, UTC).astimezone(IST).date()
        # After the fix the nearest expiry is another one, and a straddle jumps by its price.
        if first_expiry.setdefault(day, expiry) == expiry:
            instants.append(instant)
            values.append(value)
    return instants, values


def _curve(curve: series.DayCurve) -> SessionCurve:
    return SessionCurve(curve.day, curve.minute, curve.value)
