"""Who owns a directory on Redis servers of one's own: one system, all of its workers, nobody else; and what a killed one leaves."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from g6.adapters.data_dir.owner import owner
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.errors.machine_places import hide_places
from tests.e2e.conftest import configured
from tests.e2e.running import COMMAND_SECONDS, Child, World
from tests.waiting import PATIENCE, eventually


@dataclass(slots=True)
class Owned:
    """A running `g6 up` on one Redis server, and another server."""

    world: World
    system: Child
    here: str
    there: str

    def refusal_of(self, *command: str, **environment: str) -> str:
        """Run a command that must be refused; return what it wrote."""
        return refusal(self.world.g6(*command, **environment))

    def is_named_in(self, text: str) -> bool:
        """Return whether a text names the system that runs, and the way out."""
        name = f"in use by another G6 (process {self.system.pid}, g6 up, broker 127.0.0.1:"
        return name in text and "--data-dir DIR" in text

    def worker(self, name: str, broker: str) -> Child:
        """Start a worker of queue persist by hand."""
        bare = (
            "-Q",
            "persist",
            "-n",
            f"{name}@%h",
            "-c",
            "1",
            "--without-mingle",
            "--without-gossip",
        )
        return self.world.start(
            name, "celery", "-A", "g6", "worker", *bare, G6_REDIS__BROKER_URL=broker
        )


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owned]:
    broker = tmp_path_factory.mktemp("brokers")
    with (
        EmbeddedServer.start(broker / "a", append_only=False) as a,
        EmbeddedServer.start(broker / "b", append_only=False) as b,
    ):
        world = configured(tmp_path_factory.mktemp("owned"), G6_REDIS__BROKER_URL=a.url)
        try:
            system = world.start_g6(
                "up", "--no-banner", "--speed", "12", "--start", "2026-11-18T07:30:00Z"
            )
            world.newest()
            yield Owned(world, system, a.url, b.url)
        finally:
            world.end()


def served(owned: Owned, page: str) -> str:
    """Return the address of a page of the system that runs, as its log has it."""
    log = owned.world.data / "logs" / "serve.log"
    return str(eventually(lambda: re.findall(rf"http://\S+{page}", log.read_text("utf-8")))[0])


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command said that was refused."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "command",
    [("run", "--once"), ("data", "repair"), ("data", "compact"), ("import", "csv", "older")],
    ids=" ".join,
)
def test_another_system_is_refused_with_the_name_of_the_first(
    owned: Owned, command: tuple[str, ...]
) -> None:
    (owned.world.elsewhere / "older").mkdir(exist_ok=True)
    (owned.world.elsewhere / "older" / "2026-11-17.csv").write_text("timestamp\n")
    text = owned.refusal_of(*command, G6_REDIS__BROKER_URL=owned.there)
    assert owned.is_named_in(text), text


def test_a_run_with_a_broker_of_its_own_is_another_system_too(owned: Owned) -> None:
    text = owned.refusal_of("run", "--once", G6_REDIS__BROKER_URL="")
    assert owned.is_named_in(text), text


def test_a_worker_of_another_system_ends_with_the_sentence(owned: Owned) -> None:
    worker = owned.worker("strange", owned.there)
    assert worker.popen.wait(COMMAND_SECONDS) == 2
    assert f"in use by another G6 (process {owned.system.pid}, g6 up" in worker.said
    assert "Traceback" not in worker.said


def test_a_worker_of_the_same_system_shares_the_directory_by_another_address(owned: Owned) -> None:
    worker = owned.worker("mate", owned.here.replace("127.0.0.1", "localhost"))
    with connect(owned.here) as client:
        eventually(lambda: any(name.startswith(b"mate@") for name in client.hkeys("g6:workers")))
    assert str(worker.pid) in (owner(owned.world.data) or {})["members"]
    assert worker.ends(signal.SIGTERM) == 0
    eventually(lambda: str(worker.pid) not in (owner(owned.world.data) or {})["members"])
    assert owned.system.alive


def test_what_mends_and_folds_joins_the_system_that_runs(owned: Owned) -> None:
    assert owned.world.g6("data", "compact").returncode == 0
    assert owned.world.g6("data", "compact", G6_REDIS__BROKER_URL="").returncode == 0


def test_a_simulated_run_does_not_share_the_clock_of_one_that_runs(
    owned: Owned, tmp_path: Path
) -> None:
    done = owned.world.run("g6", ["run", "--once", "--data-dir", tmp_path / "other"])
    said = refusal(done)
    assert f"is driven by another G6 (process {owned.system.pid}, g6 up)" in said
    assert "--set namespace=NAME" in said


def test_the_configuration_that_runs_is_written_beside_its_rows(owned: Owned) -> None:
    (name,) = set(owned.world.chain(owned.world.newest(), "NIFTY")["config_id"])
    written = json.loads((owned.world.data / "configs" / f"{name}.json").read_text("utf-8"))
    assert (written["config_id"], written["settings"]["collection"]["scope"]) == (name, "window")


def test_the_status_has_the_clock_of_a_system_started_with_speed_and_start(owned: Owned) -> None:
    def ages() -> list[float]:
        told = json.loads(owned.world.g6("status", "--json").stdout)
        return [
            facts["age_seconds"]
            for facts in told["indices_info"].values()
            if facts["age_seconds"] is not None
        ]

    shown = eventually(ages)
    assert all(0.0 <= age < 3600.0 for age in shown), shown


def test_a_changed_file_needs_a_restart_and_is_named(owned: Owned) -> None:
    assert json.loads(owned.world.g6("status", "--json").stdout)["restart_needed"] == []
    file = Path(owned.world.environment["G6_CONFIG"])
    before = file.read_text("utf-8")
    file.write_text(json.dumps(json.loads(before) | {"quality": {"min_oi": 65}}), "utf-8")
    try:
        (sentence,) = json.loads(owned.world.g6("status", "--json").stdout)["restart_needed"]
        over_http = httpx.get(served(owned, "/status"), trust_env=False, timeout=PATIENCE).json()[
            "restart_needed"
        ]
        said = owned.world.g6("config", "diff", "--running").stdout
    finally:
        file.write_text(before, "utf-8")
    assert sentence == f"quality.min_oi: 0.0 [default] -> 65.0 [{file}]"
    assert sentence in said
    assert over_http == [hide_places(sentence)]
    assert "market.speed: 12.0 [command line] -> 20.0" in said


def test_what_a_killed_supervisor_started_ends_with_it_and_another_system_takes_over(
    owned: Owned,
) -> None:
    pids = {process.pid for process in owned.world.left_behind()} - {owned.system.pid}
    assert len(pids) > 5
    owned.system.popen.kill()
    eventually(lambda: not owned.world.left_behind())
    eventually(lambda: owner(owned.world.data) is None)
    done = owned.world.g6("run", "--once", G6_REDIS__BROKER_URL=owned.there)
    assert done.returncode == 0, done.stderr
