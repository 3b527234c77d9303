"""What reads the certificates of stored days, and the files that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from g6.domain.documents.certificates import Certificate, NewestCertificates


class CertificateReader(Protocol):
    """Reads the certificates of one data directory, and changes nothing."""

    @property
    def place(self) -> str:
        """Return where the rows are, as a person names it on the command line."""
        ...

    @property
    def public_key(self) -> str:
        """Return the public half of the configured key in hex digits, empty without a key."""
        ...

    def certified_days(self) -> Sequence[date]:
        """Return the days that have a certificate, ascending."""
        ...

    def file_of(self, day: date, version: int) -> str:
        """Return the path of a certificate's file, as a person reads it."""
        ...

    def certificate(self, day: date, version: int | None = None) -> Certificate | None:
        """Return a version of a day's certificate, or the newest. None where there is none.

        Raises:
            BadInput: Its file is damaged.
        """
        ...

    def stored_paths(self, day: date) -> Sequence[str]:
        """Return everything that lies in the directories of a day, relative, in order."""
        ...

    def content_digest(self, path: str) -> tuple[int, str] | None:
        """Return size and SHA-256 of a file of the data directory, None where it is not there.

        Raises:
            BadInput: It cannot be read.
        """
        ...

    @property
    def newest_file(self) -> str:
        """Return the path of the file that lists the newest certificates."""
        ...

    def newest(self) -> NewestCertificates | None:
        """Return the list of newest certificates, None where none was written yet.

        Raises:
            BadInput: Its file is damaged.
        """
        ...

    def list_made_anew(self) -> tuple[str, str] | None:
        """Return the file that notes a missing list, and when it was made anew, None if never."""
        ...

    def is_signed(self, document: Certificate | NewestCertificates) -> bool:
        """Tell whether the signature of a document is that of its root, by the key in it.

        Raises:
            Unavailable: The library that tells is not installed.
        """
        ...
