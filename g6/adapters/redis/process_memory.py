"""The memory of processes of this host, pages that several share in their shares."""

from __future__ import annotations

import psutil

__all__ = ["memory_bytes"]


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
