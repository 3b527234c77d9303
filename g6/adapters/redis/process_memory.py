"""Processes of this host: those below one, and their memory, shared pages in their shares."""

from __future__ import annotations

from pathlib import Path

import psutil

__all__ = ["children_of", "memory_bytes"]


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
