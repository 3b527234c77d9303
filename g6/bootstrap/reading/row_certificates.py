"""The certificates of the days that loaded rows are of, and the coverage that they promise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pyarrow as pa

from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.adapters.parquet.queries.engines import CERTIFICATES
from g6.adapters.parquet.queries.load import Query
from g6.adapters.parquet.queries.stored_span import stored_days
from g6.domain.documents.certificates import Certificate, CertificateLink
from g6.domain.schema.json_types import JsonObject
from g6.domain.schema.layout import Kind
from g6.errors import UserError

__all__ = ["certificates_of", "check_coverage", "sources_of", "with_certificates"]

CERTIFIED = frozenset({Kind.CHAIN, Kind.OVERVIEW})
"""Kinds of rows whose cycles a certificate counts."""


def certificates_of(query: Query) -> dict[date, Certificate | None]:
    """Return the newest certificate of each stored day of a question, None where it has none.

    Raises:
        BadInput: The file of a certificate is damaged.
    """
    if query.kind not in CERTIFIED:
        return {}
    files = CertificateFiles(query.directory)
    stored = stored_days(query.directory, query.kind, query.indices)
    return {day: files.read(day) for day in stored if query.first <= day <= query.last}


def check_coverage(
    certificates: dict[date, Certificate | None], indices: Sequence[str], least: float
) -> None:
    """Refuse days of which less is stored, of any of the indices.

    Args:
        certificates: By day.
        indices: Whose cycles.
        least: The share of due cycles that must be OK.

    Raises:
        UserError: A day has no certificate, or promises less.
    """
    if not 0 <= least <= 1:
        raise UserError(f"min_coverage={least:g} is no share", "give one from 0 to 1, such as 0.99")
    for day, certificate in certificates.items():
        if certificate is None:
            raise UserError(
                f"{day} has no certificate, so that nobody says how much of it is stored",
                f"g6 data compact --date {day} certifies it once it is over",
            )
        for index in indices:
            of_index = certificate.contents.coverage.get(index)
            share = 0.0 if of_index is None else of_index.share
            if share < least:
                raise UserError(
                    f"{index} of {day} is covered to {share:.2%}, less than {least:.2%}",
                    f"g6 certificate {day} lists its gaps, g6 data repair fills them; or take it "
                    f"with min_coverage={share:g}",
                )


def sources_of(query: Query, days: Iterable[date]) -> dict[date, CertificateLink]:
    """Return of the replayed days among some the certificate of the day that was replayed."""
    files = CertificateFiles(query.directory)
    sources = {day: files.source(day) for day in days}
    return {day: source for day, source in sources.items() if source is not None}


def _summary_of(
    certificates: dict[date, Certificate | None],
    sources: Mapping[date, CertificateLink],
    indices: Sequence[str],
) -> list[JsonObject]:
    """Return what a table and a data frame carry of certificates: root and shares by index."""
    summary: list[JsonObject] = []
    for day, certificate in certificates.items():
        replayed: JsonObject = {"replayed": sources[day].to_json()} if day in sources else {}
        if certificate is None:
            nothing: JsonObject = {"version": None, "root": None, "coverage": {}}
            summary.append({"day": day.isoformat(), **nothing, **replayed})
            continue
        shares = certificate.contents.coverage
        summary.append(
            {
                "day": day.isoformat(),
                "version": certificate.version,
                "root": certificate.root,
                "coverage": {name: shares[name].share for name in indices if name in shares},
                **replayed,
            }
        )
    return summary


def with_certificates(
    table: pa.Table, certificates: dict[date, Certificate | None], query: Query
) -> pa.Table:
    """Return a table whose metadata says the certificates of its days."""
    if not certificates:
        return table
    sources = sources_of(query, certificates)
    text = json.dumps(_summary_of(certificates, sources, query.indices))
    return table.replace_schema_metadata({**(table.schema.metadata or {}), CERTIFICATES: text})
