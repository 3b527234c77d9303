"""Whole cycles of the simulated market on days that are not ordinary: the end of an expiry, expiries of one's own, bad quotes."""

from __future__ import annotations

import numpy as np
import pytest

from g6.config import calendar
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.pricing.quality import quality_counts
from g6.domain.schema.frame import Frame
from g6.simulation import MarketFaults, SimulatedMarket
from tests.worlds.pipeline import FIRST, World

EXPIRY, CLOSED = np.datetime64("2026-11-23", "D"), "2026-11-23T10:11:00Z"
FIX = parse_z("2026-11-23T10:00:00Z")
GREEKS = ("iv", "delta", "gamma", "theta", "vega", "rho")


@pytest.fixture(scope="module")
def expiring() -> World:
    """NIFTY and BANKNIFTY on their monthly expiry, at 15:29, 15:30, 15:31 and 15:40 IST."""
    world = World()
    for clock in ("09:59", "10:00", "10:01", "10:10"):
        world.cycle(f"2026-11-23T{clock}:00Z")
    return world


def chain(world: World, cycle: str, index: str = "NIFTY") -> Frame:
    found = world.store.read_chain(Unit(cycle, index))
    assert found is not None
    return found


def test_time_counts_to_the_fix_and_is_never_negative(expiring: World) -> None:
    frame = chain(expiring, "2026-11-23T09:59:00Z")
    today = frame.columns["expiry"] == EXPIRY
    assert np.allclose(frame.columns["years_to_expiry"][today], 60 / (365 * 86_400))
    for clock in ("10:00", "10:01", "10:10"):
        frame = chain(expiring, f"2026-11-23T{clock}:00Z")
        years, today = frame.columns["years_to_expiry"], frame.columns["expiry"] == EXPIRY
        assert np.isnan(years[today]).all()
        assert (years[~today] > 0).all()


@pytest.mark.parametrize("clock", ["10:00", "10:01", "10:10"])
def test_expired_options_are_quoted_to_the_close_without_a_volatility(
    expiring: World, clock: str
) -> None:
    frame = chain(expiring, f"2026-11-23T{clock}:00Z")
    today = frame.columns["expiry"] == EXPIRY
    assert today.sum() >= 5
    for side in ("ce", "pe"):
        assert np.isfinite(frame.columns[f"{side}_last"][today]).all()
        assert set(frame.columns[f"{side}_iv_status"][today]) == {"expired"}
        for name in GREEKS:
            assert np.isnan(frame.columns[f"{side}_{name}"][today].astype(np.float64)).all()


def test_greeks_are_finite_or_absent_to_the_last_minute(expiring: World) -> None:
    for clock in ("09:59", "10:00", "10:10"):
        frame = chain(expiring, f"2026-11-23T{clock}:00Z")
        for side in ("ce", "pe"):
            assert not any(
                np.isinf(frame.columns[f"{side}_{name}"].astype(np.float64)).any()
                for name in GREEKS
            )


def test_the_bucket_stays_to_the_closing_cycle_and_the_nearest_expiry_goes_at_the_fix(
    expiring: World,
) -> None:
    rows = {
        clock: expiring.rows(f"2026-11-23T{clock}:00Z")["NIFTY"]
        for clock in ("09:59", "10:00", "10:10")
    }
    assert {row["missing_mask"] for row in rows.values()} == {0}
    assert {row["expected_mask"] for row in rows.values()} == {15}
    assert [row["expiry_nearest"] for row in rows.values()] == [
        "2026-11-23",
        "2026-12-01",
        "2026-12-01",
    ]
    assert {row["status"] for row in rows.values()} == {"OK"}


def test_nothing_is_due_after_the_close() -> None:
    assert not calendar().is_open("NSE", parse_z(CLOSED))
    assert calendar().is_open("NSE", parse_z("2026-11-23T10:10:00Z"))


def test_the_next_session_begins_with_the_next_expiry() -> None:
    world = World()
    world.cycle("2026-11-25T03:45:00Z")
    frame = chain(world, "2026-11-25T03:45:00Z")
    names = dict(zip(frame.columns["expiry"].astype(str), frame.columns["bucket"], strict=True))
    assert list(names.items())[:3] == [
        ("2026-12-01", "this_week"),
        ("2026-12-08", "next_week"),
        ("2026-12-29", "this_month"),
    ]


def test_expiries_of_ones_own_are_collected_under_their_date_or_number() -> None:
    world = World()
    world.settle_on(index_params__NIFTY__expiries="this_week,2027-03-30,nth:3")
    world.cycle(FIRST)
    frame = chain(world, FIRST)
    names = dict(zip(frame.columns["expiry"].astype(str), frame.columns["bucket"], strict=True))
    assert names == {"2026-11-23": "this_week", "2026-12-08": "nth_3", "2027-03-30": "2027-03-30"}
    masks = dict(
        zip(frame.columns["expiry"].astype(str), frame.columns["bucket_mask"].tolist(), strict=True)
    )
    assert (masks["2026-12-08"], masks["2027-03-30"]) == (0, 0)
    row = world.rows()["NIFTY"]
    assert (row["status"], row["expiries_expected"], row["expiries_collected"]) == ("OK", 3, 3)


def test_four_kinds_of_bad_quotes_at_once_have_four_reasons() -> None:
    faults = MarketFaults.parse("stale:0.05,negative:0.05,zero:0.05,crossed:0.05")
    world = World(provider=SimulatedMarket(calendar(), faults=faults))
    world.settle_on(collection__scope="chain")
    world.cycle(FIRST)
    frame = chain(world, FIRST)
    counted = quality_counts(
        np.stack([frame.columns["ce_quality"], frame.columns["pe_quality"]]).astype(np.int32)
    )
    assert all(counted[reason] > 10 for reason in ("stale", "bad_oi", "bad_price", "crossed"))
    assert world.ends()["NIFTY"] == ("OK", "")


def test_a_plain_day_raises_nothing() -> None:
    world = World()
    world.settle_on(collection__scope="chain")
    instants = [
        f"2026-11-18T{clock}:00Z"
        for clock in ("03:45", "03:46", "06:30", "09:44", "09:50", "10:04", "10:10")
    ]
    for cycle in instants:
        world.cycle(cycle)
        for index in ("NIFTY", "BANKNIFTY"):
            row, frame = world.rows(cycle)[index], chain(world, cycle, index)
            flags = np.stack([frame.columns["ce_quality"], frame.columns["pe_quality"]]).astype(
                np.int32
            )
            assert (
                row["status"],
                row["reason"],
                row["missing_mask"],
                row["rejected"],
                row["iv_failed"],
            ) == ("OK", "", 0, 0, 0)
            assert row["forward_source"].startswith("parity")
            assert row["spot_source"] == ("live" if cycle < "2026-11-18T09:45" else "frozen")
            assert not {"crossed", "missing", "bad_oi", "bad_price", "age_unknown"} & set(
                quality_counts(flags)
            )
            assert row["iv_ok"] > 0.45 * row["options"]
    assert world.reports("gap.opened") == []
