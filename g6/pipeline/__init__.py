"""The use cases: plain functions over a Runtime. Celery tasks and the command line call them.

collect ─▶ analyse ─▶ persist      one unit: (cycle, index)
              └─ the last one of a cycle ─▶ aggregate ─▶ publish      one cycle
sweep closes what did not arrive. rerun does it again. tidy folds what is stored into fewer files.
keep_events stores the events of the bus.
"""

from g6.pipeline.closing import aggregate, publish
from g6.pipeline.maintenance.archiving import keep_events
from g6.pipeline.maintenance.folding import compact, fold, tidy
from g6.pipeline.recompute import recompute
from g6.pipeline.repair import RepairTally, repair, repair_units
from g6.pipeline.rerun import rerun
from g6.pipeline.runtime import Runtime
from g6.pipeline.stages import analyse, collect, persist
from g6.pipeline.sweep import sweep
from g6.pipeline.watching import heartbeat, verify_panels

__all__ = [
    "RepairTally",
    "Runtime",
    "aggregate",
    "analyse",
    "collect",
    "compact",
    "fold",
    "heartbeat",
    "keep_events",
    "persist",
    "publish",
    "recompute",
    "repair",
    "repair_units",
    "rerun",
    "sweep",
    "tidy",
    "verify_panels",
]
