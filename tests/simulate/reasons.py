"""Whether the reason of a unit's end is what happened until then, as far as an onlooker can tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.unopened import STOOD_STILL_SECONDS
from g6.pipeline.rerun import RERUN_SECONDS
from g6.pipeline.runtime import SWEEP_SECONDS
from g6.pipeline.sweep import POISON

if TYPE_CHECKING:
    from tests.simulate.witness import BeatLife, Grant, Strike
    from tests.simulate.world import World

SLACK = 0.05
"""Seconds between a claim and the look at the clock after it."""
PAUSE_SLACK = 1.0
AWAY = ("redis_away", "redis_emptied", "redis_restored")
"""Kinds with which Redis is not there for a while."""
OVERLOADED_CALLS = 4.0
"""Calls of a beat between two looks, each of which takes its time on an overloaded host."""
BEAT_SLACK = SWEEP_SECONDS + 1.1
"""Seconds between an outage and the look of a beat before or after it, which waits a second for Redis."""


def is_true(world: World, unit: Unit, status: str, reason: str) -> bool:
    """Return whether the process that is current may end a unit now for this reason."""
    actor = world.current
    is_sweep = actor is None or actor.task == "sweep"
    check = (BY_SWEEP if is_sweep else BY_STAGE).get((status, reason))
    if is_sweep and (status, reason) in OF_OPENED and not _was_opened(world, unit):
        return False
    return check is not None and check(world, unit)


def _was_opened(world: World, unit: Unit) -> bool:
    """Return whether a process claimed a unit of its cycle: all units of another cycle are SKIPPED."""
    witness = world.witness
    due = unit.instant.timestamp()
    is_broken = any(at >= due for at in witness.broken_sweeps)
    # One that stood still between two units of a cycle left the second to another sweep.
    stood = [strike for strike in _strikes(world, "stand_still") if strike.task == "sweep"]
    is_broken = is_broken or any(strike.began >= due for strike in stood)
    return unit.cycle in witness.opened or unit in witness.reopened or is_broken


def _grants(world: World, unit: Unit, stage: str) -> list[Grant]:
    return world.witness.grants.get((unit, stage), [])


def _begun(world: World, unit: Unit) -> list[Grant]:
    """Return the collections of a unit that a sweep could see: one may begin between its look and what it says."""
    actor = world.current
    grants = _grants(world, unit, "collect")
    return [grant for grant in grants if actor is None or grant.at < actor.began]


def _was_refused(world: World, _: Unit) -> bool:
    return world.current is not None and world.current.was_refused


def _was_out_of_time(world: World, _: Unit) -> bool:
    return world.current is not None and world.current.soft_limit_hit


def _came_too_late(world: World, unit: Unit) -> bool:
    """Its message had expired when collection began, or its deadline passed before it was analysed."""
    actor = world.current
    limit = world.timing.grace
    if actor is not None and actor.task == "collect":
        limit = world.timing.expires
    ends = unit.instant.timestamp() + limit
    # An operator whose rerun met Redis away has opened no unit: it has the deadline of before.
    reopened = world.witness.reopened.get(unit)
    if reopened is not None and actor is not None and actor.task != "collect":
        ends = reopened + RERUN_SECONDS
    return world.now >= ends - SLACK


def _lost_frames(world: World, unit: Unit) -> bool:
    return unit in world.witness.dropped


def _was_paused(world: World, unit: Unit) -> bool:
    """Collection was paused when the process that says so began, or Redis had a pause again."""
    actor = world.current
    began = world.now if actor is None else actor.began
    is_paused = any(pause.ended + PAUSE_SLACK >= began for pause in world.witness.pauses)
    return is_paused or world.witness.is_paused_again()


def _was_never_begun(world: World, unit: Unit) -> bool:
    """Nobody began it although its message was sent, or a sweep broke off as it skipped its cycle."""
    if unit in world.witness.reopened:
        return True
    due = unit.instant.timestamp()
    is_sent = unit in world.witness.beats_sent
    is_sent = is_sent or any(at >= due for at in world.witness.broken_sweeps)
    return is_sent and not _begun(world, unit)


def _came_without_end(world: World, unit: Unit) -> bool:
    """Its quotes were there, and no analysis ended."""
    collects = _grants(world, unit, "collect")
    return bool(_grants(world, unit, "analyse")) or any(grant.is_accepted for grant in collects)


def _never_answered(world: World, unit: Unit) -> bool:
    """Somebody began to collect it, and nobody came to the end of that in time.

    On an overloaded host a collection may end after its deadline, between a sweep's look and what
    that says.
    """
    actor = world.current
    collects = _grants(world, unit, "collect")
    looked = max(
        unit.instant.timestamp() + world.timing.grace, 0.0 if actor is None else actor.began
    )
    return bool(collects) and not any(
        grant.is_accepted and grant.over < looked for grant in collects
    )


def _is_poison(world: World, unit: Unit) -> bool:
    return any(len(_grants(world, unit, stage)) >= POISON for stage in ("collect", "analyse"))


def _strikes(world: World, *kinds: str) -> list[Strike]:
    return [strike for strike in world.witness.strikes if strike.kind in kinds]


def _was_cut_off(world: World, unit: Unit) -> bool:
    """Nobody began it, and Redis was away when it was due, as far as a beat that looks every two seconds can tell."""
    due = unit.instant.timestamp()
    is_near = any(
        strike.began - slack <= due <= strike.ended + slack
        for strike in _strikes(world, *AWAY)
        for slack in [BEAT_SLACK + _overload_slack(world, due, strike)]
    )
    return not _begun(world, unit) and (is_near or _hung_into_an_outage(world, due))


def _hung_into_an_outage(world: World, due: float) -> bool:
    """Return whether a beat stood still in a call, and Redis was away when it went on.

    It cannot tell since when Redis has been away, but by what another beat has signed since.
    """
    for stop in _strikes(world, "stand_still", "slow"):
        met = any(away.began <= stop.ended <= away.ended for away in _strikes(world, *AWAY))
        signs = [at for life in world.witness.beat_lives for at in life.signs]
        is_known = any(due + BEAT_SLACK < at < stop.ended for at in signs)
        if stop.task == "beat" and stop.began <= due <= stop.ended and met and not is_known:
            return True
    return False


def _overload_slack(world: World, due: float, outage: Strike) -> float:
    """Return the seconds that the calls of a beat of an overloaded host take between two of its looks.

    There are four: a sign, a sweep and two collections. A host that was overloaded at another time
    is as quick as any between a unit's instant and an outage.
    """
    first, last = min(due, outage.began), max(due, outage.ended)
    overloads = _strikes(world, "overload")
    is_overloaded = any(strike.began <= last and first <= strike.ended for strike in overloads)
    return OVERLOADED_CALLS * world.overload_seconds if is_overloaded else 0.0


def _was_forgotten(world: World, unit: Unit) -> bool:
    """Redis was emptied while the cycle may have been open, or before the next sign of a beat."""
    due = unit.instant.timestamp()
    reach = world.timing.grace + world.timing.hard
    return any(
        strike.began - reach - BEAT_SLACK <= due <= strike.ended + BEAT_SLACK
        for strike in _strikes(world, "redis_emptied", "redis_restored")
    )


def _no_beat_sent(world: World, unit: Unit) -> bool:
    """No beat was there and awake to send it, or none that lived to tell that Redis was away."""
    due = unit.instant.timestamp()
    latest = due + world.timing.expires
    outages = [strike for strike in _strikes(world, *AWAY) if strike.began <= latest]
    for life in world.witness.beat_lives:
        if any(due <= strike.ended and _died_untold(life, strike) for strike in outages):
            continue
        is_there = life.began + BEAT_SLACK <= due and latest + BEAT_SLACK <= life.ended
        is_there = is_there and life.was_awake(due - SLACK, latest)
        has_stopped = _stopped_before_it_sent(world, unit, life)
        if is_there and not (has_stopped or _slept_over(world, unit, life)):
            return False
    return True


def _died_untold(life: BeatLife, outage: Strike) -> bool:
    """Return whether a beat died before it could tell of an outage, or before it signed again.

    Between two outages Redis may be back for less than the two seconds between two signs.
    """
    has_signed = any(at > outage.began for at in life.signs)
    is_dead = life.ended < float("inf")
    return life.ended <= outage.ended + BEAT_SLACK or (is_dead and not has_signed)


def _slept_over(world: World, unit: Unit, life: BeatLife) -> bool:
    """Return whether a beat stood still at an instant, for so long that it counts as one that did.

    It may send the unit when it wakes. Its next life begins with its next sign.
    """
    due = unit.instant.timestamp()
    turns = [at for at in life.awake if at >= due - SLACK]
    stops = [strike for strike in _strikes(world, "stand_still", "slow") if strike.task == "beat"]
    # One that took a turn meanwhile is another beat, which did not stand still.
    return bool(turns) and any(
        stop.began <= due < stop.ended <= turns[0]
        for stop in stops
        if stop.ended - stop.began > STOOD_STILL_SECONDS
        and not any(stop.began < at < stop.ended for at in life.awake)
    )


def _stopped_before_it_sent(world: World, unit: Unit, life: BeatLife) -> bool:
    """Return whether a beat stood still between two messages: it has not sent this unit, nor gone on since.

    It notes at the end of a turn that it is awake. On an overloaded host that was 0.5 s after the
    instant, of a turn that began before, and it stood still in the next one. Where Redis was away
    a turn may take seconds although the beat is awake: then that is no excuse.
    """
    due = unit.instant.timestamp()
    latest = due + world.timing.expires
    was_away = any(
        due <= strike.ended and strike.began <= latest for strike in _strikes(world, *AWAY)
    )
    stops = [strike for strike in _strikes(world, "stand_still", "slow") if strike.task == "beat"]
    has_stopped = any(strike.began <= latest < strike.ended for strike in stops)
    turns = [at for at in life.awake if due - SLACK <= at <= latest]
    has_sent = world.witness.beats_sent.get(unit, latest + 1.0) <= latest
    return has_stopped and len(turns) == 1 and not has_sent and not was_away


def _nobody_took_it(world: World, unit: Unit) -> bool:
    """A beat sent it, and no process began any unit of its cycle."""
    is_sent = any(sent.cycle == unit.cycle for sent in world.witness.beats_sent)
    return is_sent and not _begun(world, unit)


BY_STAGE: Mapping[tuple[str, str], Callable[[World, Unit], bool]] = {
    ("MISSING", "expired"): _came_too_late,
    ("MISSING", "provider"): _was_refused,
    ("MISSING", "time_limit"): _was_out_of_time,
    ("MISSING", "frame_missing"): _lost_frames,
    ("SKIPPED", "paused"): _was_paused,
}
"""What must have happened where the process of a stage ends its unit, by status and reason."""
BY_SWEEP: Mapping[tuple[str, str], Callable[[World, Unit], bool]] = {
    ("MISSING", "expired"): _was_never_begun,
    ("MISSING", "no_beat"): _no_beat_sent,
    ("MISSING", "redis_down"): _was_cut_off,
    ("MISSING", "late"): _came_without_end,
    ("MISSING", "provider"): _never_answered,
    ("MISSING", "poison"): _is_poison,
    ("SKIPPED", "redis_down"): _was_cut_off,
    ("SKIPPED", "ledger_lost"): _was_forgotten,
    ("SKIPPED", "no_beat"): _no_beat_sent,
    ("SKIPPED", "no_worker"): _nobody_took_it,
}
"""Likewise where a sweep ends it. Any other pair is none that a cheap analysis can end with."""
OF_OPENED = frozenset((("MISSING", "expired"), ("MISSING", "no_beat"), ("MISSING", "redis_down")))
"""Ends of a unit that nobody began in a cycle that somebody did."""
