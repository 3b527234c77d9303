"""The exchange's answer after the close: its volatilities and totals come out of ours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from g6.adapters.replay import Recording, Replay
from g6.bootstrap.inprocess import ReplayedUnit, replay_units
from g6.config import Settings, calendar, plan
from g6.config.sections import GreeksSettings
from g6.domain.figures import open_interest
from g6.domain.figures.comparison import agreement
from g6.domain.market.instrument import CE, PE


@pytest.fixture(scope="module")
def path(shared: Path) -> Path:
    found = sorted((shared / "data/nse_chain").glob("NIFTY_20220401_*.json"))
    if not found:
        pytest.skip("needs the exchange's answer in ../shared/data/nse_chain")
    return found[0]


@pytest.fixture(scope="module")
def done(path: Path) -> ReplayedUnit:
    settings = Settings(greeks=GreeksSettings(model="nse"))
    return next(replay_units(Recording.open(path), plan(settings), calendar()))


def test_the_exchanges_volatilities_are_reproduced(path: Path, done: ReplayedUnit) -> None:
    theirs = Replay(Recording.open(path)).exchange_iv(
        "NIFTY", done.priced.quotes, done.unit.instant
    )
    found = agreement(done.priced.vol.iv, theirs, done.priced.quotes.volume)
    assert found.options == 696
    assert found.share >= 0.995


def test_totals_equal_the_exchanges_exactly(path: Path, done: ReplayedUnit) -> None:
    filtered = json.loads(path.read_bytes())["filtered"]
    nearest = done.priced.expiries[0].rows
    contracts = done.priced.oi[:, nearest] / done.priced.quotes.lot_size[nearest]
    assert open_interest.total(contracts, CE) == filtered["CE"]["totOI"]
    assert open_interest.total(contracts, PE) == filtered["PE"]["totOI"]


def test_every_expiry_is_collected(done: ReplayedUnit) -> None:
    assert (done.row["status"], done.row["expiries_collected"], len(done.priced.expiries)) == (
        "OK",
        21,
        21,
    )
    assert np.isfinite(done.row["pcr_this_week"])
