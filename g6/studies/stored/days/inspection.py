"""What a stored snapshot holds, column by column, with its quality flags and IV statuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instants import MarketTime
from g6.domain.pricing.quality import Flag
from g6.domain.schema.frame import SIDE_KEYS
from g6.domain.schema.layout import ROWS_SUFFIX
from g6.errors import UserError
from g6.ports.readers import ArchiveReader, ColumnSummary, SnapshotColumns
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Parameter, cycle_name

__all__ = ["Inspection", "InspectionParameters", "answer"]

NOT_LISTED = "not listed"


def _snapshot_name(value: object, at: MarketTime) -> str:
    """Return a file's name as it is, and the instant after an index as cycles are named."""
    name = str(value)
    index, sign, instant = name.partition("@")
    if name.endswith(ROWS_SUFFIX) or not instant:
        return name
    return f"{index}{sign}{cycle_name(instant, at)}"


@dataclass(frozen=True, slots=True)
class InspectionParameters:
    """Asks for one snapshot."""

    snapshot: Annotated[
        str,
        Parameter(
            "A Parquet file, NIFTY (its newest chain) or NIFTY@INSTANT.",
            "NIFTY@2026-11-18T05:30:00Z",
            metavar="SNAPSHOT",
            read_at=_snapshot_name,
            is_positional=True,
        ),
    ]
    at: At = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """A snapshot by its columns.

    Attributes:
        snapshot: The file, or the index and cycle.
        rows: How many rows it has.
        columns_: A summary of each column.
        flags: Rows of each quality flag, by side.
        statuses: Rows of each IV status, by side.
    """

    snapshot: str
    rows: int
    columns_: tuple[ColumnSummary, ...]
    flags: Mapping[str, Mapping[str, int]]
    statuses: Mapping[str, Mapping[str, int]]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per column."""
        return columns_of(ColumnSummary, self.columns_)


def answer(reader: ArchiveReader, parameters: InspectionParameters) -> Inspection:
    """Return a snapshot by its columns.

    Raises:
        UserError: There is no such file, the instant is none, or a file has one.
        BadInput: The file is no whole Parquet file.
        NothingToDo: No chain of the index is stored.
    """
    counted = [f"{side}_{name}" for side in SIDE_KEYS for name in ("quality", "iv_status")]
    snapshot = _snapshot(reader, parameters, counted)
    flags = {side: _flags(snapshot.values.get(f"{side}_quality", ())) for side in SIDE_KEYS}
    statuses = {side: _statuses(snapshot.values.get(f"{side}_iv_status", ())) for side in SIDE_KEYS}
    return Inspection(snapshot.name, snapshot.rows, snapshot.columns, flags, statuses)


def _snapshot(
    reader: ArchiveReader, parameters: InspectionParameters, counted: Sequence[str]
) -> SnapshotColumns:
    name = parameters.snapshot
    at = parameters.at
    if name.endswith(ROWS_SUFFIX):
        if at is not None:
            raise UserError(f"{name} is a file, which has no instant", "leave --at out")
        return reader.file_columns(name, counted)
    index, _, named = name.partition("@")
    instants = [parse_z(named)] if named else []
    if at is not None:
        instants.append(at)
    return reader.unit_columns(index, min(instants, default=None), counted)


def _flags(values: Sequence[object]) -> dict[str, int]:
    """Return how many values have each flag, those that none has left out."""
    masks = [value for value in values if isinstance(value, int)]
    counts: dict[str, int] = {}
    for flag in Flag:
        count = sum(bool(mask & flag) for mask in masks)
        if flag.name and count:
            counts[flag.name.lower()] = count
    return counts


def _statuses(values: Sequence[object]) -> dict[str, int]:
    return dict(Counter(str(word) if word else NOT_LISTED for word in values).most_common())
