"""Issuing of certificates: what a compacted day holds, once for each time that it was changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import takewhile

from g6.domain.documents.certificates import Certificate, CertificateLink, CertifiedFile
from g6.domain.schema.layout import Kind, certified_name
from g6.ports.history import CertificateStore

__all__ = ["certify", "certify_all", "is_due"]

FIRST = 1
"""The version of a day's first certificate."""


def certify(store: CertificateStore, day: date, issued_at: str) -> Certificate | None:
    """Issue the certificate of a day that is whole, or of what was rewritten in it since.

    A file that changed without anybody having noted it keeps the record that it had: the
    certificate goes on to say what it was, and a check finds it.

    Args:
        store: Notes, files and certificates of the data directory.
        day: The session day.
        issued_at: The instant by the wall clock, ISO-8601 UTC.

    Returns:
        The certificate, None where the day is not whole, or is what its newest one says.

    Raises:
        StoreBusy: A disk refuses.
        BadInput: A file is damaged.
        Unavailable: A key is configured and cannot be used.
    """
    if not store.is_whole(day):
        return None
    with store.locked(day):
        newest = store.certificate(day)
        notes = store.marks(day)
        marks = frozenset(name for name, is_rewritten in notes.items() if is_rewritten)
        files = None if newest is not None and not marks else _files(store, day, newest, marks)
        if newest is not None and (files is None or _is_said(store, newest, files)):
            # Who was killed before it rewrote anything noted what it was about to.
            store.forget_marks(day, notes)
            return None
        certificate = Certificate(
            day=day,
            version=FIRST if newest is None else newest.version + 1,
            issued_at=issued_at,
            contents=store.contents(day),
            files=files or (),
            previous=_previous(store, day),
            replaces=None if newest is None else newest.link,
        )
        signed = store.sign(certificate.rooted())
        store.keep_certificate(signed)
        # Those that were read: what is noted while the certificate is made belongs to the next.
        store.forget_marks(day, notes)
        return signed


def _is_said(
    store: CertificateStore, newest: Certificate, files: tuple[CertifiedFile, ...]
) -> bool:
    """Tell whether a certificate says these files, and is signed where one would be now."""
    signer = "" if newest.signature is None else newest.signature.public_key
    return files == newest.files and store.public_key in {"", signer}


def is_due(store: CertificateStore, day: date) -> bool:
    """Tell whether a day is whole and has no certificate, or was rewritten since."""
    if not store.is_whole(day):
        return False
    return store.certificate(day) is None or any(store.marks(day).values())


def certify_all(
    store: CertificateStore,
    days: Sequence[date],
    issued_at: str,
    before: Callable[[date], object] | None = None,
) -> list[Certificate]:
    """Issue the certificates that are due, oldest day first, so that each names the one before.

    Args:
        store: Notes, files and certificates of the data directory.
        days: The session days.
        issued_at: The instant by the wall clock, ISO-8601 UTC.
        before: Called with each day that is due, before it is certified. Who is ended in it is
            called for that day again.
    """
    issued = []
    for day in sorted(days):
        if before is not None and is_due(store, day):
            before(day)
        certificate = certify(store, day, issued_at)
        if certificate is not None:
            issued.append(certificate)
    return issued


def _files(
    store: CertificateStore, day: date, newest: Certificate | None, marks: frozenset[str]
) -> tuple[CertifiedFile, ...]:
    """Return the records of a day's files: of what was rewritten as it is, of others as it was."""
    if newest is None:
        return tuple(store.stored_files(day, {}))
    records = {file.path: file for file in newest.files if certified_name(file.path) not in marks}
    files = dict(records)
    for file in store.stored_files(day, records):
        # The listing of a day may come later, from a dump that somebody kept.
        is_late = certified_name(file.path) == Kind.INSTRUMENTS
        if certified_name(file.path) in marks or is_late:
            files[file.path] = file
    return tuple(files[path] for path in sorted(files))


def _previous(store: CertificateStore, day: date) -> CertificateLink | None:
    """Return what names the newest certificate of the nearest day before, None without any."""
    before = list(takewhile(lambda other: other < day, store.certified_days()))
    nearest = store.certificate(before[-1]) if before else None
    return None if nearest is None else nearest.link
