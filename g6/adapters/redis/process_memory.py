"""Processes of this host: those below one, and their memory, shared pages in their shares."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

__all__ = ["FamilyMemory", "children_of", "memory_bytes"]

LOOK_SECONDS = 15.0
"""Seconds between two looks at the memory of processes."""
LONGEST_SECONDS = 60.0
"""Seconds after which it is weighed though nothing shows that it has changed."""
CHANGED_SHARE = 0.01
"""The part by which a process may grow or shrink before it is weighed."""


def children_of(process: psutil.Process) -> list[int]:
    """Return the numbers of all processes below one, none of one that has ended."""
    # psutil reads the parents of all processes of the host: 2 ms of processor time where there are
    # 150, at each sign of life of each worker. Linux tells the children of one.
    threads = Path(f"/proc/{process.pid}/task")
    if not (threads / str(process.pid) / "children").exists():
        try:
            return [child.pid for child in process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
    below: list[int] = []
    waiting = [process.pid]
    while waiting:
        own = _forked_by(waiting.pop())
        below += own
        waiting += own
    return below


def _forked_by(pid: int) -> list[int]:
    children: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += map(int, thread.read_text("ascii").split())
        except OSError:
            continue  # the thread has ended
    return children


def memory_bytes(process: psutil.Process) -> int:
    """Return a process's memory, of pages that it shares its part alone where the kernel says.

    It is 0 of a process that has ended.
    """
    # Forked children share most pages with their parent: resident sizes summed up count them anew.
    try:
        proportional = getattr(process.memory_full_info(), "pss", 0)
        return int(proportional or process.memory_info().rss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _resident_bytes(process: psutil.Process) -> int:
    """Return the memory of a process with all pages that it shares, 0 of one that has ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


class FamilyMemory:
    """The memory of a process and of those below it, as it was a moment ago.

    The kernel takes 4.5 ms of processor time for the shared pages of one process of 180 MB. At each
    sign of life of ten processes that were 2 % of a core, every 15 s 0.3 %. The resident memory of
    one is told in 20 us, and while that is what it was the shares are too.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        weigh: Callable[[psutil.Process], int] = memory_bytes,
        look: Callable[[psutil.Process], int] = _resident_bytes,
    ) -> None:
        self._clock = clock
        self._weigh = weigh
        self._look = look
        self._looked = float("-inf")
        self._weighed = float("-inf")
        self._resident: Mapping[int, int] = {}
        self._bytes = 0

    def bytes_of(self, family: Sequence[psutil.Process]) -> int:
        """Return the memory of processes together, of pages that they share their parts."""
        now = self._clock()
        if now - self._looked < LOOK_SECONDS:
            return self._bytes
        self._looked = now
        resident = {process.pid: self._look(process) for process in family}
        if now - self._weighed >= LONGEST_SECONDS or self._has_changed(resident):
            self._weighed = now
            self._resident = resident
            self._bytes = sum(map(self._weigh, family))
        return self._bytes

    def _has_changed(self, resident: Mapping[int, int]) -> bool:
        if resident.keys() != self._resident.keys():
            return True
        before = self._resident
        return any(abs(size - before[pid]) > CHANGED_SHARE * size for pid, size in resident.items())
