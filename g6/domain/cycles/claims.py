"""The ledger's stages and answers, with what follows from each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

CycleRests = Callable[[str, float], bool]
"""Tells of the name and the deadline of an open cycle whether it is left out for now."""


def no_rest(cycle: str, deadline: float) -> bool:  # noqa: ARG001
    """Leave no cycle out.

    >>> no_rest("2026-11-18T05:30:00Z", 0.0)
    False
    """
    return False


class StageProgress(StrEnum):
    """How far the ledger has a stage of a unit."""

    NEVER = ""
    RUN = "run"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage in the ledger. Wall times are epoch seconds, 0 for unknown.

    Attributes:
        state: How far it is.
        holder: The id of the task that has the lease.
        lease_until: When the lease lapses.
        started: When the stage was last started.
        ended: When its output was there.
        starts: How often it was started.
    """

    state: StageProgress = StageProgress.NEVER
    holder: str = ""
    lease_until: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    starts: int = 0

    @property
    def is_done(self) -> bool:
        """Whether its output is there."""
        return self.state is StageProgress.DONE

    @property
    def is_running(self) -> bool:
        """Whether a task has begun it, and nobody has ended it."""
        return self.state is StageProgress.RUN


class ClaimAnswer(StrEnum):
    """What the ledger answers to a task that would run a stage.

    >>> ClaimAnswer("overrun!").completes_cycle
    True
    """

    RUN = "run"
    AGAIN = "again"  # run: an earlier start died, failed, or its message was lost
    DONE = "done"
    TWIN = "twin"  # another task holds the unit: both beats send
    BUSY = "busy"  # another task's lease on the stage is alive
    OVERRUN = "overrun"  # the index's previous cycle is still being collected
    OVERRUN_COMPLETED = "overrun!"  # that, and with this unit the cycle is complete
    CLOSED = "closed"  # the unit is terminal
    UNKNOWN = "unknown"  # no such cycle

    @property
    def may_run(self) -> bool:
        """Whether the task holds the lease and runs the stage."""
        return self in {ClaimAnswer.RUN, ClaimAnswer.AGAIN}

    @property
    def is_repeated(self) -> bool:
        """Whether the stage was begun before in this run of the unit, and never ended."""
        return self is ClaimAnswer.AGAIN

    @property
    def goes_on(self) -> bool:
        """Whether the next stage may run, although this task does not run this one."""
        return self is ClaimAnswer.DONE

    @property
    def completes_cycle(self) -> bool:
        """Whether the caller has to send the aggregate."""
        return self is ClaimAnswer.OVERRUN_COMPLETED


class FinishAnswer(StrEnum):
    """What the ledger answers to one who makes a unit terminal."""

    LATE = "late"  # it was terminal already
    FINISHED = "finished"
    COMPLETED = "completed"

    @property
    def completes_cycle(self) -> bool:
        """Whether the caller has to send the aggregate."""
        return self is FinishAnswer.COMPLETED
