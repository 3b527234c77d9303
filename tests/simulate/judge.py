"""The judge of a run: the grid, what is stored, and what an onlooker saw. The ledger only says what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from g6.domain.cycles.cycle import Unit, parse_z
from tests.simulate.reasons import REASONS, is_true
from tests.simulate.system import System
from tests.simulate.witness import AcceptedRerun, Strike
from tests.simulate.world import World
from tests.worlds.ledger_check import WORDS, grid

MOST_WAITING = 400
"""Messages in one queue."""
CALM_SECONDS = 75.0
"""Seconds after a fault within which a unit may still feel it: twice the time after which a lost message comes back."""
CLOSES_WITHIN = 2.5
"""Seconds after its deadline within which a cycle closes with what has arrived."""
WRITING_SECONDS = 0.3
"""Seconds that closing and storing a cycle take here: some thirty calls of ports."""
LOCAL_KINDS = frozenset(
    ("die", "die_after", "stand_still", "slow", "lose", "double", "delay", "kill_worker")
)
"""Kinds that strike one process or one message."""
OFF_STAGE_KINDS = frozenset(("fail_provider", "slow_provider", "rerun", "pause", "evict_frames"))
"""Kinds that touch units and never what closes their cycle."""


def problems(system: System) -> list[str]:
    """Return what is wrong with a run that is over, as sentences; none when all is well."""
    world = system.world
    sentences = list(world.witness.violations)
    indices = sorted(world.plan.indices)
    for cycle, index in grid(world.cycles[0], world.cycles[-1], world.interval, indices):
        rows = [row for row in world.store.read_overview(cycle) if row["underlying"] == index]
        if not rows and parse_z(cycle).timestamp() <= world.witness.unknown_until:
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
    if system.longest_queue > MOST_WAITING:
        sentences.append(f"{system.longest_queue} messages waited in one queue")
    return sentences


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
        if _is_undisturbed(world, unit):
            yield f"{name} is {status} ({reason}) and nothing went wrong around it"
        elif not is_true(world, unit, status, reason):
            yield f"{name} is {status} ({reason}), which is not what happened"
    yield from _chain_problems(world, unit, row, status in ("OK", "PARTIAL"))


def _chain_problems(
    world: World, unit: Unit, row: dict[str, Any], has_figures: bool
) -> Iterator[str]:
    name = f"{unit.index} at {unit.cycle}"
    chain = world.store.read_chain(unit)
    lost_state = world.redis_lost_state
    if chain is None:
        # A full disk costs chains, which an alert tells; a Redis that forgets costs what it had not handed on.
        # A host whose clock is ahead collects a cycle before it is due.
        is_evicted = bool(world.frames_gone_until) and (
            world.clocks_jumped or world.frames_gone_until >= unit.instant.timestamp()
        )
        if has_figures and not (world.disk_was_full or lost_state or is_evicted):
            yield f"{name} is {row['status']} and no chain is stored"
        return
    if chain.header["at"] != unit.cycle or chain.header["index"] != unit.index:
        yield f"{name} has the chain of {chain.header['index']} at {chain.header['at']}"
    if chain.header.get("stage") != "chain":
        yield f"{name} has raw quotes stored in the place of its chain"
    if not has_figures:
        if not lost_state:
            yield f"{name} is {row['status']} and a chain is stored"
        return
    answer = chain.header["request"]
    if row["spot"] != answer:
        yield f"{name}: the row is of answer {row['spot']}, the stored chain of {answer}"
    if world.witness.answers.get(row["spot"]) != unit:
        yield f"{name} was made of the answer for {world.witness.answers.get(row['spot'])}"
    settings = chain.header["stamp"]["config_id"]
    if row["settings"] != settings and not (world.disk_was_full or lost_state):
        yield f"{name}: the row is of {row['settings']}, the stored chain of {settings}"


def _failure_problems(
    world: World, rerun: AcceptedRerun, name: str, row: dict[str, Any]
) -> Iterator[str]:
    """A rerun that failed says why in the report of its cycle, and leaves the row of before."""
    failure = world.witness.failures[rerun.unit.cycle][rerun.unit.index]
    if not _can_fail(world, rerun.unit, failure):
        yield f"{name} failed ({failure}), which is not what happened"
    if row != rerun.row:
        yield f"{name} failed ({failure}) and left another row"


def _can_fail(world: World, unit: Unit, reason: str) -> bool:
    """Return whether a rerun may have ended for this reason."""
    if reason not in ("frame_missing", "time_limit", "poison"):
        return False
    return REASONS["MISSING", reason](world, unit)


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
    if not all(_is_undisturbed(world, unit) for unit in units):
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
    if reported is None or world.redis_lost_state:
        return
    stored = {row["underlying"]: str(row["status"]) for row in world.store.read_overview(cycle)}
    # A rerun of a cycle that the ledger had forgotten knows of its own unit alone.
    if any(stored.get(index) != status for index, status in reported.items()):
        yield f"{cycle} was reported as {reported}, the rows say {stored}"


def _rerun_problems(world: World) -> Iterator[str]:
    """A rerun leaves its unit OK under the settings of then, and raises the attempt."""
    if world.redis_lost_state or world.disk_was_full or world.clocks_jumped:
        return
    cycles = [rerun.unit.cycle for rerun in world.witness.reruns]
    asked = [strike for strike in world.witness.strikes if strike.kind == "rerun"]
    if world.frames_gone_until or len(asked) > len(cycles):
        return
    for rerun in world.witness.reruns:
        if cycles.count(rerun.unit.cycle) == 1 and rerun.row is not None:
            yield from _one_rerun(world, rerun)


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
    elif row["status"] == rerun.row["status"] == "MISSING" and _can_fail(
        world, rerun.unit, row["reason"]
    ):
        return
    elif row["status"] != "OK":
        yield f"{name} is {row['status']} ({row['reason']})"
    elif row["settings"] != rerun.settings:
        yield f"{name} has the row of {row['settings']} instead of {rerun.settings}"
    closings = world.witness.closings.get(rerun.unit.cycle, [])
    if rerun.attempt not in closings:
        yield f"{name} was closed as attempt {closings} and sent as {rerun.attempt}"


def _panel_problems(world: World) -> Iterator[str]:
    """The panel on disk is of the newest cycle and shows its stored rows."""
    if world.redis_lost_state or world.disk_was_full:
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
    near = [strike for strike in world.witness.strikes if _is_near(world, strike, unit)]
    if len(near) == 1 and near[0].kind in LOCAL_KINDS:
        # Every pool has a second process, and there is a second beat.
        struck = near[0].unit
        return struck is not None and struck.index != unit.index
    return not near


def _is_near(world: World, strike: Strike, unit: Unit) -> bool:
    due = unit.instant.timestamp()
    ends = due + world.timing.grace + world.interval
    return strike.began <= ends and strike.ended + CALM_SECONDS >= due


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
            strike.began <= deadline + 2 * CLOSES_WITHIN and strike.ended + CALM_SECONDS > deadline
        ):
            return False
    return True
