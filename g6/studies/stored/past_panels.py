"""Panels of the past, made again from stored rows, and what is said of any panel beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from g6.domain.cycles.cycle import Unit, cycle_status
from g6.domain.documents import panels
from g6.domain.market.instants import instant_in_words
from g6.domain.market.instrument import INDICES
from g6.domain.reports import CycleReport, ProviderFacts
from g6.domain.schema.frame import Frame
from g6.domain.schema.json_reading import entries, part
from g6.domain.schema.json_types import Document, JsonObject
from g6.domain.schema.no_word import reason_of
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, Status
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.origin import Origin

__all__ = ["OF_ROWS", "PanelAnswer", "index_of", "newest_panel", "past_panel"]

OF_ROWS = ("analytics", "breadth", "health", "indices", "overview", "summary")
"""Panels that follow from the rows of a cycle, beside one of each index."""
UNSTORED = frozenset({"elapsed_seconds", "lateness_seconds", "latency_seconds"})
"""How long this machine took. No row says it, and an answer must stay the same."""
_PREFIX = "index_"
_CYCLES_TRIED = 100
Chains = Callable[[Unit], Frame | None]
"""Returns the chain of a unit."""


@dataclass(frozen=True, slots=True)
class PanelAnswer:
    """One panel of one cycle.

    Attributes:
        name: The panel.
        data: What it shows, without what no row says.
        origin: Whose rows it was made from.
    """

    name: str
    data: JsonObject
    origin: Origin


def index_of(name: str) -> str | None:
    """Return the index of the panel of one index, None for another panel.

    >>> index_of("index_NIFTY"), index_of("indices")
    ('NIFTY', None)
    """
    index = name.removeprefix(_PREFIX)
    return index if name.startswith(_PREFIX) and index in INDICES else None


def past_panel(reader: StoredReader, name: str, at: datetime | None) -> PanelAnswer:
    """Return a panel as the rows have it that were known at an instant.

    Args:
        reader: The stored rows.
        name: The panel's name.
        at: No later cycle, and no row that was known later. None for the newest.

    Raises:
        NothingToDo: No row says what it was, or nothing is stored.
    """
    index = index_of(name)
    if index is not None:
        unit, frame = selection.latest(reader, index, at)
        own = [row for row in reader.overview_rows(unit.cycle) if row["underlying"] == index]
        return _made(name, unit.cycle, own, {index: frame})
    if name not in OF_ROWS:
        raise NothingToDo(
            f"no stored row says what panel {name} was",
            f"ask for it without at=, or for one of {', '.join(OF_ROWS)}, {_PREFIX}NIFTY, …",
        )
    cycle, rows, chains = _cycle(reader, at)
    return _made(name, cycle, rows, chains)


def newest_panel(
    name: str, document: Document, rows: Sequence[Document], chain_of: Chains
) -> PanelAnswer:
    """Return a panel of the running system as it would be made of its rows.

    Args:
        name: The panel's name.
        document: The panel.
        rows: The overview rows of its cycle.
        chain_of: The chains of its cycle, stored yet or not.
    """
    cycle = str(document.get("updated_at", ""))
    index = index_of(name)
    names = [index] if index is not None else _analysed(rows)
    origins = []
    for one in names:
        unit = Unit(cycle, one)
        frame = chain_of(unit)
        if frame is not None:
            origins.append(Origin.of(unit, frame))
    return PanelAnswer(name, _lasting(part(document, "data")), Origin.joined(cycle, origins))


def _cycle(
    reader: StoredReader, at: datetime | None
) -> tuple[str, Sequence[OverviewRow], dict[str, Frame]]:
    """Return the newest cycle whose rows and chains were all known at an instant."""
    for cycle in reversed(selection.cycles_until(reader, at)[-_CYCLES_TRIED:]):
        rows = reader.overview_rows(cycle)
        chains = {}
        for index in _analysed(rows):
            frame = reader.chain(Unit(cycle, index))
            if frame is not None:
                chains[index] = frame
        if rows and all(selection.is_observed_by(frame, at) for frame in chains.values()):
            return cycle, rows, chains
    raise NothingToDo(f"no cycle is stored whole{f' by {instant_in_words(at)}' if at else ''}")


def _analysed(rows: Sequence[Document] | Sequence[OverviewRow]) -> list[str]:
    return sorted(str(row["underlying"]) for row in rows if row["status"] in ANALYSED)


def _made(
    name: str, cycle: str, rows: Sequence[OverviewRow], chains: Mapping[str, Frame]
) -> PanelAnswer:
    units = {str(row["underlying"]): Status(str(row["status"])) for row in rows}
    report = CycleReport(
        cycle=cycle,
        status=cycle_status(units),
        units=units,
        reasons={
            str(row["underlying"]): reason
            for row in rows
            if (reason := reason_of(str(row["reason"] or "")))
        },
        options={str(row["underlying"]): int(row["options"] or 0) for row in rows},
        lateness_seconds=0.0,
        elapsed_seconds=0.0,
    )
    # The tables of chains take ten times as long as all else: only who needs them makes them.
    of_chains = chains if name == "breadth" or index_of(name) else {}
    documents = panels.build(report, rows, of_chains, provider=ProviderFacts(), generated_at=cycle)
    origins = [Origin.of(Unit(cycle, index), frame) for index, frame in sorted(chains.items())]
    data = _lasting(part(documents[name], "data"))
    return PanelAnswer(name, data, Origin.joined(cycle, origins))


def _lasting(data: Document) -> JsonObject:
    """Return what rows say of a panel, its rows by index."""
    lasting = {name: value for name, value in data.items() if name not in UNSTORED}
    if "rows" in lasting:
        rows = [dict(row) for row in entries(data, "rows")]
        # A unit without a reason has an empty word in Redis and nothing in the store.
        for row in rows:
            row["reason"] = row.get("reason") or None
        lasting["rows"] = sorted(rows, key=lambda row: str(row.get("underlying")))
    return lasting
