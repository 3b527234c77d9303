"""The search for damage in a data directory, file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path

from g6.adapters.csv.line_checks import (
    Stored,
    check_day,
    files_of_day,
    indices_by_day,
    strays,
)
from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.adapters.panel_files import verify_manifest_hashes
from g6.adapters.parquet.maintenance import checking
from g6.adapters.parquet.units import is_recomputed
from g6.bootstrap.stored_files.csv_lines import csv_days, stored_lines
from g6.bootstrap.stored_files.directory_certificates import DirectoryCertificates
from g6.config import Settings
from g6.domain.schema import layout
from g6.domain.schema.layout import MANIFEST, Kind, certified_name, panel_file
from g6.errors import BadInput
from g6.files import abandoned_in, quoted, shown
from g6.ports import Clock
from g6.ports.history import Finding
from g6.studies.stored.days.certificate_checks import certificate_findings, newest_findings

__all__ = ["Search", "lasting", "searches"]

Search = Callable[[], list[Finding]]
"""Looks at a part of the directory and returns the damage in it."""

_WRITERS = {
    panel_file("quality"): "the next day that is certified",
    panel_file("end_of_day"): "g6 compare eod FILE",
}
"""Who writes a panel again that no cycle writes."""

_GROWING = ("lost", "missing")
"""Kinds of damage of which there may be more at a second look."""


def searches(settings: Settings, day: date | None) -> list[Search]:
    """Return a search for each part of the directory, or of one day.

    Args:
        settings: They name the directory and its CSV files and panels.
        day: Only this session day.
    """
    base = settings.csv_dir
    stored = set(csv_days(settings, day))
    there = {
        (of_day, index) for of_day, indices in indices_by_day(base).items() for index in indices
    }
    days_with_files = {of_day for of_day, _ in there}
    csv_searches: list[Search] = []
    for of_day, index in sorted(stored | there):
        if of_day in days_with_files and day in (None, of_day):
            is_stored = (of_day, index) in stored
            csv_searches.append(partial(_csv, settings, of_day, index, is_stored))
    stray_files: list[Search] = [lambda: list(strays(base))] if day is None else []
    return [
        *checking.looks(settings.directory, day, partial(_is_pruned, settings.directory)),
        *_certified_days(settings, day),
        *csv_searches,
        *stray_files,
        lambda: _panels(settings.panels_dir),
    ]


def _certified_days(settings: Settings, day: date | None) -> list[Search]:
    """Return a search for each day that has a certificate: whether it is what that says."""
    reader = DirectoryCertificates(settings)
    days = [certified for certified in reader.certified_days() if day in (None, certified)]
    # A day whose certificates are all gone stands in the list of newest ones alone.
    return [
        *(partial(certificate_findings, reader, certified) for certified in days),
        partial(newest_findings, reader, day),
    ]


def lasting(looks: Iterable[Search], clock: Clock, seconds: float) -> list[Finding]:
    """Return the damage that the searches find.

    While a system runs, a cycle's files are written and folded one after the other, and between two
    of them one is missing. With `seconds` only that counts which a second look finds as well.
    """
    # Without a second look a check of a 3 s cycle called healthy units damaged, 3 looks of 4.
    damaged = [(look, findings) for look in looks if (findings := look())]
    if damaged and seconds:
        clock.sleep(seconds)
        damaged = [(look, _in_both(findings, look())) for look, findings in damaged]
    return [finding for _, findings in damaged for finding in findings]


def _in_both(before: Iterable[Finding], now: Iterable[Finding]) -> list[Finding]:
    """Return the findings of now that were there before. What is lost may have become more."""
    identities = {_identity(finding) for finding in before}
    return [finding for finding in now if _identity(finding) in identities]


def _identity(finding: Finding) -> tuple[str, str, str]:
    return finding.path, finding.kind, "" if finding.kind in _GROWING else finding.what


def _csv(settings: Settings, day: date, index: str, in_parquet: bool) -> list[Finding]:
    """Hold the CSV files of an index and day against Parquet, where that has the index at all.

    Of a day that was computed again they keep the live figures, and are read for themselves.
    """
    fix = _mend_command(index, day)
    if is_recomputed(settings.directory, index, day):
        live = f"{fix} sets damaged lines aside; their live figures are in backups alone"
        damages = check_day(settings.csv_dir, index, day, None, live)
        return [*damages, *_lost_live_files(settings, index, day)]
    stored = stored_lines(settings, index, day)[0] if in_parquet else None
    if stored is None and _is_pruned(settings.directory, index, day):
        return list(check_day(settings.csv_dir, index, day, None, fix))
    if stored is None and (settings.directory / layout.folder(Kind.CHAIN)).is_dir():
        stored = Stored()
    return list(check_day(settings.csv_dir, index, day, stored, fix))


def _lost_live_files(settings: Settings, index: str, day: date) -> Iterator[Finding]:
    """Yield the CSV files that are gone of a day that was computed again."""
    stored, _ = stored_lines(settings, index, day)
    for path in sorted(stored.lines.keys() - set(files_of_day(settings.csv_dir, index, day))):
        what = (
            f"is not there; Parquet has its {len(stored.lines[path])} lines with figures that were "
            "computed again, and the live ones no more"
        )
        yield Finding(shown(path), "lost", what, f"g6 restore BACKUP --date {day} brings it back")


def _is_pruned(directory: Path, index: str, day: date) -> bool:
    """Tell whether the chains of an index's day were pruned.

    An earlier certificate has their file then, and the newest one has not.
    """
    files = CertificateFiles(directory)
    there: list[bool] = []
    # One that is damaged is a finding of its day.
    with suppress(BadInput):
        for version in files.versions(day):
            certificate = files.read(day, version)
            of_version = certificate.files if certificate else ()
            there.append(index in {certified_name(file.path) for file in of_version})
    return any(there) and not there[-1]


def _mend_command(index: str, day: date) -> str:
    """Return the command that mends the CSV files of an index and day."""
    return f"g6 data mend --date {day} --index {index}"


def _panels(directory: Path) -> list[Finding]:
    """Return the panels that are not what the manifest says, and what killed writers left."""
    leftovers = abandoned_in(directory)
    findings = [Finding.leftover(shown(path), f"rm {quoted(path)}") for path in leftovers]
    if not (directory / MANIFEST).exists():
        return findings
    for file, code in verify_manifest_hashes(directory).items():
        sentence = f"is not what the manifest says: {code}"
        writer = _WRITERS.get(file, "the next cycle")
        fix = f"{writer} writes it again; g6 panels verify looks at the panels alone"
        findings.append(Finding(str(directory / file), "panel", sentence, fix))
    return findings
