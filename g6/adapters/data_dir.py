"""The data directory: who owns it while it runs, and which kind of market its rows are of."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from g6.errors import Unavailable

OWNER, KIND = ".owner.json", ".kind"


@contextmanager
def owned(directory: Path, kind: str, *, mix: bool = False) -> Iterator[Callable[[str], None]]:
    """Own `directory` until the end of the block, or of the process.

    `kind` is live, sim or replay: a directory remembers its kind and refuses another unless `mix`. The block is given a function
    that tells others the broker's address; the file that holds it is 0600. Errors: Unavailable (owned, other kind, not writable).
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / OWNER, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(
            f"the data directory {directory} cannot be written: {error.strerror}", "choose another with --data-dir DIR"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(directory) from None
        _check_kind(directory, kind, mix)

        def tell(broker: str) -> None:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "broker": broker, "kind": kind}).encode(), 0)

        tell("")
        yield tell
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def owner(directory: Path) -> Mapping[str, Any] | None:
    """Return who owns `directory` now (pid, broker, kind), None when nobody does."""
    try:
        descriptor = os.open(directory / OWNER, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        content = os.read(descriptor, 4096)
        return json.loads(content) if content else {}
    else:
        return None
    finally:
        os.close(descriptor)


def _taken(directory: Path) -> Unavailable:
    known = owner(directory) or {}
    pid, broker = known.get("pid", "?"), str(known.get("broker") or "").rpartition("@")[2].rpartition("://")[2]
    at = f", broker {broker}" if broker else ""
    return Unavailable(
        f"the data directory {directory} is in use by another G6 (process {pid}{at})",
        f"stop it (kill -TERM {pid}), or give this one a directory of its own with --data-dir DIR",
    )


def _check_kind(directory: Path, kind: str, mix: bool) -> None:
    marker = directory / KIND
    held = marker.read_text("utf-8").strip() if marker.exists() else ""
    if held and held != kind and not mix:
        raise Unavailable(
            f"the data directory {directory} holds rows of a {held} market; this run's are {kind}",
            "give --data-dir DIR, or --mix if you want both in one place",
        )
    if not held:
        marker.write_text(kind + "\n", "utf-8")
