"""Processes that are killed: pool children, whole workers, beats, the aggregate."""

from __future__ import annotations

import signal
import time

from g6.domain.cycles.claims import StageState
from tests.chaos.stack import LAYOUT, QUEUES, THREE, Setup, Stack
from tests.chaos.table import fault
from tests.waiting import eventually

SLOW = {"G6_MARKET__FAULTS": "delay:0.4"}
WORKER_OF = {"collect": "collect", "analyse": "analytics", "persist": "persist"}
RUNS_AGAIN_SECONDS = 6.0


@fault(
    "1", "a pool process killed in each stage",
    done="SIGKILL to the process that runs collect, then analyse, then persist, at a moment when the ledger shows the stage "
    "running.",
    seen="The stage runs again within 6 s, and as the deadline is 8 s away every unit ends OK.",
    setup=Setup(interval=10, more=SLOW),
)  # fmt: skip
def child_killed(stack: Stack) -> None:
    stack.happens()
    for stage, worker in WORKER_OF.items():
        ((cycle, index), *_) = stack.catch(worker, lambda stage=stage: stack.running(stage))  # type: ignore[misc]
        victims = stack.pool(worker)
        killed = stack.passes()
        # Which of them has the unit in hand nobody tells: killing one alone hit an idle one, where the first unit began a
        # moment before the others.
        for victim in victims:
            victim.kill()
        stack.thaw(worker)
        again = eventually(lambda: _started_again(stack, stage, cycle, killed), every=0.01)  # noqa: B023 - used at once
        stack.expect(
            again - killed <= RUNS_AGAIN_SECONDS,
            f"{stage} of {index} runs again {again - killed:.1f} s after the kill",
        )
        stack.goes_well(1, after=stack.due(cycle) - 0.01)
    stack.all_ok(stack.began, time.time(), "meanwhile")


def _started_again(stack: Stack, stage: str, cycle: str, killed: float) -> float:
    """Return when a unit's stage started a second time, 0.0 while none did."""
    record = stack.ledger.record(cycle)
    stages = (
        [unit.stages.get(stage, StageState()) for unit in record.units.values()] if record else []
    )
    return max(
        (state.started for state in stages if state.starts > 1 and state.started > killed),
        default=0.0,
    )


@fault(
    "1b", "a pool process killed while it analyses",
    done="SIGKILL to the process that analyses, at a moment when the ledger shows it, with 2.4 s from instant to deadline.",
    seen="At most that cycle is not whole; the next ones are.",
    short=True, full=False,
)  # fmt: skip
def analysis_killed(stack: Stack) -> None:
    ((cycle, _), *_) = stack.catch("analytics", lambda: stack.running("analyse"))
    stack.happens()
    for victim in stack.pool("analytics"):
        victim.kill()
    stack.thaw("analytics")
    stack.goes_well(2, after=stack.over)
    hurt = {each for each in stack.stored() if each > cycle and stack.due(each) <= stack.over}
    stack.expect(len(hurt) <= 1, "at most one cycle beside it was begun before the kill")


@fault(
    "2", "a whole worker killed, of each queue, idle and busy",
    done="SIGKILL to the worker of each of the six queues and its pool, once with nothing in hand and once with a message "
    "unacknowledged; "
    "it is started again at once, as its supervisor does.",
    seen="The cycles go on whole each time; no kill costs more than three cycles.",
    setup=Setup(layout={name: (name, 3 if name == "collect" else 1) for name in QUEUES}, more=SLOW),
)  # fmt: skip
def worker_killed(stack: Stack) -> None:
    stack.happens()
    for queue in QUEUES:
        for busy in (False, True):
            if busy:
                if queue == "manual":
                    stack.send("g6.rerun", stack.whole(0.0)[-1], THREE[0])
                stack.catch(queue, lambda: stack.taken(queue))  # noqa: B023 - used at once
            else:
                eventually(lambda: not stack.taken(queue), every=0.01)  # noqa: B023 - used at once
            killed = time.time()
            stack.children[queue].kill()
            stack.worker(queue, wait=True)
            stack.passes()
            (first, *_) = stack.goes_well(1, after=killed)
            lost = sum(killed < stack.due(each) < stack.due(first) for each in stack.stored())
            stack.expect(
                lost <= 3, f"{queue} {'busy' if busy else 'idle'}: whole again after {lost} cycles"
            )


@fault(
    "2b", "the analytics worker killed while it works",
    done="SIGKILL to the analytics worker and its pool while the ledger shows a unit being analysed; it is started again at once.",
    seen="The cycles go on whole.",
    short=True, full=False,
)  # fmt: skip
def analytics_killed(stack: Stack) -> None:
    stack.catch("analytics", lambda: stack.running("analyse"))
    stack.happens()
    stack.children["analytics"].kill()
    stack.worker("analytics", wait=True)
    stack.passes()


@fault(
    "3", "rolling SIGTERM under load",
    done="Two workers of every kind; each in turn is stopped with SIGTERM while cycles run, and started again when it has ended.",
    seen="Each worker ends by itself within 10 s, and nothing is lost: every unit ends OK.",
    setup=Setup(interval=5, layout=dict(LAYOUT) | {f"{name}.b": each for name, each in LAYOUT.items()}, more=SLOW),
)  # fmt: skip
def rolled(stack: Stack) -> None:
    stack.happens()
    for name in list(stack.setup.layout):
        asked = time.monotonic()
        code = stack.children[name].ends(signal.SIGTERM, 20.0)
        seconds = time.monotonic() - asked
        stack.expect(
            seconds <= 10.0 and code in (0, 1), f"{name} ends {seconds:.1f} s after SIGTERM"
        )
        stack.worker(name, wait=True)
    stack.passes()
    stack.all_ok(stack.began, time.time(), "while the workers roll")


@fault(
    "10a", "one of two beats killed, then the other",
    done="Two beats send the same cycles; one is killed, later the other too, and both are started again 12 s after that.",
    seen="Both running: one row per unit. One dead: no cycle lost. Both dead: those cycles are SKIPPED, no_beat, and none of "
    "them is sent late.",
    setup=Setup(beats=("beat-a", "beat-b")),
)  # fmt: skip
def beats_killed(stack: Stack) -> None:
    eventually(lambda: int(stack.client.hlen("g6:beats")) >= 2)  # type: ignore[arg-type]
    stack.goes_well(2)
    stack.children["beat-a"].kill()
    killed = stack.happens()
    stack.goes_well(3, after=killed)
    stack.all_ok(killed, time.time(), "with one beat dead")
    stack.between()
    stack.children["beat-b"].kill()
    dark = time.time()
    stack.pass_time(12.0)
    stack.between()
    back = time.time()
    for name in stack.setup.beats:
        stack.beat(name)
    stack.passes()
    eventually(
        lambda: len([1 for each in stack.stored() if dark < stack.due(each) < back]) >= 3,
        every=0.1,
    )
    stack.goes_well(1, after=stack.over)
    between = stack.reasons(dark, back)
    stack.expect(
        set(between) == {("SKIPPED", "no_beat")},
        f"with both dead {sum(between.values())} units are SKIPPED, no_beat",
    )


@fault(
    "10b", "one of two beats killed",
    done="A second beat is started; the first is killed.",
    seen="No cycle is lost.",
    short=True, full=False,
)  # fmt: skip
def beat_killed(stack: Stack) -> None:
    other = "beat-b" if "beat-a" in stack.children and stack.children["beat-a"].alive else "beat-a"
    victim = next(
        child for name, child in stack.children.items() if name.startswith("beat") and child.alive
    )
    stack.beat(other, wait=True)
    stack.goes_well(1)
    victim.kill()
    killed = stack.happens()
    stack.goes_well(2, after=killed)
    stack.all_ok(killed, time.time(), "with one beat dead")


@fault(
    "10d",
    "the only beat restarted five times",
    done="The one beat is killed and started again at once, five times, in the middle of a step of 15 s and once just after an "
    "instant.",
    seen="No cycle is missed, doubled or sent in a burst: every unit is OK.",
    setup=Setup(interval=15),
)
def beat_restarted(stack: Stack) -> None:
    stack.happens()
    for share in (0.3, 0.4, 0.2, 0.3, 0.03):
        stack.between(share)
        stack.children["beat-a"].kill()
        stack.beat("beat-a")
    stack.passes()
    stack.goes_well(2, after=stack.over)
    stack.all_ok(stack.began, stack.over, "meanwhile")


@fault(
    "11", "the aggregate killed after firing, before writing",
    done="SIGKILL to the worker that runs the aggregate when the ledger shows the cycle fired and not closed; it is started "
    "again at once.",
    seen="The sweep sends the aggregate again: the cycle has its overview and all its units are OK.",
    short=True,
)  # fmt: skip
def aggregate_killed(stack: Stack) -> None:
    (cycle, *_) = stack.catch("closing", stack.fired)
    stack.happens()
    stack.children["closing"].kill()
    stack.worker("closing", wait=True)
    stack.passes()
    eventually(lambda: cycle in stack.stored(), every=0.05)
    stack.expect(
        {status for status, _ in stack.ends(cycle).values()} == {"OK"},
        "the cycle whose aggregate died is whole",
    )
