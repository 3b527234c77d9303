"""The faults: how each is planted and mended, and which alerts it must fire."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import MappingProxyType

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import connect
from g6.domain.reports import SubscriberCounts
from tests.pager.recordings import AUDIT
from tests.pager.system import System, fill, fillers, stand_in

Act = Callable[[System], object]


@dataclass(frozen=True, slots=True)
class PagerFault:
    """One fault.

    Attributes:
        name: As the matrix shows it.
        sentence: What is done to the system.
        expected: The alerts that must fire, with the seconds that each condition names itself:
            30 of `no cycle for 30 s`. What else is told is a fault of the pager.
        plant: Does it.
        mend: Undoes it: by the command of the runbook where it has one, else as what is outside
            comes right by itself.
        keep: Does it again while the alert is awaited, for what the system mends by itself.
        diagnosis: Commands of the runbook, each with words that it must say while the fault lasts.
        is_streamed: It needs a system with a tick stream.
        needs_mount: It needs file systems of its own.
        is_quick: It is of the part that runs in CI.
    """

    name: str
    sentence: str
    expected: Mapping[str, int]
    plant: Act
    mend: Act
    keep: Act = lambda _system: None
    diagnosis: Mapping[str, str] = field(default_factory=dict)
    is_streamed: bool = False
    needs_mount: bool = False
    is_quick: bool = False


def together(*faults: PagerFault) -> PagerFault:
    """Return faults of different parts of a system as one: each fires its own alerts and no more."""
    expected: dict[str, int] = {}
    diagnosis: dict[str, str] = {}
    for fault in faults:
        assert not expected.keys() & fault.expected.keys(), fault.name
        assert not diagnosis.keys() & fault.diagnosis.keys(), fault.name
        expected |= fault.expected
        diagnosis |= fault.diagnosis

    def each(act: str) -> Act:
        return lambda system: [getattr(fault, act)(system) for fault in faults]

    return PagerFault(
        " and ".join(fault.name for fault in faults),
        " ".join(fault.sentence for fault in faults),
        expected,
        each("plant"),
        each("mend"),
        each("keep"),
        diagnosis,
    )


def _tamper(path: Path) -> None:
    """Change a panel file, as a program would that writes into the same directory."""
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(document | {"data": {"tampered": True}}), "utf-8")


def _tamper_on(system: System) -> None:
    """Change a panel file as soon as it is written again, until the fault is mended."""
    # Once a quarter second left a busy machine whole panels to find between two checks.
    over = system.tampering_over
    over.clear()
    path = next((system.world.data / "panels").glob("index_*.json"))

    def goes_on() -> None:
        while not over.wait(0.01):
            with suppress(OSError, ValueError):
                if not json.loads(path.read_text("utf-8"))["data"].get("tampered"):
                    _tamper(path)

    Thread(target=goes_on, daemon=True).start()


def _skew(system: System) -> None:
    """Let the closing worker run on a host whose clock is half a second ahead."""
    clock_set = system.world.base / "clock-set"
    clock_set.unlink(missing_ok=True)
    stand_in(system, "timedatectl", f'[ "$*" = "set-ntp true" ] && touch {clock_set}')
    system.kill("closing")
    system.worker("closing", "tests.chaos.application", CHAOS="clock:0.5")


def _follow(page: str, program: str, child: str = "") -> Act:
    return lambda system: system.follow(page, program, child)


def _start_worker(name: str) -> Act:
    """Start a worker as the runbook says, with the queues that it had."""
    return lambda system: system.follow(
        "no-worker.md", "celery ", name, NAME=name, QUEUES=system.pace.workers[name][0]
    )


def _start_redis(system: System) -> None:
    places = {"PORT": str(system.server.port), "DIR": str(system.server.directory)}
    system.follow("redis-down.md", "redis-server", "redis", **places)


def _make_room(directory: Callable[[System], Path]) -> Act:
    return lambda system: system.follow("disk-full.md", "rm ", FILE=fillers(directory(system)))


def _data(system: System) -> Path:
    return system.world.data


def _csv(system: System) -> Path:
    return system.world.base / "csv"


def _outrun(system: System) -> None:
    """Let a subscriber take up the bus and die, and publish more than the bus holds unread."""
    code, said = system.g6("events", "--as", AUDIT)
    assert code == 0, said
    with connect(system.server.url) as client:
        bus = RedisBus(client)
        for _ in range(19_700):
            bus.publish(SubscriberCounts(AUDIT, filtered=1), key=AUDIT)


def _quote_fault(name: str, **details: str) -> Act:
    return lambda system: system.kite.fault(name, family="quote", **details)


def _clear(system: System) -> None:
    system.kite.clear_faults()


def _fill_up(directory: Path) -> None:
    """Take the room that was given back meanwhile."""
    with suppress(OSError), (directory / ".filler-more").open("ab") as file:
        file.write(b"\0" * 65_536)


FAULTS = (
    PagerFault(
        "g6 serve killed",
        "SIGKILL to `g6 serve`; nothing starts it again.",
        MappingProxyType({"G6MetricsDown": 0}),
        lambda system: system.kill("serve"),
        _follow("serve-down.md", "g6 serve", "serve"),
        is_quick=True,
        diagnosis=MappingProxyType({"g6 ps": "serve"}),
    ),
    PagerFault(
        "Redis away",
        "SIGKILL to Redis; it is started again on its files.",
        MappingProxyType({"G6RedisDown": 0}),
        lambda system: system.stop_server(),
        _start_redis,
        is_quick=True,
        diagnosis=MappingProxyType(
            {"g6 status": "Redis:", "g6 config show --origin": "redis.broker_url"}
        ),
    ),
    PagerFault(
        "beat killed",
        "SIGKILL to the only beat.",
        MappingProxyType({"G6HeartbeatLost": 20}),
        lambda system: system.kill("beat"),
        _follow("no-beat.md", "celery -A g6 beat", "beat"),
        diagnosis=MappingProxyType({"g6 status": "beat"}),
    ),
    PagerFault(
        "worker killed",
        "SIGKILL to one of the two workers of collect and analytics.",
        MappingProxyType({"G6WorkerDown": 15}),
        lambda system: system.kill("cycle-b"),
        _start_worker("cycle-b"),
        diagnosis=MappingProxyType({"g6 ps": "cycle-b"}),
    ),
    PagerFault(
        "files' worker killed",
        "SIGKILL to the only worker of persist.",
        MappingProxyType({"G6WorkerDown": 15, "G6QueueBacklog": 45}),
        lambda system: system.kill("files"),
        _start_worker("files"),
        diagnosis=MappingProxyType({"g6 ps": "files"}),
    ),
    PagerFault(
        "expired token",
        "Every access token dies at the provider.",
        MappingProxyType({"G6TokenExpiring": 0}),
        lambda system: system.kite.flush(),
        _follow("token.md", "g6 login"),
        is_quick=True,
        diagnosis=MappingProxyType({"g6 status": "run g6 login"}),
    ),
    PagerFault(
        "slow provider",
        "Quotes take 8 s, and a request is given up after 3.",
        MappingProxyType({"G6ProviderDown": 20}),
        _quote_fault("delay", value="8"),
        _clear,
        diagnosis=MappingProxyType({"g6 status": "lost"}),
    ),
    PagerFault(
        "provider refuses one index",
        "Every quote of SENSEX's chain is refused; NIFTY's are answered.",
        MappingProxyType({"G6IndexMissing": 30}),
        _quote_fault("error", value="400", error_type="InputException", keys="BSE:"),
        _clear,
        diagnosis=MappingProxyType({"g6 data gaps --index SENSEX": "provider"}),
    ),
    PagerFault(
        "partial cycle",
        "Half of the keys of each quote do not come.",
        MappingProxyType({"G6CyclePartial": 10}),
        _quote_fault("missing_keys", value="0.5"),
        _clear,
        diagnosis=MappingProxyType({"g6 data gaps --index NIFTY": "missing"}),
    ),
    PagerFault(
        "frozen spot",
        "NIFTY's index stands still at the provider.",
        MappingProxyType({"G6SpotFrozen": 120}),
        lambda system: system.kite.fault("freeze", value="NIFTY"),
        _clear,
    ),
    PagerFault(
        "mute feed",
        "The sockets of the tick stream stay open and send nothing, new ones too.",
        MappingProxyType({"G6TickerSilent": 30}),
        lambda system: system.kite.fault("mute", value="all"),
        _clear,
        is_streamed=True,
    ),
    PagerFault(
        "clock skew",
        "The worker that tells the heartbeat has a clock half a second ahead.",
        MappingProxyType({"G6ClockSkew": 0}),
        _skew,
        _follow("expired.md", "timedatectl"),
        diagnosis=MappingProxyType({"g6 ps": "closing"}),
    ),
    PagerFault(
        "little disk",
        "The data directory's file system has 40 MB left.",
        MappingProxyType({"G6DiskLow": 0}),
        lambda system: fill(system.world.data, 40_000_000),
        _make_room(_data),
        needs_mount=True,
        diagnosis=MappingProxyType({"g6 data size": "chain"}),
    ),
    PagerFault(
        "full disk",
        "The data directory's file system has no room left.",
        MappingProxyType({"G6SinkFailing": 10}),
        lambda system: fill(system.world.data, 0),
        _make_room(_data),
        keep=lambda system: _fill_up(system.world.data),
        needs_mount=True,
        diagnosis=MappingProxyType({"g6 data size": "chain"}),
    ),
    PagerFault(
        "dead sink",
        "The file system of the CSV files has no room left; Parquet goes on.",
        MappingProxyType({"G6SinkFailing": 10}),
        lambda system: fill(system.world.base / "csv", 0),
        _make_room(_csv),
        keep=lambda system: _fill_up(system.world.base / "csv"),
        needs_mount=True,
    ),
    PagerFault(
        "subscriber dead",
        "A subscriber of the bus dies, and 19,700 events are published, of 20,000 that it holds.",
        MappingProxyType({"G6BusQueueSaturationCritical": 5}),
        _outrun,
        lambda system: system.follow("bus.md", "g6 events", NAME=AUDIT),
    ),
    PagerFault(
        "panel tampered",
        "A program changes a panel file again and again.",
        MappingProxyType({"G6PanelsIntegrity": 5}),
        _tamper_on,
        lambda system: system.tampering_over.set(),
        is_quick=True,
        diagnosis=MappingProxyType({"g6 panels verify": "index_"}),
    ),
)
