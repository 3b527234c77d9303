"""The figures that rules read: of a stored cycle, and of a running system beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from math import nan

import numpy as np

from g6.domain.alarms import (
    COVERAGE,
    GAP,
    IV_RANK,
    PANEL,
    SECONDS_LEFT,
    TOKEN_GOOD,
    AlarmRule,
    FigureFacts,
    chain_figures,
)
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.reports.provider_facts import LoginFacts
from g6.domain.schema.frame import Frame
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, Status
from g6.ports import Store

__all__ = ["CycleFacts", "FigureSource", "login_facts"]


def _unknown(_: Unit, __: Frame | None = None) -> float:
    return nan


def _no_panel(_: str) -> object:
    return None


@dataclass(frozen=True, slots=True)
class CycleFacts:
    """What the rules ask of one stored cycle.

    Attributes:
        facts: Of each index, and last of what belongs to none.
        is_whole: Whether every chain that a rule reads is stored by now.
    """

    facts: Sequence[FigureFacts]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class FigureSource:
    """Reads the figures that rules name, and no others.

    Attributes:
        store: Where the rows are. A stored day has the same rows as when it was live.
        volatility_rank: Returns the rank of a unit's volatility, 0 to 100, given its chain.
        coverage: Returns the coverage of a unit's index on the newest certified day before.
        panel: Returns the newest panel of a name, None where there is none or the day is stored.
    """

    store: Store
    volatility_rank: Callable[[Unit, Frame | None], float] = _unknown
    coverage: Callable[[Unit], float] = _unknown
    panel: Callable[[str], object] = _no_panel

    def of_cycle(self, cycle: str, rules: Iterable[AlarmRule]) -> CycleFacts:
        """Return the figures of a cycle that the rules read.

        Raises:
            BadInput: A stored file is damaged.
        """
        names = {name for rule in rules for name in rule.condition.figures}
        at = parse_z(cycle)
        is_whole = True
        facts: list[FigureFacts] = []
        for row in self.store.read_overview(cycle):
            unit = Unit(cycle, str(row["underlying"]))
            frame = None
            if names & _OF_CHAIN and Status(row["status"]) in ANALYSED:
                frame = self.store.read_chain(unit)
                is_whole &= frame is not None
            facts.append(FigureFacts(at, unit.index, self._of_unit(unit, row, frame, names)))
        panels = {name: self._of_panel(name) for name in names if name.startswith(PANEL)}
        facts.append(FigureFacts(at, "", panels))
        return CycleFacts([_with(panels, one) for one in facts], is_whole)

    def _of_unit(
        self, unit: Unit, row: OverviewRow, frame: Frame | None, names: AbstractSet[str]
    ) -> Mapping[str, float]:
        cells = dict(row)
        values = {name: _number(cells[name]) for name in names if name in cells}
        values[GAP] = float(Status(row["status"]) != Status.OK)
        for name, (prefix, bucket) in chain_figures().items():
            if name in names and frame is not None:
                values[name] = wall_strike(frame, f"{prefix}oi", bucket.bit)
        if IV_RANK in names:
            values[IV_RANK] = self.volatility_rank(unit, frame)
        if COVERAGE in names:
            values[COVERAGE] = self.coverage(unit)
        return values

    def _of_panel(self, name: str) -> float:
        """Return the number at a path of a panel, NaN where there is none."""
        _, panel, *path = name.split(".")
        document = self.panel(panel)
        value = document.get("data") if isinstance(document, Mapping) else None
        for key in path:
            if isinstance(value, Mapping):
                value = value.get(key)
            elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            else:
                return nan
        return _number(value)


_OF_CHAIN = frozenset(chain_figures()) | {IV_RANK}


def wall_strike(frame: Frame, column: str, bit: int) -> float:
    """Return the strike of a bucket with the most open interest, the lower one on a tie.

    Args:
        frame: A stored chain.
        column: Whose open interest: ce_oi or pe_oi.
        bit: The bucket's.

    Returns:
        Points, NaN where the bucket is not there or nothing is open.

    >>> from g6.simulation.example_unit import FRAME
    >>> wall_strike(FRAME, "ce_oi", 1) > 0
    True
    """
    columns = frame.columns
    strike = np.asarray(columns["strike"], dtype=np.float64)
    interest = np.nan_to_num(np.asarray(columns[column], dtype=np.float64))
    mask = np.asarray(columns["bucket_mask"], dtype=np.int64)
    interest = np.where(mask & bit, interest, 0.0)
    if not interest.size or interest.max() <= 0:
        return nan
    return float(strike[interest == interest.max()].min())


def login_facts(login: LoginFacts, at: datetime) -> FigureFacts:
    """Return what rules may ask of the access token."""
    remaining = nan if login.seconds_left is None else float(login.seconds_left)
    values = {TOKEN_GOOD: float(login.is_valid), SECONDS_LEFT: remaining if login.is_valid else 0.0}
    return FigureFacts(at, "", values)


def _with(panels: Mapping[str, float], facts: FigureFacts) -> FigureFacts:
    """Return the facts of an index with the numbers of panels beside them."""
    return FigureFacts(facts.at, facts.index, {**panels, **facts.values}) if panels else facts


def _number(value: object) -> float:
    """Return a value as a number, NaN where it is none.

    >>> _number(None), _number(True), _number(3)
    (nan, 1.0, 3.0)
    """
    return float(value) if isinstance(value, (bool, int, float)) else nan
