"""Writes `g6/config/sessions.toml`: weekday closures from exchange-calendars' XBOM, everything else from the circulars named here.

    python tests/data/make_sessions.py            print it
    python tests/data/make_sessions.py --write    write it

XBOM knows no session on a weekend, no Muhurat and no era of hours; those stand below, each with its source.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import exchange_calendars

FIRST_YEAR, LAST_YEAR = 2023, 2026
TARGET = Path(__file__).resolve().parents[2] / "g6/config/sessions.toml"

NAMES = {
    "Republic Day": "2023-01-26 2024-01-26 2026-01-26",
    "Holi": "2023-03-07 2024-03-25 2025-03-14 2026-03-03",
    "Ram Navami": "2023-03-30 2024-04-17 2026-03-26",
    "Mahavir Jayanti": "2023-04-04 2025-04-10 2026-03-31",
    "Good Friday": "2023-04-07 2024-03-29 2025-04-18 2026-04-03",
    "Ambedkar Jayanti": "2023-04-14 2025-04-14 2026-04-14",
    "Maharashtra Day": "2023-05-01 2024-05-01 2025-05-01 2026-05-01",
    "Bakri Id": "2023-06-29 2024-06-17 2026-05-28",
    "Independence Day": "2023-08-15 2024-08-15 2025-08-15",
    "Ganesh Chaturthi": "2023-09-19 2025-08-27 2026-09-14",
    "Gandhi Jayanti": "2023-10-02 2024-10-02 2025-10-02 2026-10-02",
    "Dussehra": "2023-10-24 2026-10-20",
    "Diwali Balipratipada": "2023-11-14 2025-10-22 2026-11-10",
    "Guru Nanak Jayanti": "2023-11-27 2024-11-15 2025-11-05 2026-11-24",
    "Christmas": "2023-12-25 2024-12-25 2025-12-25 2026-12-25",
    "Ayodhya consecration": "2024-01-22",
    "Mahashivratri": "2024-03-08 2025-02-26",
    "Id-ul-Fitr": "2024-04-11 2025-03-31",
    "Parliamentary election in Mumbai": "2024-05-20",
    "Muharram": "2024-07-17 2026-06-26",
    "Diwali Laxmi Pujan": "2024-11-01 2025-10-21",
    "Assembly election in Maharashtra": "2024-11-20",
    "Municipal election in Maharashtra": "2026-01-15",
}

HEAD = f"""\
# Sessions of index derivatives on NSE and BSE; all times IST. Written by tests/data/make_sessions.py: change that, not this.
# Weekday closures agree with exchange-calendars' XBOM; hours and special sessions are from the circulars named beside them.
# A user's additions (an unscheduled closure, a new year, a confirmed Muhurat) go to config/sessions.local.toml, same format.
# The two exchanges have closed together on every day below; where one does not, use [holidays.BSE] or `exchanges = ["BSE"]`.

exchanges = ["NSE", "BSE"]
covered_years = {list(range(FIRST_YEAR, LAST_YEAR + 1))}

[[hours]]
since = 2000-01-01
pre_open = 09:00:00
open = 09:15:00
close = 15:30:00
settlement_fix = 15:30:00 # the index close: its constituents' average price of 15:00 to 15:30

# The closing auction: SEBI circular of 16 Jan 2026; NSE/CMTR/73362, NSE/CMTR/74466, NSE/FAOP/74467, live by NSE/FAOP/75472;
# BSE notice 20260610-41. The index stands still from 15:15; orders are matched from 15:30 to 15:35; contracts trade to 15:40.
[[hours]]
since = 2026-08-03
pre_open = 09:00:00
open = 09:15:00
index_freeze = 15:15:00
settlement_fix = 15:30:00
index_resume = 15:35:00
close = 15:40:00
"""

SPECIALS = """\
[[specials]]
day = 2023-11-12
name = "Muhurat"
pre_open = 18:00:00
open = 18:15:00
close = 19:15:00 # the exchanges' Muhurat circulars of October 2023

[[specials]]
day = 2024-01-20
name = "Saturday instead of Monday 22 January" # whole session, by the exchanges' notices of 19 January 2024

[[specials]]
day = 2024-03-02
name = "disaster recovery drill"
pre_open = 09:00:00
open = 09:15:00
breaks = [[10:00:00, 11:30:00]]
close = 12:30:00 # NSE circular of 14 February 2024: 09:15 to 10:00 and 11:30 to 12:30

[[specials]]
day = 2024-05-18
name = "disaster recovery drill"
pre_open = 09:00:00
open = 09:15:00
breaks = [[10:00:00, 11:30:00]]
close = 12:30:00 # NSE circular of 7 May 2024, hours as in March

[[specials]]
day = 2024-11-01
name = "Muhurat"
pre_open = 17:45:00
open = 18:00:00
close = 19:00:00 # the exchanges' Muhurat circulars of October 2024

[[specials]]
day = 2025-02-01
name = "Union Budget" # whole session on a Saturday: NSE and BSE circulars of 23 December 2024

[[specials]]
day = 2025-10-21
name = "Muhurat"
pre_open = 13:30:00
open = 13:45:00
close = 14:45:00 # NSE circular of 22 September 2025: in the afternoon

[[specials]]
day = 2026-02-01
name = "Union Budget" # whole session on a Sunday: the exchanges' circulars of January 2026

[[specials]]
day = 2026-11-08
name = "Muhurat"
pre_open = 18:00:00
open = 18:15:00
close = 19:15:00
provisional = true # the day is in NSE/CMTR/71775; the hours are those of 2023 until a circular gives them
"""


def closures() -> list[date]:
    """Return the weekdays without a regular session, by XBOM."""
    first, last = f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-12-31"
    calendar = exchange_calendars.get_calendar("XBOM", start=first, end=last)
    open_days = {session.date() for session in calendar.sessions}
    days = (
        date.fromordinal(n)
        for n in range(date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal() + 1)
    )
    return [day for day in days if day.weekday() < 5 and day not in open_days]


def sessions() -> str:
    """Return the whole file."""
    names = {date.fromisoformat(day): name for name, days in NAMES.items() for day in days.split()}
    closed = closures()
    if set(closed) != set(names):
        raise SystemExit(f"named and closed differ: {sorted(set(closed) ^ set(names))}")
    # 2023: NSE/CMTR/54757 as amended for 29 June; 2024: NSE/CMTR/59722 as amended for 22 Jan, 20 May and 20 Nov.
    lines = [f'{day} = "{names[day]}"' for day in closed]
    return (
        "\n".join(
            [
                HEAD,
                "# 2025: 14 days; 2026: 16 days, NSE/CMTR/71775 as amended by NSE/CMTR/72260.",
                "[holidays]",
                *lines,
                "",
                SPECIALS,
            ]
        ).rstrip()
        + "\n"
    )


if __name__ == "__main__":
    if "--write" in sys.argv:
        TARGET.write_text(sessions(), encoding="utf-8")
    else:
        sys.stdout.write(sessions())
