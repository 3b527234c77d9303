"""`g6 up`, whose processes are forked from one, loses them one after the other, its fork server and its Redis."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil
import pytest

from g6.adapters.redis.server import EmbeddedServer
from tests.e2e.conftest import configured
from tests.e2e.running import START, Child, World
from tests.waiting import eventually

INDICES = ("NIFTY", "SENSEX")


@dataclass(slots=True)
class Fired:
    """A running `g6 up` and its Redis server."""

    world: World
    system: Child
    server: EmbeddedServer
    killed: list[str] = field(default_factory=list)

    def goes_on(self) -> None:
        """Wait until a cycle is whole that was due after now."""
        newest = self.world.cycles()[-1]
        eventually(lambda: [cycle for cycle in self.world.whole() if cycle > newest], every=0.2)

    def named(self, name: str) -> list[psutil.Process]:
        """Return the processes of the system with this title, a worker's main process first."""
        children = psutil.Process(self.system.pid).children(recursive=True)
        titled = [child for child in children if _words(child)[:2] == ["g6", name]]
        return sorted(titled, key=lambda child: _words(child.parent())[:2] == ["g6", name])

    def fork_server(self) -> psutil.Process:
        """Return the parent of the processes."""
        parent = self.named("beat_process")[0].parent()
        assert parent is not None
        return parent


def _words(process: psutil.Process | None) -> list[str]:
    try:
        return [] if process is None else process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="module")
def fired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fired]:
    broker = tmp_path_factory.mktemp("broker")
    server = EmbeddedServer.start(broker, append_only=True)
    world = configured(tmp_path_factory.mktemp("fired"), G6_REDIS__BROKER_URL=server.url)
    fire = Fired(world, world.start_g6("up", "--no-banner"), server)
    try:
        world.newest()
        yield fire
    finally:
        world.end()
        fire.server.stop()


@pytest.mark.parametrize("name", ["cycle", "persist", "closing"])
def test_a_pool_process_that_is_killed_is_made_anew(fired: Fired, name: str) -> None:
    before = {one.pid for one in fired.named(name)}
    pool_process = fired.named(name)[-1]
    pool_process.kill()
    # With another process of the pool alive cycles go on whether it is made anew or not.
    eventually(lambda: {one.pid for one in fired.named(name)} - before, every=0.2)
    assert pool_process.pid not in {one.pid for one in fired.named(name)}
    fired.goes_on()


@pytest.mark.parametrize("name", ["cycle", "persist", "closing", "beat_process"])
def test_a_worker_that_is_killed_is_started_anew(fired: Fired, name: str) -> None:
    main = fired.named(name)[0]
    main.kill()
    eventually(lambda: [one for one in fired.named(name) if one.pid != main.pid], every=0.2)
    fired.goes_on()


def test_a_fork_server_that_is_killed_takes_its_processes_along_and_all_come_back(
    fired: Fired,
) -> None:
    fired.fork_server().kill()
    fired.goes_on()


def test_a_redis_that_is_restarted_is_gone_on_with(fired: Fired) -> None:
    old = fired.server
    old.process.kill()
    old.process.wait()
    fired.server = EmbeddedServer.start(old.directory, port=old.port, append_only=True)
    fired.goes_on()


def test_every_cycle_is_accounted_for_once_and_nothing_is_torn(fired: Fired) -> None:
    newest = fired.world.newest()
    # A cycle whose storing died with its process is sent again once its lease is over.
    eventually(lambda: not fired.world.check(START, newest, INDICES, 60).problems, 200.0, every=0.5)
    assert fired.system.ends(signal.SIGTERM) == 0
    found = fired.world.check(START, fired.world.newest(), INDICES, 60)
    assert found.problems == []
