"""Values as JSON has them, for every document that leaves the system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from math import isfinite, ulp
from struct import Struct

import numpy as np

from g6.domain.cycles.cycle import isoformat_z

DECIMALS = 4
"""Prices have two, indices up to four."""
LEAST_TAIL = 1e-10
"""How far a sum of prices may lie beside its decimals: an index of 85,000 is known to 1.5e-11."""


SCALE = 10.0**DECIMALS
NEAR = 2e-6
"""Twice the least tail in units of the last decimal."""
NEAR_SHARE = 1e-11
"""Twice what two steps of binary arithmetic are of a number, in units of the last decimal."""
SINGLE = Struct("f")
LARGEST_SINGLE = 3e38
PLAIN = frozenset({str, int, bool, type(None)})
"""Types whose values are JSON already."""


def plain_number(value: float) -> float:
    """Return a number without the tail that binary arithmetic leaves behind its decimals.

    A number that was stored in single precision has the decimals of that: no more are known.

    >>> plain_number(49.55000000000001), plain_number(0.0895123456789)
    (49.55, 0.0895123456789)
    >>> plain_number(22834.139624999996), plain_number(0.972000002861023)
    (22834.139625, 0.972)
    """
    # Most prices are whole, and most figures lie far from four decimals. To see that takes a third
    # of the time of rounding, which was a quarter of that in which a chain becomes JSON.
    if value.is_integer():
        return float(value)
    beside = value * SCALE % 1.0
    near_enough = NEAR + NEAR_SHARE * abs(value)
    if not near_enough < beside < 1.0 - near_enough:
        near = round(value, DECIMALS)
        # Zero is left alone: next to it lie gammas of 1e-11 that are no tails.
        tail = abs(value - near)
        if near and (tail <= LEAST_TAIL or tail <= 2 * ulp(value)):
            return near
    return _shorter(value)


def _shorter(value: float) -> float:
    """Return the number of fewer digits that a number of more than four decimals stands for."""
    # Two steps of binary arithmetic lie beyond twelve digits: a double has fifteen.
    near = float(f"{value:.12g}")
    if near == value:
        return near
    # Volatilities and Greeks are stored in single precision: of a liquidity of 0.972 documents had
    # 0.972000002861023.
    if abs(value) < LARGEST_SINGLE and SINGLE.unpack(SINGLE.pack(value))[0] == value:
        return float(str(np.float32(value)))
    return near if abs(value - near) <= 2 * ulp(value) else float(value)


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
    kind = type(value)
    if kind in PLAIN:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        # NaN is no JSON: json.dumps would write it, and other languages refuse the line.
        return plain_number(value) if isfinite(value) else None
    if isinstance(value, datetime):
        return isoformat_z(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.generic | np.ndarray):
        return json_plain(value.tolist())
    return _container(value)


def _container(value: object) -> object:
    """Return a mapping, a dataclass or a sequence as JSON has it, anything else as it is."""
    # A dictionary is asked for beside what it is one of: that takes a tenth of the time.
    if isinstance(value, dict | Mapping):
        return {
            name if type(name) is str else _key(name): (
                member if type(member) in PLAIN else json_plain(member)
            )
            for name, member in value.items()
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: json_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Sequence):
        return [json_plain(member) for member in value]
    return value


def _key(name: object) -> str:
    return name.isoformat() if isinstance(name, date) else str(name)
