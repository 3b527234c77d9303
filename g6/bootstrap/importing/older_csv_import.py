"""Brings days of the two older CSV layouts into the store, analysed anew."""

from __future__ import annotations

import csv
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from g6.adapters import older_csv
from g6.adapters.older_csv import OlderDay, UnreadRow
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import QUANTITIES, TableLayout
from g6.bootstrap.importing.recording_import import store_recording
from g6.bootstrap.quote_sources.sources import table_recording
from g6.config import Settings, calendar, plan
from g6.domain.market.rule_expiries import expiry_of
from g6.domain.schema.words import QuoteSource
from g6.errors import BadInput


@dataclass(slots=True)
class ImportedFiles:
    """What the older files of one index and day brought into the store.

    Attributes:
        index: Name of the index.
        day: The session day, as ISO text.
        files: Files of the day.
        cycles: Cycles that were stored now.
        stored_already: Cycles that were stored before and stay as they are.
        stored_otherwise: Those of them that lack an option of these, or have other figures of it.
        example: The first such figure.
        options: Rows of single options that were read.
        contradictions: Options with other figures than an earlier row of theirs, which counts.
        contradiction: The first of them, in words.
        spots_disagree: Instants at which the rows disagree on the index.
        spots_disputed: Those at which they disagree too much to be believed.
    """

    index: str
    day: str
    files: int
    cycles: int = 0
    stored_already: int = 0
    stored_otherwise: int = 0
    example: str = ""
    options: int = 0
    contradictions: int = 0
    contradiction: str = ""
    spots_disagree: int = 0
    spots_disputed: int = 0


def import_older_day(settings: Settings, day: OlderDay) -> tuple[ImportedFiles, list[UnreadRow]]:
    """Bring one day of one index in, and return what was stored and what could not be read.

    A day whose rows contradict one another is one unread row, and the others go on.
    """
    sessions = calendar()
    older_csv.read(day, lambda bucket, index, on: expiry_of(bucket, index, on, sessions))
    imported = ImportedFiles(
        day.index,
        day.day.isoformat(),
        len(day.files),
        contradictions=day.contradictions,
        contradiction=day.contradiction,
    )
    if day.options:
        try:
            _store(settings, day, imported)
        except BadInput as error:
            folder = Path(os.path.commonpath([path.parent for path in day.files]))
            sentence = f"the rows of {day.index} on {day.day}: {error.reason}"
            day.troubles.append(UnreadRow(folder, None, sentence))
    # An archive has hundreds of days: the rows of one are let go before the next is read.
    day.options.clear()
    day.origins.clear()
    return imported, day.troubles


def _store(settings: Settings, day: OlderDay, imported: ImportedFiles) -> None:
    """Replay the rows of a day through the pipeline into the store.

    Raises:
        BadInput: The rows contradict one another.
    """
    with tempfile.TemporaryDirectory(prefix="g6-import-") as temporary:
        path = Path(temporary) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(older_csv.COLUMNS)
            writer.writerows(day.options.values())
        # The older systems stored what Kite said, and Kite counts units.
        layout = TableLayout(units=dict.fromkeys(QUANTITIES, "units"))
        table = TableFiles([path], layout, source=QuoteSource.IMPORT.value)
        # A row of the temporary table is named by the older file that it came from.
        origins = list(day.origins.values())
        for lost in (*table.lost_rows, *table.odd_rows):
            is_flagged = lost.kind == "flagged"
            if (lost.bad or is_flagged) and lost.row is not None:
                origin = origins[lost.row - 1]
                day.troubles.append(UnreadRow(*origin, lost.reason, is_read=is_flagged))
        imported.spots_disagree = sum(spots.disagreeing() for spots in table.spots.values())
        imported.spots_disputed = sum(int(spots.disputed().sum()) for spots in table.spots.values())
        recording = table_recording(path, table)
        for stored in store_recording(settings, recording, plan(settings), {day.index}):
            imported.cycles += stored.cycles
            imported.stored_already += stored.stored_already
            imported.stored_otherwise += stored.stored_otherwise
            imported.example = imported.example or stored.example
    imported.options = len(day.options)
