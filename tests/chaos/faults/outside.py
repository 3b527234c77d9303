"""What stands around the cycles and is away: the disk, the server of time series, Flower and serve, a name of a queue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from g6.adapters.redis.bus import RedisBus
from g6.domain.cycles.cycle import parse_z
from tests.chaos.hosts.proxy import Proxies, Proxy
from tests.chaos.hosts.stack import HostStack, on_hosts
from tests.chaos.hosts.toxics import Latency, ResetPeer, Timeout
from tests.chaos.stack import COMMAND_SECONDS, Setup, Stack, prepared
from tests.chaos.table import fault
from tests.e2e.running import BIN
from tests.integration.influx.time_series_server import TimeSeriesServer, time_series_server
from tests.waiting import eventually

DISK = "96m"
AWAY_SECONDS = 12.0
SERIES: dict[Path, tuple[TimeSeriesServer, Proxy]] = {}
"""The server of time series of a stack, and the proxy before it, by the stack's directory."""


def _mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True, timeout=20)


def _unmount(directory: Path) -> None:
    subprocess.run(["umount", "--lazy", str(directory)], check=True, capture_output=True, timeout=20)  # fmt: skip


@contextmanager
def on_own_disk(base: Path, setup: Setup) -> Iterator[Stack]:
    """Give a stack whose rows are on a small disk of their own."""
    rows = base / "rows"
    rows.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", rows)
    try:
        with prepared(base, setup) as stack:
            yield stack
    finally:
        _unmount(rows)


@contextmanager
def with_series(base: Path, setup: Setup) -> Iterator[Stack]:
    """Give a stack whose rows go to a server of time series too, through a proxy."""
    with time_series_server(base) as server, Proxies() as proxies, prepared(base, setup) as stack:
        host, _, port = server.url.rpartition("/")[2].partition(":")
        proxy = proxies.open((host, int(port)))
        url = f"http://{proxy.address[0]}:{proxy.address[1]}"
        stack.world.environment = {**stack.world.environment, "G6_INFLUX__URL": url, "G6_INFLUX__TOKEN": "any"}  # fmt: skip
        stack.children["outlet"] = stack.world.start("outlet", "g6", "influx", "send")
        SERIES[base] = server, proxy
        yield stack


@fault(
    "20a", "the server of time series slow, deaf, resetting and away",
    done="A proxy stands before the server that `g6 influx send` writes to. For 9 s each its answers come 4 s late, nothing comes "
    "any more, and each connection is reset; then it takes none at all.",
    seen="No cycle waits for it: every unit is OK. Afterwards the server has every cycle.",
    setup=Setup(prepared=with_series),
)  # fmt: skip
def series_away(stack: Stack) -> None:
    server, proxy = SERIES[stack.world.base]
    eventually(lambda: server.series("options_overview"), every=0.5)
    stack.happens()
    for toxic in (Latency(delay=4.0), Timeout(), ResetPeer(), ResetPeer(after=0.05)):
        proxy.add("one", toxic)
        stack.pass_time(9.0)
    proxy.clear()
    stack.passes()
    stack.goes_well(2, after=stack.over)
    stack.all_ok(stack.began, stack.over, "meanwhile")
    due = {cycle for cycle in stack.stored() if stack.due(cycle) <= stack.over}
    eventually(lambda: len(_instants(server)) >= len(due), 90.0, every=1.0)
    missing = {round(_epoch(cycle)) for cycle in due} - _instants(server)
    stack.expect(not missing, f"of {len(due)} cycles the server misses {len(missing)}")


def _epoch(cycle: str) -> float:
    return parse_z(cycle).timestamp()


def _instants(server: TimeSeriesServer) -> set[int]:
    found: set[int] = set()
    for one in server.series("options_overview"):
        stamps: Any = one["timestamps"]
        found |= {round(at / 1000) for at in stamps}
    return found


def _full(rows: Path) -> Callable[[], object]:
    """Fill a disk to its last byte; return what makes room again."""
    filler = rows / ".filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65_536)
    return filler.unlink


def _read_only(rows: Path) -> Callable[[], object]:
    """Let a directory be read and not written; return what ends that."""
    _mount("--bind", rows, rows)
    _mount("-o", "remount,bind,ro", rows)
    return lambda: _unmount(rows)


def _refused(stack: Stack, spoil: Callable[[Path], Callable[[], object]]) -> None:
    stack.happens()
    mend = spoil(stack.world.data)
    try:
        stack.pass_time(AWAY_SECONDS)
    finally:
        mend()
    stack.passes()
    stack.goes_well(2, after=stack.over)
    told = _alerts(stack, "disk")
    stack.expect(told, f"an alert says: {told[0] if told else 'nothing'}")
    due = int((stack.over - stack.began) / stack.setup.timing.step)
    first, last = stack.began - stack.setup.timing.step, stack.over
    eventually(lambda: not _unstored(stack), 120.0, every=0.5)
    waited = time.time() - stack.over
    ends = stack.reasons(first, last)
    stack.expect(sum(ends.values()) >= 3 * due, f"all of meanwhile is stored {waited:.0f} s later")
    stack.all_ok(first, last, "stored afterwards")


def _unstored(stack: Stack) -> list[str]:
    """Return the cycles due until the disk took rows again of which something is not stored yet."""
    return [
        record.cycle
        for record in stack.ledger.open_cycles()
        if stack.due(record.cycle) <= stack.over
    ]


def _alerts(stack: Stack, state: str) -> list[str]:
    """Return the sentences of the alerts of a state."""
    events = RedisBus(stack.client).read("0", count=20_000)
    documents = [each.document for each in events if each.type == "alert"]
    return [str(each["sentence"]) for each in documents if each["state"] == state]


@fault(
    "20b", "the disk of the rows full",
    done="The rows are on a disk of 96 MB, which is filled to the last byte for 12 s.",
    seen="An alert says so and the cycles go on. Rows and chains of meanwhile are tried again and are stored by themselves once there "
    "is space: every unit has its row and its chain, and is OK.",
    setup=Setup(prepared=on_own_disk),
)  # fmt: skip
def disk_full(stack: Stack) -> None:
    _refused(stack, _full)


@fault(
    "20c", "the data directory read-only",
    done="The file system of the rows is mounted read-only over itself for 12 s.",
    seen="As with a full disk: an alert, and what is missing is stored by itself once it can be written.",
    setup=Setup(prepared=on_own_disk),
)  # fmt: skip
def disk_read_only(stack: Stack) -> None:
    _refused(stack, _read_only)


@fault(
    "26", "Flower and serve down",
    done="Flower and `g6 serve` run on the web host. Flower is killed, serve is stopped for 10 s, then killed, and started again "
    "10 s later.",
    seen="No cycle notices: every unit is OK. The page answers again, and the metrics count the cycles of meanwhile.",
    setup=on_hosts(),
)  # fmt: skip
def watchers_down(stack: Stack) -> None:
    assert isinstance(stack, HostStack)
    page = stack.serve()
    stack.start("flower", Path(sys.executable), "-m", "g6.entrypoints.machine.flower_process")
    eventually(lambda: stack.asks(page)[0] == 200, every=0.5)
    stack.happens()
    stack.children["flower"].kill()
    os.kill(stack.children["serve"].pid, signal.SIGSTOP)
    stack.pass_time(10.0)
    stack.children["serve"].kill()
    stack.pass_time(10.0)
    stack.serve()
    stack.passes()
    eventually(lambda: stack.asks(page)[0] == 200, every=0.5)
    stack.expect(True, f"the page answers {time.time() - stack.over:.1f} s after the start")
    stack.goes_well(2)
    stack.all_ok(stack.began, time.time() - stack.setup.timing.grace, "meanwhile")
    stored = len(stack.stored())
    counted = eventually(lambda: _counted(stack, stored), every=0.5)
    stack.expect(counted, f"the metrics count {counted:.0f} cycles, {stored} were stored")


def _counted(stack: HostStack, least: int) -> float:
    """Return how many cycles the metrics count, 0 while they are fewer."""
    lines = stack.asks(stack.metrics)[1].splitlines()
    counts = [float(line.rpartition(" ")[2]) for line in lines if line.startswith("g6_cycles_total{")]  # fmt: skip
    return sum(counts) if sum(counts) >= least else 0.0


@fault(
    "28", "a wrong queue name in a route",
    done="While cycles run, a message is sent to a queue nobody declares, a worker is started for one, and a beat and a worker "
    "with a route to one.",
    seen="Each command ends with an error that names the queue; nothing appears in Redis under that name, and every unit is OK.",
)  # fmt: skip
def wrong_route(stack: Stack) -> None:
    stack.happens()
    cycle = stack.stored()[-1]
    arguments = f'["{cycle}","NIFTY"]'
    worker = ("worker", "-c", "1", "--without-mingle", "--without-gossip")
    beat = ("beat", "--schedule", os.devnull)
    cases = {
        "a message by hand": ("g6", ("call", "g6.rerun", "--args", arguments, "--queue", "presist"), ""),
        "a worker of that queue": ("g6", (*worker, "-Q", "presist"), ""),
        "a worker that routes there": ("tests.chaos.application", (*worker, "-Q", "collect"), "wrong:undeclared_queue"),
        "a beat that routes there": ("tests.chaos.application", beat, "wrong:undeclared_queue"),
    }  # fmt: skip
    for name, (application, words, wrong) in cases.items():
        ended = subprocess.run(
            [str(BIN / "celery"), "-A", application, *words], cwd=stack.world.elsewhere, timeout=COMMAND_SECONDS, check=False,
            env={**stack.world.environment, "CHAOS": wrong}, capture_output=True, text=True,
        )  # fmt: skip
        lines = (ended.stdout + ended.stderr).splitlines()
        told = next(
            (line.strip() for line in reversed(lines) if "presist" in line), "nothing of it"
        )
        stack.expect(ended.returncode and "presist" in told, f"{name} ends with {ended.returncode}: {told[:160]}")  # fmt: skip
    stack.passes()
    stack.expect(not stack.client.exists("g6:celery:presist"), "nothing waits under that name")
    stack.goes_well(1)
    stack.all_ok(stack.began, stack.over, "meanwhile")
