"""How open interest and premiums moved per strike, and what build-up that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import build_up
from g6.domain.market.calendar import IST
from g6.domain.schema.chain import Chain
from g6.errors import NothingToDo, UserError
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Expiry, Index, Parameter

Array = NDArray[np.float64]

CLOSE = "close"
OPEN = "open"
PREVIOUS_CLOSE = "the previous close"


def _against(value: object) -> str | float:
    if value in {CLOSE, OPEN}:
        return str(value)
    try:
        minutes = float(str(value))
    except ValueError as error:
        raise UserError(
            f"against {value} is no moment to compare with", "write close, open, or minutes as 30"
        ) from error
    if not minutes > 0:
        raise UserError(f"against {value}: a window is longer than nothing", "write it as 30")
    return minutes


Against = Annotated[
    str | float,
    Parameter(
        "Compare with the previous close, the day's open, or so many minutes ago.",
        "30",
        metavar="close|open|MINUTES",
        read=_against,
    ),
]


@dataclass(frozen=True, slots=True)
class BuildUpParameters:
    """Asks how open interest and premiums of one expiry moved."""

    index: Index
    against: Against = CLOSE
    expiry: Expiry = None
    at: At = None


@dataclass(frozen=True, slots=True)
class SideBuildUp:
    """The options of one side, n strikes.

    Attributes:
        oi: Open interest now, units.
        oi_change: Its change, units, NaN unknown.
        premium_change: The last price's change, points, NaN unknown.
        build_up: The word for both, empty where either is unknown.
    """

    oi: Array
    oi_change: Array
    premium_change: Array
    build_up: NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class BuildUps:
    """How open interest and premiums of one expiry moved, n strikes.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        expiry: The expiry's day.
        against: What they are compared with: the previous close, or an earlier cycle.
        strike: Points, shape (n,).
        offset: Listed strikes from ATM, shape (n,).
        index_build_up: The word of the nearest future, empty against the close.
        calls: The calls.
        puts: The puts.
    """

    index: str
    cycle: str
    expiry: date
    against: str
    strike: Array
    offset: Array
    index_build_up: str
    calls: SideBuildUp
    puts: SideBuildUp

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per strike."""
        columns: dict[str, DocumentColumn] = {"strike": self.strike, "offset": self.offset}
        for prefix, side in (("ce_", self.calls), ("pe_", self.puts)):
            columns[f"{prefix}oi"] = side.oi
            columns[f"{prefix}oi_change"] = side.oi_change
            columns[f"{prefix}premium_change"] = side.premium_change
            columns[f"{prefix}build_up"] = side.build_up
        return columns


def answer(reader: StoredReader, parameters: BuildUpParameters) -> BuildUps:
    """Return the changes of one expiry since the previous close, the open, or minutes ago.

    Raises:
        UserError: There is no such index.
        NothingToDo: There is no chain of it, or none to compare with.
    """
    unit, frame = selection.latest(reader, parameters.index, parameters.at)
    earlier = _earlier(reader, unit, parameters)
    rows = selection.of_expiry(frame, parameters.expiry)
    chain = Chain.of_rows(rows)
    before = None if earlier is None else earlier.expiry(chain.expiries[0].day)
    oi_before, last_before = _before(chain, before)
    oi_change = build_up.change(chain.sides["oi"], oi_before, chain.sides["oi_day_high"])
    premium_change = chain.last - last_before
    words = build_up.build_up(premium_change, oi_change, oi_before, chain.tick_size)
    calls, puts = map(SideBuildUp, chain.sides["oi"], oi_change, premium_change, words)
    return BuildUps(
        index=unit.index,
        cycle=unit.cycle,
        expiry=chain.expiries[0].day,
        against=PREVIOUS_CLOSE if earlier is None else isoformat_z(earlier.instant),
        strike=chain.strike,
        offset=rows.columns["offset"],
        index_build_up="" if earlier is None else _index_build_up(chain, earlier),
        calls=calls,
        puts=puts,
    )


def _earlier(reader: StoredReader, unit: Unit, parameters: BuildUpParameters) -> Chain | None:
    """Return the chain to compare with, None for the previous close.

    It is the day's first one, or the last one at least so many minutes ago.
    """
    if parameters.against == CLOSE:
        return None
    # A window never reaches into another session: premiums jump over night.
    midnight = datetime.combine(unit.instant.astimezone(IST).date(), time(), IST).astimezone(UTC)
    cycles = [
        cycle
        for cycle, indices in reader.cycles(midnight, unit.instant).items()
        if unit.index in indices
    ]
    instants = [datetime.fromisoformat(cycle).timestamp() for cycle in cycles]
    now = unit.instant.timestamp()
    if isinstance(parameters.against, float):
        window = 60 * parameters.against
    else:
        window = now - instants[0]
    place = build_up.reference(instants, now, window)
    frame = None if place is None else reader.chain(Unit(cycles[place], unit.index))
    if frame is None or not len(frame) or not selection.is_observed_by(frame, parameters.at):
        raise NothingToDo(f"no chain of {unit.index} to compare with is stored for that day")
    return Chain.of_rows(frame)


def _before(chain: Chain, before: Chain | None) -> tuple[Array, Array]:
    """Return open interest and last prices to compare with, shape (2, n) each.

    Those of the earlier chain stand at this one's strikes, NaN where a strike is new.
    """
    if before is None:
        return chain.oi_prev, chain.sides["close"]
    # Exchanges add strikes during the day: an earlier chain may have fewer.
    oi = np.full(chain.sides["oi"].shape, np.nan)
    last = np.full(oi.shape, np.nan)
    _, places, earlier_places = np.intersect1d(
        chain.strike, before.strike, assume_unique=True, return_indices=True
    )
    oi[:, places] = before.sides["oi"][:, earlier_places]
    last[:, places] = before.last[:, earlier_places]
    return oi, last


def _index_build_up(chain: Chain, before: Chain) -> str:
    """Return the word of the nearest future."""
    # Its open interest of the previous session is not stored: against the close it has no word.
    oi_before = before.market.future_oi
    return build_up.index_build_up(
        chain.market.future - before.market.future,
        chain.market.future_oi - oi_before,
        oi_before,
        float(np.nanmin(chain.tick_size)),
    )
