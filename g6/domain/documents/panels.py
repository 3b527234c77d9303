"""Panels: JSON documents in an envelope, with their hashes, manifest and differences."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import cast

import numpy as np

from g6.domain.documents.json_plain import json_plain
from g6.domain.documents.panel_fields import OF_ANALYTICS, OF_INDEX, OF_SIDE
from g6.domain.documents.panel_notes import NO_FLIP, NO_POSITION, notes_of
from g6.domain.figures import breadth
from g6.domain.figures.build_up import change, unpublished_in_words
from g6.domain.figures.exposure_summary import summary_of
from g6.domain.reports import CycleReport, ProviderFacts, StorageFacts
from g6.domain.reports.panel_alerts import PanelAlert, unit_alerts
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import SIDE_KEYS, Frame
from g6.domain.schema.json_reading import part
from g6.domain.schema.json_types import Document, JsonObject, present
from g6.domain.schema.layout import panel_file
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Status

__all__ = [
    "SCHEMA",
    "VERSION",
    "build",
    "canonical",
    "canonical_plain",
    "chain_strikes",
    "digest",
    "envelope",
    "manifest",
    "merge_panel_diff",
    "panel_data",
    "panel_diff",
]

SCHEMA = "panel-envelope-v1"
VERSION = 1
WINDOW = 10


def build(
    report: CycleReport,
    rows: Sequence[OverviewRow],
    chains: Mapping[str, Frame],
    *,
    provider: ProviderFacts,
    generated_at: str,
    storage: StorageFacts | None = None,
    alerts: Sequence[PanelAlert] = (),
    window: int = WINDOW,
) -> dict[str, JsonObject]:
    """Return the documents of all panels by name.

    Args:
        rows: The cycle's overview rows.
        chains: Chain frames, columns of `rows.CHAIN`, by index. An index without one has no chain
            table.
        generated_at: ISO wall time.
        storage: Sizes of the store, None where nobody measured it.
        alerts: Entries of panel `alerts` beside those of the cycle's units.
        window: Strikes either side of ATM in a chain table.

    >>> report = CycleReport("2026-11-18T05:30:00Z", Status.MISSING, {}, {}, {}, 0.0, 1.0)
    >>> panels = build(report, [], {}, provider=ProviderFacts(), generated_at=report.cycle)
    >>> [*panels][:4]
    ['summary', 'indices', 'analytics', 'breadth']
    """
    makers = panel_data(
        report, rows, chains, provider=provider, storage=storage, alerts=alerts, window=window
    )
    return {
        name: envelope(name, make(), report.cycle, generated_at) for name, make in makers.items()
    }


def panel_data(
    report: CycleReport,
    rows: Sequence[OverviewRow],
    chains: Mapping[str, Frame],
    *,
    provider: ProviderFacts,
    storage: StorageFacts | None = None,
    alerts: Sequence[PanelAlert] = (),
    window: int = WINDOW,
) -> dict[str, Callable[[], object]]:
    """Return what makes the data of each panel by name. The arguments are those of `build`.

    >>> report = CycleReport("2026-11-18T05:30:00Z", Status.MISSING, {}, {}, {}, 0.0, 1.0)
    >>> panel_data(report, [], {}, provider=ProviderFacts())["overview"]()
    {'rows': []}
    """
    by_index = {str(row["underlying"]): row for row in rows}
    by_name = {name: Chain.of_rows(frame) for name, frame in chains.items()}
    entries = [*unit_alerts(report.units, report.reasons), *alerts]
    makers: dict[str, Callable[[], object]] = {
        "summary": lambda: _summary(report, by_index),
        "indices": lambda: {name: _noted(row, _index(row)) for name, row in by_index.items()},
        "analytics": lambda: {
            name: _noted(row, _picked(row, OF_ANALYTICS)) for name, row in by_index.items()
        },
        "breadth": lambda: _breadth(by_name),
        "exposures": lambda: {name: _exposures(chain) for name, chain in by_name.items()},
        "overview": lambda: {"rows": list(rows)},
        "alerts": lambda: {"alerts": [entry.to_json() for entry in entries]},
        "provider": provider.to_json,
        "health": lambda: _health(report),
        "storage": lambda: {} if storage is None else storage.to_json(),
        "cycle": lambda: _cycle(report),
    }
    for name, chain in by_name.items():
        if name in by_index:
            makers[f"index_{name}"] = partial(_index_panel, by_index[name], chain, report, window)
    return makers


def envelope(
    name: str, data: object, cycle: str, generated_at: str, source: str = "aggregate"
) -> JsonObject:
    """Return the document of a panel: its data in an envelope.

    Args:
        cycle: The cycle that the data is of, `updated_at` of the document.
        generated_at: When the data was made, ISO wall time.
        source: The stage that made it.

    >>> document = envelope("cycle", {}, "2026-11-18T05:30:00Z", "2026-11-18T05:30:01Z")
    >>> document["updated_at"], document["meta"]["source"]
    ('2026-11-18T05:30:00Z', 'aggregate')
    """
    plain = json_plain(data)
    return {
        "panel": name,
        "version": VERSION,
        "generated_at": generated_at,
        "updated_at": cycle,
        "data": plain,
        "meta": {"source": source, "schema": SCHEMA, "hash": _sha256(canonical_plain(plain))[:12]},
    }


def _summary(report: CycleReport, rows: Mapping[str, OverviewRow]) -> JsonObject:
    ended = Counter(str(status) for status in report.units.values())
    return {
        "cycle": report.cycle,
        "status": report.status,
        "units": {status.value: ended[status.value] for status in Status},
        "success_rate_pct": _success(report),
        "options_last_cycle": sum(report.options.values()),
        "iv_ok": sum(int(row.get("iv_ok") or 0) for row in rows.values()),
        "elapsed_seconds": report.elapsed_seconds,
        "lateness_seconds": report.lateness_seconds,
        "indices": sorted(rows),
    }


def _success(report: CycleReport) -> float | None:
    if not report.units:
        return None
    return 100.0 * list(report.units.values()).count(Status.OK) / len(report.units)


def _picked(row: OverviewRow, names: Iterable[str]) -> JsonObject:
    """Return some fields of an overview row, None for those that it has not."""
    return {name: row.get(name) for name in names}


def _noted(row: OverviewRow, figures: JsonObject) -> JsonObject:
    """Return figures with a note beside them for each that is null, if there is one."""
    missing = [name for name, value in figures.items() if value is None]
    return figures | present(notes=notes_of(row, missing))


def _index(row: OverviewRow) -> JsonObject:
    # A bucket's figures are no substitute: after the fix on expiry day the first bucket is still
    # the expiring series.
    return _picked(row, OF_INDEX) | {
        "pcr": row.get("pcr_nearest"),
        "atm_iv": row.get("atm_iv_nearest"),
        "ltp": row.get("spot"),
        "age_seconds": row.get("quote_age_seconds"),
    }


def _breadth(chains: Mapping[str, Chain]) -> JsonObject:
    """Return how many go the same way.

    Indices and futures are counted together, strikes of each index against the last session.
    """
    strikes = {name: asdict(breadth.since_close(chain)) for name, chain in chains.items()}
    return {"market": asdict(breadth.market(list(chains.values()))), "strikes": strikes}


def _exposures(chain: Chain) -> JsonObject:
    """Return the exposures of a chain, with a note beside each that is null."""
    summary = summary_of(chain, chain.market.spot)
    figures: JsonObject = asdict(summary)
    missing = [name for name, value in figures.items() if value != value]  # noqa: PLR0124 - NaN
    why = NO_FLIP if summary.options else NO_POSITION
    return figures | present(notes=dict.fromkeys(missing, why))


def _health(report: CycleReport) -> JsonObject:
    return {
        "ok": report.status == Status.OK,
        "status": report.status,
        "units": dict(report.units),
        "reasons": dict(report.reasons),
        "success_rate_pct": _success(report),
    }


def _cycle(report: CycleReport) -> JsonObject:
    document = report.to_json()
    return {name: document[name] for name in document if name not in {"rows", "seconds"}}


def _index_panel(row: OverviewRow, chain: Chain, report: CycleReport, window: int) -> JsonObject:
    head = _index(row) | {"index": row["underlying"], "latency_seconds": report.elapsed_seconds}
    head["expiry"] = row.get("expiry_nearest")
    strikes = chain_strikes(chain, row.get("expiry_nearest"), window)
    document = _noted(row, head)
    # Nulls of the strikes have one reason together: a note on each would be the larger part.
    sides = chain.sides
    why = unpublished_in_words(sides["oi"], chain.oi_prev, sides["oi_day_high"])
    if why:
        document["notes"] = {**part(document, "notes"), "oi_change": why}
    return document | {"strikes": strikes}


def chain_strikes(chain: Chain, expiry: str | None, window: int = WINDOW) -> list[JsonObject]:
    """Return the chain table: strikes either side of ATM of one expiry, the lowest first.

    >>> from g6.simulation.example_unit import CHAIN
    >>> lines = chain_strikes(CHAIN, str(CHAIN.expiries[0].day), window=1)
    >>> [line["offset"] for line in lines]
    [-1, 0, 1]
    """
    if expiry is None:
        return []
    of_expiry = chain.expiry(date.fromisoformat(expiry))
    near = of_expiry.take(np.abs(of_expiry.offset) <= window)
    oi_change = change(near.sides["oi"], near.oi_prev, near.sides["oi_day_high"])
    # Numbers of Python: to make numpy's plain took three times as long.
    columns = {name: near.sides[name].tolist() for name in OF_SIDE}
    columns["oi_change"] = oi_change.tolist()
    lines = []
    places = zip(near.strike.tolist(), near.offset.tolist(), strict=True)
    for place, (strike, offset) in enumerate(places):
        line: JsonObject = {"strike": strike, "offset": int(offset), "atm": offset == 0}
        for number, side in enumerate(SIDE_KEYS):
            line[side] = {name: values[number][place] for name, values in columns.items()}
        lines.append(line)
    return lines


def canonical(data: object) -> bytes:
    """Return canonical JSON: sorted keys, no spaces, UTF-8, NaN as null.

    >>> canonical({"b": float("nan"), "a": 1})
    b'{"a":1,"b":null}'
    """
    return canonical_plain(json_plain(data))


def canonical_plain(plain: object) -> bytes:
    """Return canonical JSON of what `json_plain` returned, which it would return once more.

    Raises:
        ValueError: It is no JSON: a number is NaN or infinite.
        TypeError: Likewise, for a value of another kind.

    >>> canonical_plain({"b": None, "a": 1})
    b'{"a":1,"b":null}'
    """
    text = json.dumps(
        plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest(data: object) -> str:
    """Return the sha256 of the canonical JSON of `data`, 64 hex digits.

    >>> digest({})[:12]
    '44136fa355b3'
    """
    return _sha256(canonical(data))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest(hashes: Mapping[str, str], generated_at: str) -> JsonObject:
    """Return the manifest of panels.

    Args:
        hashes: Full hashes by panel name.
        generated_at: ISO wall time.

    >>> manifest({"cycle": "44136f"}, "2026-11-18T05:30:01Z")["hashes"]
    {'cycle.json': '44136f'}
    """
    return {
        "panels": sorted(hashes),
        "hashes": {panel_file(name): hashes[name] for name in sorted(hashes)},
        "generated_at": generated_at,
    }


def panel_diff(old: object, new: object) -> JsonObject:
    """Return what turns one JSON value into another, empty when they are the same.

    `{"to": value}` replaces. Objects have `drop` (keys), `set` (key → value) and `edit`
    (key → difference), arrays of one length `items` (position → difference). `1`, `1.0` and
    `true` differ, as they do in canonical JSON.

    >>> panel_diff({"a": 1, "b": [1, 2]}, {"b": [1, 3]})
    {'drop': ['a'], 'edit': {'b': {'items': {'1': {'to': 3}}}}}
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return _object_diff(old, new)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        edits = {}
        for position, (before, after) in enumerate(zip(old, new, strict=True)):
            if diff := panel_diff(before, after):
                edits[str(position)] = diff
        return {"items": edits} if edits else {}
    # -0.0 equals 0.0 and is another text in canonical JSON.
    same = type(old) is type(new) and old == new and repr(old) == repr(new)
    return {} if same else {"to": new}


def _object_diff(old: Mapping[str, object], new: Mapping[str, object]) -> JsonObject:
    dropped = sorted(key for key in old if key not in new)
    added = {}
    edits = {}
    for key, value in new.items():
        if key not in old:
            added[key] = value
        elif diff := panel_diff(old[key], value):
            edits[key] = diff
    return present(drop=dropped, set=added, edit=edits)


def merge_panel_diff(panel: object, diff: Document) -> object:
    """Return a panel changed by what `panel_diff` gave. The panel itself stays as it is.

    Raises:
        KeyError: The difference is of another panel.
        IndexError: Likewise, with lists.
        TypeError: Likewise, with values of another kind.

    >>> merge_panel_diff({"a": 1, "b": 2}, {"drop": ["a"], "set": {"c": 3}})
    {'b': 2, 'c': 3}
    """
    if "to" in diff:
        return diff["to"]
    if "items" in diff:
        return _merged_items(panel, part(diff, "items"))
    if not diff:
        return panel
    if not isinstance(panel, Mapping):
        raise TypeError(f"{panel!r} has no keys to change")
    dropped = cast("Sequence[str]", diff.get("drop") or ())
    merged = {key: value for key, value in panel.items() if key not in dropped}
    edits = part(diff, "edit")
    for key in edits:
        merged[key] = merge_panel_diff(merged[key], part(edits, key))
    return merged | dict(part(diff, "set"))


def _merged_items(panel: object, edits: Document) -> list[object]:
    if not isinstance(panel, Sequence):
        raise TypeError(f"{panel!r} has no items to change")
    items = list(panel)
    for position in edits:
        items[int(position)] = merge_panel_diff(items[int(position)], part(edits, position))
    return items
