"""Runs a command under the system calls that a unit of deploy/systemd leaves it: `python filtered.py UNIT COMMAND …`.

systemd-analyze says what the sets of a SystemCallFilter hold, and libseccomp, which systemd uses too, makes
the filter. What is refused gets EPERM, as under the unit. Memory is never both written and executed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
EQUAL = 4
PR_SET_MDWE = 65
NO_SUCH_CALL = -1
"""Of libseccomp and prctl."""
LIBRARY = "libseccomp.so.2"


class Comparison(ctypes.Structure):
    """One condition on an argument of a system call, as libseccomp has it."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("mask", ctypes.c_uint64),
    )


def sets() -> dict[str, list[str]]:
    """Return what the sets of system calls hold: calls, and other sets."""
    text = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"],
        capture_output=True, text=True, timeout=90, check=True,
    ).stdout  # fmt: skip
    members: dict[str, list[str]] = {}
    name = ""
    for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines():
        if line.startswith("@"):
            name = line.strip()
            members[name] = []
        elif line.startswith(" ") and name and not line.strip().startswith("#"):
            members[name].append(line.strip())
        elif not line.startswith(" ") and line.strip():
            name = ""
    return members


def calls(names: Iterable[str], members: Mapping[str, list[str]]) -> set[str]:
    """Return the system calls that sets and names stand for."""
    every: set[str] = set()
    for name in names:
        every |= calls(members[name], members) if name.startswith("@") else {name}
    return every


def allowed(unit: str) -> set[str]:
    """Return the system calls that a unit allows."""
    members = sets()
    every: set[str] = set()
    for words in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
        if words.startswith("~"):
            every -= calls(words[1:].split(), members)
        else:
            every |= calls(words.split(), members)
    return every


def families(unit: str) -> list[int]:
    """Return the address families that a unit allows."""
    words = re.findall(r"^RestrictAddressFamilies=(.*)$", unit, re.MULTILINE)
    return [int(getattr(socket, name)) for name in " ".join(words).split()]


def confine(unit: str) -> None:
    """Give up, for this process and all that it starts, what a unit gives up.

    Raises:
        OSError: The kernel or the library refuses.
    """
    library = ctypes.CDLL(LIBRARY, use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in sorted(allowed(unit)):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number == NO_SUCH_CALL:
            continue
        if name != "socket":
            _rule(library, context, number, ())
            continue
        for family in families(unit):
            _rule(library, context, number, (Comparison(0, EQUAL, family, 0),))
    if "MemoryDenyWriteExecute=yes" in unit:
        _forbid_written_code()
    if library.seccomp_load(context) < 0:
        raise OSError("the kernel takes no filter of system calls")


def _rule(
    library: ctypes.CDLL, context: ctypes.c_void_p, number: int, conditions: tuple[Comparison, ...]
) -> None:
    array = (Comparison * len(conditions))(*conditions)
    code = library.seccomp_rule_add_array(
        context, ctypes.c_uint32(ALLOW), ctypes.c_int(number), len(conditions), array
    )
    # Calls of other architectures have numbers below zero, and none here.
    if code < 0 and number >= 0:
        raise OSError(f"libseccomp takes no rule for call {number}: {code}")


def _forbid_written_code() -> None:
    kernel = ctypes.CDLL(None, use_errno=True)
    # Linux 6.3 has it. An older one goes without.
    if kernel.prctl(PR_SET_MDWE, 1, 0, 0, 0) < 0 and ctypes.get_errno() != errno.EINVAL:
        raise OSError(ctypes.get_errno(), "the kernel does not forbid written code")


def main() -> None:
    """Confine this process, and become the command."""
    unit = Path(sys.argv[1]).read_text("utf-8")
    confine(unit)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - it becomes the command that it was given


if __name__ == "__main__":
    main()
