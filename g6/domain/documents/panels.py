"""Panels: what screens show, as JSON documents in an envelope; their hashes, manifest and differences."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from math import isfinite
from typing import Any

import numpy as np

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.figures import breadth
from g6.domain.reports import CycleReport
from g6.domain.reports.alerts import unit_alerts
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import SIDES, Frame
from g6.domain.schema.layout import panel_file
from g6.domain.schema.words import Status

__all__ = [
    "SCHEMA",
    "VERSION",
    "build",
    "canonical",
    "digest",
    "envelope",
    "manifest",
    "merge_panel_diff",
    "panel_diff",
]

SCHEMA = "panel-envelope-v1"
VERSION = 1
WINDOW = 10

_INDEX = (
    "status", "reason", "spot", "spot_source", "change_pct", "open", "high", "low", "prev_close", "future", "basis", "vix",
    "expiry_nearest", "forward", "atm", "straddle_nearest", "max_pain_nearest", "support", "resistance", "options", "iv_ok",
    "iv_unavailable", "iv_failed", "rejected", "spot_age_seconds", "quote_source",
)  # fmt: skip
_ANALYTICS = (
    "expiry_nearest", "forward", "forward_source", "forward_spread", "atm", "atm_spot", "pcr_this_week", "pcr_next_week",
    "pcr_this_month", "pcr_next_month", "pcr_window_nearest", "pcr_volume_nearest", "oi_calls", "oi_puts", "max_pain_nearest",
    "support", "resistance", "atm_iv_this_week", "atm_iv_next_week", "atm_iv_this_month", "atm_iv_next_month",
    "straddle_nearest", "em_sd", "em_straddle", "rr25", "bf25", "day_width", "pcr_nearest", "atm_iv_nearest",
    "oi_age_seconds",
)  # fmt: skip
_SIDE = (
    "last",
    "bid",
    "ask",
    "oi",
    "oi_prev",
    "volume",
    "iv",
    "iv_status",
    "delta",
    "theta",
    "quality",
)


def build(
    report: CycleReport,
    rows: Sequence[Mapping[str, Any]],
    chains: Mapping[str, Frame],
    *,
    provider: Mapping[str, Any],
    generated_at: str,
    storage: Mapping[str, Any] | None = None,
    alerts: Sequence[Mapping[str, Any]] = (),
    window: int = WINDOW,
) -> dict[str, dict[str, Any]]:
    """Return the documents of all panels by name.

    `rows` are the cycle's overview rows, `chains` the chain frames (columns of `rows.CHAIN`) there are, by index; an index
    without one gets no chain table. `storage` and further `alerts` are facts the caller knows. `generated_at` ISO wall time.
    """
    by_index = {str(row["underlying"]): row for row in rows}
    data: dict[str, Any] = {
        "summary": _summary(report, by_index),
        "indices": {name: _index(row) for name, row in by_index.items()},
        "analytics": {
            name: {key: row.get(key) for key in _ANALYTICS} for name, row in by_index.items()
        },
        "breadth": _breadth(chains),
        "overview": {"rows": list(rows)},
        "alerts": {"alerts": [*unit_alerts(report.units, report.reasons), *alerts]},
        "provider": dict(provider),
        "health": _health(report),
        "storage": dict(storage or {}),
        "cycle": _cycle(report),
    }
    for name, frame in chains.items():
        if name in by_index:
            data[f"index_{name}"] = _index_panel(by_index[name], frame, report, window)
    return {name: envelope(name, value, report.cycle, generated_at) for name, value in data.items()}


def envelope(
    name: str, data: Any, cycle: str, generated_at: str, source: str = "aggregate"
) -> dict[str, Any]:
    """Return the document of panel `name`: `updated_at` is the cycle its data is of, `generated_at` when it was made."""
    plain = _plain(data)
    return {
        "panel": name,
        "version": VERSION,
        "generated_at": generated_at,
        "updated_at": cycle,
        "data": plain,
        "meta": {"source": source, "schema": SCHEMA, "hash": digest(plain)[:12]},
    }


def _summary(report: CycleReport, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
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
    return (
        100.0 * sum(status == Status.OK for status in report.units.values()) / len(report.units)
        if report.units
        else None
    )


def _index(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: row.get(name) for name in _INDEX}
    # A bucket's figures are no substitute: after the fix on expiry day the first bucket is still the expiring series.
    nearest = {name: row.get(f"{name}_nearest") for name in ("pcr", "atm_iv")}
    return values | nearest | {"ltp": row.get("spot"), "age_seconds": row.get("quote_age_seconds")}


def _breadth(chains: Mapping[str, Frame]) -> dict[str, Any]:
    """How many go the same way: of indices and futures together, of the strikes of each index against the previous session."""
    by_index = {name: Chain.of_rows(frame) for name, frame in chains.items()}
    strikes = {name: asdict(breadth.since_close(chain)) for name, chain in by_index.items()}
    return {"market": asdict(breadth.market(list(by_index.values()))), "strikes": strikes}


def _health(report: CycleReport) -> dict[str, Any]:
    return {
        "ok": report.status == Status.OK,
        "status": report.status,
        "units": dict(report.units),
        "reasons": dict(report.reasons),
        "success_rate_pct": _success(report),
    }


def _cycle(report: CycleReport) -> dict[str, object]:
    document = report.to_json()
    return {name: document[name] for name in document if name not in {"rows", "seconds"}}


def _index_panel(
    row: Mapping[str, Any], frame: Frame, report: CycleReport, window: int
) -> dict[str, Any]:
    head = _index(row) | {"index": row["underlying"], "latency_seconds": report.elapsed_seconds}
    return head | {
        "expiry": row.get("expiry_nearest"),
        "strikes": _strikes(frame, row.get("expiry_nearest"), window),
    }


def _strikes(frame: Frame, expiry: str | None, window: int) -> list[dict[str, Any]]:
    """The chain table: `window` strikes either side of ATM of one expiry, the lowest first."""
    if expiry is None or not len(frame):
        return []
    offset = np.asarray(frame.columns["offset"], dtype=np.float64)
    near = np.abs(offset) <= window
    table = frame.take(
        np.flatnonzero((frame.columns["expiry"] == np.datetime64(expiry)) & near)
    ).columns
    names = {side: [name for name in _SIDE if side + name in table] for side in SIDES}
    return [
        {
            "strike": table["strike"][i],
            "offset": int(table["offset"][i]),
            "atm": table["offset"][i] == 0,
            **{
                side.rstrip("_"): _side({name: table[side + name][i] for name in names[side]})
                for side in SIDES
            },
        }
        for i in range(len(table["strike"]))
    ]


def _side(values: dict[str, Any]) -> dict[str, Any]:
    previous = values.pop("oi_prev", None)
    change = None if previous is None or "oi" not in values else values["oi"] - previous
    return values | {"oi_change": change}


def _plain(value: Any) -> Any:
    """Return `value` as JSON has it: numpy scalars as numbers, NaN and infinities as None, instants and dates as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, datetime):
        return isoformat_z(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def canonical(data: Any) -> bytes:
    """Return canonical JSON: sorted keys, no spaces, UTF-8, NaN as null."""
    return json.dumps(
        _plain(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(data: Any) -> str:
    """Return the sha256 of `data`'s canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(data)).hexdigest()


def manifest(hashes: Mapping[str, str], generated_at: str) -> dict[str, Any]:
    """Return the manifest of panels whose full hashes are `hashes`, by panel name."""
    return {
        "panels": sorted(hashes),
        "hashes": {panel_file(name): hashes[name] for name in sorted(hashes)},
        "generated_at": generated_at,
    }


def panel_diff(old: Any, new: Any) -> dict[str, Any]:
    """Return what turns `old` into `new`, both JSON values: `{}` when they are the same.

    `{"to": value}` replaces; objects have `drop` (keys), `set` (key → value) and `edit` (key → difference), arrays of one length
    `items` (position → difference). `1`, `1.0` and `true` differ, as they do in canonical JSON.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return _object_diff(old, new)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        edits = {
            str(i): diff
            for i, pair in enumerate(zip(old, new, strict=True))
            if (diff := panel_diff(*pair))
        }
        return {"items": edits} if edits else {}
    # -0.0 equals 0.0 and is another text in canonical JSON.
    same = type(old) is type(new) and old == new and repr(old) == repr(new)
    return {} if same else {"to": new}


def _object_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    parts = {
        "drop": [key for key in old if key not in new],
        "set": {key: value for key, value in new.items() if key not in old},
        "edit": {
            key: diff
            for key, value in new.items()
            if key in old and (diff := panel_diff(old[key], value))
        },
    }
    return {name: part for name, part in parts.items() if part}


def merge_panel_diff(panel: Any, diff: Mapping[str, Any]) -> Any:
    """Return `panel` changed by what `panel_diff` gave: `merge_panel_diff(a, panel_diff(a, b)) == b`. `panel` stays as it is.

    Errors: KeyError, IndexError or TypeError when `diff` is of another panel.
    """
    if "to" in diff:
        return diff["to"]
    if "items" in diff:
        merged = list(panel)
        for position, edit in diff["items"].items():
            merged[int(position)] = merge_panel_diff(merged[int(position)], edit)
        return merged
    if not diff:
        return panel
    dropped = set(diff.get("drop", ()))
    kept = {key: value for key, value in panel.items() if key not in dropped}
    edited = {key: merge_panel_diff(kept[key], edit) for key, edit in diff.get("edit", {}).items()}
    return kept | edited | diff.get("set", {})
