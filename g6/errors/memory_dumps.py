"""Core dumps hold the memory of a process, and with it every secret: G6's processes leave none."""

from __future__ import annotations

from contextlib import suppress

__all__ = ["leave_no_core"]


def leave_no_core() -> None:
    """Let a crash of this process, and of all that it will start, write no core dump."""
    # The module is Unix's.
    with suppress(ImportError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))
