"""Thirty real minutes of NIFTY through the use cases: every figure that the recording is known to show."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from itertools import groupby
from math import isfinite
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from g6.adapters.replay import Recording, Replay
from g6.bootstrap.inprocess import ReplayedUnit, memory_runtime, replay_units
from g6.config import Settings, calendar, plan
from g6.config.sections import QualitySettings
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import open_interest
from g6.domain.figures.comparison import side_gaps, spot_forward
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.words import STAGES

FIGURES = {
    "2026-08-25": ((45, 65), 1, 0.10, 0.4, 3.3),
    "2026-09-01": ((80, 100), 2, 0.10, 0.4, 2.7),
    "2026-09-08": ((105, 130), 5, 0.15, 0.4, 2.3),
    "2026-09-15": ((130, 165), 10, 0.30, 0.8, 2.5),
}
"""By expiry: forward less spot, largest spread (points); |IV CE − IV PE| (volatility points): median, 90 %, contrast on spot."""


@pytest.fixture(scope="module")
def path(shared: Path) -> Path:
    found = sorted((shared / "data/recorded").glob("*.parquet"))
    if not found:
        pytest.skip("needs the recorded sample in ../shared/data/recorded")
    return found[0]


@pytest.fixture(scope="module")
def units(path: Path) -> list[ReplayedUnit]:
    return list(replay_units(Recording.open(path), plan(Settings()), calendar()))


def isoformat_z_of(text: str) -> str:
    """Return an instant of the file as G6 writes it."""
    return isoformat_z(datetime.fromisoformat(text))


def test_thirty_minutes_give_thirty_rows_and_none_is_missing(
    units: list[ReplayedUnit], path: Path
) -> None:
    minutes = sorted(
        {
            isoformat_z_of(text)
            for text in pq.read_table(path, columns=["timestamp"]).column(0).to_pylist()
        }
    )
    assert [done.row["timestamp"] for done in units] == minutes
    assert len(minutes) == 30
    assert {done.row["status"] for done in units} == {"OK"}
    assert {done.row["expected_mask"] for done in units} == {7}
    assert {done.row["missing_mask"] for done in units} == {0}
    assert {done.row["expiries_collected"] for done in units} == {4}


def test_expiries_without_a_bucket_go_by_number(units: list[ReplayedUnit]) -> None:
    for done in units:
        assert [expiry.slot.bucket for expiry in done.priced.expiries] == [
            "this_week",
            "next_week",
            "nth_3",
            "nth_4",
        ]


@pytest.mark.parametrize("expiry", FIGURES)
def test_parity_holds_as_far_as_it_is_known_to(units: list[ReplayedUnit], expiry: str) -> None:
    (low, high), spread, median, p90, contrast = FIGURES[expiry]
    i = list(FIGURES).index(expiry)
    gaps, on_spot = [], []
    for done in units:
        chain = done.priced
        assert chain.expiries[i].slot.expiry.isoformat() == expiry
        assert low - 7 <= chain.expiries[i].forward.value - chain.quotes.market.spot <= high + 7
        assert chain.expiries[i].forward.spread <= spread
        of_expiry = chain.chain.expiry(date.fromisoformat(expiry))
        gaps += side_gaps(of_expiry, chain.expiries[i].forward.value).tolist()
        on_spot += side_gaps(of_expiry, spot_forward(of_expiry)).tolist()
    assert np.median(gaps) <= median
    assert np.percentile(gaps, 90) <= p90
    assert np.median(on_spot) == pytest.approx(contrast, abs=0.5)


def _outside(done: ReplayedUnit) -> NDArray[np.bool_]:
    """Which listed options are out of the money, `(2, n)`."""
    strike = done.priced.quotes.strike
    forward = done.priced.per_row([expiry.forward.value for expiry in done.priced.expiries])
    return np.stack([strike >= forward, strike <= forward]) & done.priced.prices.listed


def test_every_option_out_of_the_money_has_a_volatility_of_its_last_price(path: Path) -> None:
    settings = Settings(quality=QualitySettings(max_trade_age=3_600))
    for done in replay_units(Recording.open(path), plan(settings), calendar()):
        assert set(done.priced.vol.status[_outside(done)].tolist()) == {"ok"}


def test_only_a_trade_known_to_be_old_costs_an_option_its_volatility(
    units: list[ReplayedUnit],
) -> None:
    for done in units:
        outside, status = _outside(done), done.priced.vol.status
        old = done.unit.instant.timestamp() - done.priced.quotes.last_trade_time > 300
        assert set(status[outside & ~old].tolist()) == {"ok"}
        assert set(status[outside & old].tolist()) <= {"stale"}


def test_open_interest_sums_equal_the_files_exactly(units: list[ReplayedUnit], path: Path) -> None:
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in pq.read_table(path).to_pylist():
        sums[isoformat_z_of(row["timestamp"]), row["expiry"], row["option_type"]] += row[
            "oi_contracts"
        ]
    for done in units:
        for expiry in done.priced.expiries:
            oi = done.priced.oi[:, expiry.rows]
            calls, puts = (
                sums[done.unit.cycle, expiry.day.isoformat(), side] for side in ("CE", "PE")
            )
            assert (open_interest.total(oi, CE) / 65, open_interest.total(oi, PE) / 65) == (
                calls,
                puts,
            )
        assert done.row["pcr_this_week"] == pytest.approx(
            sums[done.unit.cycle, "2026-08-25", "PE"] / sums[done.unit.cycle, "2026-08-25", "CE"],
            rel=1e-15,
        )
    first = units[0].row
    assert (first["oi_puts"] / 65, first["oi_calls"] / 65) == (2_258_915, 3_337_356)


def test_max_pain_stays_and_the_money_moves_once(units: list[ReplayedUnit]) -> None:
    assert {done.row["max_pain_nearest"] for done in units} == {24_150}
    changes = [(atm, next(run)) for atm, run in groupby(units, key=lambda done: done.row["atm"])]
    assert [(atm, f"{done.unit.instant.astimezone(IST):%H:%M}") for atm, done in changes] == [
        (24_100, "11:27"),
        (24_150, "11:54"),
    ]


def test_chains_are_stored_for_every_unit(path: Path) -> None:
    provider = Replay(Recording.open(path))
    runtime, store = memory_runtime(provider.recording, plan(Settings()), calendar())
    at = provider.recording.cycles()[0]
    unit = Unit(isoformat_z(at), "NIFTY")
    runtime.sender.stages(unit, STAGES)
    frame = store.read_chain(unit)
    assert frame is not None
    assert sum(isfinite(iv) for iv in frame.sides["iv"].ravel().tolist()) > 300
