"""Sinks that refuse writes: counted, told at once and then once a minute, and forgotten once they take writes again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from g6.domain.cycles.cycle import Unit
from g6.errors import StoreBusy
from g6.pipeline.runtime import Runtime

PREFIX = "refused:"
OLD_SECONDS = 600.0
"""Wall seconds after which a refusal that nobody repeated is forgotten: its index may not be collected any more."""


def refused(runtime: Runtime, unit: Unit, stage: str, error: StoreBusy) -> None:
    """Publish a write that no sink took, for the count of each sink, and remember it."""
    told = {"cycle": unit.cycle, "index": unit.index, "stage": stage, "errors": dict(error.errors)}
    runtime.bus.publish("store.refused", told, key=unit.index)
    remember(runtime, unit, stage, error.errors)


def remember(runtime: Runtime, unit: Unit, stage: str, errors: Mapping[str, str]) -> None:
    """Keep what sinks refused of a unit for status, readiness and panels; tell it when nothing was refused before."""
    if not errors:
        taken(runtime, unit, stage)
        return
    switches, now = runtime.controls.read(), runtime.clock.wall()
    name = f"{PREFIX}{stage}:{unit.index}"
    sentence, _, fix = next(iter(errors.values())).partition("; ")
    before = switches.get(name) or {}
    fact = {
        "sentence": sentence, "fix": fix, "sinks": sorted(errors), "stage": stage, "index": unit.index, "at": now,
        "since": before.get("since", now), "first": before.get("first", unit.cycle),
    }  # fmt: skip
    runtime.controls.set(name, fact)
    if not refusals(switches):
        runtime.bus.publish("alert", alert([fact]), key="disk")


def taken(runtime: Runtime, unit: Unit, stage: str) -> None:
    """Forget what was refused of an index before; say so when it was the last."""
    switches, name = runtime.controls.read(), f"{PREFIX}{stage}:{unit.index}"
    if name not in switches:
        return
    runtime.controls.set(name, None)
    fact = switches[name]
    if len(refusals(switches)) == 1:
        seconds = runtime.clock.wall() - fact["since"]
        again = (
            "g6 data mend"
            if fact["sinks"] == ["csv"]
            else f"g6 rerun --since {fact['first']} --until {unit.cycle} --from persist"
        )
        sentence = f"writes are taken again after {seconds:.0f} seconds; what was refused meanwhile may be missing"
        runtime.bus.publish(
            "alert", {"state": "disk", "sentence": sentence, "fix": again}, key="disk"
        )


def refusals(switches: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what sinks refuse now, as the switches have it, the longest lasting first."""
    facts = [value for name, value in switches.items() if name.startswith(PREFIX)]
    return sorted(facts, key=lambda fact: (fact["since"], fact["stage"], fact["index"]))


def alert(facts: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the alert of what is refused."""
    sinks = sorted({sink for fact in facts for sink in fact["sinks"]})
    sentence = f"rows are not stored ({', '.join(sinks)}): {facts[0]['sentence']}"
    return {"state": "disk", "sentence": sentence, "fix": facts[0]["fix"]}


def forget_old(runtime: Runtime, switches: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return `refusals` without those that nobody repeated for long, which are forgotten."""
    limit = runtime.clock.wall() - max(OLD_SECONDS, 10 * runtime.timing.step)
    for fact in refusals(switches):
        if fact["at"] < limit:
            runtime.controls.set(f"{PREFIX}{fact['stage']}:{fact['index']}", None)
    return [fact for fact in refusals(switches) if fact["at"] >= limit]


def told_aside(runtime: Runtime, unit: Unit, aside: Mapping[str, int]) -> None:
    """Tell of damaged lines that a write found in its files and set aside."""
    for path, count in aside.items():
        sentence = (
            f"{count} damaged lines of {path.removesuffix('.damaged')} were set aside in {path}"
        )
        day = unit.cycle[:10]
        runtime.bus.publish(
            "alert",
            {
                "state": "damage",
                "sentence": sentence,
                "fix": f"g6 data check --date {day}; it prints what mends them",
            },
            key="damage",
        )
