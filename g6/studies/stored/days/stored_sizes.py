"""How many files and bytes are stored, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from g6.errors import NothingToDo
from g6.ports.readers import ArchiveReader, FileTotals
from g6.studies.documents import columns_of

__all__ = ["SizesParameters", "StoredSizes", "answer"]

TOTAL = "total"


@dataclass(frozen=True, slots=True)
class SizesParameters:
    """Asks for the sizes. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class StoredSizes:
    """Files and bytes by kind, `total` last."""

    by_kind: Mapping[str, FileTotals]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per kind."""
        return {"kind": list(self.by_kind), **columns_of(FileTotals, self.by_kind.values())}


def answer(reader: ArchiveReader, parameters: SizesParameters) -> StoredSizes:  # noqa: ARG001
    """Return files and bytes by kind, and in total.

    Raises:
        NothingToDo: There is no file.
    """
    by_kind = dict(reader.sizes())
    total = sum(by_kind.values(), start=FileTotals(0, 0))
    if not total.files:
        raise NothingToDo(f"nothing is stored in {reader.place}")
    return StoredSizes({**by_kind, TOTAL: total})
