"""Files that are whole or not there: atomic replacement, locks, and what to say when a disk refuses.

Used by every adapter that keeps files. Locks are advisory `flock`s, held apart between processes and threads of one host.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from g6.errors import StoreBusy

_FIXES = {
    errno.ENOSPC: "free space on this disk, or set data_dir to another one",
    errno.EDQUOT: "raise the quota, or set data_dir to another disk",
    errno.EFBIG: "raise the file size limit of the process (ulimit -f)",
    errno.EROFS: "mount the file system writable, or set data_dir to another one",
    errno.EACCES: "let the user who runs G6 write there (chown, chmod), or set data_dir to another directory",
    errno.EPERM: "let the user who runs G6 write there (chown, chattr -i)",
    errno.EEXIST: "move away the file that stands where a directory must be",
    errno.ENOTDIR: "move away the file that stands where a directory must be",
    errno.EISDIR: "move away the directory that stands where a file must be",
    errno.EMFILE: "raise the number of open files (ulimit -n)",
}


def busy(path: Path | str, error: OSError) -> StoreBusy:
    """Return the error to raise for a file that could not be written: it names the file, the reason and the fix."""
    fix = _FIXES.get(error.errno or 0, "see that the disk is there and healthy")
    return StoreBusy(f"cannot write {path}: {error.strerror or error}; {fix}")


@contextmanager
def refusals(path: Path | str) -> Iterator[None]:
    """Turn an OSError inside into StoreBusy that names `path`."""
    try:
        yield
    except OSError as error:
        raise busy(path, error) from error


def replace(path: Path, content: bytes) -> None:
    """Make `content` the whole of `path`: temporary name beside it, sync, rename, sync the directory. Errors: StoreBusy.

    Temporary names begin with a dot and end in `.tmp`; one that a killed process left is never read.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def directory_lock(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of a directory that exists: alone, or shared with other readers. Leaves no file behind."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
