"""Trade times and listings that successive snapshots tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from g6.adapters.replay import Recording

Rows = list[dict[str, Any]]
Write = Callable[..., Path]


def _at(rows: Rows, minute: int) -> Rows:
    return [row for row in rows if row["timestamp"].startswith(f"2026-08-19T11:{27 + minute}")]


def test_a_trade_is_known_from_the_change_of_volume(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    recording = Recording.open(table_file(rows))
    times = [recording.snapshot("NIFTY", at).values["last_trade_time"] for at in instants]  # type: ignore[union-attr]
    assert np.isnan(times[0]).all()
    assert times[1][0, 2] == instants[1].timestamp()
    assert np.isnan(times[1][0, 1])
    assert times[2][0, 2] == times[2][0, 1] == instants[2].timestamp()


def test_the_order_of_asking_changes_nothing(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    path = table_file(rows)
    forward, backward = Recording.open(path), Recording.open(path)
    there = [forward.snapshot("NIFTY", at) for at in instants]
    back = [backward.snapshot("NIFTY", at) for at in reversed(instants)][::-1]
    for one, other in zip(there, back, strict=True):
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(one.values["last_trade_time"], other.values["last_trade_time"])


def test_a_contract_that_falls_silent_stays_listed(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    silent = [row for row in _at(rows, 1) if not (row["strike"] == 24_000 and row["option_type"] == "CE")]
    recording = Recording.open(table_file(_at(rows, 0) + silent + _at(rows, 2)))
    seen = recording.snapshot("NIFTY", instants[1])
    assert seen is not None
    assert seen.contracts.symbol[0, 1] == "NIFTY-2026-08-25-24000-CE"
    assert np.isnan(seen.values["last"][0, 1])
    assert np.isfinite(seen.values["last"][1, 1])
    after = recording.snapshot("NIFTY", instants[2])
    assert after is not None
    assert after.values["last_trade_time"][0, 1] == instants[2].timestamp()


def test_a_new_strike_is_listed_from_then_on(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    early = [row for row in _at(rows, 0) if row["strike"] != 24_300]
    recording = Recording.open(table_file(early + _at(rows, 1) + _at(rows, 2)))
    before, after = (recording.snapshot("NIFTY", at) for at in instants[:2])
    assert before is not None
    assert after is not None
    assert (len(before.contracts), len(after.contracts)) == (12, 15)
    assert np.isnan(after.values["last_trade_time"][0, 4])


def test_a_new_day_begins_without_a_past(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    tomorrow = [row | {"timestamp": row["timestamp"].replace("08-19", "08-20"), "volume_contracts": 1.0} for row in _at(rows, 0)]
    recording = Recording.open(table_file([*rows, *tomorrow[:10]]))
    seen = recording.snapshot("NIFTY", instants[0] + timedelta(days=1))
    assert seen is not None
    assert len(seen.contracts) == 5
    assert np.isnan(seen.values["last_trade_time"]).all()
