"""What the files of an expiry day must show: the frozen index and its auction, the fix, expired contracts, the roll.

As a program, `make session`: runs `g6 demo --open-market --speed 60x` through whole sessions, an expiry of each exchange among
them, and holds the files against the session's grid and all this: `python -m tests.e2e.expiry.expiry_day [DAY,DAY]`, seven minutes each.
A busy machine may miss cycles; a row that says so is not wrong, a row that is not there is.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import g6
from g6.config import calendar
from g6.config.settings_model import SIX
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.market.calendar import Session
from g6.domain.market.instrument import INDICES
from tests.e2e.running import World
from tests.worlds.ledger_check import Ledgered, check, summary

DAYS = ("2026-11-18", "2026-11-19", "2026-11-23")
"""An ordinary day, a weekly expiry of SENSEX, the monthly expiries of NSE."""
MOST_SECONDS = 420.0
TICK = 0.05

Row = dict[str, str]


def rows_of(found: Ledgered, index: str) -> list[Row]:
    """Return the overview rows of an index that have figures, by time."""
    return [
        row
        for (_, name), row in sorted(found.rows.items())
        if name == index and row["status"] in ("OK", "PARTIAL")
    ]


def auction(rows: Sequence[Row], session: Session) -> Iterator[str]:
    """Yield what is wrong with the index from its freeze on: it stands still, jumps once, stands still; the future goes on."""
    assert session.index_freeze is not None
    assert session.index_resume is not None
    frozen = [row for row in rows if session.index_freeze <= parse_z(row["timestamp"])]
    waiting = [row for row in frozen if parse_z(row["timestamp"]) < session.settlement_fix]
    after = [row for row in frozen if parse_z(row["timestamp"]) >= session.index_resume]
    live = [row for row in rows if parse_z(row["timestamp"]) < session.index_freeze]
    if not waiting or not after or not live:
        yield f"{rows[0]['index'] if rows else 'nothing'}: too few rows about the auction"
        return
    index = rows[0]["index"]
    if {row["spot_source"] for row in frozen} != {"frozen"} or {
        row["spot_source"] for row in live
    } != {"live"}:
        yield f"{index}: spot_source is not live before 15:15 and frozen after"
    if len({row["spot"] for row in waiting}) != 1:
        yield f"{index}: the index moves while it is frozen"
    if len({row["spot"] for row in after}) != 1 or after[0]["spot"] == waiting[0]["spot"]:
        yield f"{index}: not one jump to the auction's price"
    if len({row["future"] for row in waiting}) < 2:
        yield f"{index}: the future stands still with the index"
    last = min(waiting, key=lambda row: abs(parse_z(row["timestamp"]) - session.settlement_fix))
    if abs(float(after[0]["spot"]) / float(last["forward"]) - 1) > 0.004:
        yield f"{index}: the auction's price {after[0]['spot']} is far from the forward {last['forward']}"


def expiry(directory: Path, rows: Sequence[Row], session: Session) -> Iterator[str]:
    """Yield what is wrong with contracts that expire on the day: alive to the fix, expired after it, the next in their place."""
    index, day = rows[0]["index"], session.day
    before = [row for row in rows if parse_z(row["timestamp"]) < session.settlement_fix]
    after = [row for row in rows if parse_z(row["timestamp"]) >= session.settlement_fix]
    if {row["expiry_nearest"] for row in before} != {day.isoformat()}:
        yield f"{index}: before the fix the nearest expiry is not {day}"
    if {row["expiry_nearest"] <= day.isoformat() for row in after} != {False}:
        yield f"{index}: after the fix the nearest expiry is still {day}"
    if len({row["expected_mask"] for row in rows}) != 1:
        yield f"{index}: what is expected changes within the session"
    table = g6.load(index, day, data_dir=directory, tz="UTC", expiry=day)
    for row in (before[-1], *after):
        yield from _chain(table, row, session, day)


def _chain(table: pd.DataFrame, row: Row, session: Session, day: date) -> Iterator[str]:
    at = parse_z(row["timestamp"])
    expiring = table[
        (table.timestamp == pd.Timestamp(at)) & (pd.to_datetime(table.expiry).dt.date == day)
    ]
    where = f"{row['timestamp']} {row['index']}"
    if expiring.empty:
        yield f"{where}: the expiring contracts are no longer collected"
        return
    listed = np.stack([expiring.ce_symbol, expiring.pe_symbol]) != ""
    status = np.stack([expiring.ce_iv_status, expiring.pe_iv_status])
    figures = expiring[
        [
            f"{side}_{name}"
            for side in ("ce", "pe")
            for name in ("iv", "delta", "gamma", "theta", "vega")
        ]
    ]
    if (expiring.dte != 0).any():
        yield f"{where}: dte of expiring contracts is not 0"
    if at < session.settlement_fix:
        left = (session.settlement_fix - at).total_seconds() / (365 * 86_400)
        if not np.allclose(expiring.years_to_expiry, left, rtol=1e-6):
            yield f"{where}: T does not count to the fix"
        if "ok" not in set(status[listed]):
            yield f"{where}: no expiring option has a volatility before the fix"
    elif (
        set(status[listed]) != {"expired"}
        or figures.notna().any().any()
        or (expiring.years_to_expiry > 0).any()
    ):
        yield f"{where}: contracts past their fix are not all expired"
    if np.isinf(figures.to_numpy(dtype=float)).any():
        yield f"{where}: a Greek is infinite"
    if at >= (session.index_resume or session.close):
        yield from _settled(expiring, float(row["spot"]), where)


def _settled(expiring: pd.DataFrame, price: float, where: str) -> Iterator[str]:
    """Options that are dealt after the fix are dealt at their intrinsic value of the auction's price."""
    strike = expiring.strike.to_numpy()
    for side, phi in (("ce", 1.0), ("pe", -1.0)):
        mid = (expiring[f"{side}_bid"] + expiring[f"{side}_ask"]).to_numpy() / 2
        off = np.abs(mid - np.maximum(phi * (price - strike), 0.0))
        if np.isfinite(off).sum() < 3 or np.nanmax(off) > TICK + 1e-6:
            yield f"{where}: {side} books do not stand at the intrinsic value"


def problems(directory: Path, found: Ledgered, day: str, indices: Sequence[str]) -> list[str]:
    """Return what is wrong with a day's files beyond the ledger check, as sentences; every index must have rows."""
    wrong: list[str] = []
    for index in indices:
        session = calendar().session(INDICES[index].exchange, date.fromisoformat(day))
        rows = rows_of(found, index)
        if session is None or not rows:
            wrong.append(f"{index}: no rows")
            continue
        wrong += auction(rows, session)
        if any(row["expiry_nearest"] == day for row in rows):
            wrong += expiry(directory, rows, session)
    return wrong


def whole_session(base: Path, day: str) -> list[str]:
    """Run a session of six indices at sixty times its pace; return what is wrong with it."""
    world = World(base)
    session = calendar().session("NSE", date.fromisoformat(day))
    assert session is not None
    began = time.monotonic()
    done = world.g6(
        "demo", "--speed", "60x", "--open-market", "--start", isoformat_z(session.open), seconds=900
    )
    took = time.monotonic() - began
    found = check(world.data, isoformat_z(session.open), isoformat_z(session.close), 60, SIX)
    sys.stdout.write(f"{day}: {took:.0f} s, {summary(found)}\n")
    counts = {index: sum(name == index for _, name in found.rows) for index in SIX}
    wrong = [f"{index}: {count} rows, not 386" for index, count in counts.items() if count != 386]
    wrong += [f"took {took:.0f} s, {MOST_SECONDS:g} s are allowed"] if took > MOST_SECONDS else []
    wrong += (
        []
        if done.returncode == 0
        else [f"g6 demo ended with {done.returncode}: {done.stderr[-500:]}"]
    )
    return [*wrong, *found.problems, *problems(world.data, found, day, SIX)]


def main() -> int:
    """Run the days named on the command line; return 1 when anything is wrong."""
    wrong = False
    for day in sys.argv[1].split(",") if len(sys.argv) > 1 else DAYS:
        with tempfile.TemporaryDirectory(prefix="g6-session-") as base:
            for problem in whole_session(Path(base), day):
                wrong = True
                sys.stdout.write(f"  {day}: {problem}\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
