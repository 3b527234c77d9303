"""Faults that a collection must survive, one after the other in one run of hand-started processes; then the files are asked.

Each kill waits until the ledger shows that stage running. What is asserted comes from the grid and the files alone.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil
import pytest

from g6.adapters.redis.connection import connect
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.ledger import RedisLedger
from g6.adapters.redis.server import EmbeddedServer
from g6.domain.cycle import parse_z
from tests.e2e.running import START, Child, World, clean_environment
from tests.ledger_check import Ledgered
from tests.waiting import eventually

THREE = ("NIFTY", "BANKNIFTY", "FINNIFTY")
SPEED, STEP = "0.4", 2.5


@dataclass(slots=True)
class Stack:
    """Broker, workers and two beats, each started by hand from another directory."""

    world: World
    server: EmbeddedServer
    ledger: RedisLedger
    marks: dict[str, str] = field(default_factory=dict)

    def worker(self, name: str, queues: str, count: int) -> Child:
        options = ("--without-mingle", "--without-gossip", "-c", str(count))
        return self.world.start(name, "celery", "-A", "g6", "worker", "-Q", queues, "-n", f"{name}@%h", *options)

    def beat(self, name: str) -> Child:
        return self.world.start(name, "celery", "-A", "g6", "beat", "--schedule", os.devnull)

    def analysing(self) -> int:
        """Return how many units are being analysed now."""
        units = [unit for record in self.ledger.open_cycles() for unit in record.units.values()]
        return sum("analyse" in unit.stages and unit.stages["analyse"].state == "run" for unit in units)

    def stored(self) -> list[str]:
        return self.world.cycles()

    def lasts(self, cycles: int, name: str) -> None:
        """Remember the newest cycle in the files as `name` and wait until `cycles` more are there."""
        newest = self.stored()[-1] if self.stored() else ""
        self.marks[name] = newest
        eventually(lambda: sum(cycle > newest for cycle in self.stored()) >= cycles, 60.0, every=0.1)


def configured(world: World, broker: str) -> dict[str, str]:
    small = {
        f"G6_INDEX_PARAMS__{name}__{what}": value
        for name in THREE
        for what, value in (("STRIKES_ITM", "30"), ("STRIKES_OTM", "30"))
    }
    absent = {f"G6_INDEX_PARAMS__{name}__ENABLED": "false" for name in ("MIDCPNIFTY", "SENSEX", "BANKEX")}
    return clean_environment(
        G6_REDIS__BROKER_URL=broker, G6_DEMO_DIR=str(world.data), G6_INTERVAL="1", G6_MARKET__SPEED=SPEED,
        G6_MARKET__START=START, G6_COLLECTION__SCOPE="window", REMAP_SIGTERM="SIGQUIT", **small, **absent,
    )  # fmt: skip


@pytest.fixture(scope="module")
def after_faults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A run with two beats through: an analytics worker killed, a pool child killed, Redis emptied."""
    world = World(tmp_path_factory.mktemp("faults"))
    with EmbeddedServer.start(world.base / "broker") as server, connect(server.url) as client:
        world.environment = configured(world, server.url)
        stack = Stack(world, server, RedisLedger(client))
        RedisControls(client).set("window", {"first": START, "last": None})
        try:
            _faults(stack, client.flushall, lambda: int(client.scard("g6:ready")))
            yield stack
        finally:
            world.end()


def _faults(stack: Stack, empty_redis: Callable[[], object], ready: Callable[[], int]) -> None:
    victim, other = stack.worker("analytics-a", "analytics", 1), stack.worker("analytics-b", "analytics", 1)
    stack.worker("collect", "collect", 3)
    stack.worker("closing", "persist,aggregate,maintenance,manual", 2)
    eventually(lambda: ready() == 7, 60.0)
    beats = [stack.beat("beat-a"), stack.beat("beat-b")]
    stack.lasts(2, "quiet")
    eventually(lambda: stack.analysing() == 2, every=0.001)
    victim.kill()
    stack.lasts(3, "worker killed")
    (child,) = [each for each in psutil.Process(other.pid).children() if "celery" in " ".join(each.cmdline())]
    eventually(stack.analysing, every=0.001)
    child.kill()
    stack.lasts(3, "child killed")
    beats[0].kill()
    stack.lasts(2, "beat killed")
    empty_redis()
    stack.lasts(3, "redis emptied")
    assert beats[1].ends(signal.SIGTERM) == 0
    eventually(lambda: not stack.ledger.open_cycles(), 40.0, every=0.1)


def found(stack: Stack) -> Ledgered:
    return stack.world.check(START, stack.stored()[-1], THREE)


@pytest.mark.timeout(150)
def test_every_instant_has_one_row_per_index_and_no_file_is_torn(after_faults: Stack) -> None:
    assert found(after_faults).problems == []


def test_whatever_is_not_whole_says_why(after_faults: Stack) -> None:
    ends = {(row["status"], row["reason"]) for row in after_faults.world.overview()}
    allowed = {("MISSING", reason) for reason in ("late", "expired", "provider", "frame_missing", "time_limit")}
    allowed |= {("SKIPPED", reason) for reason in ("no_beat", "ledger_lost", "overrun")}
    assert ends - {("OK", "")} <= allowed


def test_most_of_it_is_whole(after_faults: Stack) -> None:
    statuses = found(after_faults).statuses
    assert statuses["OK"] >= 0.6 * statuses.total()


@pytest.mark.parametrize("fault", ["worker killed", "child killed", "beat killed", "redis emptied"])
def test_after_each_fault_whole_cycles_follow(after_faults: Stack, fault: str) -> None:
    marks = [*after_faults.marks.values(), "9"]
    begin, end = after_faults.marks[fault], marks[marks.index(after_faults.marks[fault]) + 1]
    rows = [row for row in after_faults.world.overview() if begin < row["timestamp"] <= end]
    whole = {
        cycle
        for cycle in {row["timestamp"] for row in rows}
        if all(row["status"] == "OK" for row in rows if row["timestamp"] == cycle)
    }
    assert whole


def test_two_beats_double_nothing(after_faults: Stack) -> None:
    assert found(after_faults).duplicates == 0


def test_stored_cycles_follow_each_other_without_a_hole(after_faults: Stack) -> None:
    instants = [parse_z(cycle).timestamp() for cycle in after_faults.stored()]
    assert instants == [instants[0] + n for n in range(len(instants))]
