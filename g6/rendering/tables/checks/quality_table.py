"""Which checks of data quality failed, and on how much they ran."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instants import clock_in_words
from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import counted, day_words
from g6.studies.checks.quality.day_quality import DataQuality, QualityLine


def parts(document: DataQuality, _: NoView) -> Iterator[Part]:
    """Yield the checks that failed, and how many ran on how much."""
    if document.failed:
        yield _table(document)
    for name, (sentence, condition) in _sentences(document).items():
        yield Line(escape(f"{name}: {sentence} ({condition})"))
    yield _summary(document)


def _summary(document: DataQuality) -> str:
    failed = counted(len(document.failed), "failure")
    span = day_words(document.last)
    if document.first != document.last:
        span = f"{day_words(document.first)} to {span}"
    if document.cycle:
        span = document.cycle
    if document.first != document.last or not document.lines:
        return f"{failed} of {document.checks:,} checks, {span}"
    silent = sum(line.ran == 0 for line in document.lines)
    rows = max(line.rows for line in document.lines)
    judged = document.checks - silent
    when = "kept" if document.is_kept else "run now"
    ran = f"{judged} of {document.checks} checks ran on up to {rows:,} rows: {failed}"
    return f"{ran}; {span}, {when}"


def _sentences(document: DataQuality) -> dict[str, tuple[str, str]]:
    return {line.check: (line.sentence, line.condition) for line in document.failed}


def _table(document: DataQuality) -> Table:
    table = plain_table()
    has_days = document.first != document.last
    if has_days:
        table.add_column("day", no_wrap=True)
    for name in ("index", "check", "severity"):
        table.add_column(name, no_wrap=True)
    for name in ("cycles", "failed", "rows wrong"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("first", no_wrap=True)
    for line in document.failed:
        day = [line.day.isoformat()] if has_days else []
        table.add_row(*day, *_cells(line))
    return table


def _cells(line: QualityLine) -> Iterator[str]:
    yield line.index
    yield line.check
    yield line.severity
    yield f"{line.ran:,}"
    yield f"{line.failures:,}"
    yield f"{line.wrong:,}"
    yield clock_in_words(parse_z(line.first)) if "T" in line.first else ""
