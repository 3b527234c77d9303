"""How this command was started: when, and what a person types in this shell to start another."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from shlex import quote

import psutil

CLI = "g6.entrypoints.cli"
START_TICKS = 19
"""Place of the start in `/proc/PID/stat`, counted from the state."""


def as_typed(program: str) -> str:
    """Return what to type in this shell for a program of this installation.

    It is the bare name where the shell would find this very program, else its path.

    Args:
        program: `g6` or `python`.
    """
    path = Path(sys.executable).parent / program
    if not path.exists():
        return quote(sys.executable) if program == "python" else f"{quote(sys.executable)} -m {CLI}"
    on_path = shutil.which(program)
    # A link is not followed: the python of an environment is a link to the system's.
    if on_path is not None and Path(on_path).absolute() == path:
        return program
    return quote(_from_here(path))


def _from_here(path: Path) -> str:
    """Return a path relative to the working directory where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def seconds_since_start() -> float:
    """Return the wall seconds since this process was started."""
    stat = Path("/proc/self/stat")
    if not stat.exists():
        return time.time() - psutil.Process().create_time()
    # psutil reckons the start from a boot time in whole seconds.
    ticks = int(stat.read_text("ascii").rpartition(")")[2].split()[START_TICKS])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
