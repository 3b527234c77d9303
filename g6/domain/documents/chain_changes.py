"""What changed in the chain around the money, strike by strike, between two panels of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from g6.domain.schema.frame import SIDE_KEYS
from g6.domain.schema.json_types import JsonObject

__all__ = ["chain_change", "interest_change"]

_ROW = ("offset", "atm")
"""Fields of a strike beside those of its sides."""


def chain_change(before: object, after: object) -> JsonObject:
    """Return the cells of a chain that changed, empty where none did.

    A table that follows the money moves its rows: by strike a screen still writes only those
    cells that differ, which a difference by position cannot say.

    Args:
        before: The data of the index's panel as the listener has it, None without one.
        after: The data as it is now, None where the panel is gone.

    Returns:
        `expiry` and `atm` as they are now, `strikes` with the changed cells by strike (`ce`, `pe`,
        `offset`), `gone` with the strikes that left the table. All cells of a new expiry are new.

    >>> call = {"strike": 100.0, "ce": {"last": 5.0, "oi": 10.0}, "pe": {"last": 1.0, "oi": 3.0}}
    >>> moved = {**call, "ce": {"last": 6.0, "oi": 10.0}}
    >>> first = {"expiry": "2026-11-24", "atm": 100.0, "strikes": [call]}
    >>> chain_change(first, {**first, "strikes": [moved]})["strikes"]
    {'100': {'ce': {'last': 6.0}}}
    """
    if not isinstance(after, Mapping):
        return {}
    expiry = after.get("expiry")
    is_same_expiry = isinstance(before, Mapping) and before.get("expiry") == expiry
    earlier = _by_strike(before) if is_same_expiry else {}
    rows = _by_strike(after)
    changed: JsonObject = {}
    for strike, row in rows.items():
        cells = _changed_cells(earlier.get(strike, {}), row)
        if cells:
            changed[strike] = cells
    gone = [strike for strike in earlier if strike not in rows]
    if not changed and not gone:
        return {}
    change: JsonObject = {"expiry": expiry, "atm": after.get("atm"), "strikes": changed}
    return change | ({"gone": gone} if gone else {})


def _changed_cells(before: Mapping[str, object], row: Mapping[str, object]) -> JsonObject:
    cells: JsonObject = {}
    for side in SIDE_KEYS:
        earlier = _cells_of(before, side)
        moved: JsonObject = {}
        for name, value in _cells_of(row, side).items():
            if name not in earlier or earlier[name] != value:
                moved[name] = value
        if moved:
            cells[side] = moved
    for name in _ROW:
        if name in row and (name not in before or before[name] != row[name]):
            cells[name] = row[name]
    return cells


def _cells_of(row: Mapping[str, object], side: str) -> Mapping[str, object]:
    cells = row.get(side)
    return cells if isinstance(cells, Mapping) else {}


def _by_strike(panel: object) -> dict[str, Mapping[str, object]]:
    """Return the lines of an index panel by strike, as JSON has a key."""
    if not isinstance(panel, Mapping):
        return {}
    lines = cast("Sequence[Mapping[str, object]]", panel.get("strikes") or ())
    return {f"{line['strike']:g}": line for line in lines}


def interest_change(before: object, after: object) -> list[JsonObject]:
    """Return by how much open interest moved at each strike, in units, empty of another expiry.

    Args:
        before: The data of the index's panel as the listener has it.
        after: The data as it is now.

    >>> line = {"strike": 100.0, "ce": {"oi": 10.0}, "pe": {"oi": 3.0}}
    >>> more = {**line, "ce": {"oi": 15.0}}
    >>> interest_change({"strikes": [line]}, {"strikes": [more]})
    [{'strike': 100.0, 'ce': 5.0, 'pe': 0.0}]
    >>> interest_change({"strikes": [line]}, {"expiry": "2026-12-01", "strikes": [more]})
    []
    """
    # At an expiry's last close another one takes its place: strikes of two are no change.
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return []
    if before.get("expiry") != after.get("expiry"):
        return []
    earlier = _interest_by_strike(before)
    changes: list[JsonObject] = []
    for strike, (calls, puts) in _interest_by_strike(after).items():
        if strike in earlier:
            moved = (calls - earlier[strike][0], puts - earlier[strike][1])
            if any(moved):
                changes.append({"strike": strike, "ce": moved[0], "pe": moved[1]})
    return changes


def _interest_by_strike(panel: object) -> dict[float, tuple[float, float]]:
    """Return calls and puts of an index panel by strike, of those with both."""
    interest: dict[float, tuple[float, float]] = {}
    if not isinstance(panel, Mapping):
        return interest
    for line in panel.get("strikes") or ():
        calls, puts = line["ce"]["oi"], line["pe"]["oi"]
        if calls is not None and puts is not None:
            interest[line["strike"]] = (calls, puts)
    return interest
