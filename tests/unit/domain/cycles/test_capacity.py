"""What a wish needs: the constants are those that were measured, and more of anything needs no less."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from g6.config import load
from g6.domain.cycles import capacity_constants as constants
from g6.domain.cycles.capacity import FRAME_BUDGET, SESSION_SECONDS, Wish, capacity
from g6.domain.cycles.sizing import of_wish

ROOT = Path(__file__).resolve().parents[4]
SIX = Wish(indices=6, options=400, expiries=5, interval=60, cores=2)


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    return json.loads((ROOT / constants.SCALE.file).read_text("utf-8"))


def test_the_constants_are_those_that_the_benchmark_wrote(measured: dict[str, Any]) -> None:
    costs = {part: asdict(cost) for part, cost in constants.PROCESSOR.items()}
    assert costs == measured["constants"]["processor"]
    assert asdict(constants.COMMANDS) == measured["constants"]["commands"]
    memory = {
        "pool": asdict(constants.POOL),
        "main_mb": constants.MAIN_MEGABYTES,
        "redis_mb": constants.REDIS_MEGABYTES,
        "frames": asdict(constants.FRAMES),
    }
    assert memory == measured["constants"]["memory"]


def test_the_constants_say_when_and_where_they_were_measured(measured: dict[str, Any]) -> None:
    machine = measured["machine"]
    assert constants.SCALE.date == measured["date"]
    assert constants.SCALE.machine == f"{machine['cpu']}, {machine['cores']} cores"


def test_a_measured_row_is_what_its_constants_say(measured: dict[str, Any]) -> None:
    for row in measured["rows"]:
        options = round(row["indices"] * row["options_median"])
        told = 0.0
        for cost in constants.PROCESSOR.values():
            told += cost.seconds(row["indices"], options, row["interval"])
        assert 1e3 * told == pytest.approx(sum(row["cpu"].values()), rel=0.5)


@pytest.mark.parametrize("grown", [{"indices": 60}, {"options": 4_000}, {"interval": 1}])
def test_more_of_anything_needs_no_less(grown: dict[str, int]) -> None:
    less, more = capacity(SIX), capacity(replace(SIX, **grown))
    assert more.busy_cores > less.busy_cores
    assert more.hosts >= less.hosts
    assert more.commands_a_second >= less.commands_a_second
    assert more.day.compacted > less.day.compacted
    for one, other in zip(less.pools, more.pools, strict=True):
        assert other.processes >= one.processes


def test_frames_take_no_more_than_they_may() -> None:
    assert load("", {}, {}).frames.max_bytes == FRAME_BUDGET
    assert capacity(SIX).frame_megabytes < FRAME_BUDGET / 1e6
    crowded = capacity(replace(SIX, indices=220, interval=1))
    assert crowded.frame_megabytes == crowded.systems * FRAME_BUDGET / 1e6


def test_what_is_used_up_first_stands_first() -> None:
    shares = [bound.share for bound in capacity(SIX).bounds]
    assert shares == sorted(shares, reverse=True)
    crowded = capacity(replace(SIX, indices=22_000, interval=1))
    assert crowded.bounds[0].share > 1
    assert crowded.hosts > 100


def test_a_wish_is_divided_into_systems_of_which_each_has_enough_of_everything() -> None:
    assert capacity(SIX).systems == 1
    crowded = replace(SIX, indices=2_200, interval=1)
    needs = capacity(crowded)
    part = capacity(replace(crowded, indices=-(-crowded.indices // needs.systems)))
    shares = [bound.share for bound in part.bounds if "account" not in bound.name]
    assert max(shares) <= 1
    assert needs.systems > 10
    assert needs.accounts == -(-2_200 * 402 // 9_000)


def test_what_is_too_much_for_one_system_by_itself_is_divided_into_none() -> None:
    assert capacity(replace(SIX, options=1_000_000, interval=1)).systems == 0


def test_a_day_is_as_large_as_that_of_one_index_is_estimated() -> None:
    day = of_wish(1, 800, 5, cycles=SESSION_SECONDS // 60 + 1, interval=60)
    # NIFTY's whole chains of some 750 options took 15.0 MB a day (`make bench-keeping`).
    assert 12e6 < day.compacted < 20e6
