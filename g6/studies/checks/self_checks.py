"""Three checks of one closed cycle, read back from the rows that it stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from g6.domain.cycles.cycle import Unit
from g6.domain.reports import CycleReport
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED
from g6.ports import Store

__all__ = ["SelfCheck", "self_checks"]

TICKS = 0.05
"""What a parity gap may exceed half the two spreads by, points: one tick of an option."""
NEAR_STRIKES = 3
"""Listed strikes from ATM within which parity is held."""

OverviewRows = Mapping[str, OverviewRow]
"""A cycle's overview rows by index."""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """The outcome of one check.

    Attributes:
        name: What must hold.
        holds: Whether it does.
        evidence: The figures that say so.
    """

    name: str
    holds: bool
    evidence: str


def self_checks(store: Store, report: CycleReport) -> Sequence[SelfCheck]:
    """Return the checks of a closed cycle.

    Args:
        store: Where the cycle's chains are.
        report: The cycle's report, with its overview rows.
    """
    rows = {row["underlying"]: row for row in report.rows if row["status"] in ANALYSED}
    frames: dict[str, Frame] = {}
    for index in rows:
        frame = store.read_chain(Unit(report.cycle, index))
        if frame is not None:
            frames[index] = frame
    return _parity(frames), _statuses(frames, rows), _recount(frames, rows)


def _parity(frames: Mapping[str, Frame]) -> SelfCheck:
    """Hold call less put against the discounted forward less strike, of pairs that have mids."""
    gaps = [0.0]
    allowances = [0.0]
    for frame in frames.values():
        chain = Chain.of_rows(frame)
        columns = frame.columns
        is_near = np.abs(chain.offset) <= NEAR_STRIKES
        has_mids = (chain.sides["price_source"] == "mid").all(axis=0)
        discount = np.exp(-columns["rate"] * columns["years_to_expiry"])
        calls, puts = chain.price
        gap = calls - puts - discount * (columns["forward"] - chain.strike)
        half_spreads = (chain.ask - chain.bid).sum(axis=0) / 2
        gaps += np.abs(gap[is_near & has_mids]).tolist()
        allowances += (half_spreads[is_near & has_mids] + TICKS).tolist()
    median = float(np.median(gaps))
    evidence = f"median gap {median:.3f} points, largest {max(gaps):.2f}"
    holds = median <= float(np.median(allowances))
    return SelfCheck("put-call parity near the money", holds, evidence)


def _statuses(frames: Mapping[str, Frame], rows: OverviewRows) -> SelfCheck:
    """Hold the statuses that the overview counts against the options that the chains list."""
    listed = 0
    counted = 0
    for index, frame in frames.items():
        row = rows[index]
        listed += int((Chain.of_rows(frame).sides["symbol"] != "").sum())
        counted += sum(row[name] or 0 for name in ("iv_ok", "iv_unavailable", "iv_failed"))
    evidence = f"{counted} statuses for {listed} options"
    return SelfCheck("every option has an IV or a reason", counted == listed, evidence)


def _recount(frames: Mapping[str, Frame], rows: OverviewRows) -> SelfCheck:
    """Count the open interest of the nearest expiry again from the stored rows."""
    # The first cycles of a run have not heard of every strike yet: their sums are unknown.
    summed = {index: frame for index, frame in frames.items() if _has_sums(rows[index])}
    different = [index for index, frame in summed.items() if not _is_same(frame, rows[index])]
    evidence = f"{len(summed)} indices recounted"
    if len(summed) < len(frames):
        evidence += f", {len(frames) - len(summed)} without a sum yet"
    if different:
        evidence += f", different: {', '.join(different)}"
    return SelfCheck("overview = recount from the files", not different and bool(frames), evidence)


def _has_sums(row: OverviewRow) -> bool:
    return row["oi_calls"] is not None and row["oi_puts"] is not None


def _is_same(frame: Frame, row: OverviewRow) -> bool:
    if row["expiry_nearest"] is None:
        return False
    nearest = Chain.of_rows(frame).expiry(date.fromisoformat(row["expiry_nearest"]))
    calls, puts = np.nansum(nearest.oi, axis=1).tolist()
    return bool(calls == row["oi_calls"] and puts == row["oi_puts"])
