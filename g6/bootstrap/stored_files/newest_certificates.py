"""The list of the newest certificate of each day, by which it shows where one is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.config import Settings
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.documents.certificates import (
    CertificateLink,
    CertificateSignature,
    NewestCertificates,
)
from g6.errors import BadInput
from g6.files import shown
from g6.studies.stored.days.certificate_checks import LIST_FIX

__all__ = ["CertificateList", "public_key", "signature_by_key"]


class CertificateList:
    """Keeps the list of newest certificates of a configured data directory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._files = CertificateFiles(settings.directory)

    def until(self, last: date, before: NewestCertificates | None = None) -> NewestCertificates:
        """Return what is there up to a day, and of the days after it what a list says, signed.

        A list never goes back: a certificate that it names stays in it while an older one is there.

        Raises:
            BadInput: A certificate is damaged.
            Unavailable: The key cannot be read.
        """
        links = {link.day: link for link in before.links} if before else {}
        for day in self._files.days():
            version = self._files.versions(day)[-1]
            if day <= last and (day not in links or links[day].version < version):
                certificate = self._files.read(day, version)
                if certificate is not None:
                    links[day] = certificate.link
        ordered = tuple(links[day] for day in sorted(links))
        signature = before.signature if before and before.links == ordered else None
        newest = NewestCertificates(ordered, signature)
        signer = "" if signature is None else signature.public_key
        if public_key(self._settings) in {"", signer}:
            return newest
        return replace(newest, signature=signature_by_key(self._settings, newest.root))

    def is_missing(self) -> bool:
        """Tell whether there is no list, and the newest certificate of the last day is signed.

        Raises:
            BadInput: The list or that certificate is damaged.
        """
        days = self._files.days()
        last = self._files.read(days[-1]) if days and self._files.newest() is None else None
        return last is not None and last.signature is not None

    def note(self, *, was_missing: bool = False) -> bool:
        """List the newest certificate of each day that has one.

        Args:
            was_missing: What `is_missing` told before the newest certificates were issued.

        Returns:
            Whether a missing list was made anew, which is noted for `g6 data check`.

        Raises:
            BadInput: The list or a certificate is damaged, or somebody else changed the list.
            StoreBusy: A disk refuses.
            Unavailable: The key cannot be read.
        """
        if not self._files.days():
            return False
        with self._files.newest_locked():
            before = self._true()
            newest = self.until(date.max, before)
            is_made_anew = was_missing and before is None
            if is_made_anew:
                # Who took the list and the newest certificate away left no trace after one evening.
                now = datetime.now(UTC).replace(microsecond=0)
                self._files.note_made_anew(isoformat_z(now))
            if newest != before:
                self._files.write_newest(newest)
        return is_made_anew

    def forget(self, day: date) -> None:
        """Take a day out of the list, so that what is there of it counts.

        Raises:
            BadInput: The list is damaged, or somebody else changed it.
            StoreBusy: A disk refuses.
            Unavailable: The key cannot be read.
        """
        with self._files.newest_locked():
            before = self._true()
            if before is not None and before.of(day) is not None:
                links = tuple(link for link in before.links if link.day != day)
                self._files.write_newest(self.until(date.min, NewestCertificates(links)))

    def _true(self) -> NewestCertificates | None:
        """Return the list, which is signed as it is where certificates are signed."""
        newest = self._files.newest()
        if newest is None or not newest.links or not public_key(self._settings):
            return newest
        last = newest.links[-1]
        fault = ""
        if newest.signature is None:
            certificate = self._files.read(last.day, last.version)
            if certificate is not None and certificate.signature is not None:
                fault = "is not signed, and certificates are: anybody may have written it"
        elif not _is_signed(newest.root, newest.signature):
            fault = "has a signature that is not of its root"
        if fault:
            # The list of the next evening was signed whatever stood in it, and a certificate that
            # somebody had taken out of it was missed by nobody from then on.
            raise BadInput(shown(self._files.newest_path), None, f"{fault}; it stays", LIST_FIX)
        return newest

    def lost(self, day: date) -> CertificateLink | None:
        """Return what names a day's newest certificate where that is gone, or is another one.

        Raises:
            BadInput: The list or that certificate is damaged.
        """
        newest = self._files.newest()
        link = None if newest is None else newest.of(day)
        last = max(self._files.versions(day), default=0)
        if link is None or link.version < last:
            return None
        there = self._files.read(day, link.version) if link.version == last else None
        return None if there is not None and there.root == link.root else link


def _is_signed(root: str, signature: CertificateSignature) -> bool:
    from g6.adapters.data_dir.signing import is_signature_of

    return is_signature_of(root, signature)


def public_key(settings: Settings) -> str:
    """Return the public half of the configured key in hex digits, empty without a key.

    Raises:
        Unavailable: The key cannot be read.
    """
    key = settings.storage.certificate_key
    if key is None:
        return ""
    from g6.adapters.data_dir.signing import public_key_of

    return public_key_of(key)


def signature_by_key(settings: Settings, root: str) -> CertificateSignature | None:
    """Return the signature of a root, None where no key is configured.

    Raises:
        Unavailable: The key cannot be read, or `cryptography` is not installed.
    """
    key = settings.storage.certificate_key
    if key is None:
        return None
    from g6.adapters.data_dir.signing import signature_of

    return signature_of(root, key)
