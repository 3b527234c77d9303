"""Whether stored days are what their certificates say, and the certificates what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from g6.domain.documents.certificates import Certificate, CertificateLink
from g6.domain.schema.layout import Kind, certified_name
from g6.errors import BadInput
from g6.ports.history import Finding
from g6.ports.readers import CertificateReader

__all__ = ["certificate_findings", "chain_findings", "file_findings"]

CHANGED = "certificate"
"""The kind of damage of a day that is not what its certificate says."""
UNTRUE = "untrue"
"""The kind of damage of a certificate that is not what it says of itself."""
_KEEP_COPY = "bring it back from a backup (g6 restore), or ask who keeps a copy"


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
        what = f"is signed by another key than yours ({signature.public_key[:12]}…)"
        fix = "ask who has that key; storage.certificate_key names yours"
        yield Finding(path, UNTRUE, what, fix)


def _other_root(reader: CertificateReader, link: CertificateLink, linked: Certificate) -> Finding:
    what = f"has the root {linked.root[:12]}…, and a later one was chained to {link.root[:12]}…"
    return Finding(reader.file_of(link.day, link.version), UNTRUE, what, _KEEP_COPY)


def _damaged(error: BadInput) -> Finding:
    return Finding(error.path, "corrupt", error.reason, error.fix or _KEEP_COPY)


def _shown(reader: CertificateReader, path: str) -> str:
    return f"{reader.place}/{path}"


def _mend(day: date) -> str:
    return (
        "bring it back from a backup (g6 restore); where it was changed on purpose, "
        f"g6 data compact --date {day} --certify certifies the day anew"
    )
