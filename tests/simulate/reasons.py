"""Whether the reason of a row is what happened, as far as an onlooker can tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from g6.domain.cycles.cycle import Unit
from g6.pipeline.runtime import SWEEP_SECONDS
from g6.pipeline.sweep import POISON
from tests.simulate.witness import Grant
from tests.simulate.world import World

SLACK = 0.05
"""Seconds between a claim and the look at the clock after it."""
PAUSE_SLACK = 1.0
BEAT_SLACK = SWEEP_SECONDS + 0.1
"""Seconds between an outage and the look of a beat before or after it."""


def is_true(world: World, unit: Unit, status: str, reason: str) -> bool:
    """Return whether the status and the reason of a row can be what happened."""
    # A Redis that forgot or went back knows less than an onlooker, and a clock that is wrong tells other times.
    if world.redis_lost_state or world.clocks_jumped or unit in world.rerun_order:
        return True
    check = REASONS.get((status, reason))
    return check is not None and check(world, unit)


def _grants(world: World, unit: Unit, stage: str) -> list[Grant]:
    return world.witness.grants.get((unit, stage), [])


def _has_expired(world: World, unit: Unit) -> bool:
    """It was begun too late, or never although its message was sent."""
    due = unit.instant.timestamp()
    collects = _grants(world, unit, "collect")
    if not collects:
        # A sweep that broke off while it skipped a cycle leaves the other indices to their deadline.
        return unit in world.witness.beats_sent or bool(world.witness.broken_sweeps)
    came_late = any(grant.at >= due + world.timing.expires - SLACK for grant in collects)
    analyses = _grants(world, unit, "analyse")
    return came_late or any(grant.at >= due + world.timing.grace - SLACK for grant in analyses)


def _provider_failed(world: World, unit: Unit) -> bool:
    return unit in world.witness.refused or bool(_grants(world, unit, "collect"))


def _came_late(world: World, unit: Unit) -> bool:
    return unit in world.witness.answers.values()


def _is_poison(world: World, unit: Unit) -> bool:
    return any(len(_grants(world, unit, stage)) >= POISON for stage in ("collect", "analyse"))


def _was_struck(*kinds: str) -> Callable[[World, Unit], bool]:
    def check(world: World, _: Unit) -> bool:
        return any(strike.kind in kinds for strike in world.witness.strikes)

    return check


def _was_cut_off(world: World, unit: Unit) -> bool:
    """Nobody began it, and Redis was away when it was due, as far as a beat that looks every two seconds can tell."""
    due = unit.instant.timestamp()
    return not _grants(world, unit, "collect") and any(
        strike.began - BEAT_SLACK <= due <= strike.ended + BEAT_SLACK
        for strike in world.witness.strikes
        if strike.kind == "redis_away"
    )


def _was_paused(world: World, unit: Unit) -> bool:
    due = unit.instant.timestamp()
    latest = due + world.interval
    return any(
        strike.began <= latest and strike.ended + PAUSE_SLACK >= due
        for strike in world.witness.strikes
        if strike.kind == "pause"
    )


REASONS: Mapping[tuple[str, str], Callable[[World, Unit], bool]] = {
    ("MISSING", "expired"): _has_expired,
    ("MISSING", "redis_down"): _was_cut_off,
    ("MISSING", "late"): _came_late,
    ("MISSING", "provider"): _provider_failed,
    ("MISSING", "poison"): _is_poison,
    ("MISSING", "time_limit"): lambda world, unit: unit in world.witness.out_of_time,
    ("MISSING", "frame_missing"): _was_struck("evict_frames"),
    ("SKIPPED", "overrun"): lambda *_: True,  # judged when it was answered
    ("PARTIAL", "config"): _was_struck("rerun"),
    ("SKIPPED", "paused"): _was_paused,
    ("SKIPPED", "redis_down"): _was_struck("redis_away"),
    ("SKIPPED", "no_beat"): _was_struck("kill_beat"),
    ("SKIPPED", "no_worker"): lambda world, unit: unit in world.witness.beats_sent,
}
"""By status and reason: what must have happened. Any other pair is none that a cheap analysis can end with."""
