"""The table of jobs: one row for each Celery task, from which all follows that Celery is told.

Tasks (`tasks`), routes and annotations (`queues`), beat's entries (`schedule`) and the list that
the lint goes through (`lint`) are read from here. Adding a job is one row and its use case.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from g6 import pipeline
from g6.bootstrap.processes.bounded_memory import give_back
from g6.config import Settings
from g6.domain.cycles.cycle import Timing, Unit
from g6.domain.schema.words import STAGES, Stage
from g6.pipeline import Runtime
from g6.pipeline.computing import Computing
from g6.pipeline.maintenance.folding import QUARTER_SECONDS
from g6.pipeline.runtime import SWEEP_SECONDS
from g6.ports.history import FoldReport

SWEEP = "g6.sweep"
"""The task that closes what did not arrive; beat says with each that it lives."""
SHORTEST_FOLD_SECONDS = 5.0
"""A simulated market's quarter of an hour can pass in milliseconds.

Parts are not folded more often than this.
"""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds after which a task is asked to end and after which its process is killed.

    `acks_late`: the message is acknowledged when the task has ended. Limits of such tasks decide
    the visibility timeout (twice the largest hard one), so jobs longer than a cycle acknowledge
    early.
    """

    soft: float
    hard: float
    acks_late: bool = True


def stage_limits(timing: Timing) -> TimeLimits:
    """Return the limits of a stage, which follow the interval."""
    return TimeLimits(timing.soft, timing.hard)


def closing_limits(timing: Timing) -> TimeLimits:
    """Return the limits of what closes a cycle, which have a floor for short intervals."""
    return TimeLimits(max(timing.soft, 5.0), max(timing.hard, 10.0))


def long_limits(_: Timing) -> TimeLimits:
    """Return the limits of a job that takes longer than a cycle."""
    return TimeLimits(240.0, 300.0, acks_late=False)


@dataclass(frozen=True, slots=True)
class Job:
    """One Celery task.

    Attributes:
        name: Of the use case. The task is called `g6.` and the name.
        run: Is given the Runtime and what the message carries, one or two short strings. A stage,
            which is a name of `STAGES`, is given its unit and the task's id.
        queue: Whose workers run it.
        limits: Its time limits, by those of a cycle.
        retries: How often it is tried again, a second apart, when Redis or the provider is away.
            None leaves it to the next tick of beat.
        beat: Seconds between two sends, after which a message that waited is dropped. The first
            stage has no number here: it is sent at every cycle of every index.
    """

    name: str
    run: Callable[..., object]
    queue: str
    limits: Callable[[Timing], TimeLimits]
    retries: int | None = None
    beat: Callable[[Settings], float] | None = None

    @property
    def task(self) -> str:
        """The name that messages carry."""
        return f"g6.{self.name}"

    @property
    def is_stage(self) -> bool:
        """Whether it works on one unit as a link of the cycle's chain."""
        return self.name in STAGES


def cycle_of(body: object) -> str:
    """Return the cycle that a message is about, by its arguments, empty for none.

    A link of a chain is given the list that the link before it returned.

    >>> cycle_of((["2026-11-20T05:30:00Z", "NIFTY"], {}, {}))
    '2026-11-20T05:30:00Z'
    >>> cycle_of(([["2026-11-20T05:30:00Z", "NIFTY"]], {}, {}))
    '2026-11-20T05:30:00Z'
    """
    word: object = body
    for _ in range(3):
        if not isinstance(word, list | tuple) or not word:
            break
        word = word[0]
    is_instant = isinstance(word, str) and word.endswith("Z") and word[10:11] == "T"
    return str(word) if is_instant else ""


def sweep(runtime: Runtime) -> None:
    """Close what did not arrive, then say how the system is."""
    pipeline.sweep(runtime)
    pipeline.heartbeat(runtime)


def rerun(runtime: Runtime, cycle: str, index: str, first_stage: str = Stage.ANALYSE) -> None:
    """Do a unit again from a stage on."""
    pipeline.rerun(runtime, Unit(cycle, index), Stage(first_stage))


def recompute(runtime: Runtime, day: str, index: str, pricing: str = "{}") -> None:
    """Compute a stored day again, under the pricing settings that a JSON object names."""
    changed = replace(runtime.plan.pricing, **json.loads(pricing))
    pipeline.recompute(runtime, day, index, changed)


def fold(runtime: Runtime, name: str, day: str) -> FoldReport:
    """Fold the quarter hours of a day that are over, and give back what that took."""
    report = pipeline.fold(runtime, name, day)
    give_back()
    return report


def compact(runtime: Runtime, name: str, day: str) -> FoldReport:
    """Fold a day that is over into one file, and give back what that took."""
    report = pipeline.compact(runtime, name, day)
    # What a fold had used lies free between what is in use: of six indices a process kept 35 MB
    # after a fold and 24 after this, 56 after a compaction and 33 after this.
    give_back()
    return report


def keep_events(runtime: Runtime) -> int:
    """Store the events of the bus, and give back what that took."""
    kept = pipeline.keep_events(runtime)
    give_back()
    return kept


def quarter_seconds(settings: Settings) -> float:
    """Return the wall seconds that a quarter of an hour of the market takes."""
    pace = settings.wall_interval / settings.interval
    return max(SHORTEST_FOLD_SECONDS, QUARTER_SECONDS * pace)


def events_seconds(settings: Settings) -> float:
    """Return the wall seconds between two times that events are stored.

    They are stored before the bus drops them: of 60 indices 5 s apart it holds nine minutes, less
    than a quarter of an hour.
    """
    half = settings.stream_bounds.seconds // 2
    return max(SHORTEST_FOLD_SECONDS, min(quarter_seconds(settings), half))


# What works on files stands in the queue `persist`: only the one host that owns the data directory
# serves it.
JOBS = (
    Job("collect", pipeline.collect, "collect", stage_limits, retries=2),
    Job("analyse", pipeline.analyse, "analytics", stage_limits, retries=2),
    Job("persist", pipeline.persist, "persist", stage_limits, retries=2),
    Job("aggregate", pipeline.aggregate, "aggregate", closing_limits, retries=2),
    Job("publish", pipeline.publish, "persist", closing_limits, retries=2),
    Job("sweep", sweep, "maintenance", closing_limits, beat=lambda _: SWEEP_SECONDS),
    Job(
        "verify_panels",
        pipeline.verify_panels,
        "persist",
        closing_limits,
        beat=lambda settings: float(settings.panels.verify_seconds),
    ),
    Job("tidy", pipeline.tidy, "persist", long_limits, beat=quarter_seconds),
    Job("keep_events", keep_events, "persist", long_limits, beat=events_seconds),
    Job("fold", fold, "persist", long_limits),
    Job("compact", compact, "persist", long_limits),
    Job("rerun", rerun, "manual", long_limits, retries=2),
    Job("recompute", recompute, "manual", long_limits, retries=2),
)
COMPUTING_JOBS = frozenset({"collect", "analyse", "persist", "aggregate"})
"""Jobs that compute, and take the functions by which they do."""


def jobs_with(computing: Computing) -> tuple[Job, ...]:
    """Return the table of jobs with other functions to compute by."""
    jobs = []
    for job in JOBS:
        if job.name in COMPUTING_JOBS:
            job = replace(job, run=partial(job.run, computing=computing))  # noqa: PLW2901
        jobs.append(job)
    return tuple(jobs)
