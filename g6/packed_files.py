"""Files that may be packed: gzip, or a zip with one table in it.

One place that knows how a packed file can be damaged: truncated, its sums wrong, no archive at all.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from g6.errors import BadInput

__all__ = ["UNPACKING_ERRORS", "opened", "packed_suffix", "unpacked"]

UNPACKING_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile)
"""What reading from `opened` may raise. A header whose flags are wrong is a zlib.error."""
_GZIP = b"\x1f\x8b"
_MEMBER = ".csv"


def packed_suffix(path: Path) -> str:
    """Return `.gz` or `.zip` by the name of a file, empty where it is not packed.

    >>> packed_suffix(Path("fo18NOV2026bhav.csv.ZIP")), packed_suffix(Path("rows.csv"))
    ('.zip', '')
    """
    suffix = path.suffix.lower()
    return suffix if suffix in {".gz", ".zip"} else ""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked. One that begins as gzip does may have any name.

    Raises:
        BadInput: It is a zip with no table in it, or several.
    """
    suffix = packed_suffix(path)
    if suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            tables = [name for name in archive.namelist() if _is_table(name)]
            if len(tables) != 1:
                reason = f"holds {len(tables)} CSV files, and one is read; unpack it"
                raise BadInput(path, None, reason)
            yield io.BytesIO(archive.read(tables[0]))
        return
    with path.open("rb") as file:
        if suffix == ".gz" or file.read(len(_GZIP)) == _GZIP:
            file.seek(0)
            with gzip.GzipFile(fileobj=file) as content:
                yield cast("IO[bytes]", content)
        else:
            file.seek(0)
            yield file


def _is_table(name: str) -> bool:
    """Tell whether a member of a zip is a table. A Mac puts `__MACOSX/._rows.csv` beside each.

    >>> _is_table("2026/rows.CSV"), _is_table("__MACOSX/2026/._rows.csv")
    (True, False)
    """
    return name.lower().endswith(_MEMBER) and not PurePosixPath(name).name.startswith(".")


def unpacked(path: Path, fix: str = "") -> bytes:
    """Return all of a file, unpacked.

    Args:
        path: The file.
        fix: What mends it where it cannot be read.

    Raises:
        BadInput: It cannot be read or unpacked.
    """
    try:
        with opened(path) as file:
            return file.read()
    except UNPACKING_ERRORS as error:
        reason = f"cannot be read: {str(error) or 'it is cut off'}"
        raise BadInput(path, None, reason, fix) from error
