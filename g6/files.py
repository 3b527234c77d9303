"""Files that are whole or absent: atomic replacement, locks, leftovers of killed writers.

Used by every adapter that keeps files. Locks are advisory `flock`s, held apart between processes
and threads of one host.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shlex
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from g6.errors import StoreBusy

_FIXES = {
    errno.ENOSPC: "free space on this disk, or set data_dir to another one",
    errno.EDQUOT: "raise the quota, or set data_dir to another disk",
    errno.EFBIG: "raise the file size limit of the process (ulimit -f)",
    errno.EROFS: "mount the file system writable, or set data_dir to another one",
    errno.EACCES: (
        "let the user who runs G6 write there (chown, chmod), or set data_dir to another directory"
    ),
    errno.EPERM: "let the user who runs G6 write there (chown, chattr -i)",
    errno.EEXIST: "move away the file that stands where a directory must be",
    errno.ENOTDIR: "move away the file that stands where a directory must be",
    errno.EISDIR: "move away the directory that stands where a file must be",
    errno.EMFILE: "raise the number of open files (ulimit -n)",
}


def busy(path: Path | str, error: OSError) -> StoreBusy:
    """Return the error of a file that could not be written: file, reason and fix."""
    return StoreBusy(f"cannot write {shown(path)}: {error.strerror or error}; {fix_of(error)}")


def fix_of(error: OSError) -> str:
    """Return the fix of a refusal of the file system."""
    return _FIXES.get(error.errno or 0, "see that the disk is there and healthy")


ABANDONED_SECONDS = 3600.0
"""Age from which a temporary file counts as abandoned: a write takes seconds."""
_TEMPORARY = re.compile(r"\..+\.\d+(-\d+)?\.tmp")


def shown(path: Path | str) -> str:
    """Return a path as it can be printed.

    Bytes that are no UTF-8 become a backslash, x and digits.
    """
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def quoted(path: Path | str) -> str:
    """Return a path as a shell reads it, in the form `$'…'` where bytes are no UTF-8."""
    content = os.fsencode(path)
    try:
        return shlex.quote(content.decode())
    except UnicodeDecodeError:
        plain = content.replace(b"\\", b"\\\\").replace(b"'", b"\\'")
        return f"$'{plain.decode('utf-8', errors='backslashreplace')}'"


@contextmanager
def refusals(path: Path | str) -> Iterator[None]:
    """Turn an OSError inside into StoreBusy that names `path`."""
    try:
        yield
    except OSError as error:
        raise busy(path, error) from error


def replace(path: Path, content: bytes, mode: int | None = None) -> None:
    """Make `content` the whole of `path`, or leave the file as it was.

    Args:
        path: The file.
        content: All of it.
        mode: Who may read and write it, None as new files are made here.

    Raises:
        StoreBusy: The file system refuses.
    """
    # Written under a temporary name, synced, renamed, and the directory synced: after a power cut
    # the old content or the new one is there. A killed process leaves a `.….tmp` that nobody reads,
    # and its lock tells whether somebody is still writing it.
    with refusals(path):
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        with _written_beside(path, content, mode) as (descriptor, temporary):
            os.fsync(descriptor)
            temporary.replace(path)
        sync_directory(path.parent)


def replace_together(directory: Path, contents: Mapping[str, bytes]) -> None:
    """Make each content the whole of its file in `directory`, in their order.

    Each file is whole or as it was. All of them are on disk when this returns, and no earlier: the
    directory is synced once.

    Raises:
        StoreBusy: The file system refuses one. Those before it may be replaced.
    """
    beside: list[tuple[Path, int, Path]] = []
    with ExitStack() as written:
        for name, content in contents.items():
            path = directory / name
            with refusals(path):
                pair = written.enter_context(_written_beside(path, content, None))
            beside.append((path, *pair))
            _begin_to_write(pair[0])
        # All of them are on their way: the first sync waits for the disk, and the others find
        # theirs done. Seventeen panels took 20 to 25 ms so, and 36 to 38 one after the other.
        for path, descriptor, _ in beside:
            with refusals(path):
                os.fsync(descriptor)
        for path, _, temporary in beside:
            with refusals(path):
                temporary.replace(path)
    with refusals(directory):
        sync_directory(directory)


def _begin_to_write(descriptor: int) -> None:
    """Have what was written to a file go to disk, without waiting for it."""
    if hasattr(os, "posix_fadvise"):  # macOS has none
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def _written_beside(path: Path, content: bytes, mode: int | None) -> Iterator[tuple[int, Path]]:
    """Write a content beside a file, under a name that the block gives up or nobody sees again."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with temporary.open("wb", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
            yield file.fileno(), temporary
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def is_temporary(path: Path) -> bool:
    """Tell whether a file's name is one that `replace` writes under."""
    return _TEMPORARY.fullmatch(path.name) is not None


def being_written(path: Path) -> bool:
    """Tell whether a temporary file may have a writer: it is locked, young, or gone already."""
    try:
        age = time.time() - path.stat().st_mtime
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return age < ABANDONED_SECONDS


def abandoned_in(folder: Path) -> list[Path]:
    """Return the temporary files in a folder that killed writers left, by name."""
    return [
        path
        for path in sorted(folder.glob(".*.tmp"))
        if is_temporary(path) and not being_written(path)
    ]


def clear_abandoned(directory: Path) -> int:
    """Remove the temporary files below `directory` that killed writers left, and count them."""
    removed = 0
    for folder, _, _ in os.walk(directory):
        for path in abandoned_in(Path(folder)):
            with suppress(OSError):
                path.unlink()
                removed += 1
    return removed


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def directory_lock(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of an existing directory: alone, or shared with other readers."""
    # The lock is on the directory itself, so that no lock file is left behind.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def free_directory_lock(directory: Path) -> Iterator[bool]:
    """Hold the lock of an existing directory alone if nobody holds it, and tell whether."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
