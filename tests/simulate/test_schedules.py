"""Schedules of faults lose no cycle unseen, and a schedule is the same wherever it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from g6.entrypoints.workers.jobs import JOBS
from g6.pipeline import Runtime
from tests.simulate.deviations import KINDS, Deviation, draw, shrink
from tests.simulate.running import INDICES, run, run_seed, shrunk
from tests.simulate.system import System
from tests.simulate.world import SteppedPort, World

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/simulation.md"
VALUES = {
    "plan", "timing", "calendar", "clock", "quotes_seconds", "persisted_seconds", "heartbeat_seconds", "data_option",
    "memory", "pressure_rules", "detail_rules",
}  # fmt: skip
"""What a runtime has that is no port, and its clock, which waits in the world's time."""
SENT = {"collect", "analyse", "persist", "aggregate", "publish", "sweep", "rerun"}
"""The jobs that run here."""
SCHEDULES_EACH = 20
REGRESSIONS = {
    "a cycle that gave up its chain was never sent to be stored again": (0, "909:disk_full:15.12"),
    "who gave up collecting after its unit was closed still held the index": (
        12,
        "1510:overload:5.86,1512:slow_provider:3.09",
    ),
    "who ended its unit in collect held the index until its lease lapsed": (
        3033,
        "681:overload:4.3",
    ),
    "a walk of the grid was marked in a Redis that was emptied meanwhile": (
        3103,
        "1190:disk_full:4.97,1262:redis_away:24.94,1395:redis_emptied:0.07",
    ),
    "a first cycle that an emptied Redis forgot was marked as walked": (
        811,
        "35:lose:0,48:die:12.34,75:die_after:24.54,82:kill_worker:33.02,83:lose:0,95:redis_emptied:0.83",
    ),
    "newer panels counted as those of an older cycle, and an older copy took their place": (
        801,
        "453:slow_provider:3.14,995:stand_still:9.9,1091:disk_full:3.47",
    ),
    "a rerun that failed made an OK row MISSING": (235, "1248:rerun:6.38,1269:evict_frames:0"),
    "a live run lost the cycles before its Redis was emptied": (
        173,
        "3:overload:5.31,12:redis_emptied:2.74",
    ),
    "a mark went into a Redis that was emptied after the mark before it was read": (
        853,
        "546:disk_full:16.81,778:redis_emptied:0.93",
    ),
    "a unit whose message no beat sent, because Redis went away, was said to be expired": (
        2110,
        "1580:slow:4.03,1581:redis_away:2.78",
    ),
    "a first walk marked the grid of a Redis that was emptied during it": (
        8,
        "3:overload:5.31,82:redis_emptied:0",
    ),
    "a persist that stood still wrote its chain over a rerun's": (
        4,
        "562:rerun:0,588:stand_still:6.89,598:rerun:0",
    ),
    "a publish that stood still wrote its rows over a rerun's": (
        9,
        "775:rerun:0,808:stand_still:6.25,838:rerun:0",
    ),
}
"""Schedules that failed once, by what was wrong."""


@pytest.mark.parametrize("first", range(0, 320, SCHEDULES_EACH))
def test_no_schedule_loses_a_cycle_unseen(first: int) -> None:
    failed = {}
    for seed in range(first, first + SCHEDULES_EACH):
        outcome, deviations = run_seed(seed)
        if outcome.problems:
            fewest = ",".join(map(str, shrunk(seed, deviations)))
            failed[f"python -m tests.simulate --seed {seed} --deviations {fewest}"] = (
                outcome.problems
            )
    assert failed == {}


@pytest.mark.parametrize(("seed", "deviations"), REGRESSIONS.values(), ids=list(REGRESSIONS))
def test_what_failed_once_does_not_fail_again(seed: int, deviations: str) -> None:
    parsed = [Deviation.parse(part) for part in deviations.split(",")]
    assert run(seed, parsed).problems == ()


def test_a_run_without_deviations_is_whole() -> None:
    outcome = run(0, ())
    assert (outcome.problems, outcome.struck) == ((), 0)


def test_a_seed_is_the_same_under_another_hash_seed_and_locale() -> None:
    seed = 3
    here, _ = run_seed(seed)
    elsewhere = subprocess.run(
        [sys.executable, "-m", "tests.simulate", "--seed", str(seed), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONHASHSEED": "271828", "LC_ALL": "C", "TZ": "America/New_York"},
    )  # fmt: skip
    assert json.loads(elsewhere.stdout)["digest"] == here.digest


def test_every_kind_of_deviation_is_drawn() -> None:
    drawn = {deviation.kind for seed in range(400) for deviation in draw(seed, 1_000)}
    assert drawn == set(KINDS)


def test_a_deviation_is_read_as_it_was_written() -> None:
    deviation = Deviation(909, "disk_full", 15.12)
    assert Deviation.parse(str(deviation)) == deviation


def test_shrinking_leaves_what_the_failure_needs() -> None:
    deviations = [Deviation(step, "die") for step in range(9)]
    needed = {2, 7}
    rest = shrink(deviations, lambda some: needed <= {deviation.step for deviation in some})
    assert [deviation.step for deviation in rest] == [2, 7]


def test_every_port_of_the_runtime_is_a_step_or_named_as_not_seen() -> None:
    system = System(World(0, (), cycles=1, interval=10, indices=INDICES))
    runtime = system.runtimes["a"]
    ports = {field.name for field in fields(Runtime)} - VALUES
    empty = {name for name in ports if not isinstance(getattr(runtime, name), SteppedPort)}
    not_seen = PAGE.read_text("utf-8").split("## What it cannot see")[1]
    assert {name for name in empty | {"vitals"} if f"`{name}`" not in not_seen} == set()


def test_every_job_runs_here_or_is_named_as_not_seen() -> None:
    not_seen = PAGE.read_text("utf-8").split("## What it cannot see")[1]
    others = {job.name for job in JOBS} - SENT
    assert {name for name in others if f"`{name}`" not in not_seen} == set()
