"""Redis restarted, away, frozen, flapping, full and emptied."""

from __future__ import annotations

import os
import signal
import time

from g6.domain.reports import Switches
from tests.chaos.stack import THREE, Setup, Stack, said
from tests.chaos.table import fault
from tests.waiting import eventually

BACK_TO_WORK_SECONDS = 3.0


def _killed(stack: Stack, seconds: float) -> None:
    """Kill the server mid-cycle, leave it away for `seconds`, start it again."""
    eventually(lambda: stack.running("collect"), every=0.001)
    stack.happens()
    stack.server.process.kill()
    stack.server.process.wait()
    stack.pass_time(seconds)
    stack.restart_server()
    stack.passes()


def _work_resumes(stack: Stack) -> None:
    """Expect a stage to begin, or the sweep to walk, within three seconds of the server's return."""
    at, cycle = eventually(lambda: _begun(stack), every=0.02) or (0.0, "")
    idle = max(0.0, stack.due(cycle) - stack.over)
    waited = at - stack.over
    said = f"the first stage after Redis' return begins {waited:.1f} s after it (its cycle was due {idle:.1f} s after)"
    stack.expect(waited <= max(BACK_TO_WORK_SECONDS, idle + 0.5), said)


def _begun(stack: Stack) -> tuple[float, str] | None:
    starts = [
        (state.started, cycle)
        for cycle, _, unit in stack.units()
        for state in unit.stages.values()
        if state.started > stack.over
    ]
    return min(starts) if starts else None


@fault(
    "4a", "Redis restarted mid-cycle, append-only file on",
    done="SIGKILL to the server while the ledger shows a collection running; started again on its files 0.5 s later.",
    seen="Back to work within 3 s; at most one cycle is not whole.",
    short=True,
)  # fmt: skip
def restarted(stack: Stack) -> None:
    _killed(stack, 0.5)
    _work_resumes(stack)
    stack.goes_well(2, after=stack.over)
    first = stack.began - stack.setup.timing.step
    hurt = [
        cycle
        for cycle in stack.stored()
        if stack.due(cycle) > first and cycle not in stack.whole(first)
    ]
    stack.expect(len(hurt) <= 1, f"{len(hurt)} cycles are not whole: {_why(stack, hurt)}")


@fault(
    "4b", "Redis restarted mid-cycle, append-only file off",
    done="As 4a, and everything the server knew is gone.",
    seen="Back to work within 3 s; what was in flight is SKIPPED (redis_down, ledger_lost) or MISSING, at most two cycles.",
    setup=Setup(append_only=False),
)  # fmt: skip
def restarted_empty(stack: Stack) -> None:
    _killed(stack, 0.5)
    _work_resumes(stack)
    stack.goes_well(2, after=stack.over)
    first = stack.began - stack.setup.timing.step
    hurt = [
        cycle
        for cycle in stack.stored()
        if stack.due(cycle) > first and cycle not in stack.whole(first)
    ]
    stack.expect(len(hurt) <= 2, f"{len(hurt)} cycles are not whole: {_why(stack, hurt)}")


def _why(stack: Stack, cycles: list[str]) -> str:
    return (
        ", ".join(sorted({" ".join(end) for cycle in cycles for end in stack.ends(cycle).values()}))
        or "none"
    )


def _away(stack: Stack, seconds: float) -> None:
    _killed(stack, seconds)
    _work_resumes(stack)
    stack.goes_well(2, after=stack.over)
    step = stack.setup.timing.step
    first, last = stack.began + step, stack.over - stack.setup.timing.grace
    due = int((last - first) / step)
    eventually(
        lambda: sum(stack.reasons(first, last).values()) >= due * len(THREE),
        60.0 + seconds,
        every=0.2,
    )
    lost = stack.reasons(first, last)
    stack.expect(
        set(lost) == {("SKIPPED", "redis_down")}, f"the units due meanwhile end as {said(lost)}"
    )
    late = [
        cycle for cycle in stack.stored() if stack.due(cycle) > stack.over + BACK_TO_WORK_SECONDS
    ]
    stack.expect(
        set(late) == set(stack.whole(stack.over + BACK_TO_WORK_SECONDS)),
        "every cycle due 3 s after the return is whole",
    )


@fault(
    "5a", "Redis down for 45 s",
    done="SIGKILL to the server mid-cycle; started again on its files 45 s later.",
    seen="Back to work within 3 s; the cycles in between are SKIPPED, redis_down.",
)  # fmt: skip
def down(stack: Stack) -> None:
    _away(stack, 45.0)


@fault(
    "5b", "Redis down for 5 min",
    done="SIGKILL to the server mid-cycle; started again on its files 5 min later.",
    seen="Back to work within 3 s; the cycles in between are SKIPPED, redis_down, written down without holding up those that run.",
)  # fmt: skip
def long_down(stack: Stack) -> None:
    _away(stack, 300.0)


@fault(
    "6", "Redis frozen for 20 s",
    done="SIGSTOP to the server mid-cycle, SIGCONT 20 s later: connections stay open and nothing answers.",
    seen="No worker or beat ends; back to work within 3 s; the cycles in between are SKIPPED, redis_down, or MISSING.",
)  # fmt: skip
def frozen(stack: Stack) -> None:
    eventually(lambda: stack.running("collect"), every=0.001)
    stack.happens()
    os.kill(stack.server.pid, signal.SIGSTOP)
    stack.pass_time(20.0)
    os.kill(stack.server.pid, signal.SIGCONT)
    stack.passes()
    _work_resumes(stack)
    stack.goes_well(2, after=stack.over)
    stack.expect(all(child.alive for child in stack.children.values()), "every process lives")
    first, last = stack.began + stack.setup.timing.step, stack.over - stack.setup.timing.grace
    lost = stack.reasons(first, last)
    stack.expect(("SKIPPED", "redis_down") in lost, f"the units due meanwhile end as {said(lost)}")
    stack.expect(("SKIPPED", "no_beat") not in lost, "and none of them blames beat")


@fault(
    "7", "Redis flapping",
    done="SIGKILL to the server six times within ten seconds, each time started again on its files at once.",
    seen="No worker or beat ends, and the cycles go on whole.",
)  # fmt: skip
def flapping(stack: Stack) -> None:
    stack.happens()
    for _ in range(6):
        stack.server.process.kill()
        stack.server.process.wait()
        stack.restart_server()
        stack.pass_time(1.2)
    stack.passes()
    stack.goes_well(2, after=stack.over)
    stack.expect(all(child.alive for child in stack.children.values()), "every process lives")


@fault(
    "8", "the broker's memory full",
    done="CONFIG SET maxmemory 1mb under noeviction for 15 s: every write is refused, reads are answered.",
    seen="Nothing is evicted, no process ends; the cycles in between are SKIPPED or MISSING with redis_down, and the next are "
    "whole.",
)  # fmt: skip
def memory_full(stack: Stack) -> None:
    eventually(lambda: stack.running("collect"), every=0.001)
    stack.happens()
    keys = stack.client.dbsize()
    stack.client.config_set("maxmemory", "1mb")
    stack.pass_time(15.0)
    evicted = stack.client.info("stats")["evicted_keys"]
    stack.client.config_set("maxmemory", "0")
    stack.passes()
    stack.expect(evicted == 0 and keys, "no key was evicted")
    stack.goes_well(2, after=stack.over)
    stack.expect(all(child.alive for child in stack.children.values()), "every process lives")
    first, last = stack.began + stack.setup.timing.step, stack.over - stack.setup.timing.grace
    lost = stack.reasons(first, last)
    stack.expect(("SKIPPED", "no_beat") not in lost, f"the units due meanwhile end as {said(lost)}")


@fault(
    "9", "FLUSHALL mid-cycle",
    done="FLUSHALL while the ledger shows a collection running: queues, ledger, frames, the market's clock and the switches are "
    "gone.",
    seen="At most two cycles are not whole and say so; a switch that was set (Greeks off) is still in force; a worker started "
    "afterwards "
    "keeps the market's time.",
    short=True,
)  # fmt: skip
def emptied(stack: Stack) -> None:
    stack.controls.set("greeks", False)
    stack.goes_well(1)
    origin = stack.clock.wall_origin()
    eventually(lambda: stack.running("collect"), every=0.001)
    stack.happens()
    stack.client.flushall()
    stack.passes()
    eventually(lambda: stack.controls.read() != Switches(), every=0.05)
    stack.expect(
        stack.controls.read().greeks is False,
        f"the switches are back {time.time() - stack.over:.1f} s later",
    )
    held = float(eventually(lambda: stack.client.get("g6:clock")))  # type: ignore[arg-type]
    stack.expect(held == origin, "the market's clock is where it was")
    stack.controls.set("greeks", None)
    stack.children["analytics"].kill()
    stack.worker("analytics", wait=True)
    stack.goes_well(2)
    first = stack.began - stack.setup.timing.step
    reasons = set(stack.reasons(first, stack.over + stack.setup.timing.step)) - {("OK", "")}
    stack.expect(reasons <= {("SKIPPED", "ledger_lost"), ("MISSING", "frame_missing"), ("MISSING", "late"), ("MISSING", "provider"),
                             ("MISSING", "expired")}, f"what is not whole says why: {sorted(map(' '.join, reasons))}")  # fmt: skip


@fault(
    "25", "workers and beat started before Redis",
    done="Workers and beat are started with no server on their port; it is started 8 s later.",
    seen="None of them ends; the first cycle is whole within a few seconds of the server's start.",
    bare=True,
)  # fmt: skip
def started_first(stack: Stack) -> None:
    stack.server.stop()
    for name in stack.setup.layout:
        stack.worker(name)
    stack.beat("beat-a")
    stack.happens()
    stack.pass_time(8.0)
    stack.expect(
        all(child.alive for child in stack.children.values()), "every process waits for its broker"
    )
    stack.restart_server()
    stack.passes()
    eventually(lambda: stack.clock.wall_origin() is not None, every=0.05)
    stack.goes_well(2, after=0.0)
