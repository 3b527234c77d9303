"""Holds stored days against end-of-day files, and keeps the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from math import nan
from pathlib import Path

import numpy as np

from g6.adapters.data_dir.day_documents import DayDocuments
from g6.adapters.replay import LeftOut
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_reading import file_shape
from g6.bootstrap.kept_panels import keep_panel
from g6.bootstrap.stores import parquet_store
from g6.config import Settings, calendar
from g6.domain.cycles.cycle import Unit
from g6.domain.market.calendar import day_of
from g6.domain.quotes.daily_rows import DailyRows
from g6.domain.schema.json_reading import entries, number, text
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import Folder
from g6.errors import BadInput, NothingToDo
from g6.ports import Store
from g6.studies.checks.end_of_day_agreement import (
    AgreementDay,
    EndOfDayAgreement,
    end_of_day_agreement,
)

PANEL = "end_of_day"


def compared_days(
    settings: Settings, paths: Sequence[Path], tell: Callable[[Sequence[LeftOut]], None]
) -> list[EndOfDayAgreement]:
    """Return how stored days agree with end-of-day files, and keep it.

    Args:
        settings: Where the days are.
        paths: The files.
        tell: Takes what a file was read without.

    Raises:
        BadInput: A file is no end-of-day file.
        NothingToDo: No day of the files is stored.
    """
    agreements = list(_agreements(settings, paths, tell))
    if not agreements:
        raise NothingToDo(
            f"no day of these files is stored in {settings.directory}; "
            f"g6 data catalogue lists the days that are"
        )
    _keep(settings, agreements)
    return agreements


def agreement_history(settings: Settings) -> list[AgreementDay]:
    """Return the kept comparisons, the oldest first, one for each day and index."""
    documents = DayDocuments(settings.directory / Folder.COMPARISONS)
    return [
        AgreementDay(text(line, "day"), text(line, "index"), _shares(line))
        for _, document in documents.all()
        for line in entries(document, "indices")
    ]


def _shares(line: Document) -> dict[str, float]:
    """Return the shares of a kept comparison. JSON writes that of no contract as null."""
    shares = {}
    for share in entries(line, "shares"):
        is_known = share.get("share") is not None
        shares[text(share, "figure")] = number(share, "share") if is_known else nan
    return shares


def _agreements(
    settings: Settings, paths: Sequence[Path], tell: Callable[[Sequence[LeftOut]], None]
) -> Iterator[EndOfDayAgreement]:
    store = parquet_store(settings)
    layout = TableLayout(calendar=calendar())
    for path in paths:
        if not file_shape(path, layout).is_daily:
            raise BadInput(
                path,
                None,
                "is no end-of-day file of derivatives",
                "name a file of NSE or BSE, as fo31JUL2023bhav.csv.zip or BhavCopy_….csv.zip",
            )
        table = TableFiles([path], layout)
        tell(table.left_out)
        for index, instants in table.instants().items():
            if index not in settings.indices:
                continue
            for at in instants:
                unit = _last_unit(store, index, day_of(at))
                chain = None if unit is None else store.read_chain(unit)
                if unit is not None and chain is not None and len(chain):
                    rows = _daily_rows(table, index, at)
                    yield end_of_day_agreement(day_of(at), index, unit.cycle, chain, rows)


def _last_unit(store: Store, index: str, day: date) -> Unit | None:
    """Return the last stored unit of a day, None where there is none."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=6)
    cycles = store.overview_cycles(first, first + timedelta(days=1))
    of_index = [cycle for cycle, indices in cycles.items() if index in indices]
    return Unit(max(of_index), index) if of_index else None


def _daily_rows(table: TableFiles, index: str, at: datetime) -> DailyRows:
    options = table.options(index, at)
    none = np.full(len(options), np.nan)
    lot = options.figures.get("lot", none)
    return DailyRows(
        options.expiry,
        options.strike,
        options.side,
        options.figures.get("oi", none),
        options.figures.get("volume", none),
        options.figures.get("settlement", none),
        np.where(lot > 0, lot, np.nan),
    )


def _keep(settings: Settings, agreements: Sequence[EndOfDayAgreement]) -> None:
    """Keep comparisons as a document of each day, and the newest day as a panel."""
    documents = DayDocuments(settings.directory / Folder.COMPARISONS)
    for day in sorted({agreement.day for agreement in agreements}):
        before = documents.get(day) or {}
        lines = {text(line, "index"): line for line in entries(before, "indices")}
        for agreement in agreements:
            if agreement.day == day:
                lines[agreement.index] = agreement.document()
        of_day = [lines[index] for index in sorted(lines)]
        documents.put(day, {"day": day.isoformat(), "indices": of_day})
    document = documents.all()[-1][1]
    cycle = max(text(line, "cycle") for line in entries(document, "indices"))
    keep_panel(settings, PANEL, document, cycle, "compare")
