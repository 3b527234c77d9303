"""Panels of the past, made again from stored rows, and what is said of any panel beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from g6.domain.cycles.cycle import Unit, cycle_status, parse_z
from g6.domain.documents import panels
from g6.domain.documents.json_plain import json_plain
from g6.domain.figures import breadth
from g6.domain.market.instants import instant_in_words
from g6.domain.market.instrument import INDICES
from g6.domain.reports import CycleReport, ProviderFacts
from g6.domain.schema.frame import SIDE_PREFIXES, Frame, Header
from g6.domain.schema.json_reading import entries, part
from g6.domain.schema.json_types import Document, JsonObject
from g6.domain.schema.no_word import stored_reason
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, Status
from g6.errors import NothingToDo
from g6.ports import PanelStore
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.origin import Origin

__all__ = [
    "OF_ROWS",
    "PanelAnswer",
    "index_of",
    "newest_panel",
    "panel_hashes",
    "past_panel",
    "shown_hashes",
]

OF_ROWS = ("analytics", "breadth", "exposures", "health", "indices", "overview", "summary")
"""Panels that follow from the rows of a cycle, beside one of each index."""
COUNTED = (
    *("timestamp", "strike", "offset", "lot_size", "tick_size", "rate"),
    *(side + name for side in SIDE_PREFIXES for name in breadth.COLUMNS),
)
"""Columns of a chain by which the breadth counts its strikes."""
WEIGHED = (
    *("timestamp", "expiry", "strike", "offset", "lot_size", "tick_size", "rate"),
    *("bucket", "bucket_mask", "years_to_expiry", "forward", "atm"),
    *(
        side + name
        for side in SIDE_PREFIXES
        for name in ("symbol", "quality", "iv", "oi", "volume")
    ),
)
"""Columns of a chain by which its exposures are weighed."""
OF_CHAINS: Mapping[str, tuple[str, ...]] = {"breadth": COUNTED, "exposures": WEIGHED}
"""Panels over the chains of all indices, and the columns that they need."""
UNSTORED = frozenset({"elapsed_seconds", "lateness_seconds", "latency_seconds"})
"""How long this machine took. No row says it, and an answer must stay the same."""
_PREFIX = "index_"
_CYCLES_TRIED = 100
Chains = Callable[[Unit], Frame | None]
"""Returns the chain of a unit."""
Headers = Callable[[Unit], Header | None]
"""Returns the header of a unit's chain."""


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
        data = _made([name], unit.cycle, own, {index: frame})[name]
        return PanelAnswer(name, data, Origin.of(unit, frame))
    if name not in OF_ROWS:
        raise NothingToDo(
            f"no stored row says what panel {name} was",
            f"ask for it without at=, or for one of {', '.join(OF_ROWS)}, {_PREFIX}NIFTY, …",
        )
    cycle, rows = _cycle(reader, at)
    # Reading six chains takes 60 ms, their headers one: only two panels need strikes, the breadth
    # by 18 of 104 columns, which takes 15 ms.
    columns = OF_CHAINS.get(name)
    headers = []
    chains = {}
    for analysed in _analysed(rows):
        unit = Unit(cycle, analysed)
        header = reader.header(unit)
        headers += [] if header is None else [header]
        chain = reader.chain_columns(unit, columns) if columns else None
        if chain is not None:
            chains[analysed] = chain
    return PanelAnswer(
        name, _made([name], cycle, rows, chains)[name], _origin_of_rows(cycle, rows, headers)
    )


def newest_panel(
    name: str, document: Document, rows: Sequence[Document], chain_of: Chains, header_of: Headers
) -> PanelAnswer:
    """Return a panel of the running system as it would be made of its rows.

    Args:
        name: The panel's name.
        document: The panel.
        rows: The overview rows of its cycle.
        chain_of: The chains of its cycle, stored yet or not.
        header_of: Their headers.
    """
    cycle = str(document.get("updated_at", ""))
    index = index_of(name)
    data = _lasting(part(document, "data"))
    if index is not None:
        unit = Unit(cycle, index)
        frame = chain_of(unit)
        origin = Origin.joined(cycle, [] if frame is None else [Origin.of(unit, frame)])
        return PanelAnswer(name, data, origin)
    stored = [header_of(Unit(cycle, analysed)) for analysed in _analysed(rows)]
    headers = [header for header in stored if header is not None]
    return PanelAnswer(name, data, _origin_of_rows(cycle, rows, headers))


def _cycle(reader: StoredReader, at: datetime | None) -> tuple[str, Sequence[OverviewRow]]:
    """Return the newest cycle whose rows were all known at an instant."""
    for cycle in reversed(selection.cycles_until(reader, at)[-_CYCLES_TRIED:]):
        rows = reader.overview_rows(cycle)
        observed = [parse_z(row["observed_at"]) for row in rows if row["observed_at"]]
        if rows and (at is None or all(instant <= at for instant in observed)):
            return cycle, rows
    raise NothingToDo(f"no cycle is stored whole{f' by {instant_in_words(at)}' if at else ''}")


def _analysed(rows: Sequence[Document] | Sequence[OverviewRow]) -> list[str]:
    return sorted(str(row["underlying"]) for row in rows if row["status"] in ANALYSED)


def _origin_of_rows(
    cycle: str, rows: Sequence[Document] | Sequence[OverviewRow], headers: Sequence[Header]
) -> Origin:
    """Return the origin of the overview rows of one cycle.

    The coverage is the share of the expected expiries that were collected.

    Args:
        cycle: The cycle's name.
        rows: Its overview rows.
        headers: Of its chains.
    """
    stamps = [part(header, "stamp") for header in headers]
    observed = [parse_z(str(row["observed_at"])) for row in rows if row["observed_at"]]
    names = tuple(sorted(str(row["underlying"]) for row in rows if row["observed_at"]))
    expected = sum(int(str(row["expiries_expected"] or 0)) for row in rows)
    collected = sum(int(str(row["expiries_collected"] or 0)) for row in rows)
    return Origin(
        index=names[0] if names else "",
        instant=cycle,
        observed_at=max(observed, default=parse_z(cycle)),
        source="+".join(sorted({str(row["quote_source"] or "") for row in rows} - {""})),
        coverage=collected / expected if expected else None,
        config_id="+".join(sorted({str(stamp.get("config_id", "")) for stamp in stamps})),
        is_revised=any(stamp.get("revised_from") for stamp in stamps),
        indices=names if len(names) > 1 else (),
    )


def panel_hashes(
    cycle: str, rows: Sequence[OverviewRow], chains: Mapping[str, Frame]
) -> dict[str, str]:
    """Return the hash of every panel that follows from the rows and chains of a cycle.

    Args:
        cycle: The cycle's name.
        rows: Its overview rows.
        chains: Its chains by index.
    """
    names = [*OF_ROWS, *(f"{_PREFIX}{index}" for index in chains)]
    made = _made(names, cycle, rows, chains)
    return {name: panels.digest(data) for name, data in made.items()}


def _is_of_rows(name: str) -> bool:
    """Tell whether a panel follows from the rows of a cycle."""
    return name in OF_ROWS or index_of(name) is not None


def shown_hashes(store: PanelStore, cycle: str) -> dict[str, str]:
    """Return the hashes of published panels, without what no row says.

    Args:
        store: The newest panels.
        cycle: The cycle's name. A panel that shows another one is left out.
    """
    hashes: dict[str, str] = {}
    for name, document in store.all().items():
        if _is_of_rows(name) and document.get("updated_at") == cycle:
            hashes[name] = panels.digest(_lasting(part(document, "data")))
    return hashes


def _made(
    names: Sequence[str], cycle: str, rows: Sequence[OverviewRow], chains: Mapping[str, Frame]
) -> dict[str, JsonObject]:
    """Return by name what panels show of rows, and of chains where they show any."""
    units = {str(row["underlying"]): Status(str(row["status"])) for row in rows}
    report = CycleReport(
        cycle=cycle,
        status=cycle_status(units),
        units=units,
        reasons={
            str(row["underlying"]): reason
            for row in rows
            if (reason := stored_reason(row["reason"]))
        },
        options={str(row["underlying"]): int(row["options"] or 0) for row in rows},
        lateness_seconds=0.0,
        elapsed_seconds=0.0,
    )
    makers = panels.panel_data(report, rows, chains, provider=ProviderFacts())
    made: dict[str, JsonObject] = {}
    for name in names:
        made[name] = _lasting(cast("Document", json_plain(makers[name]())))
    return made


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
