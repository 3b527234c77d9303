"""Work that kills, hangs, races, or is done again."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from g6 import pipeline
from g6.adapters.memory.sender import MemorySender
from g6.adapters.redis.panels import RedisPanels
from g6.adapters.redis.server import connect
from g6.config import load
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.schema.words import Status
from g6.entrypoints.workers.app import create_app
from g6.pipeline import Runtime
from g6.pipeline.runtime import Watch
from g6.pipeline.stages import end
from tests.chaos.hosts.stack import HostStack, on_hosts
from tests.chaos.stack import LAYOUT, THREE, Setup, Stack
from tests.chaos.table import fault
from tests.e2e.running import BIN, START
from tests.waiting import eventually

OWN_MANUAL = dict(LAYOUT) | {"persist": ("persist", 1), "manual": ("manual", 1)}
ROUNDS = 1000


@fault(
    "12", "the sweep and the last finisher race, a thousand times",
    done="In 1,000 cycles the last unit is finished by its stage and closed by the sweep at the same moment, from two threads with "
    "connections of their own.",
    seen="Exactly one of the two sends the aggregate, each wins often, and each cycle has one row per index.",
    bare=True,
)  # fmt: skip
def race(stack: Stack) -> None:
    stack.clock.set_origin(time.time() - 2.0 * ROUNDS)
    stack.controls.set("window", {"first": START, "last": START})
    disabled = {
        f"index_params.{name}.enabled": False for name in ("MIDCPNIFTY", "SENSEX", "BANKEX")
    }
    settings = load(None, {"demo_dir": stack.world.data, "interval": 1, **disabled}, {})
    first, second = (
        replace(create_app(settings, stack.server.url).runtime, sender=MemorySender())
        for _ in range(2)
    )
    won = Counter(
        _raced(first, second, isoformat_z(parse_z(START) + timedelta(seconds=n)))
        for n in range(ROUNDS)
    )
    said = ", ".join(f"{count} by {who}" for who, count in sorted(won.items()))
    stack.expect(
        set(won) == {"the finisher", "the sweep"}, f"each cycle was completed once: {said}"
    )
    stack.expect(min(won.values()) >= ROUNDS // 20, "both won often enough for it to be a race")
    stack.last, stack.interval = isoformat_z(parse_z(START) + timedelta(seconds=ROUNDS - 1)), 1


def _raced(first: Runtime, second: Runtime, cycle: str) -> str:
    """Let one cycle be completed from both sides; return who did."""
    *others, last = (Unit(cycle, index) for index in THREE)
    for unit in (*others, last):
        first.ledger.begin(unit, "task", first.opening(unit), time.time(), 5.0)
    for unit in others:
        end(first, unit, Status.MISSING, "provider", Watch(first.clock), task="task")
    barrier = threading.Barrier(2)

    def sweeps() -> None:
        barrier.wait()
        pipeline.sweep(second)

    sweeper = threading.Thread(target=sweeps)
    sweeper.start()
    barrier.wait()
    eventually(lambda: random.random() < 0.4, every=0.0004)  # so that neither is always first
    end(first, last, Status.MISSING, "provider", Watch(first.clock), task="task")
    sweeper.join()
    sent = {"the finisher": first.sender, "the sweep": second.sender}
    winners = [
        who for who, sender in sent.items() for each in sender.sent if each == ("aggregate", cycle)
    ]  # type: ignore[attr-defined]
    pipeline.aggregate(first, cycle)
    pipeline.publish(first, cycle)
    return winners[0] if len(winners) == 1 else f"{len(winners)} at once"


@fault(
    "15",
    "the provider slower than the interval for 10 cycles",
    done="Every answer takes 9 s, three times the interval; after 10 cycles the collectors are started again on a healthy "
    "provider.",
    seen="Nothing piles up: at most one message an index waits; units are MISSING, time_limit; one that began late may cost the "
    "next, SKIPPED, overrun; then whole cycles.",
    setup=Setup(application="tests.chaos.application", more={"CHAOS": "slow"}),
)
def slow(stack: Stack) -> None:
    _slow_provider(stack)


@fault(
    "15b", "the provider slower than the interval, for two hosts",
    done="As 15, on hosts of a network: two of them collect and analyse, each with a beat, and wait for the provider alike.",
    seen="As 15: nothing piles up, units are MISSING, time_limit, or SKIPPED, overrun; then whole cycles, to which both hosts "
    "contribute.",
    setup=on_hosts(interval=3, application="tests.chaos.application", CHAOS="slow"),
)  # fmt: skip
def slow_on_hosts(stack: Stack) -> None:
    assert isinstance(stack, HostStack)
    _slow_provider(stack)
    before = stack.done_by_workers()
    stack.goes_well(3)
    done = {name: count - before.get(name, 0) for name, count in stack.done_by_workers().items()}
    words = ", ".join(f"{name} {count}" for name, count in sorted(done.items()))
    stack.expect(all(done.values()), f"afterwards both hosts work: {words}")


def _slow_provider(stack: Stack) -> None:
    stack.switch(on=True)
    stack.happens()
    deepest = 0
    limit = stack.began + 10 * stack.setup.timing.step
    while time.time() < limit:
        stack.pass_time(0.2)
        deepest = max(deepest, stack.waiting("collect"))
    stack.switch(on=False)
    stack.passes()
    stack.expect(deepest <= 2 * len(THREE), f"at most {deepest} messages waited for collectors")
    stack.goes_well(2, after=stack.over)
    ends = stack.reasons(stack.began, stack.over - stack.setup.timing.grace)
    counts = ", ".join(f"{' '.join(end)} {count}" for end, count in sorted(ends.items()))
    stack.expect(
        {status for status, _ in ends} <= {"MISSING", "SKIPPED"},
        f"the units meanwhile end as {counts}",
    )
    stack.expect(("MISSING", "time_limit") in ends, "a slow provider is told as time_limit")
    stack.expect(sum(ends.values()) >= 8 * len(THREE), "each of them has its row")


@fault(
    "16", "a poison index that kills its process",
    done="Asking for BANKNIFTY's quotes kills the process that asks (SIGKILL from within), cycle after cycle.",
    seen="Three starts and no more, then BANKNIFTY is MISSING, poison; the other indices are OK.",
    setup=Setup(interval=20, application="tests.chaos.application", more={"CHAOS": "poison"}),
)  # fmt: skip
def poisoned(stack: Stack) -> None:
    stack.switch(on=True)
    stack.happens()
    cycle = eventually(
        lambda: "".join([each for each in stack.stored() if stack.due(each) > stack.began][:1]),
        90.0,
        every=0.1,
    )
    stack.switch(on=False)
    stack.passes()
    ends, record = stack.ends(cycle), stack.ledger.record(cycle)
    starts = record.units["BANKNIFTY"].stages["collect"].starts if record else 0
    stack.expect(
        ends["BANKNIFTY"] == ("MISSING", "poison"),
        f"BANKNIFTY ends as {' '.join(ends['BANKNIFTY'])}",
    )
    stack.expect(starts == 3, f"it was started {starts} times")
    stack.expect({ends["NIFTY"], ends["FINNIFTY"]} == {("OK", "")}, "the other indices are OK")
    alive = len(stack.pool("collect"))
    stack.expect(
        eventually(lambda: len(stack.pool("collect")) == 3),
        f"the pool is whole again ({alive} at the deadline)",
    )


@fault(
    "17", "soft and hard time limits hit",
    done="BANKNIFTY's quotes take 20 s, FINNIFTY's too and do not let the soft limit be heard; the limits are 1.8 s and 4.8 s.",
    seen="BANKNIFTY is MISSING, time_limit; FINNIFTY's process is killed at the hard limit, its unit is MISSING, provider, and the "
    "next, which comes while it hangs, SKIPPED, overrun; NIFTY is OK throughout.",
    setup=Setup(application="tests.chaos.application", more={"CHAOS": "stuck"}),
)  # fmt: skip
def stuck(stack: Stack) -> None:
    stack.switch(on=True)
    stack.happens()
    eventually(
        lambda: len([each for each in stack.stored() if stack.due(each) > stack.began]) >= 5,
        every=0.1,
    )
    stack.switch(on=False)
    stack.passes()
    cycles = [each for each in stack.stored() if stack.due(each) > stack.began]
    ends = {index: sorted({stack.ends(cycle)[index] for cycle in cycles}) for index in THREE}
    stack.expect(ends["NIFTY"] == [("OK", "")], f"NIFTY ends as {_said(ends['NIFTY'])}")
    stack.expect(
        ("MISSING", "time_limit") in ends["BANKNIFTY"],
        f"BANKNIFTY ends as {_said(ends['BANKNIFTY'])}",
    )
    stack.expect(
        ends["FINNIFTY"] == [("MISSING", "provider"), ("SKIPPED", "overrun")],
        f"FINNIFTY as {_said(ends['FINNIFTY'])}",
    )
    stack.expect(stack.children["collect"].alive, "the worker lives")


def _said(ends: list[tuple[str, str]]) -> str:
    return " or ".join(" ".join(end) for end in ends)


@fault(
    "21", "the same rerun twice",
    done="Two `g6 rerun --cycle` of the same past cycle at once, and a third afterwards, while live cycles run.",
    seen="All end with exit code 0; chain, overview and CSV rows of that cycle keep their bytes, live cycles stay whole.",
    setup=Setup(layout=OWN_MANUAL),
)  # fmt: skip
def twice(stack: Stack) -> None:
    cycle = stack.whole(0.0)[0]
    before = _contents(stack.world.data, cycle)
    stack.happens()
    with _rerunning(stack, "--cycle", cycle) as one, _rerunning(stack, "--cycle", cycle) as other:
        codes = [one.wait(90), other.wait(90)]
    with _rerunning(stack, "--cycle", cycle) as third:
        codes.append(third.wait(90))
    stack.passes()
    stack.expect(codes == [0, 0, 0], f"exit codes {codes}")
    eventually(lambda: not any(map(stack.waiting, ("manual", "persist", "aggregate"))))
    stack.expect(len(before) > len(THREE), f"{len(before)} files and rows are compared")
    stack.expect(_contents(stack.world.data, cycle) == before, "every byte is the same")
    stack.all_ok(stack.began, stack.over, "meanwhile")


def _rerunning(stack: Stack, *arguments: str) -> subprocess.Popen[bytes]:
    command = [str(BIN / "g6"), "rerun", *arguments, "--json", "--data-dir", str(stack.world.data)]
    return subprocess.Popen(
        command,
        cwd=stack.world.elsewhere,
        env=dict(stack.world.environment),
        stdout=subprocess.PIPE,
    )


def _contents(data: Path, cycle: str) -> dict[str, str]:
    """Return a digest of every file and every CSV row of one cycle."""
    name = f"{cycle[11:].replace(':', '')}.parquet"
    parts = {str(part): hashlib.sha256(part.read_bytes()).hexdigest() for part in data.rglob(name)}
    rows = {
        f"{path}:{cycle}": line
        for path in data.glob("csv/**/*.csv")
        for line in path.read_text("utf-8").splitlines()
        if line.startswith(cycle)
    }
    return parts | rows


@fault(
    "29", "reruns under fire",
    done="20 past cycles (60 units) are rerun while live cycles run; in the midst the worker of the reruns is killed and "
    "started again.",
    seen="Live cycles are untouched, every rerun ends OK with the same bytes, and no panel ever steps back, in Redis or on disk.",
    setup=Setup(layout=OWN_MANUAL),
)  # fmt: skip
def under_fire(stack: Stack) -> None:
    stack.goes_well(20, after=0.0, seconds=120.0)
    cycles = stack.whole(0.0)[:20]
    before = {cycle: _contents(stack.world.data, cycle) for cycle in cycles}
    over, backwards = threading.Event(), []  # type: ignore[var-annotated]
    watcher = threading.Thread(
        target=_watch_panels, args=(stack.server.url, stack.world.data, over, backwards)
    )
    watcher.start()
    stack.happens()
    with _rerunning(stack, "--since", cycles[0], "--until", cycles[-1]) as reruns:
        stack.catch("manual", lambda: stack.taken("manual"))
        stack.children["manual"].kill()
        stack.worker("manual", wait=True)
        told, _ = reruns.communicate(timeout=240)
    ended = stack.passes()
    stack.goes_well(1, after=ended)
    over.set()
    watcher.join()
    results: list[dict[str, Any]] = load_json(told)
    stack.expect(
        reruns.returncode == 0 and len(results) == 20 * len(THREE),
        f"{len(results)} units were sent again",
    )
    outcomes = Counter(result["outcome"] for result in results)
    stack.expect(set(outcomes) == {"OK"}, f"they end as {dict(outcomes)}")
    changed = [cycle for cycle in cycles if _contents(stack.world.data, cycle) != before[cycle]]
    stack.expect(not changed, f"{len(changed)} of 20 cycles have other bytes than before")
    stack.all_ok(stack.began, ended, "meanwhile")
    stack.expect(not backwards, f"panels step back {len(backwards)} times")


def load_json(told: bytes) -> Any:
    """Read what a command wrote with --json."""
    import json

    return json.loads(told.decode().strip().splitlines()[-1])


def _watch_panels(url: str, data: Path, over: threading.Event, backwards: list[str]) -> None:
    """Note every step back of a panel's cycle, in Redis and on disk."""
    import json

    newest: dict[str, str] = {}
    with connect(url) as client:
        panels = RedisPanels(client)
        while not over.wait(0.05):
            seen = {f"redis {name}": cycle for name, cycle in panels.cycles().items()}
            path = data / "panels" / "cycle.json"
            if path.exists():
                seen["disk cycle"] = json.loads(path.read_text("utf-8"))["data"]["cycle"]
            backwards += [name for name, cycle in seen.items() if cycle < newest.get(name, "")]
            newest |= {name: max(cycle, newest.get(name, "")) for name, cycle in seen.items()}


@fault(
    "11b", "SIGINT to everything while it persists",
    done="The persist worker gets SIGINT, as from Ctrl-C, at a moment when the ledger shows a unit being persisted; it is "
    "started again.",
    seen="It ends by itself, no file is truncated, the unit is stored.",
    setup=Setup(),
)  # fmt: skip
def interrupted(stack: Stack) -> None:
    ((cycle, index), *_) = stack.catch("persist", lambda: stack.running("persist"))
    stack.happens()
    stack.thaw("persist")
    code = stack.children["persist"].ends(signal.SIGINT, 20.0)
    stack.expect(code == 0, f"it ends with {code}")
    stack.worker("persist", wait=True)
    stack.passes()
    eventually(lambda: stack.world.parts(cycle, index), every=0.05)
    stack.expect(True, f"{index} of that cycle is stored")
