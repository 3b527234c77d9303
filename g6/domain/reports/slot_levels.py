"""The levels that a cycle leaves to the next one, as reports and the ledger write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from math import isfinite

from g6.domain.market.slot import SlotLevels
from g6.domain.schema.json_reading import number
from g6.domain.schema.json_types import Document

__all__ = ["atm_to_json", "deviations_to_json", "levels_from_json"]

# The ATM has the bare date: that is what a ledger held before windows were sized by deviations,
# and workers of both versions go on with each other's cycles.
_DEVIATION_SUFFIX = ":sd"


def atm_to_json(levels: Mapping[date, SlotLevels]) -> dict[str, float]:
    """Return the strikes at the money that are known, by ISO expiry.

    >>> atm_to_json({date(2026, 11, 24): SlotLevels(26000.0)})
    {'2026-11-24': 26000.0}
    """
    return {expiry.isoformat(): own.atm for expiry, own in levels.items() if isfinite(own.atm)}


def deviations_to_json(levels: Mapping[date, SlotLevels]) -> dict[str, float]:
    """Return the standard deviations that are known, by ISO expiry and a suffix.

    >>> deviations_to_json({date(2026, 11, 24): SlotLevels(deviation=210.5)})
    {'2026-11-24:sd': 210.5}
    """
    deviations: dict[str, float] = {}
    for expiry, own in levels.items():
        if isfinite(own.deviation):
            deviations[f"{expiry.isoformat()}{_DEVIATION_SUFFIX}"] = own.deviation
    return deviations


def levels_from_json(*documents: Document) -> dict[date, SlotLevels]:
    """Read what the two functions above wrote, from one mapping or from several.

    >>> levels_from_json({"2026-11-24": 26000.0, "2026-11-24:sd": 210.5})
    {datetime.date(2026, 11, 24): SlotLevels(atm=26000.0, deviation=210.5)}
    """
    levels: dict[date, SlotLevels] = {}
    for document, name in ((each, name) for each in documents for name in each):
        level = number(document, name)
        expiry = date.fromisoformat(name.removesuffix(_DEVIATION_SUFFIX))
        before = levels.get(expiry, SlotLevels())
        if name.endswith(_DEVIATION_SUFFIX):
            levels[expiry] = replace(before, deviation=level)
        else:
            levels[expiry] = replace(before, atm=level)
    return levels
