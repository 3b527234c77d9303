"""`g6 run`: bounded runs of the real pipeline, what they leave in files, and what they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from subprocess import CompletedProcess

import pytest

from g6.config.settings_model import SIX
from tests.e2e.running import ROOT, SMALL, World
from tests.waiting import eventually

CYCLES = [f"2026-11-18T05:30:{second:02d}Z" for second in range(4)]
ONE = ("--indices", "NIFTY", "--interval", "60", *SMALL)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, CompletedProcess[str]]]:
    """Six indices of four hundred options, four consecutive seconds; the market goes slower so that a busy machine keeps up."""
    world = World(tmp_path_factory.mktemp("wide"))
    slowly = ("--interval", "1", "--speed", "0.2")
    yield (
        world,
        world.g6(
            "run",
            "--cycles",
            "4",
            *slowly,
            "--config",
            ROOT / "config" / "wide.json",
            "--json",
        ),
    )
    world.end()


def test_every_cycle_is_reported_as_a_line_of_json(
    wide: tuple[World, CompletedProcess[str]],
) -> None:
    _, done = wide
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["cycle"] for line in done.stdout.splitlines()] == CYCLES
    assert "4 of 4 cycles closed: 4 OK" in done.stderr


def test_every_index_has_one_row_on_each_consecutive_second_in_both_formats(
    wide: tuple[World, CompletedProcess[str]],
) -> None:
    found = wide[0].check(CYCLES[0], CYCLES[-1], SIX)
    assert found.problems == []
    assert (found.cycles, found.rows_found, found.statuses) == (4, 24, {"OK": 24})


def test_each_row_has_its_options_and_half_of_them_a_volatility(
    wide: tuple[World, CompletedProcess[str]],
) -> None:
    rows = wide[0].overview()
    assert min(int(row["options"]) for row in rows) >= 380
    assert min(int(row["iv_ok"]) / int(row["options"]) for row in rows) >= 0.5


def test_the_panels_are_those_of_the_last_cycle(wide: tuple[World, CompletedProcess[str]]) -> None:
    panels = wide[0].data / "panels"
    cycle = json.loads((panels / "cycle.json").read_text("utf-8"))
    assert cycle["data"]["cycle"] == CYCLES[-1]
    manifest = json.loads((panels / "manifest.json").read_text("utf-8"))
    assert {f"index_{name}.json" for name in SIX} <= set(manifest["hashes"])


def test_the_panels_of_a_run_agree_with_their_manifest(
    wide: tuple[World, CompletedProcess[str]],
) -> None:
    done = wide[0].run(
        "g6", ["panels", "verify", "--panels-dir", wide[0].data / "panels", "--strict"]
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_left_running_and_nobody_owns_the_directory(
    wide: tuple[World, CompletedProcess[str]],
) -> None:
    assert wide[0].left_behind() == []
    assert wide[0].broker() == ""


def test_once_is_one_cycle(world: World) -> None:
    done = world.g6("run", "--once", *ONE)
    assert done.returncode == 0, done.stderr
    assert [row["timestamp"] for row in world.overview()] == [CYCLES[0]]


def test_a_second_run_on_an_owned_directory_names_the_first(world: World) -> None:
    child = world.start_g6("run", "--cycles", "500", *ONE)
    eventually(world.broker)
    done = world.g6("run", "--once", *ONE)
    assert done.returncode == 2
    assert re.search(rf"in use by another G6 \(process {child.pid}\b", done.stderr)
    assert "--data-dir DIR" in done.stderr


def test_a_directory_of_another_kind_is_refused(world: World) -> None:
    world.data.mkdir()
    (world.data / ".kind").write_text("live\n")
    done = world.g6("run", "--once", *ONE)
    assert done.returncode == 2
    assert "holds rows of a live market; this run's are of a sim market" in done.stderr
    assert "--mix" in done.stderr
    assert not (world.data / "chain").exists()


def test_mix_lets_both_kinds_in(world: World) -> None:
    world.data.mkdir()
    (world.data / ".kind").write_text("live\n")
    assert world.g6("run", "--once", "--mix", *ONE).returncode == 0


def test_a_directory_that_cannot_be_made_is_one_sentence(world: World) -> None:
    world.data.write_text("a file")
    done = world.g6("run", "--once", *ONE)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "fix: choose another with --data-dir DIR" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--indices", "NIFTTY"), "NIFTTY"),
        (("--set", "greeks.risk_fre_rate=0.1"), "greeks.risk_free_rate"),
        (("--interval", "7"), "does not divide a day"),
        (("--set", "interval=abc"), "interval"),
        (("--config", "nowhere.json"), "nowhere.json"),
        (("--faults", "fial:NIFTY"), "fail"),
        (("--start", "2031-01-06T05:30:00Z"), "2031"),
        (("--provider", "replay"), "--recording"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_fix(
    world: World, arguments: tuple[str, ...], says: str
) -> None:
    done = world.g6("run", "--once", *arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (world.data / "chain").exists()


def test_a_run_without_an_end_is_refused(world: World) -> None:
    done = world.g6("run")
    assert (done.returncode, "g6 up" in done.stderr) == (2, True)


def test_a_provider_that_fails_for_one_index_costs_that_index_alone(world: World) -> None:
    done = world.g6(
        "run",
        "--once",
        "--indices",
        "NIFTY,BANKNIFTY",
        "--interval",
        "60",
        "--faults",
        "fail:BANKNIFTY",
        *SMALL,
    )
    assert done.returncode == 0, done.stderr
    ends = {row["index"]: (row["status"], row["reason"]) for row in world.overview()}
    assert ends == {"NIFTY": ("OK", ""), "BANKNIFTY": ("MISSING", "provider")}
    assert "1 PARTIAL" in done.stdout


def test_a_worker_that_cannot_start_is_said_in_one_sentence(world: World) -> None:
    done = world.g6("run", "--once", *ONE, G6_REDIS__BROKER_URL="redis://127.0.0.1:1/0")
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    world.is_left_alone()
