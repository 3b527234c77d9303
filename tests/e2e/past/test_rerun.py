"""`g6 rerun`: the past again from what is stored, to the byte, and never from today's market."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.bootstrap.processes.redis_ports import vitals
from g6.bootstrap.wiring import wire
from g6.config import load
from g6.rendering.wording import in_india
from tests.e2e.conftest import configured
from tests.e2e.running import START as FIRST
from tests.e2e.running import World
from tests.waiting import eventually, files_below

LAST = "2026-11-18T05:32:00Z"
BOTH = ("NIFTY", "SENSEX")


def files(world: World) -> dict[str, bytes]:
    """Return every stored row file by name."""
    return {
        str(path.relative_to(world.data)): content
        for path, content in files_below(*(world.data / kind for kind in STORED))
        if path.suffix in SUFFIXES and not path.name.startswith(".")
    }


STORED = ("chain", "overview", "csv")
SUFFIXES = (".parquet", ".csv")


def outputs(world: World, cycle: str) -> list[str]:
    stamp = cycle[11:].replace(":", "")
    return [name for name in files(world) if name.endswith(f"{stamp}.parquet")]


def again(world: World, *arguments: str, **environment: str) -> list[dict[str, object]]:
    done = world.g6("rerun", "--json", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


# The first of all: a rerun would end the cycle's stages minutes after it.
def test_the_time_of_a_real_cycle_is_explained_within_two_percent(past: World) -> None:
    story = json.loads(past.g6("trace", LAST, "--json").stdout)
    assert story["slowest"] in story["units"]
    assert explained(story) == pytest.approx(story["closed"], rel=0.02)
    for unit in story["units"].values():
        assert explained(unit) == pytest.approx(unit["stages"]["persist"]["ended"], rel=0.02)
        assert unit["shares"]["provider"] > 0.0
        assert unit["shares"]["compute"] > 0.0
        assert unit["shares"]["write"] > 0.0


def explained(part: dict[str, Any]) -> float:
    """Return the milliseconds of a cycle or a unit that stages reported by themselves."""
    shares = part["shares"]
    return sum(shares.values()) - shares["unexplained"]


def test_deleted_outputs_come_back_byte_for_byte(past: World) -> None:
    before = files(past)
    lost = outputs(past, FIRST)
    assert len(lost) == 3
    for name in lost:
        (past.data / name).unlink()
    results = again(past, "--cycle", FIRST)
    assert [(each["index"], each["outcome"], each["source"]) for each in results] == [
        (name, "OK", "frame") for name in BOTH
    ]
    eventually(lambda: len(outputs(past, FIRST)) == 3)
    eventually(lambda: files(past) == before)


def test_a_range_that_left_nothing_in_any_file_is_done_again_from_its_frames(past: World) -> None:
    """As after a disk that refused every write: the range is taken from the session's grid."""
    before = files(past)
    lost = [name for minute in range(3) for name in outputs(past, f"2026-11-18T05:3{minute}:00Z")]
    assert len(lost) == 9
    for name in lost:
        (past.data / name).unlink()
    results = again(past, "--since", FIRST, "--until", LAST)
    assert [
        (each["index"], each["outcome"], each["source"], each["stored"]) for each in results
    ] == [(name, "OK", "frame", True) for name in BOTH * 3]
    eventually(lambda: files(past) == before)


def test_a_range_of_which_some_quotes_are_gone_does_the_others_and_exits_1(past: World) -> None:
    before = files(past)
    done = past.g6("rerun", "--since", LAST, "--until", "2026-11-18T05:33:00Z", "--index", "NIFTY")
    assert done.returncode == 1, done.stderr
    assert f"{in_india(LAST)}  NIFTY       OK" in done.stdout
    assert "Wed 18 Nov 2026 11:03 IST  NIFTY       quotes are gone" in done.stdout
    eventually(lambda: files(past) == before)


def test_without_a_worker_on_the_queue_it_is_said_at_once_and_nothing_is_sent(
    root: Path, tmp_path: Path
) -> None:
    with EmbeddedServer.start(tmp_path / "broker", append_only=False) as server:
        world = configured(tmp_path, G6_REDIS__BROKER_URL=server.url)
        shutil.copytree(root / "tests/data/store", world.data)
        before = files(world)
        vitals(wire(load(None, {}, {}), server.url)).sign_in(
            "persist@here", os.getpid(), ["persist"]
        )
        for command in (
            ("rerun", "--cycle", FIRST, "--index", "NIFTY"),
            ("recompute", "--index", "NIFTY"),
        ):
            done = world.g6(*command)
            assert (done.returncode, done.stdout) == (1, ""), done.stderr
            assert "no worker serves the queue manual" in done.stderr
            assert "celery -A g6 worker -Q manual" in done.stderr
        with connect(server.url) as client:
            assert client.llen("g6:celery:manual") == 0
            assert not client.exists(f"g6:cycle:{FIRST}")
        assert files(world) == before


def test_one_index_again_leaves_the_other_as_it_was(past: World) -> None:
    before = files(past)
    (result,) = again(past, "--cycle", FIRST, "--index", "NIFTY")
    assert result["changed"] is False
    eventually(lambda: files(past) == before)


def test_from_persist_writes_the_same_again(past: World) -> None:
    before = files(past)
    (result,) = again(past, "--cycle", LAST, "--index", "NIFTY", "--from", "persist")
    assert (result["outcome"], result["changed"]) == ("OK", False)
    eventually(lambda: files(past) == before)


def test_a_range_is_done_again_from_its_analytics_and_nothing_changes(past: World) -> None:
    before = files(past)
    results = again(
        past, "--since", FIRST, "--until", LAST, "--index", "NIFTY", "--from", "analytics"
    )
    assert [(each["cycle"], each["outcome"], each["changed"]) for each in results] == [
        (f"2026-11-18T05:3{minute}:00Z", "OK", False) for minute in range(3)
    ]
    eventually(lambda: files(past) == before)


def test_of_a_range_without_failures_nothing_is_done_again(past: World) -> None:
    assert again(past, "--since", FIRST, "--until", LAST, "--failed") == []


def test_a_past_cycle_never_steps_the_panels_back(past: World) -> None:
    panels = {path.name: path.read_bytes() for path in (past.data / "panels").glob("*.json")}
    again(past, "--cycle", FIRST)
    assert {
        path.name: path.read_bytes() for path in (past.data / "panels").glob("*.json")
    } == panels
    assert json.loads(panels["cycle.json"])["data"]["cycle"] == LAST


def test_celery_call_does_the_same_by_hand(past: World) -> None:
    before = files(past)
    (lost,) = past.parts(FIRST, "SENSEX")
    lost.unlink()
    done = past.celery("call", "g6.rerun", "--args", json.dumps([FIRST, "SENSEX"]))
    assert done.returncode == 0, done.stderr
    eventually(lambda: files(past) == before)


def test_gone_quotes_exit_3_and_write_nothing(past: World) -> None:
    before = files(past)
    done = past.g6("rerun", "--cycle", "2026-11-18T06:00:00Z")
    assert done.returncode == 3
    assert "never fetches today's quotes" in done.stderr
    assert files(past) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "which cycles?"),
        (("--cycle", "noon"), "is no instant"),
        (("--cycle", FIRST, "--index", "NIFTTY"), "no enabled index"),
        (("--cycle", FIRST, "--from", "tea"), "no stage to begin with"),
    ],
)
def test_what_cannot_be_done_again_is_refused(
    past: World, arguments: tuple[str, ...], says: str
) -> None:
    done = past.g6("rerun", *arguments)
    assert (done.returncode, says in done.stderr) == (2, True)


def test_a_trace_tells_every_phase_of_a_past_cycle(past: World) -> None:
    done = past.g6("trace", LAST, "--json")
    assert done.returncode == 0, done.stderr
    units = json.loads(done.stdout)["units"]
    assert set(units) == set(BOTH)
    assert all(list(unit["stages"]) == ["collect", "analyse", "persist"] for unit in units.values())
    assert all(
        {"claim", "read", "compute"} <= set(unit["stages"]["analyse"]["parts"])
        for unit in units.values()
    )
    assert all(len(unit["expiries"]) >= 2 for unit in units.values())


def test_another_rate_changes_the_volatilities_and_is_undone_by_the_first(past: World) -> None:
    before = files(past)
    volatility: Callable[[], list[float]] = lambda: past.chain(FIRST, "NIFTY")["ce_iv"]  # noqa: E731
    first = volatility()
    (result,) = again(past, "--cycle", FIRST, "--index", "NIFTY", G6_GREEKS__RISK_FREE_RATE="0.12")
    assert result["changed"] is True
    assert volatility() != first
    again(past, "--cycle", FIRST, "--index", "NIFTY")
    eventually(lambda: files(past) == before)
