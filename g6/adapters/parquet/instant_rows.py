"""Which stored rows were there at an instant: those of no later cycle, observed by then."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from g6.adapters.parquet.arrays import EPOCH, integers_of, numbers_of
from g6.adapters.parquet.columns import CHAIN_SCHEMA
from g6.adapters.parquet.reading import day_table
from g6.domain.cycles.gaps import Instants
from g6.errors import BadInput

__all__ = ["OBSERVATION", "chains_observed_by", "is_observed_by"]

OBSERVATION = ("timestamp", "observed_at")
"""The columns that say of which cycle a row is and when it was observed."""


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
