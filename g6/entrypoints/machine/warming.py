"""What a fork server imports and warms, so that whatever it forks shares it."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

__all__ = ["CHILD_VARIABLES", "PRELOADED", "bound_memory", "preload"]

CHILD_VARIABLES = {"REMAP_SIGTERM": "SIGQUIT", "OMP_NUM_THREADS": "1", "C_FORCE_ROOT": "1"}
"""For workers: the first and the third are Celery's, which reads the first when it is imported."""
PRELOADED = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.events.state",
    "celery.concurrency.prefork",
    "celery.worker.consumer",
    "kombu.transport.redis",
    "g6.entrypoints.workers.app",
)
TRIM_THRESHOLD = -1
MMAP_THRESHOLD = -3
ARENAS = -8
"""Of glibc: the numbers of what `mallopt` sets."""
LARGE_BYTES = 262_144
"""What is larger goes back to the kernel when it is freed."""


def preload(more: Sequence[str] = ()) -> None:
    """Import and warm what the processes of a machine need, and `more`, so that they share it."""
    os.environ.update(CHILD_VARIABLES)
    # A collection writes into every object it visits, and what is written to is shared no more.
    gc.disable()
    for module in PRELOADED:
        import_module(module)
    for module in more:
        with suppress(ImportError):  # whoever needs it says which extra brings it
            import_module(module)
    import pyarrow as pa

    from g6.bootstrap.processes.running_code import code_at_start
    from g6.bootstrap.processes.warming import warm_up_at_defaults

    code_at_start()  # what they run is what is imported here, whatever the disk has by then
    # Arrow's own pool keeps what is given back to it: 6 MB of each process.
    pa.set_memory_pool(pa.system_memory_pool())
    bound_memory()
    warm_up_at_defaults()
    gc.collect()
    gc.freeze()
    gc.enable()


def bound_memory() -> None:
    """Have this process, and what it forks, give freed memory back to the kernel."""
    # glibc keeps an area for each thread, and ever larger blocks once one was freed: g6 serve held
    # 117 MB after reads of its pages, and 101 MB so.
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        with suppress(AttributeError):  # another C library has no such function
            library.mallopt(ARENAS, 1)
            library.mallopt(MMAP_THRESHOLD, LARGE_BYTES)
            library.mallopt(TRIM_THRESHOLD, LARGE_BYTES)
