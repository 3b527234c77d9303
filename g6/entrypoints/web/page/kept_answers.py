"""Answers as an exported page keeps them: short numbers, thin surfaces, and no answer twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from g6.domain.schema.json_types import JsonObject

__all__ = ["KeptAnswer", "evenly", "kept_answer"]

DIGITS = 9
"""Significant digits of a number: nine give back every float32 that is stored."""
SURFACE_ROWS = 21
SURFACE_COLUMNS = 41
"""What the page draws of a surface. The study's grid was a quarter of a file of 16 MB."""

KeptAnswer = JsonObject | str | None
"""An answer, the words of the question that has the same one, or nothing."""


def kept_answer(study: str, answer: JsonObject) -> JsonObject:
    """Return a study's answer as the file keeps it.

    Args:
        study: The study's name.
        answer: Its answer as JSON has it.

    >>> kept_answer("oi", {"data": {"spot": 24000.123456789}})
    {'data': {'spot': 24000.1235}}
    """
    data = answer.get("data")
    if study == "surface" and isinstance(data, dict):
        answer = answer | {"data": _thin_surface(data)}
    return cast("JsonObject", _short(answer))


def evenly(count: int, most: int) -> list[int]:
    """Return at most so many of `count` places, evenly chosen, the first and the last among them.

    >>> evenly(5, 3), evenly(2, 3)
    ([0, 2, 4], [0, 1])
    """
    if count <= most:
        return list(range(count))
    step = (count - 1) / max(1, most - 1)
    return [round(place * step) for place in range(most)]


def _thin_surface(data: JsonObject) -> JsonObject:
    rows = evenly(len(cast("list[object]", data["days"])), SURFACE_ROWS)
    thin = dict(data)
    thin["days"] = _picked(data["days"], rows)
    for name in ("iv", "moneyness"):
        values = cast("list[list[object]]", data[name])
        columns = evenly(len(values[0]) if values else 0, SURFACE_COLUMNS)
        thin[name] = [_picked(values[row], columns) for row in rows]
    return thin


def _picked(values: object, places: Sequence[int]) -> list[object]:
    listed = cast("list[object]", values)
    return [listed[place] for place in places]


def _short(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [_short(item) for item in value]
    if isinstance(value, dict):
        return {name: _short(item) for name, item in value.items()}
    return value
