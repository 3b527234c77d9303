"""A second system beside a running one: it is refused with a command that works, and each is told of the other."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import configured
from tests.e2e.running import Child, World
from tests.waiting import PATIENCE, eventually
from tests.worlds.web.ports import free_port


@dataclass(frozen=True, slots=True)
class First:
    """A running `g6 up` on two ports that a second one wants as well."""

    world: World
    system: Child
    ports: tuple[str, ...]
    web_port: int


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[First]:
    world = configured(tmp_path_factory.mktemp("first"))
    metrics, web = free_port(), free_port()
    ports = ("--set", f"serve.metrics_port={metrics}", "--set", f"serve.web_port={web}")
    system = world.start_g6("up", *ports)
    try:
        world.newest()
        yield First(world, system, ports, web)
        assert system.ends(signal.SIGTERM) == 0
    finally:
        world.end()


def command_beside(refusal: str) -> list[str]:
    """Return the words of the command that a refusal prints, after g6."""
    assert "start this one beside it: g6 " in refusal, refusal
    return shlex.split(refusal.partition("start this one beside it: g6 ")[2])


def test_the_printed_fix_starts_a_second_system_on_the_same_directory(first: First) -> None:
    refused = first.world.g6("up", *first.ports)
    assert refused.returncode == 2
    words = command_beside(refused.stderr)
    beside = Path(words[words.index("--data-dir") + 1])
    assert beside != first.world.data
    second = first.world.start("beside", "g6", *words)
    try:
        eventually(lambda: list(beside.glob("overview/*/*.parquet")), 90.0, every=0.2)
        assert second.ends(signal.SIGTERM) == 0
    finally:
        second.kill()


def test_the_fix_keeps_a_directory_that_is_free(first: First, tmp_path: Path) -> None:
    rows = str(tmp_path / "rows")
    refused = first.world.run("g6", ["up", *first.ports, "--data-dir", rows])
    words = command_beside(refused.stderr)
    assert words[words.index("--data-dir") + 1] == rows


@pytest.mark.parametrize("words", [("ps",), ("status",), ("trace", "latest"), ("doctor",)])
def test_who_looks_elsewhere_is_told_where_it_runs(
    first: First, tmp_path: Path, words: tuple[str, ...]
) -> None:
    asked = first.world.run("g6", [*words, "--data-dir", tmp_path])
    told = " ".join((asked.stdout + asked.stderr).split())
    assert f"G6 runs in {first.world.data} (process {first.system.pid}): add --data-dir" in told


def test_every_screen_counts_the_workers_alike(first: First) -> None:
    ready = eventually(
        lambda: [line for line in first.system.said.splitlines() if "are ready" in line]
    )
    count = ready[0].partition(" are ready")[0]
    seen = eventually(lambda: _with(first.world.g6("ps").stdout, count), every=0.5)
    assert "beat" in seen
    lines = [line.split() for line in seen.splitlines()]
    memory = {line[0]: line[5] for line in lines if line[:1] in (["beat"], ["serve"])}
    assert all(float(megabytes) > 1 for megabytes in memory.values())
    assert len(memory) == 2
    eventually(lambda: _with(first.world.g6("doctor").stdout, count), every=0.5)


def _with(text: str, words: str) -> str:
    return text if words in text else ""


def test_a_cycle_that_is_done_again_is_counted_once(first: First) -> None:
    cycle = first.world.newest()
    before = _status(first)
    done = first.world.g6("rerun", "--cycle", cycle, "--index", "NIFTY")
    assert done.returncode == 0, done.stderr
    eventually(lambda: '"attempt": 2' in first.system.said, every=0.2)
    after = _status(first)
    if after["cycle"] == before["cycle"] == cycle:
        assert after["elapsed"] == before["elapsed"]


def _status(first: First) -> dict[str, object]:
    answer: dict[str, object] = httpx.get(
        f"http://127.0.0.1:{first.web_port}/status", timeout=PATIENCE
    ).json()
    return answer


def test_the_root_is_the_page_and_routes_lists_what_is_answered(first: First) -> None:
    address = f"http://127.0.0.1:{first.web_port}"
    page = httpx.get(f"{address}/", timeout=PATIENCE)
    assert page.status_code == 200
    assert '<script type="module"' in page.text
    routes = httpx.get(f"{address}/routes", timeout=PATIENCE)
    assert '<a href="/status">' in routes.text
