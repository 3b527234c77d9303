"""The demo's three self-checks, read back from the files that the run wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.counting import counts
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import ANALYSED
from g6.ports import Store

TICKS = 0.05


def self_checks(store: Store, report: Mapping[str, Any]) -> Iterator[tuple[str, bool, str]]:
    """Yield (check, holds, what was seen) for the last cycle's stored chains and overview rows."""
    units = {row["underlying"]: row for row in report["rows"] if row["status"] in ANALYSED}
    chains = {index: store.read_chain(Unit(report["cycle"], index)) for index in units}
    found = {index: frame for index, frame in chains.items() if frame is not None}
    yield _parity(found)
    yield _statuses(found, units)
    yield _recount(found, units)


def _parity(chains: Mapping[str, Frame]) -> tuple[str, bool, str]:
    gaps, allowed = [0.0], [0.0]
    for frame in chains.values():
        columns = frame.columns
        near = (
            (np.abs(columns["offset"]) <= 3)
            & (columns["ce_price_source"] == "mid")
            & (columns["pe_price_source"] == "mid")
        )
        discount = np.exp(-columns["rate"] * columns["years_to_expiry"])
        gap = (
            columns["ce_price"]
            - columns["pe_price"]
            - discount * (columns["forward"] - columns["strike"])
        )
        spread = sum(columns[side + "ask"] - columns[side + "bid"] for side in ("ce_", "pe_"))
        gaps += np.abs(gap[near]).tolist()
        allowed += (spread[near] / 2 + TICKS).tolist()
    worst, median = max(gaps), float(np.median(gaps))
    seen = f"median gap {median:.3f} points, largest {worst:.2f}"
    return "put-call parity near the money", median <= float(np.median(allowed)), seen


def _statuses(
    chains: Mapping[str, Frame], rows: Mapping[str, Mapping[str, Any]]
) -> tuple[str, bool, str]:
    listed = sum(
        int((frame.columns[side + "symbol"] != "").sum())
        for frame in chains.values()
        for side in ("ce_", "pe_")
    )
    booked = sum(
        rows[index][name] for index in chains for name in ("iv_ok", "iv_unavailable", "iv_failed")
    )
    return (
        "every option has an IV or a reason",
        booked == listed,
        f"{booked} statuses for {listed} options",
    )


def _recount(
    chains: Mapping[str, Frame], rows: Mapping[str, Mapping[str, Any]]
) -> tuple[str, bool, str]:
    wrong = [index for index, frame in chains.items() if not _same(frame, rows[index])]
    seen = f"{len(chains)} indices recounted" + (
        f", different: {', '.join(wrong)}" if wrong else ""
    )
    return "overview = recount from the files", not wrong and bool(chains), seen


def _same(frame: Frame, row: Mapping[str, Any]) -> bool:
    nearest = frame.columns["expiry"] == np.datetime64(row["expiry_nearest"])
    counted = counts(frame.both_sides("symbol") != "", frame.both_sides("quality"))[:, nearest]
    calls, puts = np.nansum(
        np.where(counted, frame.both_sides("oi").astype(np.float64)[:, nearest], 0.0), axis=1
    ).tolist()
    return bool(calls == row["oi_calls"] and puts == row["oi_puts"])
