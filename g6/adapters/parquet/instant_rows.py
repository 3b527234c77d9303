"""Which stored rows were there at an instant, and which files hold the newest ones.

There were those of no later cycle, observed by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heappush
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import EPOCH, integers_of, numbers_of
from g6.adapters.parquet.columns import CHAIN_SCHEMA
from g6.adapters.parquet.days import DayFile, FoldLevel
from g6.adapters.parquet.reading import day_table, read, whole
from g6.adapters.parquet.row_groups import last_instant
from g6.domain.cycles.gaps import Instants
from g6.errors import BadInput, Unavailable

__all__ = ["OBSERVATION", "chains_observed_by", "is_observed_by", "newest_first"]

OBSERVATION = ("timestamp", "observed_at")
"""The columns that say of which cycle a row is and when it was observed."""
_INSTANTS = pa.schema([CHAIN_SCHEMA.field("timestamp")])


def is_observed_by(table: pa.Table, at: datetime) -> NDArray[np.bool_]:
    """Tell of each row whether it was there at an instant.

    Args:
        table: With the columns `OBSERVATION`. A row without its own instant counts as observed at
            its cycle's.
        at: The instant.
    """
    limit = (at - EPOCH) // timedelta(microseconds=1)
    cycles = integers_of(table.column("timestamp"))
    observed = numbers_of(table.column("observed_at")).astype(np.float64)
    seen: NDArray[np.bool_] = np.where(np.isnan(observed), cycles, observed) <= limit
    return seen & (cycles <= limit)


def chains_observed_by(folder: Path, at: datetime) -> Instants:
    """Return the instants of a day of which every row of the chain was there at an instant.

    A day that cannot be read has none.
    """
    try:
        table = day_table(folder, CHAIN_SCHEMA, OBSERVATION)
    except BadInput:
        return np.empty(0, dtype=np.int64)
    cycles = integers_of(table.column("timestamp"))
    late = cycles[~is_observed_by(table, at)]
    return np.setdiff1d(cycles, late)


def newest_first(root: Path, descending: Iterable[date]) -> Iterator[DayFile]:
    """Yield the files of days that descend, within each day those with the newest rows first.

    Where two end with the same instant, the better one comes first. A folded file that cannot be
    read comes where its name ends.

    Raises:
        FileNotFoundError: A fold has moved the rows of a file since the day was listed.
    """
    # The name of a day's file ends at midnight, and cycles can be stored after it was compacted.
    # By its name it came first, and hid every one of them from the screens and from `g6 up`.
    for day in descending:
        files = days.files(days.directory_of(root, day))
        waiting = [(EPOCH - file.end, file.level, place) for place, file in enumerate(files)]
        heapify(waiting)
        looked_at: set[int] = set()
        while waiting:
            _, level, place = heappop(waiting)
            file = files[place]
            # A folded file is opened only where no other one ends after it.
            if level is FoldLevel.PART or place in looked_at:
                yield file
            else:
                looked_at.add(place)
                heappush(waiting, (EPOCH - _end_of_rows(file), level, place))


def _end_of_rows(file: DayFile) -> datetime:
    """Return the newest instant of a folded file, where it cannot be read the end of its name."""
    try:
        with whole(file.path):
            newest = last_instant(file.path)
        if newest is None:
            table = read(file.path, _INSTANTS)
            newest = max(table.column("timestamp").to_pylist(), default=file.first)
    except (BadInput, Unavailable):
        return file.end
    return newest
