"""The certificate of a stored day: what it holds, what it lacks, and one root over all of it.

The root is that of a Merkle tree (RFC 6962: a leaf is hashed behind a zero byte, a pair behind a
one). Its first leaf is the certificate without files, root and signature, its others are the
records of the files, each as canonical JSON. So the root stands for the chain to the day before as
well, and one file can be shown to belong to it without the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.gaps import CycleCounts, Gap
from g6.domain.documents.panels import canonical
from g6.domain.schema.json_reading import entries, part, read_record, text, whole
from g6.domain.schema.json_types import Document, JsonObject

__all__ = [
    "FORM",
    "Certificate",
    "CertificateLink",
    "CertificateSignature",
    "CertifiedContents",
    "CertifiedFile",
    "CertifiedGap",
    "NewestCertificates",
    "merkle_root",
]

FORM = "g6-day-certificate-v1"
LIST_FORM = "g6-newest-certificates-v1"


@dataclass(frozen=True, slots=True)
class CertifiedFile:
    """One file of a day.

    Attributes:
        path: Relative to the data directory, with `/`.
        rows: Rows in it.
        bytes: Its size.
        sha256: The SHA-256 of its content, 64 hex digits.
    """

    path: str
    rows: int
    bytes: int
    sha256: str

    def to_json(self) -> JsonObject:
        """Return the record as JSON has it."""
        return {
            "path": self.path,
            "rows": self.rows,
            "bytes": self.bytes,
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class CertificateLink:
    """Names another certificate: of the day before, or the version that was replaced."""

    day: date
    version: int
    root: str

    @property
    def name(self) -> str:
        """The name that headers and results use: day, version and root."""
        return f"{self.day} v{self.version} {self.root}"

    def to_json(self) -> JsonObject:
        """Return the link as JSON has it."""
        return {"day": self.day.isoformat(), "version": self.version, "root": self.root}


@dataclass(frozen=True, slots=True)
class CertifiedGap:
    """Successive cycles of one index that are not OK for one reason, as `Gap` has them."""

    index: str
    first: str
    last: str
    cycles: int
    status: str
    reason: str

    @classmethod
    def of(cls, gap: Gap) -> CertifiedGap:
        """Return a gap with its instants as cycles are named."""
        first = isoformat_z(gap.first)
        last = isoformat_z(gap.last)
        return cls(gap.index, first, last, gap.cycles, str(gap.status), gap.reason)

    def to_json(self) -> JsonObject:
        """Return the gap as `g6 data gaps --json` has it."""
        return {
            "index": self.index,
            "from": self.first,
            "to": self.last,
            "cycles": self.cycles,
            "status": self.status,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, document: Document) -> CertifiedGap:
        """Read what `to_json` gave."""
        ends = {"first": text(document, "from"), "last": text(document, "to")}
        return read_record(cls, document, **ends)


@dataclass(frozen=True, slots=True)
class CertifiedContents:
    """What the store says of a day.

    Attributes:
        kind: The kind of market: live, sim, replay, or empty for unknown.
        coverage: By index.
        gaps: By index and instant.
        sources: By index, how many quotes of options came from each source.
        configs: The ids of the configurations that wrote the rows.
    """

    kind: str
    coverage: Mapping[str, CycleCounts]
    gaps: tuple[CertifiedGap, ...]
    sources: Mapping[str, Mapping[str, int]]
    configs: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """Return the contents as JSON has them."""
        return {
            "kind": self.kind,
            "coverage": {index: of.to_json() for index, of in self.coverage.items()},
            "gaps": [gap.to_json() for gap in self.gaps],
            "sources": {index: dict(of) for index, of in self.sources.items()},
            "configs": list(self.configs),
        }

    @classmethod
    def from_json(cls, document: Document) -> CertifiedContents:
        """Read what `to_json` gave."""
        coverage = {}
        for index in part(document, "coverage"):
            coverage[index] = read_record(CycleCounts, part(part(document, "coverage"), index))
        sources = {}
        for index in part(document, "sources"):
            by_source = part(part(document, "sources"), index)
            sources[index] = {source: whole(by_source, source) for source in by_source}
        configs = document["configs"]
        if not isinstance(configs, Sequence):
            raise TypeError("configs is no list")
        return cls(
            kind=text(document, "kind"),
            coverage=coverage,
            gaps=tuple(map(CertifiedGap.from_json, entries(document, "gaps"))),
            sources=sources,
            configs=tuple(map(str, configs)),
        )


@dataclass(frozen=True, slots=True)
class CertificateSignature:
    """An Ed25519 signature of a root: of its 64 hex digits as ASCII. Both fields are hex digits."""

    public_key: str
    value: str

    def to_json(self) -> JsonObject:
        """Return the signature as JSON has it."""
        return {"algorithm": "ed25519", "public_key": self.public_key, "value": self.value}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one stored day holds and lacks.

    Attributes:
        day: The session day.
        version: 1, and one more each time that the day was changed.
        issued_at: When, by the wall clock, ISO-8601 UTC.
        contents: Coverage, gaps, sources and configurations.
        files: The day's files, by path.
        previous: The certificate of the nearest day before, None for the first.
        replaces: The version before, None for the first.
        root: The Merkle root, 64 hex digits.
        signature: None where no key is configured.
    """

    day: date
    version: int
    issued_at: str
    contents: CertifiedContents
    files: tuple[CertifiedFile, ...]
    previous: CertificateLink | None = None
    replaces: CertificateLink | None = None
    root: str = ""
    signature: CertificateSignature | None = None

    @property
    def link(self) -> CertificateLink:
        """What another certificate names this one by."""
        return CertificateLink(self.day, self.version, self.root)

    @property
    def name(self) -> str:
        """The name that people and headers use, such as `2026-11-18 v1`."""
        return f"{self.day} v{self.version}"

    def _head(self) -> JsonObject:
        """Return all but files, root and signature, as JSON has it."""
        return {
            "certificate": FORM,
            "day": self.day.isoformat(),
            "version": self.version,
            "issued_at": self.issued_at,
            "previous": None if self.previous is None else self.previous.to_json(),
            "replaces": None if self.replaces is None else self.replaces.to_json(),
            **self.contents.to_json(),
        }

    def computed_root(self) -> str:
        """Return the Merkle root of what stands in the certificate."""
        files = [canonical(file.to_json()) for file in self.files]
        return merkle_root([canonical(self._head()), *files])

    def rooted(self) -> Certificate:
        """Return the same with its root computed, and without a signature."""
        return replace(self, root=self.computed_root(), signature=None)

    def to_json(self) -> JsonObject:
        """Return the certificate as its file has it."""
        return {
            **self._head(),
            "files": [file.to_json() for file in self.files],
            "merkle_root": self.root,
            "signature": None if self.signature is None else self.signature.to_json(),
        }

    @classmethod
    def from_json(cls, document: Document) -> Certificate:
        """Read what `to_json` gave, and nothing else.

        Raises:
            KeyError: Something is absent.
            TypeError: Something is of another type.
            ValueError: It is no certificate of this form, or has more in it than one.
        """
        signature = part(document, "signature")
        certificate = cls(
            day=date.fromisoformat(text(document, "day")),
            version=whole(document, "version"),
            issued_at=text(document, "issued_at"),
            contents=CertifiedContents.from_json(document),
            files=tuple(read_record(CertifiedFile, file) for file in entries(document, "files")),
            previous=_link(part(document, "previous")),
            replaces=_link(part(document, "replaces")),
            root=text(document, "merkle_root"),
            signature=read_record(CertificateSignature, signature) if signature else None,
        )
        _check_whole(certificate.to_json(), document, FORM)
        return certificate


@dataclass(frozen=True, slots=True)
class NewestCertificates:
    """The newest certificate of each day, as they were issued.

    The next day's certificate names one, and so does the day's next version. Those that neither
    does yet stand in this list alone, so that it shows where one is gone.

    Attributes:
        links: One a day, ascending.
        signature: Of `root`. None where no key is configured.
    """

    links: tuple[CertificateLink, ...] = ()
    signature: CertificateSignature | None = None

    @property
    def root(self) -> str:
        """The Merkle root of the form and of each link, 64 hex digits."""
        links = [canonical(link.to_json()) for link in self.links]
        return merkle_root([LIST_FORM.encode(), *links])

    def of(self, day: date) -> CertificateLink | None:
        """Return what names the newest certificate of a day, None where none was issued."""
        return next((link for link in self.links if link.day == day), None)

    def to_json(self) -> JsonObject:
        """Return the list as its file has it."""
        return {
            "newest_certificates": LIST_FORM,
            "days": [link.to_json() for link in self.links],
            "signature": None if self.signature is None else self.signature.to_json(),
        }

    @classmethod
    def from_json(cls, document: Document) -> NewestCertificates:
        """Read what `to_json` gave, and nothing else.

        Raises:
            KeyError: Something is absent.
            TypeError: Something is of another type.
            ValueError: It is no list of this form, or has more in it than one.
        """
        signature = part(document, "signature")
        newest = cls(
            links=tuple(read_record(CertificateLink, link) for link in entries(document, "days")),
            signature=read_record(CertificateSignature, signature) if signature else None,
        )
        _check_whole(newest.to_json(), document, LIST_FORM)
        return newest


def _check_whole(read: JsonObject, document: Document, form: str) -> None:
    """Refuse a document that is of another form, or has more in it than was read.

    Raises:
        ValueError: It is so.
    """
    # A field that is passed over would be in the file and not under the root.
    if canonical(read) != canonical(document):
        raise ValueError(f"it is no {form}, or has something in it that such a one has not")


def _link(document: Document) -> CertificateLink | None:
    return read_record(CertificateLink, document) if document else None


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Return the root of a Merkle tree, 64 hex digits. An odd node goes up as it is.

    Args:
        leaves: What the tree stands for, at least one.

    >>> merkle_root([b"one"])[:12]
    'd0d7360ab79f'
    """
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level = above + level[2 * len(above) :]
    return level[0].hex()
