"""Values as JSON has them, for every document that leaves the system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from math import isfinite, ulp

import numpy as np

from g6.domain.cycles.cycle import isoformat_z

DECIMALS = 4
"""Prices have two, indices up to four."""
LEAST_TAIL = 1e-10
"""How far a sum of prices may lie beside its decimals: an index of 85,000 is known to 1.5e-11."""


def plain_number(value: float) -> float:
    """Return a number without the tail that binary arithmetic leaves behind its decimals.

    >>> plain_number(49.55000000000001), plain_number(0.0895123456789)
    (49.55, 0.0895123456789)
    """
    near = round(value, DECIMALS)
    # Zero is left alone: next to it lie gammas of 1e-11 that are no tails.
    tail = abs(value - near)
    if near and (tail <= LEAST_TAIL or tail <= 2 * ulp(value)):
        return near
    return float(value)


def json_plain(value: object) -> object:
    """Return a value as JSON has it: null for NaN, ISO text for days and instants.

    Args:
        value: A number, a text, a day, an instant, an array, a dataclass, or mappings and sequences
            of these.

    Returns:
        Dictionaries by text, lists, texts, numbers, truth values and None.

    >>> json_plain({"iv": np.array([0.12, np.nan]), "expiry": date(2026, 11, 24)})
    {'iv': [0.12, None], 'expiry': '2026-11-24'}
    """
    # Plain values come first: a panel has thousands of them and few containers.
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        # NaN is no JSON: json.dumps would write it, and other languages refuse the line.
        return plain_number(value) if isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return isoformat_z(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.generic | np.ndarray):
        return json_plain(value.tolist())
    if isinstance(value, Mapping):
        return {_key(name): json_plain(member) for name, member in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: json_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Sequence):
        return [json_plain(member) for member in value]
    return value


def _key(name: object) -> str:
    return name.isoformat() if isinstance(name, date) else str(name)
