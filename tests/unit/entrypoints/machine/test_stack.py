"""Which processes one machine starts."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.adapters.redis.server import connect
from g6.bootstrap.kept_panels import keep_panel
from g6.config import load
from g6.domain.schema.words import QueueName
from g6.entrypoints.machine.pools import WORKERS, Machine, pool_sizes
from g6.entrypoints.machine.processes import Process
from g6.entrypoints.machine.supervisor import LASTING_SECONDS, MOST_RESTARTS, Stack, running
from g6.errors import Unavailable
from tests.waiting import eventually


def test_every_queue_has_one_worker() -> None:
    served = [queue for queues in WORKERS.values() for queue in queues.split(",")]
    assert sorted(served) == sorted(QueueName)


def test_no_cycle_waits_behind_the_files_nor_its_end_behind_collection() -> None:
    by_queue = {queue: worker for worker, queues in WORKERS.items() for queue in queues.split(",")}
    assert by_queue["persist"] not in (by_queue["collect"], by_queue["analytics"])
    assert by_queue["aggregate"] not in (by_queue["collect"], by_queue["persist"])


SMALL = Machine(2, 1e9)
LARGE = Machine(2, 8e9)


def of_provider(name: str, machine: Machine, **more: object) -> tuple[int, int, int]:
    overrides = {path.replace("__", "."): value for path, value in more.items()}
    return pool_sizes(load(None, {"provider.name": name, **overrides}, {}), machine)


def test_all_indices_are_collected_at_once_where_collecting_is_waiting() -> None:
    assert of_provider("kite", LARGE, ticker__enabled=False) == (6, 1, 2)
    assert of_provider("kite", LARGE, interval=5) == (6, 2, 2)
    assert of_provider("sim", LARGE, market__faults="delay:0.5") == (6, 1, 2)


def test_streamed_quotes_wait_for_their_processes_and_not_these_for_them() -> None:
    assert of_provider("kite", LARGE) == (3, 1, 2)


def test_who_answers_at_once_is_asked_by_one_process_more_than_there_are_cores() -> None:
    assert of_provider("sim", LARGE) == (3, 1, 2)
    assert of_provider("sim", Machine(16, 8e9)) == (16, 1, 2)
    assert of_provider("sim", LARGE, interval=5) == (3, 2, 2)


def test_one_core_has_one_process_of_each_kind() -> None:
    assert of_provider("sim", Machine(1, 8e9), interval=5) == (1, 1, 1)
    assert of_provider("sim", Machine(1, 8e9), interval=60) == (1, 1, 1)
    assert of_provider("sim", Machine(1, 8e9), interval=5, workers__closing=2) == (1, 1, 2)


def test_a_machine_of_little_memory_has_fewer_processes_while_the_interval_leaves_them_time() -> (
    None
):
    assert of_provider("kite", SMALL) == (3, 1, 2)
    assert of_provider("kite", SMALL, interval=5) == (6, 2, 2)


def test_pools_are_as_large_as_the_settings_say() -> None:
    assert pool_sizes(
        load(None, {"workers.cycle": 2, "workers.persist": 3, "workers.closing": 1}, {})
    ) == (2, 3, 1)


def test_a_process_that_ends_by_itself_is_an_alert_until_it_has_run_again(tmp_path: Path) -> None:
    with running(load(None, {"demo_dir": str(tmp_path)}, {})) as stack:
        flag = tmp_path / "flag"
        code = f"import pathlib, sys, time; pathlib.Path({str(flag)!r}).exists() or sys.exit(3); time.sleep(60)"
        process = Process("persist", [sys.executable, "-c", code], os.environ, tmp_path / "p.log")
        stack.processes.append(process)
        process.start()
        eventually(lambda: not process.alive)
        stack.watch()
        (raised,) = stack.runtime.controls.read().alerts.values()
        assert raised.alert.sentence == (
            "the process persist ended (exit code 3) and is started again"
        )
        panel = stack.runtime.panels.get("alerts")
        assert panel is not None
        assert [each["name"] for each in panel["data"]["alerts"]] == ["process"]
        flag.touch()
        eventually(lambda: stack.watch() or process.alive)
        process.started -= LASTING_SECONDS
        stack.watch()
        assert not stack.runtime.controls.read().alerts
        types = [event.document for event in stack.runtime.bus.read("0") if event.type == "alert"]
        assert [document.get("over", False) for document in types] == [False, True]


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Stack]:
    """A system that waits for one pool process of one worker."""
    with running(load(None, {"demo_dir": str(tmp_path / "rows")}, {})) as stack:
        stack._expected = 1
        yield stack


def worker(stack: Stack, code: str) -> Process:
    """Start lines of Python as the system's worker."""
    log = stack.log_dir / "cycle.log"
    process = Process("cycle", [sys.executable, "-c", code], os.environ, log)
    stack.processes.append(process)
    process.start()
    return process


def test_a_worker_that_is_killed_while_it_starts_is_started_again(starting: Stack) -> None:
    process = worker(starting, "import time; time.sleep(60)")
    vitals = starting._vitals
    vitals.announce_ready(process.pid)
    process.signal(signal.SIGKILL)
    eventually(lambda: not process.alive)

    def progress(ready: int, _of: int) -> None:
        if process.restarts and not ready:
            vitals.announce_ready(process.pid)

    starting.wait_ready(progress)
    assert process.alive
    assert process.restarts == 1


def test_a_worker_that_is_killed_at_each_start_ends_the_start_with_its_signal(
    starting: Stack,
) -> None:
    process = worker(starting, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    process.restarts = MOST_RESTARTS
    with pytest.raises(Unavailable, match=r"worker cycle did not start: it ended .* signal 9"):
        starting.wait_ready()


def test_a_worker_that_ends_by_itself_ends_the_start_with_its_last_words(starting: Stack) -> None:
    process = worker(starting, "raise SystemExit('the lint refuses it')")
    with pytest.raises(Unavailable, match="worker cycle did not start: the lint refuses it"):
        starting.wait_ready()
    assert process.restarts == 0


def test_the_roster_names_the_embedded_server_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    with running(load(None, {"demo_dir": str(tmp_path)}, {})) as stack:
        process = Process("child", [sys.executable, "-c", "input()"], os.environ, tmp_path / "log")
        stack.roster.write([process], stack.server.pid if stack.server else 0)
        record = json.loads(stack.roster.path.read_text("utf-8"))
        assert [child["name"] for child in record["processes"]] == ["Redis"]
        assert stack.roster.path.stat().st_mode & 0o777 == 0o600


def test_a_server_of_ones_own_holds_so_much_and_evicts_nothing(tmp_path: Path) -> None:
    with (
        running(load(None, {"demo_dir": str(tmp_path), "redis.max_memory": "96mb"}, {})) as stack,
        connect(stack.broker) as client,
    ):
        held = client.config_get("maxmemory", "maxmemory-policy")
    assert held == {"maxmemory": str(96 * 2**20), "maxmemory-policy": "noeviction"}
    assert load(None, {}, {}).redis.max_memory == "1gb"


def test_the_first_rule_of_a_running_system_is_evaluated_without_a_restart(tmp_path: Path) -> None:
    rules = tmp_path / "alerts.toml"
    options = {"demo_dir": str(tmp_path / "rows"), "alerts.rules_file": str(rules)}
    with running(load(None, options, {})) as stack:
        stack.start_outlets()
        stack.watch()
        assert "alarms" not in stack.names
        rules.write_text('[[rule]]\nwhen = "spot > 1"\n', "utf-8")
        stack.watch()
        stack.watch()
        assert stack.names.count("alarms") == 1


def test_a_panel_of_a_stored_day_reaches_the_system_that_runs_over_it(tmp_path: Path) -> None:
    settings = load(None, {"demo_dir": str(tmp_path / "rows")}, {})
    other = load(None, {"demo_dir": str(tmp_path / "other")}, {})
    with running(settings) as stack:
        keep_panel(settings, "quality", {"day": "2026-11-18"}, "2026-11-18T05:30:00Z", "quality")
        keep_panel(other, "end_of_day", {"day": "2026-11-18"}, "2026-11-18T05:30:00Z", "compare")
        assert stack.runtime.panels.names() == ["quality"]
        assert stack.runtime.panels.all() == stack.runtime.panel_files.all()
    assert (tmp_path / "other" / "panels" / "end_of_day.json").is_file()
