"""The judge of a run: the grid, what is stored, and what an onlooker saw. The ledger only says what is still open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.schema.words import Reason
from g6.pipeline.grid_walk import OF_OUTAGES
from g6.pipeline.rerun import RERUN_SECONDS
from tests.simulate.beats import LOOP_SECONDS
from tests.simulate.deviations import LOCAL_KINDS
from tests.simulate.reasons import BEAT_SLACK, SLACK
from tests.simulate.system import System
from tests.simulate.witness import SET_RIGHT_SECONDS, AcceptedRerun, Strike
from tests.simulate.world import World
from tests.worlds.ledger_check import WORDS, grid

MOST_WAITING = 16
"""Messages in one queue, but for two of each thing that a full disk refused. The longest of 160 schedules was of eight."""
MOST_SENT = 12
"""Messages of one job on one unit or cycle that use cases send. The most of 160 schedules were four."""
CLOSES_WITHIN = 2.5
"""Seconds after its deadline within which a cycle closes with what has arrived."""
WRITING_SECONDS = 0.3
"""Seconds that closing and storing a cycle take here: some thirty calls of ports."""
CALM_SECONDS: Mapping[str, float] = {
    **dict.fromkeys(LOCAL_KINDS, 40.0),
    "jump_clock": 30.0,
    "redis_away": 40.0,
    "redis_emptied": 40.0,
    "redis_restored": 40.0,
    "overload": 40.0,
    "slow_provider": 20.0,
    "fail_provider": 1.0,
    "evict_frames": 1.0,
    "pause": 2.0,
}
"""Seconds after the end of a fault within which a unit may still feel it.

A message that nobody acknowledged comes back after 30 s. A kind that is not named here can cost no
unit anything: a full disk keeps rows back, and an operator's rerun is of its own unit.
"""
RERUN_FAILURES = frozenset(("frame_missing", "time_limit", "poison"))
"""Why a rerun may fail. That the reason is true is judged when the ledger is told."""
OFF_STAGE_KINDS = frozenset(("fail_provider", "slow_provider", "rerun", "pause", "evict_frames"))
"""Kinds that touch units and never what closes their cycle."""
CLOSING_CALM_SECONDS = 75.0
"""Seconds after a fault within which closing may still feel it: twice the time after which a lost message comes back."""


def problems(system: System) -> list[str]:
    """Return what is wrong with a run that is over, as sentences; none when all is well."""
    world = system.world
    sentences = list(world.witness.violations)
    indices = sorted(world.plan.indices)
    unknown_until = max(world.witness.unknown_until, _begins(world))
    for cycle, index in grid(world.cycles[0], world.cycles[-1], world.interval, indices):
        rows = [row for row in world.store.read_overview(cycle) if row["underlying"] == index]
        if not rows and parse_z(cycle).timestamp() <= unknown_until:
            continue
        if len(rows) != 1:
            sentences.append(f"{index} at {cycle} has {len(rows)} overview rows")
        else:
            sentences.extend(_row_problems(world, Unit(cycle, index), rows[0]))
    for cycle in world.cycles:
        sentences.extend(_cycle_problems(world, cycle))
    sentences.extend(_rerun_problems(world))
    sentences.extend(_panel_problems(world))
    still_open = {record.cycle for record in world.redis.ledger.open_cycles()}
    sentences.extend(f"{cycle} is still open" for cycle in world.cycles if cycle in still_open)
    for queue, longest in system.longest_queues.items():
        if longest > MOST_WAITING:
            sentences.append(f"{longest} messages waited in the queue {queue}")
    for (job, *arguments), count in world.witness.sends.items():
        if count > MOST_SENT:
            sentences.append(f"{job} of {' '.join(arguments)} was sent {count} times")
    return sentences


def _begins(world: World) -> float:
    """Return until when no cycle of a run is due: a live market begins with the first beat that signs."""
    signed = [life.began for life in world.witness.beat_lives if life.signs]
    if world.has_window or not signed:
        return 0.0
    return min(signed) - world.timing.expires


def _row_problems(world: World, unit: Unit, row: dict[str, Any]) -> Iterator[str]:
    name = f"{unit.index} at {unit.cycle}"
    status = str(row["status"])
    reason = str(row["reason"] or "")
    if status not in WORDS:
        yield f"{name} has the status {status!r}"
        return
    if row["timestamp"] != unit.cycle:
        yield f"{name} has the row of {row['timestamp']}"
    if (status == "OK") == bool(reason):
        yield f"{name} is {status} with the reason {reason!r}"
    elif status != "OK":
        if _is_undisturbed(world, unit) and not _is_lost_unwritten(world, unit, reason):
            yield f"{name} is {status} ({reason}) and nothing went wrong around it"
        elif reason == Reason.CONFIG and not _meets_a_rerun(world, unit):
            yield f"{name} is {status} ({reason}) and was never run again"
    yield from _end_problems(world, unit, status, reason)
    yield from _chain_problems(world, unit, row, status in ("OK", "PARTIAL"))


def _meets_a_rerun(world: World, unit: Unit) -> bool:
    """Return whether a unit was run again, or its stored cycle was opened anew beside another one that was.

    A rerun opens a cycle that the ledger forgot under its own settings.
    """
    cycles = {other.cycle for other in world.rerun_order}
    is_joined = unit.cycle in cycles and unit.cycle in world.witness.opened_anew
    return unit in world.rerun_order or is_joined


def _end_problems(world: World, unit: Unit, status: str, reason: str) -> Iterator[str]:
    """The row says what the ledger was told last, where it forgot nothing and the unit was not run again."""
    if unit in world.rerun_order or world.witness.is_uncertain(unit.cycle):
        return
    if world.witness.keeps_its_row(unit):
        return
    if reason in (Reason.OVERRUN, Reason.CONFIG):
        return  # the ledger finds these itself
    end = world.witness.ends.get(unit)
    if end != (status, reason):
        yield f"{unit.index} at {unit.cycle} is {status} ({reason}), and was ended as {end}"


def _chain_problems(
    world: World, unit: Unit, row: dict[str, Any], has_figures: bool
) -> Iterator[str]:
    name = f"{unit.index} at {unit.cycle}"
    chain = world.store.read_chain(unit)
    is_uncertain = world.witness.is_uncertain(unit.cycle)
    is_refused = unit.cycle in world.witness.unwritten
    if chain is None:
        # A full disk costs chains, which an alert tells; a Redis that forgets costs what it had not handed on.
        if has_figures and not (is_refused or is_uncertain or unit in world.witness.dropped):
            yield f"{name} is {row['status']} and no chain is stored"
        return
    if chain.header["at"] != unit.cycle or chain.header["index"] != unit.index:
        yield f"{name} has the chain of {chain.header['index']} at {chain.header['at']}"
    if chain.header.get("stage") != "chain":
        yield f"{name} has raw quotes stored in the place of its chain"
    if not has_figures:
        if not is_uncertain:
            yield f"{name} is {row['status']} and a chain is stored"
        return
    answer = chain.header["request"]
    if row["spot"] != answer:
        yield f"{name}: the row is of answer {row['spot']}, the stored chain of {answer}"
    if world.witness.answers.get(row["spot"]) != unit:
        yield f"{name} was made of the answer for {world.witness.answers.get(row['spot'])}"
    settings = chain.header["stamp"]["config_id"]
    if row["settings"] != settings and not (is_refused or is_uncertain):
        yield f"{name}: the row is of {row['settings']}, the stored chain of {settings}"


def _failure_problems(
    world: World, rerun: AcceptedRerun, name: str, row: dict[str, Any]
) -> Iterator[str]:
    """A rerun that failed says why in the report of its cycle, and leaves the row of before."""
    failure = world.witness.failures[rerun.unit.cycle][rerun.unit.index]
    if failure not in RERUN_FAILURES:
        yield f"{name} failed ({failure}), which no rerun can"
    if row != rerun.row:
        yield f"{name} failed ({failure}) and left another row"


def _cycle_problems(world: World, cycle: str) -> Iterator[str]:
    """Judge how a cycle was closed: in time, once, and with one message each."""
    deadline = parse_z(cycle).timestamp() + world.timing.grace
    stored = world.witness.stored.get(cycle)
    if stored is not None and _closes_undisturbed(world, deadline):
        late = stored - deadline
        if late > CLOSES_WITHIN + WRITING_SECONDS:
            yield f"{cycle} was stored {late:.1f} s after its deadline"
    yield from _report_problems(world, cycle)
    units = [Unit(cycle, index) for index in world.plan.indices]
    if cycle in world.witness.unwritten or not all(_is_undisturbed(world, unit) for unit in units):
        return
    for unit in units:
        if world.witness.sends["stages", cycle, unit.index]:
            yield f"{unit.index} at {cycle} was sent again and nothing went wrong around it"
    for job in ("aggregate", "publish"):
        count = world.witness.sends[job, cycle]
        if count != 1:
            yield f"{cycle}: {count} messages {job} and nothing went wrong around it"


def _report_problems(world: World, cycle: str) -> Iterator[str]:
    """The newest report of a cycle says of each unit what its row says."""
    reported = world.witness.reported.get(cycle)
    if reported is None or world.witness.is_uncertain(cycle):
        return
    stored = {row["underlying"]: str(row["status"]) for row in world.store.read_overview(cycle)}
    # A rerun of a cycle that the ledger had forgotten knows of its own unit alone.
    if any(stored.get(index) != status for index, status in reported.items()):
        yield f"{cycle} was reported as {reported}, the rows say {stored}"


def _rerun_problems(world: World) -> Iterator[str]:
    """A rerun leaves its unit OK under the settings of then, and raises the attempt."""
    witness = world.witness
    asked = [unit.cycle for unit in world.rerun_order]
    for rerun in witness.reruns:
        cycle = rerun.unit.cycle
        if asked.count(cycle) > 1 or rerun.row is None or cycle in witness.unwritten:
            continue
        if not _is_overshadowed(world, rerun):
            yield from _one_rerun(world, rerun)


def _is_overshadowed(world: World, rerun: AcceptedRerun) -> bool:
    """Return whether Redis forgot something of a rerun, or a clock was wrong during it."""
    witness = world.witness
    if witness.is_forgotten(rerun.unit.cycle):
        return True
    # It put its quotes into a Redis that then went back to before that, and opened its unit after.
    for forgetting in witness.forgettings:
        if forgetting.since <= rerun.at and forgetting.at >= rerun.began:
            return True
    ends = rerun.at + RERUN_SECONDS
    return any(
        began <= ends and began + SET_RIGHT_SECONDS + abs(seconds) + world.timing.lease >= rerun.at
        for began, seconds in witness.wrong_clocks
    )


def _one_rerun(world: World, rerun: AcceptedRerun) -> Iterator[str]:
    name = f"{rerun.unit.index} at {rerun.unit.cycle}, run again from {rerun.stage},"
    (row,) = (
        dict(row)
        for row in world.store.read_overview(rerun.unit.cycle)
        if row["underlying"] == rerun.unit.index
    )
    if rerun.stage == "persist":
        if row != rerun.row:
            yield f"{name} has another row"
        return
    if rerun.unit.index in world.witness.failures.get(rerun.unit.cycle, {}):
        yield from _failure_problems(world, rerun, name, row)
    elif row["status"] == rerun.row["status"] == "MISSING" and row["reason"] in RERUN_FAILURES:
        return
    elif row["status"] != "OK":
        yield f"{name} is {row['status']} ({row['reason']})"
    elif row["settings"] != rerun.settings:
        yield f"{name} has the row of {row['settings']} instead of {rerun.settings}"
    closings = world.witness.closings.get(rerun.unit.cycle, [])
    # One that lost its chain before its cycle was closed is closed as another attempt.
    if max(closings, default=0) < rerun.attempt:
        yield f"{name} was closed as attempt {closings} and sent as {rerun.attempt}"


def _panel_problems(world: World) -> Iterator[str]:
    """The panel on disk is of the newest cycle and shows its stored rows."""
    if world.witness.is_uncertain(world.cycles[-1]):
        return
    document: Any = world.files.get("overview")
    if document is None:
        yield "no panel is stored"
        return
    cycle = document["data"]["cycle"]
    if cycle < world.cycles[-1]:
        yield f"the stored panel is of {cycle}"
        return
    shown = {row["underlying"]: row["status"] for row in document["data"]["rows"]}
    stored = {row["underlying"]: row["status"] for row in world.store.read_overview(cycle)}
    # A run may end between the newest panel and its rows.
    if stored and shown != stored:
        yield f"the stored panel of {cycle} shows {shown}, the rows say {stored}"


def _is_undisturbed(world: World, unit: Unit) -> bool:
    """Return whether no fault was near enough to touch a unit."""
    # A rerun that a fault strikes ends its unit anew, however old the unit is.
    if unit in world.rerun_order:
        return False
    if not _is_sent_by_a_beat(world, unit) or _is_sent_anew(world, unit):
        return False
    near = [strike for strike in world.witness.strikes if _is_near(world, strike, unit)]
    if len(near) == 1 and near[0].kind in LOCAL_KINDS:
        # Every pool has a second process, and there is a second beat.
        struck = near[0].unit
        return struck is not None and struck.index != unit.index
    return not near


def _is_lost_unwritten(world: World, unit: Unit, reason: str) -> bool:
    """Return whether a Redis that forgot had rows that a full disk had refused, and the row says so."""
    witness = world.witness
    return (
        reason in OF_OUTAGES
        and unit.cycle in witness.unwritten
        and witness.is_forgotten(unit.cycle)
    )


def _is_sent_by_a_beat(world: World, unit: Unit) -> bool:
    """Return whether a beat was there and awake all the time around a unit's instant."""
    due = unit.instant.timestamp()
    for life in world.witness.beat_lives:
        is_there = life.began <= due - BEAT_SLACK and due + BEAT_SLACK <= life.ended
        if is_there and life.was_awake(due - SLACK, due + LOOP_SECONDS + SLACK):
            return True
    return False


def _is_sent_anew(world: World, unit: Unit) -> bool:
    """Return whether a beat whose clock went back sent a unit again into a Redis that had forgotten it."""
    due = unit.instant.timestamp()
    for began, seconds in world.witness.wrong_clocks:
        went_back = began + seconds - world.timing.expires <= due <= began
        ends = began + SET_RIGHT_SECONDS
        if went_back and any(due <= each.at <= ends for each in world.witness.forgettings):
            return True
    return False


def _is_near(world: World, strike: Strike, unit: Unit) -> bool:
    if strike.task == "beat" or strike.kind not in CALM_SECONDS:
        return False
    due = unit.instant.timestamp()
    ends = due + world.timing.grace + world.interval
    return strike.began <= ends and strike.ended + CALM_SECONDS[strike.kind] >= due


def _closes_undisturbed(world: World, deadline: float) -> bool:
    """Return whether no fault was near that can keep sweep, aggregate or publish from their work."""
    for strike in world.witness.strikes:
        if strike.kind in OFF_STAGE_KINDS:
            continue
        if strike.kind in LOCAL_KINDS and strike.task in ("collect", "analyse", ""):
            # A stage may be struck as it sends the aggregate, which the sweep does again within 4 s.
            if deadline - 2.6 <= strike.began <= deadline + CLOSES_WITHIN:
                return False
        elif (
            strike.began <= deadline + 2 * CLOSES_WITHIN
            and strike.ended + CLOSING_CALM_SECONDS > deadline
        ):
            return False
    return True
