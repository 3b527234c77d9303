"""Whether stored days are what their certificates say, and the certificates what they say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from shlex import quote

from g6.domain.documents.certificates import Certificate, CertificateLink, NewestCertificates
from g6.domain.schema.layout import Kind, certified_name
from g6.errors import BadInput
from g6.ports.history import Finding
from g6.ports.readers import CertificateReader

__all__ = [
    "LIST_FIX",
    "LIST_GONE",
    "certificate_findings",
    "chain_findings",
    "file_findings",
    "gone_fix",
    "gone_words",
    "newest_findings",
]

CHANGED = "certificate"
"""The kind of damage of a day that is not what its certificate says."""
UNTRUE = "untrue"
"""The kind of damage of a certificate that is not what it says of itself."""
LIST_GONE = (
    "the list of newest certificates was not there, although certificates are signed, and was made "
    "anew of those that are there"
)
_KEEP_COPY = "bring it back from a backup (g6 restore BACKUP), or ask who keeps a copy"
LIST_FIX = (
    "bring it back from a backup (g6 restore BACKUP); where nobody has it, move it away, and "
    "g6 data compact lists the certificates that are there"
)


def certificate_findings(
    reader: CertificateReader, day: date, *, is_far: bool = False
) -> list[Finding]:
    """Return what is wrong with a day's newest certificate, its files and what it names.

    A day without a certificate has nothing wrong. `is_far` is that of `chain_findings`.
    """
    try:
        newest = reader.certificate(day)
    except BadInput as error:
        return [_damaged(error)]
    if newest is None:
        return []
    chain = chain_findings(reader, newest, is_far=is_far)
    return [*file_findings(reader, newest), *unsigned_findings(reader, newest), *chain]


def unsigned_findings(reader: CertificateReader, newest: Certificate) -> Iterator[Finding]:
    """Yield that a day's newest certificate is not signed, where a key is configured.

    Earlier versions may be of the time before the key.

    Raises:
        Unavailable: The key cannot be read.
    """
    if newest.signature is None and reader.public_key:
        path = reader.file_of(newest.day, newest.version)
        what = "is not signed, and storage.certificate_key names a key: anybody may have issued it"
        fix = (
            f"{_KEEP_COPY}; where it is older than the key, g6 data compact --date {newest.day} "
            "--certify signs a new version"
        )
        yield Finding(path, UNTRUE, what, fix)


def newest_findings(
    reader: CertificateReader, day: date | None = None, *, is_far: bool = False
) -> list[Finding]:
    """Return the newest certificates that were issued and are gone, of all days or of one.

    The next day or the next version names a certificate. The newest ones are named by a list.

    Args:
        reader: Where they are.
        day: Only this day.
        is_far: Whether damaged ones are named as well. Who looks at every day has named them.
    """
    path = reader.newest_file
    try:
        newest = reader.newest()
    except BadInput as error:
        return [_damaged(error)]
    must_sign = _is_last_signed(reader, day)
    if newest is None:
        what = "is not there, and certificates are signed: nobody can tell which are the newest"
        return [Finding(path, UNTRUE, what, LIST_FIX)] if must_sign else []
    findings = [*_wrong_signature(reader, newest, must_sign=must_sign)]
    if day is None:
        findings += _made_anew(reader)
    for link in newest.links:
        if day in (None, link.day):
            findings += _gone(reader, link, is_far=is_far)
    return findings


def _is_last_signed(reader: CertificateReader, day: date | None) -> bool:
    """Tell whether the newest certificate of a day, or of the last one, is signed."""
    days = [certified for certified in reader.certified_days() if day in (None, certified)]
    # One that is damaged is a finding of its day.
    with suppress(BadInput):
        last = reader.certificate(days[-1]) if days else None
        return last is not None and last.signature is not None
    return False


def _wrong_signature(
    reader: CertificateReader, newest: NewestCertificates, *, must_sign: bool
) -> Iterator[Finding]:
    signature = newest.signature
    if signature is None:
        if must_sign:
            what = "is not signed, and certificates are: anybody may have written it"
            yield Finding(reader.newest_file, UNTRUE, what, LIST_FIX)
    elif not reader.is_signed(newest):
        what = "has a signature that is not of its root"
        yield Finding(reader.newest_file, UNTRUE, what, LIST_FIX)
    elif (key := reader.public_key) and key != signature.public_key:
        yield _other_key(reader.newest_file, signature.public_key)


def _made_anew(reader: CertificateReader) -> Iterator[Finding]:
    """Yield that the list was missing once, until somebody has looked."""
    noted = reader.list_made_anew()
    if noted is not None:
        path, at = noted
        what = f"{LIST_GONE}, at {at}: of a certificate that is gone as well nobody would know"
        fix = f"compare {reader.newest_file} with one of a backup, then rm {quote(path)}"
        yield Finding(path, UNTRUE, what, fix)


def _gone(reader: CertificateReader, link: CertificateLink, *, is_far: bool) -> Iterator[Finding]:
    try:
        there = reader.certificate(link.day, link.version)
    except BadInput as error:
        if is_far:
            yield _damaged(error)
        return
    if there is None or there.root != link.root:
        path = reader.file_of(link.day, link.version)
        yield Finding(path, UNTRUE, gone_words(link), gone_fix(link))


def gone_words(link: CertificateLink) -> str:
    """Return what is wrong with a certificate that was issued and is not there."""
    return f"was issued (root {link.root[:12]}…), and is not there or is another"


def gone_fix(link: CertificateLink) -> str:
    """Return what to do about it."""
    return (
        f"bring it back from a backup: g6 restore BACKUP --date {link.day}; where nobody has it, "
        f"g6 data compact --date {link.day} --certify certifies the day as it is"
    )


def file_findings(reader: CertificateReader, certificate: Certificate) -> Iterator[Finding]:
    """Yield the files of a day that are not what its certificate says."""
    named = set()
    for file in certificate.files:
        named.add(file.path)
        try:
            content = reader.content_digest(file.path)
        except BadInput as error:
            yield Finding(error.path, "unreadable", error.reason, error.fix or "")
            continue
        if content is None:
            what = f"is certified ({certificate.name}) and not there"
            yield Finding(_shown(reader, file.path), CHANGED, what, _mend(certificate.day))
        elif content != (file.bytes, file.sha256):
            what = f"is not what its certificate says ({certificate.name}): another SHA-256"
            yield Finding(_shown(reader, file.path), CHANGED, what, _mend(certificate.day))
    for path in reader.stored_paths(certificate.day):
        if path not in named and certified_name(path) != Kind.INSTRUMENTS:
            what = f"came after the day's certificate ({certificate.name})"
            fix = f"g6 data compact --date {certificate.day} folds it in and certifies the day"
            yield Finding(_shown(reader, path), CHANGED, what, fix)


def chain_findings(
    reader: CertificateReader, certificate: Certificate, *, is_far: bool = True
) -> Iterator[Finding]:
    """Yield the certificates that are untrue among one, its versions before and its days before.

    Args:
        reader: Where they are.
        certificate: The one that is begun with.
        is_far: Whether the day before is walked back from as well. Who looks at every day need not.
    """
    yield from _untrue(reader, certificate)
    seen = {certificate.link}
    waiting = [certificate.replaces, certificate.previous]
    while waiting:
        link = waiting.pop()
        if link is None or link in seen:
            continue
        seen.add(link)
        try:
            linked = reader.certificate(link.day, link.version)
        except BadInput as error:
            yield _damaged(error)
            continue
        if linked is None:
            what = f"is named by a later certificate (root {link.root[:12]}…) and not there"
            yield Finding(reader.file_of(link.day, link.version), UNTRUE, what, _KEEP_COPY)
            continue
        yield from _untrue(reader, linked)
        if linked.root != link.root:
            yield _other_root(reader, link, linked)
        if is_far or linked.day == certificate.day:
            waiting += [linked.replaces, linked.previous]


def _untrue(reader: CertificateReader, certificate: Certificate) -> Iterator[Finding]:
    path = reader.file_of(certificate.day, certificate.version)
    if certificate.computed_root() != certificate.root:
        what = "has another root than follows from what stands in it"
        yield Finding(path, UNTRUE, what, _KEEP_COPY)
    signature = certificate.signature
    if signature is None:
        return
    if not reader.is_signed(certificate):
        yield Finding(path, UNTRUE, "has a signature that is not of its root", _KEEP_COPY)
    elif (key := reader.public_key) and key != signature.public_key:
        yield _other_key(path, signature.public_key)


def _other_key(path: str, key: str) -> Finding:
    what = f"is signed by another key than yours ({key[:12]}…)"
    fix = "ask who has that key; storage.certificate_key names yours"
    return Finding(path, UNTRUE, what, fix)


def _other_root(reader: CertificateReader, link: CertificateLink, linked: Certificate) -> Finding:
    what = f"has the root {linked.root[:12]}…, and a later one was chained to {link.root[:12]}…"
    return Finding(reader.file_of(link.day, link.version), UNTRUE, what, _KEEP_COPY)


def _damaged(error: BadInput) -> Finding:
    return Finding(error.path, "corrupt", error.reason, error.fix or _KEEP_COPY)


def _shown(reader: CertificateReader, path: str) -> str:
    return f"{reader.place}/{path}"


def _mend(day: date) -> str:
    return (
        "bring it back from a backup (g6 restore BACKUP); where it was changed on purpose, "
        f"g6 data compact --date {day} --certify certifies the day anew"
    )
