"""What a stored day holds and lacks, as its certificate says, and whether that is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.certificates import Certificate
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import instant_in_words
from g6.errors import NothingToDo
from g6.ports.history import Finding
from g6.ports.readers import CertificateReader
from g6.studies.parameters import At, Parameter, session_day
from g6.studies.stored.days.certificate_checks import (
    certificate_findings,
    chain_findings,
    gone_fix,
    gone_words,
    newest_findings,
)

__all__ = ["CertificateParameters", "DayCertificate", "answer"]


@dataclass(frozen=True, slots=True)
class CertificateParameters:
    """Asks for the certificate of a day."""

    day: Annotated[
        date | None,
        Parameter(
            "The session day; else the newest that has one.",
            "2026-11-18",
            metavar="DAY",
            read_at=session_day,
            is_positional=True,
        ),
    ] = None
    version: Annotated[
        int | None, Parameter("An earlier version; else the newest.", "1", least=1)
    ] = None
    verify: Annotated[
        bool, Parameter("Compare files, roots and signatures, back to the first day.")
    ] = False
    at: At = None


@dataclass(frozen=True, slots=True)
class DayCertificate:
    """The certificate of a day.

    Attributes:
        path: Its file.
        certificate: What it says.
        is_verified: Whether it was compared.
        findings: What is not as it says.
    """

    path: str
    certificate: Certificate
    is_verified: bool
    findings: tuple[Finding, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index."""
        coverage = self.certificate.contents.coverage
        table: dict[str, list[object]] = {"index": list(coverage)}
        for name in ("due", "ok", "partial", "missing", "skipped", "no_row", "repaired", "share"):
            table[name] = [getattr(of_index, name) for of_index in coverage.values()]
        return table


def answer(reader: CertificateReader, parameters: CertificateParameters) -> DayCertificate:
    """Return the certificate of a day, of an instant the newest one that was issued by then.

    Raises:
        NothingToDo: There is none.
        BadInput: Its file is damaged.
    """
    certificate = _asked(reader, parameters)
    if certificate is None:
        raise _nothing(reader, parameters)
    findings: list[Finding] = []
    if parameters.verify and parameters.version is None and parameters.at is None:
        findings = certificate_findings(reader, certificate.day, is_far=True)
        findings += newest_findings(reader, is_far=True)
    elif parameters.verify:
        # The files are those of the newest version.
        findings = list(chain_findings(reader, certificate))
    path = reader.file_of(certificate.day, certificate.version)
    return DayCertificate(path, certificate, parameters.verify, tuple(findings))


def _asked(reader: CertificateReader, parameters: CertificateParameters) -> Certificate | None:
    """Return the certificate that is asked for, None where there is none."""
    days = reader.certified_days()
    at = parameters.at
    if at is None:
        day = parameters.day or (days[-1] if days else None)
        return None if day is None else reader.certificate(day, parameters.version)
    of_days = [parameters.day] if parameters.day else [day for day in days if day <= day_of(at)]
    issued = (_issued_by(reader, day, at, parameters.version) for day in reversed(of_days))
    return next(filter(None, issued), None)


def _issued_by(
    reader: CertificateReader, day: date, at: datetime, version: int | None
) -> Certificate | None:
    """Return a day's newest certificate, or a version of it, that was issued by an instant."""
    certificate = reader.certificate(day, version)
    while certificate is not None and parse_z(certificate.issued_at) > at:
        earlier = None if version else certificate.replaces
        if earlier is None:
            return None
        certificate = reader.certificate(day, earlier.version)
    return certificate


def _nothing(reader: CertificateReader, parameters: CertificateParameters) -> NothingToDo:
    day = parameters.day
    at = parameters.at
    days = reader.certified_days()
    there = f"; the first day that has one is {days[0]}, the last {days[-1]}" if days else ""
    newest = reader.newest() if at is None and not parameters.version else None
    if newest is not None and day is not None and (link := newest.of(day)) is not None:
        path = reader.file_of(day, link.version)
        return NothingToDo(f"{path} {gone_words(link)}", gone_fix(link))
    of_day = f" of {day}" if day else ""
    of_version = f" v{parameters.version}" if parameters.version else ""
    by_then = f" that was issued by {instant_in_words(at)}" if at else ""
    option = f" --date {day}" if day else ""
    return NothingToDo(
        f"no certificate{of_day}{of_version}{by_then} is stored in {reader.place}{there}",
        f"g6 data compact{option} certifies each day that is over and in one file per index",
    )
