"""Trade times and listings that successive snapshots tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.replay import Recording, Replay
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.bootstrap.inprocess import replay_units
from g6.config import Settings, calendar, plan

Rows = list[dict[str, Any]]
Write = Callable[..., Path]


def _at(rows: Rows, minute: int) -> Rows:
    return [row for row in rows if row["timestamp"].startswith(f"2026-08-19T11:{27 + minute}")]


def test_a_trade_is_known_from_the_change_of_volume(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    recording = Recording.open(table_file(rows))
    times = [recording.snapshot("NIFTY", at).values["last_trade_time"] for at in instants]  # type: ignore[union-attr]
    assert np.isnan(times[0]).all()
    assert times[1][0, 2] == instants[1].timestamp()
    assert np.isnan(times[1][0, 1])
    assert times[2][0, 2] == times[2][0, 1] == instants[2].timestamp()


def test_the_order_of_asking_changes_nothing(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    path = table_file(rows)
    forward, backward = Recording.open(path), Recording.open(path)
    there = [forward.snapshot("NIFTY", at) for at in instants]
    back = [backward.snapshot("NIFTY", at) for at in reversed(instants)][::-1]
    for one, other in zip(there, back, strict=True):
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(
            one.values["last_trade_time"], other.values["last_trade_time"]
        )


def test_a_contract_that_falls_silent_stays_listed(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    silent = [
        row for row in _at(rows, 1) if not (row["strike"] == 24_000 and row["option_type"] == "CE")
    ]
    recording = Recording.open(table_file(_at(rows, 0) + silent + _at(rows, 2)))
    seen = recording.snapshot("NIFTY", instants[1])
    assert seen is not None
    assert seen.contracts.symbol[0, 1] == "NIFTY-2026-08-25-24000-CE"
    assert np.isnan(seen.values["last"][0, 1])
    assert np.isfinite(seen.values["last"][1, 1])
    after = recording.snapshot("NIFTY", instants[2])
    assert after is not None
    assert after.values["last_trade_time"][0, 1] == instants[2].timestamp()


def test_a_new_strike_is_listed_from_then_on(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    early = [row for row in _at(rows, 0) if row["strike"] != 24_300]
    recording = Recording.open(table_file(early + _at(rows, 1) + _at(rows, 2)))
    before, after = (recording.snapshot("NIFTY", at) for at in instants[:2])
    assert before is not None
    assert after is not None
    assert (len(before.contracts), len(after.contracts)) == (12, 15)
    assert np.isnan(after.values["last_trade_time"][0, 4])


def test_a_new_day_begins_without_a_past(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    tomorrow = [
        row | {"timestamp": row["timestamp"].replace("08-19", "08-20"), "volume_contracts": 1.0}
        for row in _at(rows, 0)
    ]
    recording = Recording.open(table_file([*rows, *tomorrow[:10]]))
    seen = recording.snapshot("NIFTY", instants[0] + timedelta(days=1))
    assert seen is not None
    assert len(seen.contracts) == 5
    assert np.isnan(seen.values["last_trade_time"]).all()


def _later(rows: Rows, seconds: float) -> Rows:
    return [
        row
        | {
            "timestamp": (
                datetime.fromisoformat(row["timestamp"]) + timedelta(seconds=seconds)
            ).isoformat()
        }
        for row in rows
    ]


@pytest.mark.parametrize(("gap", "known"), [(60, True), (300, True), (301, False), (1_800, False)])
def test_a_trade_within_a_gap_has_no_time(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...], gap: int, known: bool
) -> None:
    recording = Recording.open(
        table_file(_at(rows, 0) + _at(rows, 1) + _later(_at(rows, 2), gap - 60))
    )
    seen = recording.snapshot("NIFTY", recording.cycles()[2])
    assert seen is not None
    moved = seen.values["last_trade_time"][0, 2]
    assert np.isfinite(moved) == known
    assert seen.values["volume"][0, 2] == 102 * 65


def test_a_longer_age_is_believed_where_it_is_asked_for(rows: Rows, table_file: Write) -> None:
    path = table_file(_at(rows, 0) + _later(_at(rows, 2), 1_800))
    recording = Recording.open(path, max_trade_age=3_600)
    seen = recording.snapshot("NIFTY", recording.cycles()[1])
    assert seen is not None
    assert np.isfinite(seen.values["last_trade_time"]).any()


def test_a_contract_that_was_away_has_no_time_of_its_trade(rows: Rows, table_file: Write) -> None:
    def without(part: Rows) -> Rows:
        return [row for row in part if not (row["strike"] == 24_100 and row["option_type"] == "CE")]

    table = (
        _at(rows, 0)
        + [row for n in range(1, 7) for row in without(_later(_at(rows, 0), 60 * n))]
        + _later(_at(rows, 2), 300)
    )
    recording = Recording.open(table_file(table))
    seen = recording.snapshot("NIFTY", recording.cycles()[-1])
    assert seen is not None
    assert np.isnan(seen.values["last_trade_time"][0, 2])
    assert np.isfinite(seen.values["last_trade_time"][1, 2])


def _moving(steps: int, half: int, *, lost: tuple[int, float] | None = None) -> Rows:
    """A table of `half` strikes on each side of the money, which climbs a strike a minute; one strike may be lost at one minute."""
    table = []
    for minute in range(steps):
        money = 24_000 + 50 * minute
        for strike in range(money - 50 * half, money + 50 * half + 1, 50):
            if lost != (minute, strike):
                table += [
                    {
                        "timestamp": f"2026-09-11T10:{minute:02}:00", "symbol": "NIFTY", "expiry": "2026-09-15",
                        "strike": float(strike),
                        "option_type": side, "spot": money + 3.0,
                        "ltp": 100.0 + max(0, (money - strike) * (1 if side == "CE" else -1)),
                        "volume": 65_000.0, "oi": 130_000.0,
                    }
                    for side in ("CE", "PE")
                ]  # fmt: skip
    return table


def _strikes(path: Path, minute: int, layout: TableLayout | None = None) -> list[float]:
    recording = Recording.open(path, layout=layout)
    seen = recording.snapshot("NIFTY", recording.cycles()[minute])
    assert seen is not None
    return list(seen.contracts.strike.tolist())


@pytest.mark.parametrize("half", [1, 5, 10])
def test_a_window_that_moves_with_the_money_leaves_no_holes(table_file: Write, half: int) -> None:
    path = table_file(_moving(20, half))
    for minute in (0, 7, 19):
        assert len(_strikes(path, minute)) == 2 * half + 1


@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("offset", [-5, 0, 2, 4])
def test_a_strike_that_a_moving_window_lacks_is_a_hole(
    table_file: Write, offset: int, declared: bool
) -> None:
    strike = 24_000 + 50 * (9 + offset)
    path = table_file(_moving(20, 5, lost=(9, strike)))
    layout = TableLayout(window=5) if declared else None
    recording = Recording.open(path, layout=layout)
    seen = recording.snapshot("NIFTY", recording.cycles()[9])
    assert seen is not None
    assert strike in seen.contracts.strike
    assert len(seen.contracts) == 11
    assert np.isnan(seen.values["last"][0, seen.contracts.strike.tolist().index(strike)])


def test_strikes_that_do_not_move_stay_listed(table_file: Write) -> None:
    still = _moving(1, 5)
    table = [*still, *[row for row in _later(still, 60) if row["strike"] < 24_100]]
    assert len(_strikes(table_file(table), 1)) == 11


def test_a_cycle_of_a_moving_window_is_ok(table_file: Write) -> None:
    provider = Replay(Recording.open(table_file(_moving(12, 5, lost=(9, 24_450)))))
    rows = [done.row for done in replay_units(provider.recording, plan(Settings()), calendar())]
    assert [row["status"] for row in rows] == ["OK"] * 9 + ["PARTIAL"] + ["OK"] * 2
