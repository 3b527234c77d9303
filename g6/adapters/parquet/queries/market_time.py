"""What instants such as `11:02`, `yesterday` or `-5m` count from in a data directory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from g6.domain.market.instants import MarketTime
from g6.domain.schema.layout import KIND_OF_ROWS
from g6.domain.schema.words import OF_THEIR_OWN_TIME
from g6.errors import NothingToDo

__all__ = ["directory_time", "kind_of_rows", "time_of"]


def kind_of_rows(directory: Path) -> str:
    """Return the kind of market that a directory remembers: live, sim, replay, or nothing."""
    try:
        rows = (directory / KIND_OF_ROWS).read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
    # Of a look-alike its provider stands behind the kind.
    return rows.partition(" ")[0]


def _wall() -> datetime:
    return datetime.now(UTC)


def directory_time(directory: Path) -> MarketTime:
    """Return the time of the rows in a directory."""
    from g6.adapters.parquet.parquet_store import ParquetStore

    return time_of(directory, lambda: ParquetStore(directory).last_overview())


def time_of(directory: Path, newest: Callable[[], datetime | None]) -> MarketTime:
    """Return the wall's time, of simulated and replayed rows that of the newest one.

    Args:
        directory: Where the rows are.
        newest: Returns the newest stored cycle.
    """

    def now() -> datetime:
        is_moved = kind_of_rows(directory) in OF_THEIR_OWN_TIME
        return (newest() if is_moved else None) or _wall()

    def latest() -> datetime:
        cycle = newest()
        if cycle is None:
            raise NothingToDo(f"nothing is stored in {directory}: there is no latest cycle")
        return cycle

    return MarketTime(now, latest, _wall)
