"""Brings a table of one row per option and instant into the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_scan import LostRow
from g6.bootstrap.importing.recording_import import ImportedDay, UnitTrack, store_recording
from g6.bootstrap.quote_sources.sources import recorded_plan, table_recording
from g6.config import Settings, calendar
from g6.domain.schema.words import QuoteSource
from g6.errors import UserError

HEADER_LINES: Mapping[str, int | None] = MappingProxyType(
    {".parquet": None, ".feather": None, ".jsonl": 0}
)
"""Lines above the first row, by suffix: 1 elsewhere, None of files that are no text."""


@dataclass(frozen=True, slots=True)
class UnreadTableRow:
    """A row of a table that was left out or flagged, or the whole file.

    Attributes:
        file: The file.
        row: The first row below the header is 1. None is the whole file.
        line: The line of the row in a file of text, None in a Parquet file.
        reason: Why it was left out, or what is flagged of it.
        is_read: Whether it is read all the same, and flagged.
    """

    file: str
    row: int | None
    line: int | None
    reason: str
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class TableRemainder:
    """What a table was read without, and what in it is doubtful.

    Attributes:
        troubles: Rows and files that could not be read, then rows that are read and flagged.
        doubles: Rows that stood there twice and count once.
        contradictions: Rows with other figures than an earlier one of their option and instant,
            which counts.
        contradiction: The first of them, with the figures that differ.
        others: Rows of names that are no index, by name.
        not_asked: Indices that the table has and nobody asked for.
        spots_disagree: Instants at which the rows disagree on the index.
        spots_disputed: Those at which they disagree too much to be believed.
    """

    troubles: tuple[UnreadTableRow, ...]
    doubles: int
    contradictions: int
    contradiction: UnreadTableRow | None
    others: Mapping[str, int]
    not_asked: tuple[str, ...]
    spots_disagree: int
    spots_disputed: int


def opened_tables(paths: Sequence[Path], layout: TableLayout | None) -> TableFiles:
    """Return files as one table. Names that others give columns are understood.

    Raises:
        BadInput: No row of them can be used.
    """
    understood = replace(layout or TableLayout(), aliases=True, calendar=calendar())
    return TableFiles(paths, understood, source=QuoteSource.IMPORT.value)


def store_table(
    settings: Settings, path: Path, table: TableFiles, track: UnitTrack
) -> list[ImportedDay]:
    """Replay the configured indices of a table into the store, by day and index.

    Raises:
        UserError: The table has none of them.
    """
    recording = table_recording(path, table, settings.quality.max_trade_age)
    indices = set(settings.indices) & table.instants().keys()
    if not indices:
        names = ", ".join(recording.indices())
        raise UserError(
            f"the table holds {names}, and of these none is asked for", f"--indices {names}"
        )
    plan = recorded_plan(settings, recording)
    return store_recording(settings, recording, plan, indices, track)


def table_remainder(table: TableFiles, indices: Collection[str]) -> TableRemainder:
    """Return what a table was read without, where these indices were asked for."""
    bad = [lost for lost in table.lost_rows if lost.bad]
    contradictions = [lost for lost in table.lost_rows if lost.kind == "contradiction"]
    spots = table.spots.values()
    return TableRemainder(
        troubles=tuple(map(_unread, (*bad, *table.odd_rows))),
        # What is lost for no other reason is the copy of an earlier row.
        doubles=len(table.lost_rows) - len(bad) - len(contradictions),
        contradictions=len(contradictions),
        contradiction=next(map(_unread, contradictions), None),
        others=dict(table.others),
        not_asked=tuple(sorted(table.instants().keys() - set(indices))),
        spots_disagree=sum(of_root.disagreeing() for of_root in spots),
        spots_disputed=sum(int(of_root.disputed().sum()) for of_root in spots),
    )


def _unread(lost: LostRow) -> UnreadTableRow:
    above = HEADER_LINES.get(lost.path.suffix.lower(), 1)
    line = None if lost.row is None or above is None else lost.row + above
    return UnreadTableRow(str(lost.path), lost.row, line, lost.reason, lost.kind == "flagged")
