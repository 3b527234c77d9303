"""How many units a contract is, by its root, its expiry and the day on which it is quoted.

A revision reaches a contract when it is listed. The weeklies and serial months that are there
already keep their lot until they expire. Long-dated contracts (quarterlies and half-yearlies,
listed years ahead) are converted on a day of their own. A contract that no row covers has no lot
here: it is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Literal

from g6.domain.market.calendar import IST
from g6.domain.market.expiry import is_monthly
from g6.domain.market.instrument import INDICES
from g6.errors import UnknownLot

SeriesKind = Literal["weekly", "monthly", "long-dated"]

QUARTERLIES = frozenset(("NIFTY", "BANKNIFTY", "SENSEX"))
"""Roots that list March, June, September and December long before their serial turn."""
_QUARTER = 3


@dataclass(frozen=True, slots=True)
class Lot:
    """A revision of a lot: the contracts that it reached, and the source that says so.

    Attributes:
        units: Units of the underlying in one contract.
        quoted: The first day on which any contract has this lot.
        weekly: The first weekly expiry with it.
        monthly: The first monthly expiry with it.
        long_dated: The first day on which long-dated contracts of `monthly` and later have it.
        source: Circular, notice or file that says so.
        until: The last expiry this row speaks about.
    """

    units: int
    quoted: date
    weekly: date
    monthly: date
    long_dated: date
    source: str
    until: date = date.max

    def covers(self, expiry: date, on: date, kind: SeriesKind) -> bool:
        """Tell whether a contract has this lot on a day, if no later revision has reached it.

        Args:
            expiry: The contract's expiry.
            on: The day on which it is quoted.
            kind: What sort of contract it is.
        """
        first = self.weekly if kind == "weekly" else self.monthly
        begun = self.long_dated if kind == "long-dated" else self.quoted
        return begun <= on and first <= expiry <= self.until


_SOURCES = {
    "files-2018": "open interest of 29 expiry days from Jan 2018; an answer of 7 Aug 2020; "
    "present lot in NSE/FAOP/47854",
    "note-2019": "a trader's contract of 30 Nov 2019 (one source)",
    "present-2020": "present lot in NSE's circular of 31 Mar 2020: to the weekly of 23 Jul 2020",
    "faop-2020": "NSE circular of 31 Mar 2020: the monthly of 30 Jul 2020 and later; "
    "answers of 2020, 2022, 2023",
    "faop-2021": "NSE/FAOP/47854 of 31 Mar 2021",
    "launch-faop-2021": "launch of 11 Jan 2021; NSE/FAOP/47854 of 31 Mar 2021",
    "launch-2022": "contract specification at the launch of 24 Jan 2022",
    "faop-2023": "NSE circular of 31 Mar 2023, as reported on 1 Apr 2023",
    "bse-2023": "BSE notice of 28 Mar 2023: new contracts from 15 May 2023",
    "faop-2024": "NSE circular of 2 Apr 2024, by the broker's bulletin of that day",
    "nxt50": "contract specification at the launch of 24 Apr 2024",
    "faop-oct-2024": "NSE/FAOP/64625 of 18 Oct 2024",
    "bse-oct-2024": "BSE notice of Oct 2024 on SEBI/HO/MRD/TPD-1/P/CIR/2024/132, "
    "by brokers' tables of expiries",
    "faop-2025": "NSE circular of 28 Mar 2025",
    "faop-oct-2025": "NSE/FAOP/70616 of 3 Oct 2025",
}
# Root, units, first day quoted, first weekly, first monthly, long-dated from, last expiry of the
# row (- for none) and source. A line that begins with a blank says more of the source above it.
_REVISIONS = """
NIFTY       75 2018-01-01 2018-01-01 2018-01-01 2018-01-01 -          files-2018
NIFTY       50 2021-04-30 2021-08-01 2021-07-29 2021-06-25 -          faop-2021
    ; open interest of 267 expiry days
NIFTY       25 2024-04-26 2024-04-26 2024-04-26 2024-04-26 -          faop-2024
NIFTY       75 2024-11-20 2025-01-01 2025-02-01 2024-12-27 -          faop-oct-2024
    : long-dated after 26 Dec 2024
NIFTY       65 2025-10-29 2026-01-01 2026-01-01 2025-12-31 -          faop-oct-2025
    : long-dated after 30 Dec 2025
BANKNIFTY   20 2019-11-01 2019-11-01 2019-11-01 2019-11-01 2019-11-30 note-2019
BANKNIFTY   20 2020-01-01 2020-01-01 2020-01-01 2020-01-01 -          present-2020
BANKNIFTY   25 2020-05-04 2020-07-30 2020-07-30 2020-05-04 -          faop-2020
BANKNIFTY   15 2023-04-28 2023-08-01 2023-07-27 2023-07-01 -          faop-2023
    : long-dated to 30 Jun 2023 keep 25
BANKNIFTY   30 2024-11-20 2025-01-01 2025-02-01 2024-12-25 -          faop-oct-2024
    : long-dated after 24 Dec 2024
BANKNIFTY   35 2025-04-25 2025-07-31 2025-07-31 2025-04-25 -          faop-2025
    : quarterlies from 25 Apr 2025
BANKNIFTY   30 2025-10-29 2026-01-01 2026-01-01 2025-12-31 -          faop-oct-2025
    : long-dated after 30 Dec 2025
FINNIFTY    40 2021-01-11 2021-01-11 2021-01-11 2021-01-11 -          launch-faop-2021
FINNIFTY    25 2024-04-26 2024-08-01 2024-07-30 2024-04-26 -          faop-2024
    : first weekly 6 Aug 2024
FINNIFTY    65 2024-11-20 2025-01-01 2025-02-01 2024-11-20 -          faop-oct-2024
FINNIFTY    60 2025-10-29 2026-01-01 2026-01-01 2025-10-29 -          faop-oct-2025
MIDCPNIFTY  75 2022-01-24 2022-01-24 2022-01-24 2022-01-24 -          launch-2022
MIDCPNIFTY  50 2024-04-26 2024-08-01 2024-07-29 2024-04-26 -          faop-2024
    : first weekly 5 Aug 2024
MIDCPNIFTY 120 2024-11-20 2025-01-01 2025-02-01 2024-11-20 -          faop-oct-2024
MIDCPNIFTY 140 2025-04-25 2025-07-31 2025-07-31 2025-04-25 -          faop-2025
MIDCPNIFTY 120 2025-10-29 2026-01-01 2026-01-01 2025-10-29 -          faop-oct-2025
NIFTYNXT50  10 2024-04-24 2024-04-24 2024-04-24 2024-04-24 -          nxt50
NIFTYNXT50  25 2024-11-20 2025-01-01 2025-02-01 2024-11-20 -          faop-oct-2024
SENSEX      10 2023-05-15 2023-05-15 2023-05-15 2023-05-15 -          bse-2023
SENSEX      20 2024-11-20 2025-01-04 2025-02-01 2024-12-28 -          bse-oct-2024
    : weekly of 3 Jan 2025 keeps 10, long-dated after 27 Dec 2024
BANKEX      15 2023-05-15 2023-05-15 2023-05-15 2023-05-15 -          bse-2023
BANKEX      30 2024-11-20 2025-01-04 2025-02-01 2024-11-20 -          bse-oct-2024
"""


def _parse_revisions(table: str) -> dict[str, tuple[Lot, ...]]:
    """Return the lots of each root from the lines of a table."""
    lots: dict[str, tuple[Lot, ...]] = {}
    root = ""
    for line in table.strip().splitlines():
        if line.startswith(" "):
            *earlier, newest = lots[root]
            lots[root] = (*earlier, replace(newest, source=newest.source + line.strip()))
            continue
        root, units, quoted, weekly, monthly, long_dated, until, source = line.split()
        lot = Lot(
            units=int(units),
            quoted=date.fromisoformat(quoted),
            weekly=date.fromisoformat(weekly),
            monthly=date.fromisoformat(monthly),
            long_dated=date.fromisoformat(long_dated),
            source=_SOURCES[source],
            until=date.max if until == "-" else date.fromisoformat(until),
        )
        lots[root] = (*lots.get(root, ()), lot)
    return lots


HISTORY: Mapping[str, tuple[Lot, ...]] = MappingProxyType(_parse_revisions(_REVISIONS))
"""The revisions of each root's lot, oldest first. A later one that covers a contract wins."""

# The review of October 2026 takes effect with the contracts of January 2027, which are listed once
# those of 27 October 2026 have expired. Its result was not found. At 22,400 points NIFTY's lot is
# below the 15 lakh that it must be worth, so that a change is likely.
UNREVIEWED_EXPIRY = date(2027, 1, 1)
UNREVIEWED_FROM = date(2026, 10, 28)


def lots_on(root: str, on: date) -> tuple[Lot, ...]:
    """Return the revisions that contracts of a root have on a day, oldest first.

    Until a later revision has reached every contract there are several.

    >>> [lot.units for lot in lots_on("NIFTY", date(2025, 11, 18))]
    [75, 65]
    >>> [lot.units for lot in lots_on("NIFTY", date(2026, 11, 18))]
    [65]
    """
    history = HISTORY.get(root, ())
    lots = []
    for lot, later in zip(history, (*history[1:], None), strict=True):
        reached = date.max if later is None else max(later.weekly, later.monthly, later.long_dated)
        if lot.quoted <= on < reached and on <= lot.until:
            lots.append(lot)
    return tuple(lots)


def kind_of(root: str, expiry: date, on: date) -> SeriesKind:
    """Return what sort of contract an expiry is, as the exchange listed it on a day.

    >>> kind_of("NIFTY", date(2026, 12, 29), date(2026, 11, 20))
    'long-dated'
    """
    noon = datetime.combine(on, time(12), IST)
    if not is_monthly(expiry, INDICES[root].exchange, root, noon):
        return "weekly"
    return "long-dated" if root in QUARTERLIES and expiry.month % _QUARTER == 0 else "monthly"


def lot_row(root: str, expiry: date, on: date) -> Lot | None:
    """Return the revision that says how many units a contract is, None where none covers it.

    A contract that had expired by the day has the lot that it expired with.

    >>> lot_row("NIFTY", date(2026, 1, 27), date(2026, 1, 2)).source
    'NSE/FAOP/70616 of 3 Oct 2025: long-dated after 30 Dec 2025'
    """
    on = min(on, expiry)
    if root not in HISTORY or (expiry >= UNREVIEWED_EXPIRY and on >= UNREVIEWED_FROM):
        return None
    kind = kind_of(root, expiry, on)
    return next((lot for lot in reversed(HISTORY[root]) if lot.covers(expiry, on, kind)), None)


def lot_of(root: str, expiry: date, on: date) -> int:
    """Return the units of one contract.

    Args:
        root: The index.
        expiry: The contract's expiry.
        on: The day on which it is quoted.

    Raises:
        UnknownLot: No circular or file that is known here covers the contract.

    >>> lot_of("NIFTY", date(2021, 7, 22), date(2021, 7, 20))
    75
    >>> lot_of("NIFTY", date(2021, 7, 29), date(2021, 7, 20))
    50
    """
    row = lot_row(root, expiry, on)
    if row is None:
        raise UnknownLot(root, expiry, on, _why(root, expiry, on))
    return row.units


def _why(root: str, expiry: date, on: date) -> str:
    """Return why the known lots of a root say nothing of a contract."""
    if root not in HISTORY:
        return f"lots are known of {', '.join(HISTORY)}"
    if expiry >= UNREVIEWED_EXPIRY:
        return (
            "the exchanges' review of October 2026 governs contracts from "
            f"{UNREVIEWED_EXPIRY}, and its result is not known here"
        )
    rows = HISTORY[root]
    first = min(min(row.weekly, row.monthly) for row in rows)
    if expiry < first:
        return f"the table of {root} begins with expiries of {first}"
    quoted = min(row.quoted for row in rows)
    if on < quoted:
        return f"the table of {root} begins on {quoted}"
    return f"no source covers expiries of {root} around {expiry}"
