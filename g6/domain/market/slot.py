"""An expiry to collect: everything that is known of it before its quotes are priced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import nan

__all__ = ["Slot", "SlotLevels"]


@dataclass(frozen=True, slots=True)
class SlotLevels:
    """What a cycle leaves to the next one of an expiry.

    Attributes:
        atm: Strike at the money, points, NaN unknown.
        deviation: Points of one standard deviation to the fix, NaN unknown.
    """

    atm: float = nan
    deviation: float = nan


@dataclass(frozen=True, slots=True)
class Slot:
    """One expiry to collect, as its rules, the calendar and the latest cycle know it.

    Attributes:
        expiry: The date.
        bucket: The first rule that it answers, its own date where no rule asked for it.
        mask: Bits of all buckets that it answers, 0 for a custom rule.
        fix: When its settlement value is fixed, None where that is not known.
        close: Its last trading instant, None where that is not known.
        requested: Strikes that are asked for.
        atm: Strike at the money at the latest cycle analysed this session, NaN before the first.
        deviation: Points of one standard deviation to the fix at that cycle, NaN unknown. It sizes
            windows and no figure reads it, so that the header of a frame does not carry it.
    """

    expiry: date
    bucket: str
    mask: int
    fix: datetime | None = None
    close: datetime | None = None
    requested: int = 0
    atm: float = nan
    deviation: float = nan

    def remembering(self, levels: Mapping[date, SlotLevels]) -> Slot:
        """Return the slot with the levels of its expiry that the ledger remembers.

        >>> levels = {date(2026, 11, 24): SlotLevels(26000.0)}
        >>> Slot(date(2026, 11, 24), "this_week", 1).remembering(levels).atm
        26000.0
        """
        own = levels.get(self.expiry, SlotLevels())
        return replace(self, atm=own.atm, deviation=own.deviation)
