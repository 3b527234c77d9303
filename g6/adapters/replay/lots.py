"""How many units a contract is, by root, expiry and trading day: sources that count contracts are multiplied by this.

Sources: NSE/FAOP/64625 (Oct 2024), the circular of 28 Mar 2025, NSE/FAOP/70616 (3 Oct 2025); earlier changes and BSE's from
contract masters of the time. A change reaches a contract when it is listed: the four weeklies and three serial months that were
there already keep their lot, and long-dated ones are converted on a day of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from g6.domain.expiry import is_monthly
from g6.domain.instrument import INDICES

LONG_DATED = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Lot:
    """`units` of contracts listed from `since` on that expire from these days on; long-dated ones change on the day `converted`."""

    units: int
    since: date = date.min
    weekly: date = date.min
    monthly: date = date.min
    converted: date = date.min

    def holds(self, expiry: date, on: date, *, monthly: bool) -> bool:
        """Tell whether a contract has this lot, if no later change has reached it."""
        begun = self.since if expiry - on <= LONG_DATED else max(self.since, self.converted)
        return on >= begun and expiry >= (self.monthly if monthly else self.weekly)


_APR_2024 = (date(2024, 4, 26), date(2024, 5, 2), date(2024, 5, 30), date(2024, 4, 26))
_JUL_2024 = (date(2024, 4, 26), date(2024, 7, 1), date(2024, 7, 1), date(2024, 4, 26))
_NOV_2024 = (date(2024, 11, 20), date(2025, 1, 1), date(2025, 2, 1), date(2024, 12, 26))
_JUL_2025 = (date(2025, 4, 25), date(2025, 7, 1), date(2025, 7, 1), date(2025, 4, 25))
_JAN_2026 = (date(2025, 10, 3), date(2026, 1, 1), date(2026, 1, 1), date(2025, 12, 31))

HISTORY: Mapping[str, tuple[Lot, ...]] = MappingProxyType(
    {
        "NIFTY": (Lot(50), Lot(25, *_APR_2024), Lot(75, *_NOV_2024), Lot(65, *_JAN_2026)),
        "BANKNIFTY": (
            Lot(25),
            Lot(15, date(2023, 4, 28), date(2023, 7, 1), date(2023, 7, 1), date(2023, 4, 28)),
            Lot(30, date(2024, 11, 20), date(2025, 1, 1), date(2025, 2, 1), date(2024, 12, 24)),
            Lot(35, *_JUL_2025),
            Lot(30, *_JAN_2026),
        ),
        "FINNIFTY": (Lot(40), Lot(25, *_JUL_2024), Lot(65, *_NOV_2024), Lot(60, *_JAN_2026)),
        "MIDCPNIFTY": (Lot(75), Lot(50, *_JUL_2024), Lot(120, *_NOV_2024), Lot(140, *_JUL_2025), Lot(120, *_JAN_2026)),
        "NIFTYNXT50": (Lot(10), Lot(25, *_NOV_2024)),
        "SENSEX": (Lot(10), Lot(20, *_NOV_2024)),
        "BANKEX": (Lot(15), Lot(30, *_NOV_2024)),
    }
)
"""The changes of each root's lot, oldest first; a later one that holds beats an earlier one."""


def lot_of(root: str, expiry: date, on: date) -> int:
    """Return the units of one contract of `root` that expires on `expiry`, as of the trading day `on`. `root` is one of INDICES."""
    monthly = is_monthly(expiry, INDICES[root].exchange, root)
    return next(lot.units for lot in reversed(HISTORY[root]) if lot.holds(expiry, on, monthly=monthly))
