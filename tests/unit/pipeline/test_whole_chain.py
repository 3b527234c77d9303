"""Figures of the whole chain under a window: those of the whole chain, or empty; never those of the window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from g6 import pipeline
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.figures.by_expiry import expiry_figures
from g6.domain.figures.series import interest
from g6.domain.market.instrument import Contracts
from g6.domain.market.slot import SlotLevels
from g6.domain.quotes.chain_memory import REFRESH_SECONDS
from g6.domain.quotes.quotes import Quotes
from g6.domain.schema.chain import Chain
from tests.worlds.pipeline import FIRST, World, after
from tests.worlds.providers import MARKET, CountingMarket

INTERVAL = 5
WHOLE = (
    "pcr_this_week", "pcr_next_week", "pcr_this_month", "pcr_next_month", "pcr_volume_nearest", "max_pain_nearest", "support",
    "resistance", "oi_calls", "oi_puts",
)  # fmt: skip
WINDOWED = ("spot", "atm", "atm_iv_this_week", "straddle_nearest", "em_sd", "forward")


class Still(CountingMarket):
    """The market with open interest and volume as they are at one instant, whenever they are asked for; `mute` answers nothing."""

    mute: frozenset[float] = frozenset()

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        self.asked = contracts
        now, still = (
            MARKET.quotes(index, contracts, at),
            MARKET.quotes(index, contracts, parse_z(FIRST)),
        )
        for name in ("oi", "volume"):
            now.values[name][:] = still.values[name]
        silent = np.isin(contracts.strike, [*self.mute])
        for values in now.values.values():
            values[:, silent] = np.nan
        return now


def windowed(**changes: Any) -> World:
    world = World(provider=Still())
    world.settle_on(interval=INTERVAL, index_params__BANKNIFTY__enabled=False, **changes)
    return world


def run(world: World, cycles: int) -> list[Mapping[str, Any]]:
    """Run cycles one after the other; return their overview rows."""
    names = [after(FIRST, n * INTERVAL) for n in range(cycles)]
    for cycle in names:
        world.cycle(cycle)
    return [world.rows(cycle)["NIFTY"] for cycle in names]


def whole_row() -> Mapping[str, Any]:
    world = windowed(collection__scope="chain")
    world.cycle(FIRST)
    return world.rows(FIRST)["NIFTY"]


@pytest.fixture(scope="module")
def rows() -> list[Mapping[str, Any]]:
    return run(windowed(), 14)


def test_a_figure_of_the_whole_chain_is_that_or_empty(rows: list[Mapping[str, Any]]) -> None:
    wanted = whole_row()
    for row in rows:
        for name in WHOLE:
            assert row[name] is None or row[name] == pytest.approx(wanted[name], rel=1e-12), (
                row["timestamp"],
                name,
            )


def test_it_is_empty_at_first_and_there_within_a_minute(rows: list[Mapping[str, Any]]) -> None:
    assert [rows[0][name] for name in WHOLE] == [None] * len(WHOLE)
    assert rows[0]["oi_age_seconds"] is None
    last = rows[round(REFRESH_SECONDS / INTERVAL) - 1]
    assert None not in [last[name] for name in WHOLE]
    assert last["oi_strikes"] == whole_row()["oi_strikes"]


def test_its_age_is_told_and_bounded(rows: list[Mapping[str, Any]]) -> None:
    ages = [row["oi_age_seconds"] for row in rows if row["oi_age_seconds"] is not None]
    assert ages
    assert all(0 < age <= REFRESH_SECONDS for age in ages)
    assert whole_row()["oi_age_seconds"] == 0.0


def test_what_needs_the_window_alone_is_there_from_the_first_cycle(
    rows: list[Mapping[str, Any]],
) -> None:
    assert None not in [rows[0][name] for name in WINDOWED]
    assert {(row["status"], row["reason"]) for row in rows} == {("OK", "")}


def test_the_chain_keeps_the_window_and_the_question_a_bounded_part_of_the_rest() -> None:
    world = windowed()
    run(world, 3)
    frame = world.store.read_chain(Unit(after(FIRST, 2 * INTERVAL), "NIFTY"))
    assert frame is not None
    assert len(frame) == 4 * 5
    listed = MARKET.listing("NIFTY", parse_z(FIRST)).contracts
    beside = len(world.provider.asked) - len(frame)
    assert 0 < beside <= len(listed) * INTERVAL / REFRESH_SECONDS


def test_a_rerun_from_the_quotes_gives_the_same_row_whatever_was_remembered_since() -> None:
    world = windowed()
    rows = run(world, 13)
    unit = Unit(rows[-1]["timestamp"], "NIFTY")
    frame = world.frames.get(unit, "quotes")
    assert frame.header["stamp"]["beyond"]
    world.cycle(after(unit.cycle, INTERVAL))
    world.later(1000.0)
    pipeline.rerun(world.runtime, unit, "analyse")
    world.drain()
    assert world.rows(unit.cycle)["NIFTY"] == rows[-1]


def test_stored_chains_say_the_same_as_the_overview() -> None:
    world = windowed()
    rows = run(world, 13)
    for row in (rows[0], rows[-1]):
        frame = world.store.read_chain(Unit(row["timestamp"], "NIFTY"))
        assert frame is not None
        nearest = expiry_figures(Chain.of_rows(frame))[0]
        pairs = {
            "oi_calls": nearest.oi_calls, "oi_puts": nearest.oi_puts, "max_pain_nearest": nearest.max_pain,
            "support": nearest.support.strike, "resistance": nearest.resistance.strike, "pcr_volume_nearest": nearest.pcr_volume,
        }  # fmt: skip
        told = {name: None if np.isnan(value) else value for name, value in pairs.items()}
        assert told == {name: row[name] for name in pairs}
        (over_time,) = interest([Chain.of_rows(frame)])
        assert (over_time.oi_calls == row["oi_calls"]) or (
            np.isnan(over_time.oi_calls) and row["oi_calls"] is None
        )


def test_open_interest_of_chosen_strikes_is_that_of_the_rows() -> None:
    world = windowed()
    (row,) = run(world, 1)
    frame = world.store.read_chain(Unit(row["timestamp"], "NIFTY"))
    assert frame is not None
    (found,) = interest([Chain.of_rows(frame)], strikes=[row["atm"]])
    assert found.strikes == 1
    assert found.oi_calls > 0


def test_a_memory_that_was_lost_empties_the_figures_until_it_is_whole_again() -> None:
    world = windowed()
    run(world, 13)
    world.memories._memories.clear()
    lost, later = after(FIRST, 13 * INTERVAL), after(FIRST, 25 * INTERVAL)
    for n in range(13, 26):
        world.cycle(after(FIRST, n * INTERVAL))
    assert world.rows(lost)["NIFTY"]["max_pain_nearest"] is None
    assert world.rows(later)["NIFTY"]["max_pain_nearest"] is not None


def test_strikes_that_never_answer_empty_the_figures_when_they_are_many_and_not_when_they_are_few() -> (
    None
):
    listed = MARKET.listing("NIFTY", parse_z(FIRST)).contracts
    far = np.unique(listed.strike)
    for mute, empty in ((far[:1], False), (far[: len(far) // 4], True)):
        world = windowed()
        world.provider.mute = frozenset(mute.tolist())
        last = run(world, 13)[-1]
        assert (last["pcr_this_week"] is None) is empty


def test_a_whole_chain_of_which_much_is_missing_has_no_figure_of_the_whole() -> None:
    world = windowed(collection__scope="chain")
    far = np.unique(MARKET.listing("NIFTY", parse_z(FIRST)).contracts.strike)
    world.provider.mute = frozenset(far[: len(far) // 4].tolist())
    world.cycle(FIRST)
    row = world.rows(FIRST)["NIFTY"]
    assert (row["status"], row["reason"]) == ("PARTIAL", "strikes_missing")
    assert [row[name] for name in WHOLE if name.endswith(("week", "nearest"))].count(None) >= 3


def test_a_strike_once_collected_stays_in_the_window() -> None:
    world = windowed()
    run(world, 1)
    expiry = "2026-11-23"
    seen = strikes(world, FIRST, expiry)
    step = seen[1] - seen[0]
    # The market runs away by seven strikes, further than the window is wide.
    (day, atm) = world.ledger._levels["NIFTY"][0], dict(world.ledger._levels["NIFTY"][2])
    world.ledger._levels["NIFTY"] = (
        day,
        parse_z(FIRST).timestamp(),
        {expiry: SlotLevels(own.atm + 7 * step) for expiry, own in atm.items()},
    )
    second = after(FIRST, INTERVAL)
    world.cycle(second)
    now = strikes(world, second, expiry)
    assert set(seen) <= set(now)
    assert np.diff(now).max() == step
    assert max(now) == max(seen) + 7 * step
    third = after(FIRST, 2 * INTERVAL)
    world.cycle(third)
    assert set(now) <= set(strikes(world, third, expiry))


def test_a_market_that_swings_around_a_midpoint_widens_the_window_once_and_leaves_no_hole() -> None:
    world = windowed()
    run(world, 1)
    expiry = "2026-11-23"
    windows = [strikes(world, FIRST, expiry)]
    step = windows[0][1] - windows[0][0]
    centres = dict(world.ledger._levels["NIFTY"][2])
    for n in range(1, 13):  # a minute of cycles
        cycle = after(FIRST, n * INTERVAL)
        swung = {day: SlotLevels(own.atm + (n % 2) * step) for day, own in centres.items()}
        world.ledger._levels["NIFTY"] = (
            world.ledger._levels["NIFTY"][0],
            parse_z(cycle).timestamp() - INTERVAL,
            swung,
        )
        world.cycle(cycle)
        windows.append(strikes(world, cycle, expiry))
    changes = sum(before != now for before, now in pairwise(windows))
    assert changes == 1
    assert [now for now in windows if np.diff(now).max() > step] == []
    assert set(windows[0]) < set(windows[-1])


def strikes(world: World, cycle: str, expiry: str) -> list[float]:
    frame = world.store.read_chain(Unit(cycle, "NIFTY"))
    assert frame is not None
    found: list[float] = frame.columns["strike"][
        frame.columns["expiry"] == np.datetime64(expiry)
    ].tolist()
    return found
