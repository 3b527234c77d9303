"""`g6 demo`: what a stranger sees, and that nothing of it stays behind, whenever it is stopped."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from subprocess import CompletedProcess

import psutil
import pytest

from g6.config.settings_model import SIX
from g6.domain.schema.layout import MANIFEST
from tests.e2e.running import World
from tests.waiting import eventually

FIRST, LAST = "2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"


@pytest.fixture(scope="module")
def shown(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[World, CompletedProcess[str]]]:
    """A demo of two cycles, seen to its end."""
    world = World(tmp_path_factory.mktemp("demo"))
    yield world, world.g6("demo", "--cycles", "2")
    world.end()


def test_it_ends_well(shown: tuple[World, CompletedProcess[str]]) -> None:
    _, done = shown
    assert (done.returncode, done.stderr) == (0, "")


def test_it_shows_a_table_per_cycle_with_every_index(
    shown: tuple[World, CompletedProcess[str]],
) -> None:
    _, done = shown
    assert "Wed 18 Nov 2026 11:00 IST · open · sim · seed 7 · OK" in done.stdout
    assert "Wed 18 Nov 2026 11:01 IST" in done.stdout
    lines = done.stdout.splitlines()
    assert [sum(line.startswith(f"{index} ") for line in lines) for index in SIX] == [2] * 6
    assert max(map(len, lines[: lines.index("self-checks")])) <= 80


def test_it_shows_one_chain_of_eleven_strikes_with_atm_marked(
    shown: tuple[World, CompletedProcess[str]],
) -> None:
    lines = shown[1].stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if "open interest in lakh" in line) + 3
    chain = lines[start : lines.index("", start)]
    assert len(chain) == 11
    assert [number for number, line in enumerate(chain) if "▶" in line] == [5]


def test_its_three_checks_hold(shown: tuple[World, CompletedProcess[str]]) -> None:
    checks = [
        line.strip() for line in shown[1].stdout.splitlines() if line.strip().startswith(("✓", "✗"))
    ]
    assert [check[0] for check in checks] == ["✓"] * 3


def test_its_files_are_whole(shown: tuple[World, CompletedProcess[str]]) -> None:
    world, _ = shown
    found = world.check(FIRST, LAST, SIX, 60)
    assert (found.problems, found.statuses) == ([], {"OK": 12})
    assert (world.data / "panels" / "manifest.json").is_file()
    assert len(list(world.data.glob("instruments/*/*.parquet"))) == 2


def test_the_panel_of_each_index_has_a_value_for_everything(
    shown: tuple[World, CompletedProcess[str]],
) -> None:
    for index in SIX:
        panel = json.loads((shown[0].data / "panels" / f"index_{index}.json").read_bytes())
        assert "null" not in json.dumps(panel["data"]), index
        assert "notes" not in panel["data"], index


def test_a_plain_day_raises_no_alert(shown: tuple[World, CompletedProcess[str]]) -> None:
    events, alerts = shown[0].told()
    assert events.count("cycle.report") == 2
    assert not {"alert", "gap.opened", "provider.state"} & set(events)
    assert alerts == []


def next_steps(world: World, done: CompletedProcess[str]) -> dict[str, str]:
    """Return the commands that the demo recommends, by person."""
    lines = done.stdout.partition("\nnext\n")[2].splitlines()
    return {
        person: command.strip() for person, command in (line.split(maxsplit=1) for line in lines)
    }


def test_what_it_recommends_works_as_printed(shown: tuple[World, CompletedProcess[str]]) -> None:
    world, done = shown
    steps = next_steps(world, done)
    assert set(steps) == {"trader", "researcher", "operator", "everyone"}
    contents = {"trader": "NIFTY", "researcher": "max pain", "everyone": "Usage: g6"}
    for person, content in contents.items():
        ran = subprocess.run(
            ["sh", "-c", steps[person]],
            cwd=world.elsewhere,
            env=dict(world.environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (person, ran.returncode, ran.stderr) == (person, 0, "")
        assert content in ran.stdout


def test_the_system_that_it_recommends_runs_on_the_same_directory(
    shown: tuple[World, CompletedProcess[str]],
) -> None:
    world, done = shown
    command = next_steps(world, done)["operator"]
    ports = "--set serve.metrics_port=0 --set serve.web_port=0"
    child = world.start("up", "/bin/sh", "-c", f"exec {command} {ports}")
    eventually(world.broker)
    assert child.ends(signal.SIGINT) == 0
    world.is_left_alone()


def test_nothing_is_left_running(shown: tuple[World, CompletedProcess[str]]) -> None:
    assert shown[0].left_behind() == []


def stops_clean(world: World, number: signal.Signals) -> None:
    (child,) = world.children
    assert child.ends(number) == 0
    assert "Traceback" not in child.said
    world.is_left_alone()


def test_a_second_demo_goes_on_after_the_first(world: World) -> None:
    once = ("demo", "--cycles", "1", "--indices", "NIFTY")
    assert world.g6(*once).returncode == 0
    again = world.g6(*once)
    assert "the market goes on after them" in " ".join(again.stdout.split())
    assert "Wed 18 Nov 2026 11:01 IST" in again.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_before_the_workers_are_there_it_ends_clean(
    world: World, number: signal.Signals
) -> None:
    world.start_g6("demo")
    eventually(lambda: world.broker() or list(world.data.glob(".broker")), every=0.005)
    stops_clean(world, number)


def test_stopped_while_workers_start_it_ends_clean(world: World) -> None:
    world.start_g6("demo")
    eventually((world.data / "logs" / "closing.log").exists, every=0.005)
    stops_clean(world, signal.SIGINT)


def test_stopped_amid_a_cycle_it_ends_clean_and_leaves_no_half_file(world: World) -> None:
    world.start_g6("demo", "--speed", "30", "--indices", "NIFTY,SENSEX")
    published = world.data / "panels" / MANIFEST
    with world.ledger() as ledger:
        eventually(
            lambda: (
                published.exists() and any(not record.closed for record in ledger.open_cycles())
            ),
        )
    stops_clean(world, signal.SIGTERM)
    assert world.check(FIRST, FIRST, ("NIFTY", "SENSEX"), 60).torn == 0
    assert not [path for path in world.data.rglob("*.tmp*") if path.is_file()]


def test_a_terminals_interrupt_reaches_every_process_and_still_ends_clean(world: World) -> None:
    child = world.start_g6("demo", "--speed", "30", "--indices", "NIFTY")
    with world.ledger() as ledger:
        eventually(ledger.open_cycles)
    for process in psutil.Process(child.pid).children(recursive=True):
        process.send_signal(signal.SIGINT)
    stops_clean(world, signal.SIGINT)


def test_an_interrupt_while_python_starts_shows_no_traceback(world: World) -> None:
    child = world.start_g6("demo")
    eventually(lambda: child.alive and psutil.Process(child.pid).num_threads() >= 1)
    code = child.ends(signal.SIGTERM)
    assert code in (0, -signal.SIGTERM)
    world.is_left_alone()
