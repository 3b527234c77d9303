"""Small bugs of the kinds that a change of the pipeline could bring, each a text to put in the place of another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug to plant: in `path` the text `before`, which is there once, becomes `after`."""

    name: str
    path: str
    before: str
    after: str


SWEEP = "g6/pipeline/sweep.py"
STAGES = "g6/pipeline/stages.py"
CLOSING = "g6/pipeline/closing.py"
LEDGER = "g6/adapters/memory/ledger.py"
BUGS: tuple[Bug, ...] = ()
