"""Messages doubled, lost, unknown, and left lying."""

from __future__ import annotations

import time
from typing import Any

from tests.chaos.stack import LAYOUT, THREE, Setup, Stack, said
from tests.chaos.table import fault
from tests.waiting import eventually

OF_ITS_OWN = dict(LAYOUT) | {
    "persist": ("persist", 1),
    "closing": ("aggregate", 1),
    "maintenance": ("maintenance,manual", 1),
}


@fault(
    "13", "every message doubled",
    done="Beat and workers publish each message twice, under the same task id, as after a time-out of a publish that had "
    "succeeded.",
    seen="One row per unit, and every unit is OK.",
    setup=Setup(application="tests.chaos.application", more={"CHAOS": "doubled"}),
)  # fmt: skip
def doubled(stack: Stack) -> None:
    stack.happens()
    stack.goes_well(5)
    stack.passes()
    stack.all_ok(stack.began, stack.over, "meanwhile")


@fault(
    "14", "a message lost at each hop",
    done="The worker of a queue is stopped, the message taken out of the queue's list, the worker let go: for collect, "
    "analytics, persist, "
    "aggregate, publish and sweep.",
    seen="The ledger misses it, the sweep sends it again before the deadline (9.6 s): every unit ends OK.",
    setup=Setup(interval=12, layout=OF_ITS_OWN),
)  # fmt: skip
def lost(stack: Stack) -> None:
    stack.happens()
    for queue, worker in (
        ("collect",) * 2,
        ("analytics",) * 2,
        ("persist",) * 2,
        ("aggregate", "closing"),
        ("publish", "persist"),
    ):
        stack.between(0.7)
        stack.freeze(worker)
        held = "persist" if queue == "publish" else queue
        eventually(
            lambda: _takes(stack, held, f"g6.{queue}" if queue == "publish" else ""),  # noqa: B023 - used at once
            every=0.01,
        )
        stack.passes()
        stack.thaw(worker)
        stack.expect(
            stack.goes_well(1, after=stack.over - 8.0),
            f"a message of {queue} lost: the cycle is whole",
        )
    stack.freeze("maintenance")
    eventually(lambda: _takes(stack, "maintenance", ""), every=0.01)
    stack.thaw("maintenance")
    stack.passes()
    stack.goes_well(1)
    stack.all_ok(stack.began, stack.over, "meanwhile")


def _takes(stack: Stack, queue: str, task: str) -> bool:
    """Take one message (of `task`, if named) out of a queue's list."""
    name = f"g6:celery:{queue}"
    held: Any = stack.client.lrange(name, 0, -1)
    for message in held:
        if f'"task": "{task}'.encode() in message:
            return bool(stack.client.lrem(name, 1, message))
    return False


@fault(
    "14b", "a message lost between collect and analyse",
    done="The message to the analytics queue is taken out of its list, with 2.4 s from instant to deadline.",
    seen="That unit is MISSING at its deadline, the others are whole, and the cycle closes at most 2.5 s after the deadline.",
    short=True,
)  # fmt: skip
def lost_once(stack: Stack) -> None:
    stack.between(0.4)
    stack.freeze("analytics")
    eventually(lambda: _takes(stack, "analytics", ""), every=0.01)
    stack.happens()
    stack.thaw("analytics")
    cycle = _cycle_of(stack)
    eventually(lambda: cycle in stack.stored(), every=0.02)
    after = time.time() - stack.due(cycle) - stack.setup.timing.grace
    ends = sorted(" ".join(end).strip() for end in stack.ends(cycle).values())
    stack.expect(ends == ["MISSING late", "OK", "OK"], f"the cycle ends as {', '.join(ends)}")
    stack.expect(
        after <= 2.5 + 0.5, f"its overview is in the files {after:.1f} s after its deadline"
    )


def _cycle_of(stack: Stack) -> str:
    return max(record.cycle for record in stack.ledger.open_cycles())


@fault(
    "18", "a backlog after a worker outage of 10 minutes",
    done="The market runs at twenty times its speed, so that 10 minutes pass in 30 s; all workers are killed for that long, "
    "beat goes on sending.",
    seen="The provider gets no burst: what waited is not collected late; its cycles are SKIPPED, and the next are whole.",
    setup=Setup(interval=60, speed=20),
)  # fmt: skip
def backlog(stack: Stack) -> None:
    stack.between(0.7)
    for child in list(stack.children.values()):
        if not child.name.startswith("beat"):
            child.kill()
    gone = stack.happens()
    stack.pass_time(30.0)
    back = time.time()
    stack.workers()
    stack.passes()
    stack.goes_well(2, after=stack.over)
    step, expires = stack.setup.timing.step, stack.setup.timing.expires
    started = [
        (unit.stages["collect"].started, cycle)
        for cycle in stack.stored()
        if (record := stack.ledger.record(cycle)) is not None
        for unit in record.units.values()
        if "collect" in unit.stages and unit.stages["collect"].started > back
    ]
    late = [cycle for at, cycle in started if at - stack.due(cycle) > expires + 0.2]
    stack.expect(not late, "no collection began after its message had expired")
    most = max(sum(at <= other < at + 1.0 for other, _ in started) for at, _ in started)
    stack.expect(most <= len(THREE), f"at most {most} collections began within a second")
    first, last = gone + 0.5, back - expires
    eventually(
        lambda: sum(stack.reasons(first, last).values()) >= int((last - first) / step) * len(THREE),
        every=0.2,
    )
    ends = stack.reasons(first, last)
    stack.expect(
        {status for status, _ in ends} == {"SKIPPED"},
        f"the units due meanwhile end as {said(ends)}",
    )
    stack.expect(
        ("SKIPPED", "no_beat") not in ends, "and none of them blames beat, which sent them"
    )


@fault(
    "19", "frames evicted",
    done="The quotes frame of a unit is deleted before its analysis; in a later cycle the chain frame of one before it is "
    "persisted.",
    seen="Without quotes the unit is MISSING, frame_missing, never a guess; a chain is computed again from its quotes, so "
    "nothing is lost.",
    setup=Setup(layout=dict(LAYOUT) | {"persist": ("persist", 1), "closing": ("aggregate,maintenance,manual", 1)}),
)  # fmt: skip
def evicted(stack: Stack) -> None:
    stack.between(0.4)
    stack.freeze("analytics")
    cycle = eventually(
        lambda: _cycle_of(stack) if stack.waiting("analytics") >= len(THREE) else "",
        every=0.01,
    )
    stack.happens()
    stack.expect(
        stack.client.delete(f"g6:frame:{cycle}:NIFTY:quotes"), "the quotes frame was there"
    )
    stack.thaw("analytics")
    eventually(lambda: cycle in stack.stored(), every=0.05)
    stack.expect(
        stack.ends(cycle)["NIFTY"] == ("MISSING", "frame_missing"),
        "without its quotes NIFTY is MISSING, frame_missing",
    )
    others = {end for index, end in stack.ends(cycle).items() if index != "NIFTY"}
    stack.expect(others == {("OK", "")}, "the other indices are whole")
    stack.between(0.4)
    stack.freeze("persist")
    cycle = eventually(
        lambda: _cycle_of(stack) if stack.waiting("persist") >= len(THREE) else "", every=0.01
    )
    stack.expect(stack.client.delete(f"g6:frame:{cycle}:NIFTY:chain"), "the chain frame was there")
    stack.passes()
    stack.thaw("persist")
    eventually(lambda: cycle in stack.stored() and stack.world.parts(cycle, "NIFTY"), every=0.05)
    stack.expect(
        stack.ends(cycle)["NIFTY"] == ("OK", ""),
        "a chain whose frame is gone is stored, made again from its quotes",
    )


@fault(
    "23", "unknown tasks and argument versions",
    done="Sent into the queues: a task nobody knows, stages with too few and too many arguments, an instant that is none, an "
    "index that is not collected, a header of a later version, and a pickle; text that is no message, JSON without "
    "properties, and a message without a task's id.",
    seen="Each is logged and gone, the last three set aside; no worker ends, nothing waits or comes back, every live unit is OK.",
)  # fmt: skip
def unknown(stack: Stack) -> None:
    stack.happens()
    cycle = stack.stored()[-1]
    stack.send("g6.nonsense", 1, queue="collect")
    stack.send("g6.collect", cycle)
    stack.send("g6.collect", cycle, "NIFTY", "quickly")
    stack.send("g6.analyse", cycle, "NIFTY")
    stack.send("g6.collect", "yesterday", "NIFTY")
    stack.send("g6.collect", cycle, "DAX")
    stack.send("g6.aggregate", "yesterday")
    stack.send("g6.collect", cycle, "NIFTY", headers={"g6": {"version": 99, "trace": "x"}})
    with stack.application.connection_for_write() as connection:
        pickled = {"content_type": "application/x-python-serialize", "content_encoding": "binary"}
        connection.Producer().publish(
            b"not to be read", exchange="g6", routing_key="analytics", **pickled
        )
        connection.Producer().publish(
            [], exchange="g6", routing_key="analytics", headers={"task": "g6.analyse"}
        )
    stack.client.lpush("g6:celery:collect", "garbage", '{"body": ""}')
    stack.goes_well(3)
    stack.passes()
    stack.goes_well(1)
    stack.expect(all(child.alive for child in stack.children.values()), "every process lives")
    calm = eventually(
        lambda: (
            not any(stack.waiting(queue) for queue in ("collect", "analytics", "persist", "manual"))
        ),
    )
    stack.expect(calm, "nothing waits in the queues")
    aside = stack.client.llen("g6:celery:unreadable")
    stack.expect(aside == 3, f"{aside} texts were set aside")
    stack.all_ok(stack.began, stack.over, "meanwhile")
    stored = {each for each in stack.stored() if stack.ends(each).keys() - set(THREE)}
    stack.expect(not stored, "no row of an index that is not collected")
