"""Small bugs of the kinds that a change of the pipeline could bring, each a text in the place of another.

A bug of the ledger stands in its twin in memory, which the contract suite holds to the script that runs in Redis.
"""

from __future__ import annotations

from dataclasses import dataclass

SWEEP = "g6/pipeline/sweep.py"
STAGES = "g6/pipeline/stages.py"
CLOSING = "g6/pipeline/closing.py"
RERUN = "g6/pipeline/rerun.py"
LEDGER = "g6/adapters/memory/ledger.py"


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug to plant: in `path` the text `before`, which is there once, becomes `after`."""

    name: str
    path: str
    before: str
    after: str


BUGS = (
    Bug(
        "a lease is not renewed",
        LEDGER,
        "        self._put_stage(unit, stage, replace(state, lease_until=until))\n",
        "",
    ),
    Bug(
        "a claim lets a twin in",
        LEDGER,
        '        if record.task not in ("", task) and (stage.state == "done" or stage.lease_until > now):\n',
        "        if False:\n",
    ),
    Bug(
        "a terminal unit ends a second time",
        LEDGER,
        "        if unit.cycle not in self._cycles or self._unit(unit).status:\n            return",
        "        if unit.cycle not in self._cycles:\n            return",
    ),
    Bug(
        "a collected index is not released",
        LEDGER,
        '        if self._collecting.get(unit.index, ("", 0.0))[0] == unit.cycle:\n',
        "        if False:\n",
    ),
    Bug(
        "a stored cycle is not settled",
        LEDGER,
        '        self._publish("", report)\n        self._settle_when_whole(cycle)\n',
        '        self._publish("", report)\n',
    ),
    Bug(
        "a cycle closes before its last unit has ended",
        LEDGER,
        "is_whole = all(",
        "is_whole = any(",
    ),
    Bug(
        "the sweep forgets the last index",
        SWEEP,
        "        for index, unit in record.units.items():\n            kind = _mend",
        "        for index, unit in list(record.units.items())[:-1]:\n            kind = _mend",
    ),
    Bug(
        "the sweep skips the first index alone",
        SWEEP,
        "    for index in expected:\n",
        "    for index in expected[:1]:\n",
    ),
    Bug(
        "a lost aggregate is not sent again",
        SWEEP,
        "if record.fired and not record.closed and",
        "if False and",
    ),
    Bug(
        "a cycle that is not stored is not sent again",
        SWEEP,
        "        if record.closed and not record.stored:\n",
        "        if False:\n",
    ),
    Bug(
        "a cycle is settled although its overview is not stored",
        SWEEP,
        "        if record.stored:\n            runtime.ledger.settle",
        "        if True:\n            runtime.ledger.settle",
    ),
    Bug(
        "a lost stage persist is not sent again",
        SWEEP,
        "return _send_again(runtime, unit, (Stage.PERSIST,))",
        'return ""',
    ),
    Bug(
        "the sweep marks the grid before it has looked",
        SWEEP,
        "    instants = list(islice(_grid(runtime, after, until), MOST_WALKED))\n",
        "    runtime.ledger.record_swept(isoformat_z(until))\n"
        "    instants = list(islice(_grid(runtime, after, until), MOST_WALKED))\n",
    ),
    Bug(
        "a unit past its deadline stays open",
        SWEEP,
        "        if now >= record.opening.deadline:\n",
        "        if now >= record.opening.deadline + 86_400.0:\n",
    ),
    Bug(
        "what completes a cycle in the sweep sends no aggregate",
        SWEEP,
        '    if answer.completes_cycle:\n        runtime.sender.aggregate(unit.cycle)\n    return "closed"',
        '    return "closed"',
    ),
    Bug(
        "collect takes a message whatever its age",
        STAGES,
        '        if watch.lap("wait") - opening.due > limit:\n',
        '        if watch.lap("wait") - opening.due > limit + 86_400.0:\n',
    ),
    Bug(
        "persist is done before it has written",
        STAGES,
        "        counts = runtime.store.write_chain(unit, frame)\n",
        "        runtime.ledger.end_stage(unit, Stage.PERSIST, task, watch.began)\n"
        "        counts = runtime.store.write_chain(unit, frame)\n",
    ),
    Bug(
        "analyse ends its unit before the chain is there",
        STAGES,
        '        runtime.frames.put(unit, "chain", chain_frame(priced), CHAIN_SECONDS)\n',
        "",
    ),
    Bug(
        "a refused overview counts as stored",
        CLOSING,
        "    if errors:\n        refusal",
        "    if False:\n        refusal",
    ),
    Bug(
        "the overview lacks the last row",
        CLOSING,
        "write_overview(cycle, overview_rows(record))",
        "write_overview(cycle, overview_rows(record)[:-1])",
    ),
    Bug(
        "a rerun collects a past cycle",
        SWEEP,
        "    if state.task == RERUN_TASK:\n",
        "    if False:\n",
    ),
    Bug(
        "a rerun leaves the cycle closed",
        LEDGER,
        "            account.fired = account.closed = 0.0\n",
        "            account.fired = 0.0\n",
    ),
)
"""Ordered by the file that they stand in."""
