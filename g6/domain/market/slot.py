"""An expiry to collect: everything that is known of it before its quotes are priced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import nan

__all__ = ["Slot", "deviation_key"]


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

    def remembering(self, levels: Mapping[str, float]) -> Slot:
        """Return the slot with the levels that the ledger remembers of it, by its text keys.

        >>> Slot(date(2026, 11, 24), "this_week", 1).remembering({"2026-11-24": 26000.0}).atm
        26000.0
        """
        return replace(
            self,
            atm=levels.get(self.expiry.isoformat(), nan),
            deviation=levels.get(deviation_key(self.expiry), nan),
        )


def deviation_key(expiry: date) -> str:
    """Return the name under which the ledger keeps an expiry's deviation, beside its ATM.

    >>> deviation_key(date(2026, 11, 24))
    '2026-11-24:sd'
    """
    return f"{expiry.isoformat()}:sd"
