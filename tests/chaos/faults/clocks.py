"""Clocks that are wrong."""

from __future__ import annotations

import time

from g6.adapters.redis.bus import RedisBus
from g6.observability.recorder import record
from tests.chaos.stack import Setup, Stack
from tests.chaos.table import fault
from tests.waiting import eventually

SKEW_ALERT_SECONDS = 0.2


@fault(
    "10c", "a beat whose clock is 3 s wrong",
    done="A beat runs 3 s ahead beside a right one, then alone; then one 3 s behind, alone.",
    seen="Cycles stay on the grid and nothing is doubled: an early one waits for its instant, a late one is collected late, "
    "every unit is OK.",
    setup=Setup(interval=10),
)  # fmt: skip
def beat_shifted(stack: Stack) -> None:
    stack.happens()
    stack.beat("beat-ahead", wrong="clock:3", wait=True)
    _passes(stack, "beside one 3 s ahead")
    stack.between(0.5)
    stack.children["beat-a"].kill()
    _passes(stack, "one 3 s ahead alone")
    stack.between(0.5)
    stack.beat("beat-behind", wrong="clock:-3", wait=True)
    stack.children["beat-ahead"].kill()
    stack.passes()
    _passes(stack, "one 3 s behind alone")
    stack.all_ok(stack.began, time.time(), "all through")


def _passes(stack: Stack, which: str) -> None:
    cycles = stack.goes_well(2)
    stack.expect(len(cycles) >= 2, f"{which}: the cycles are whole")


@fault(
    "24", "a host whose clock is 0.4 s wrong",
    done="The worker that sweeps runs on a clock 0.4 s ahead of Redis'.",
    seen="The heartbeat says so, the metric g6_clock_skew_seconds stands above 0.2 s, where the alert begins; the cycles are "
    "whole.",
)  # fmt: skip
def host_skewed(stack: Stack) -> None:
    bus = RedisBus(stack.client)
    stack.children["closing"].kill()
    stack.happens()
    stack.worker("closing", wait=True, wrong="clock:0.4")
    stack.passes()
    stack.goes_well(2)
    beat = eventually(
        lambda: [each for each in bus.read("0", count=20_000) if each.type == "heartbeat"][-1:],
    )[0]
    (skew,) = beat.document["clock_skew_seconds"].values()
    stack.expect(0.3 < skew < 0.5, f"the heartbeat says {skew:+.2f} s")
    (sample,) = [each for each in record(beat) if each.family == "g6_clock_skew_seconds"]
    told = eventually(
        lambda: [
            each
            for each in bus.read("0", count=20_000)
            if each.type == "alert" and each.document["state"] == "clock"
        ],
        every=0.5,
    )
    stack.expect(bool(told), f"an alert says: {told[-1].document['sentence']}")
    stack.expect(sample.value > SKEW_ALERT_SECONDS, f"g6_clock_skew_seconds is {sample.value:.2f}")
