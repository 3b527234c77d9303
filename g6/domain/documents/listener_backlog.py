"""When a listener that reads too slowly is sent nothing more, and when everything again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["BacklogLimits", "BacklogState", "BacklogTransition", "ListenerBacklog"]


class BacklogState(StrEnum):
    """How a listener stands."""

    NORMAL = "normal"
    DEGRADED = "degraded"
    EXIT_PENDING = "exit_pending"


class BacklogTransition(StrEnum):
    """A change that is counted: into the degraded state, out of it, or not yet out of it."""

    ENTER = "enter"
    EXIT = "exit"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class BacklogLimits:
    """How much may wait for one listener, and how it comes back.

    Attributes:
        bytes: What may wait for one listener, not counting what was written just now.
        warn: Share of them from which a listener is counted as slow.
        degrade: Share from which it is sent nothing more.
        exit: Share below which it may come back.
        calm_seconds: How long it must then stay below, after which nothing may wait at all.
        cooldown_seconds: How long it stays degraded at least.
    """

    bytes: int = 65_536
    warn: float = 0.5
    degrade: float = 1.0
    exit: float = 0.25
    calm_seconds: float = 0.25
    cooldown_seconds: float = 1.0


@dataclass(slots=True)
class ListenerBacklog:
    """The state of one listener, moved by what waits for it.

    The shares differ for the way in and the way out, and both ways take their time: a listener at
    the limit does not go to and fro, with a snapshot each time.

    >>> backlog = ListenerBacklog(BacklogLimits(bytes=100, calm_seconds=1, cooldown_seconds=5))
    >>> backlog.observe(100, now=0.0)
    <BacklogTransition.ENTER: 'enter'>
    >>> [backlog.observe(0, now=now) for now in (1.0, 6.0)], str(backlog.state)
    ([None, None], 'exit_pending')
    >>> backlog.observe(0, now=7.0)
    <BacklogTransition.EXIT: 'exit'>
    """

    limits: BacklogLimits
    state: BacklogState = BacklogState.NORMAL
    _since: float = field(default=0.0)

    def ratio(self, waiting: int) -> float:
        """Return what waits as a share of what may.

        Args:
            waiting: Bytes that wait for the listener.
        """
        return waiting / self.limits.bytes

    def observe(self, waiting: int, now: float) -> BacklogTransition | None:
        """Take in what waits now, and return the change that it makes.

        Args:
            waiting: Bytes that wait for the listener.
            now: Seconds of a clock that does not jump.
        """
        ratio = self.ratio(waiting)
        match self.state:
            case BacklogState.NORMAL:
                if ratio >= self.limits.degrade:
                    return self._move(BacklogState.DEGRADED, now, BacklogTransition.ENTER)
            case BacklogState.DEGRADED:
                is_cool = now - self._since >= self.limits.cooldown_seconds
                if is_cool and ratio <= self.limits.exit:
                    return self._move(BacklogState.EXIT_PENDING, now, None)
            case BacklogState.EXIT_PENDING:
                return self._leave(waiting, now)
        return None

    def _leave(self, waiting: int, now: float) -> BacklogTransition | None:
        is_calm = now - self._since >= self.limits.calm_seconds
        if self.ratio(waiting) > self.limits.exit or (is_calm and waiting > 0):
            # It took a little and stopped again: a snapshot would only wait as well.
            return self._move(BacklogState.DEGRADED, now, BacklogTransition.ABORT)
        if is_calm:
            return self._move(BacklogState.NORMAL, now, BacklogTransition.EXIT)
        return None

    def _move(
        self, state: BacklogState, now: float, transition: BacklogTransition | None
    ) -> BacklogTransition | None:
        self.state = state
        self._since = now
        return transition
