"""The certificate of a day on a terminal: coverage, gaps, files, and whether all that is so."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from g6.domain.documents.certificates import Certificate
from g6.rendering.parts import Block, Line, NoView, Part
from g6.rendering.wording import counted, day_words, in_india, megabytes
from g6.studies.stored.days.day_certificate import DayCertificate

MOST_GAPS = 12
"""Gaps on a terminal; --json lists them all."""
HEADS = ("index", "due", "OK", "partial", "missing", "skipped", "no row", "repaired", "share")


def parts(document: DayCertificate, _: NoView) -> Iterator[Part]:
    """Yield what the certificate says, and what is not so."""
    certificate = document.certificate
    issued = f"issued {in_india(certificate.issued_at)}"
    yield f"{day_words(certificate.day)}, version {certificate.version}, {issued}"
    yield Block("\n".join(_coverage(certificate)))
    yield from _gaps(certificate)
    rows = sum(file.rows for file in certificate.files)
    size = megabytes(sum(file.bytes for file in certificate.files))
    files = counted(len(certificate.files), "file")
    yield f"{files}, {rows:,} rows, {size}; configurations {_words(certificate)}"
    yield Line(f"root {certificate.root}")
    if certificate.previous is not None:
        before = certificate.previous
        yield Line(f"after {before.day} v{before.version}, root {before.root}")
    if certificate.replaces is not None:
        yield Line(f"replaces v{certificate.replaces.version}, root {certificate.replaces.root}")
    if certificate.signature is None:
        yield "not signed"
    else:
        yield Line(f"signed by {certificate.signature.public_key}")
    for finding in document.findings:
        yield Line(escape(f"{finding.kind}: {finding.path}: {finding.what}\n  fix: {finding.fix}"))
    if document.is_verified and document.passes:
        yield "files, roots and signatures are as it says, back to the first day"


def json_value(document: DayCertificate) -> dict[str, object]:
    """Return the certificate as its file has it, and what was found where it was compared."""
    facts: dict[str, object] = {**document.certificate.to_json()}
    if document.is_verified:
        facts["verified"] = document.passes
        facts["findings"] = document.findings
    return facts


def _words(certificate: Certificate) -> str:
    return ", ".join(certificate.contents.configs) or "unknown"


def _coverage(certificate: Certificate) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [HEADS]
    for index, of in certificate.contents.coverage.items():
        counts = (of.due, of.ok, of.partial, of.missing, of.skipped, of.no_row, of.repaired)
        rows.append((index, *map(str, counts), f"{of.share:.2%}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()


def _gaps(certificate: Certificate) -> Iterator[Part]:
    gaps = certificate.contents.gaps
    for gap in gaps[:MOST_GAPS]:
        cycles = counted(gap.cycles, "cycle")
        reason = gap.reason.replace("_", " ")
        yield Line(f"gap: {gap.index} {gap.first} to {gap.last}, {cycles}: {reason}")
    if len(gaps) > MOST_GAPS:
        yield f"… and {len(gaps) - MOST_GAPS} more gaps; --json lists them all"
    if not gaps:
        yield "no gap"
