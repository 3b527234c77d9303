"""One cold place: a folder, or any address of `pyarrow.fs`, with the tree of a data directory."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from g6.errors import Unavailable, UserError
from g6.files import replace

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

__all__ = ["ColdPlace", "source_of"]

_EXAMPLE = "name a folder, or an address such as s3://bucket/prefix?region=ap-south-1"


class ColdPlace:
    """Reads and writes the files of one cold place. Keys of S3 come from the environment."""

    def __init__(self, address: str) -> None:
        """Connect nothing yet.

        Args:
            address: A folder, or an address such as `s3://bucket/prefix?region=ap-south-1`.

        Raises:
            UserError: A password stands in the address.
            Unavailable: It is no address that can be used.
        """
        scheme, is_address, rest = address.partition("://")
        if is_address and "@" in rest.partition("/")[0]:
            raise UserError(
                f"the address {scheme}://… has a password in it, and addresses are stored",
                "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead",
            )
        self.address = address if is_address else str(Path(address).expanduser().resolve())
        self._is_folder = not is_address
        self._system, self._base = self._connected()

    def keep_apart(self, directory: Path) -> None:
        """Refuse a place that shares files with a data directory.

        Raises:
            UserError: It is the directory, contains it, or lies inside of it.
        """
        if self._system.type_name != "local":
            return
        place, rows = Path(self._base).resolve(), directory.resolve()
        if place.is_relative_to(rows) or rows.is_relative_to(place):
            raise UserError(
                f"the place {self.address} and the data directory {directory} share files",
                "name a folder that is neither inside of the data directory nor around it",
            )

    def content(self, name: str) -> bytes | None:
        """Return a file, None where there is none.

        Raises:
            Unavailable: The place does not answer.
        """
        with self._answering(name):
            try:
                with self.opened(name) as file:
                    return bytes(file.read())
            except FileNotFoundError:
                return None

    def opened(self, name: str) -> pa.NativeFile:
        """Return a file to read parts of.

        Raises:
            OSError: The place does not answer, or has no such file.
        """
        return self._system.open_input_file(self._path(name))

    def write(self, name: str, content: bytes, earlier: Container[str] = ()) -> bool:
        """Write a file whole and read it back, unless it is there.

        Args:
            name: The file.
            content: What it is to have.
            earlier: SHA-256 of contents that it may have now and that are replaced.

        Returns:
            Whether it was written.

        Raises:
            UserError: Another content is there, of which this one is no continuation.
            Unavailable: The place does not answer, or gives back something else.
            StoreBusy: A disk refuses.
        """
        there = self.content(name)
        if there == content:
            return False
        # A write that was broken off leaves the beginning of a file.
        if there is not None and not content.startswith(there):
            self._check_own(name, there, earlier)
        if self._is_folder:
            replace(Path(self._path(name)), content)
        else:
            with self._answering(name):
                if self._system.type_name != "s3":
                    self._system.create_dir(self._path(name).rpartition("/")[0], recursive=True)
                with self._system.open_output_stream(self._path(name)) as stream:
                    stream.write(content)
        if self.content(name) != content:
            raise Unavailable(
                f"{name} reads back from {self.address} as something else; nothing was removed",
                "see that the place is healthy, and call the same command again",
            )
        return True

    def _check_own(self, name: str, there: bytes, earlier: Container[str]) -> None:
        if hashlib.sha256(there).hexdigest() not in earlier:
            raise UserError(
                f"{name} in {self.address} is another file, perhaps of another data directory,"
                " and stays as it is",
                "use another place, or move that file away if nothing needs it",
            )

    def _connected(self) -> tuple[FileSystem, str]:
        # pyarrow.fs takes 8 MB and is needed by nobody who keeps his days.
        from pyarrow import fs

        if self._is_folder:
            return fs.LocalFileSystem(), self.address
        try:
            system, base = fs.FileSystem.from_uri(self.address)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise Unavailable(f"{self.address}: {words_of(error)}", _EXAMPLE) from error
        return system, base

    def _path(self, name: str) -> str:
        return f"{self._base.rstrip('/')}/{name}"

    @contextmanager
    def _answering(self, name: str) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            raise Unavailable(
                f"{name} in {self.address}: {words_of(error)}",
                "see that the place is there and answers; keys come from the environment",
            ) from error


def source_of(directory: Path) -> str:
    """Return what tells a data directory from others and their copies, without its name."""
    return hashlib.sha256(f"{platform.node()}:{directory.resolve()}".encode()).hexdigest()


def words_of(error: BaseException) -> str:
    """Return an error's words on one line.

    >>> words_of(OSError("no bucket"))
    'no bucket'
    """
    words = " ".join(str(error).split())[:200]
    return words.encode("utf-8", errors="backslashreplace").decode()
