"""`g6 compare parity` and `g6 compare exchange-iv` over small recordings."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6.domain.pricing.black76 import PHI, price

EXPIRY, SPOT, RATE = date(2026, 8, 25), 24_050.0, 0.055
STRIKES = np.arange(23_500.0, 24_601.0, 50.0)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Three minutes of one expiry: flat volatility of 12 % on a forward 40 above the index, every option trades every minute."""
    rows: list[dict[str, Any]] = []
    for minute in range(3):
        years = (6 * 86_400 + 4 * 3_600 + (3 - minute) * 60) / (365 * 86_400)
        worth = price(0.12, SPOT + 40, STRIKES, years, RATE, PHI)
        rows += [
            {
                "timestamp": f"2026-08-19T11:{27 + minute}:00+05:30", "symbol": "NIFTY", "expiry": EXPIRY.isoformat(),
                "strike": float(strike), "option_type": side, "spot": SPOT, "ltp": float(worth[row, place]),
                "volume": 65.0 * (minute + 1), "oi": 6_500.0 + 65 * row, "exchange_iv_pct": 12.0,
            }
            for place, strike in enumerate(STRIKES)
            for row, side in enumerate(("CE", "PE"))
        ]  # fmt: skip
    path = tmp_path / "flat.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_parity_finds_the_forward_and_agreeing_sides(g6: Any, recording: Path) -> None:
    answer = g6("compare", "parity", "--recording", str(recording), "--json")
    (found,) = json.loads(answer.out)
    assert found["forward_less_spot"] == pytest.approx([40, 40], abs=1e-6)
    assert found["gap_median"] < 1e-6
    assert found["gap_strikes"] == 2 * 21
    assert found["gap_on_spot_median"] > 0.1
    assert (found["puts_first"], found["calls_first"]) == (101 * 23, 100 * 23)
    assert found["atm"] == [["11:27:00", 24_100.0]]


def test_the_parity_table_fits_a_terminal(g6: Any, recording: Path) -> None:
    shown = g6("compare", "parity", "--recording", str(recording)).out
    assert "NIFTY 25 Aug 2026" in shown
    assert "2,323 put / 2,300 call contracts" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_table_with_the_exchanges_volatility_is_compared(g6: Any, recording: Path) -> None:
    answer = g6("compare", "exchange-iv", str(recording), "--model", "bse", "--json")
    first = json.loads(answer.out)[0]
    assert (first["options"], first["model"], first["totals"]) == (2 * len(STRIKES), "bse", {})
    assert first["within"] < first["options"]


def test_the_comparison_with_the_exchange_is_a_sentence_a_cycle(g6: Any, recording: Path) -> None:
    shown = g6("compare", "exchange-iv", str(recording)).out
    assert shown.count("options within 0.011 volatility points") == 3


def test_a_parity_without_recording_says_how_to_name_one(g6: Any) -> None:
    answer = g6("compare", "parity")
    assert answer.code == 2
    assert "--recording PATH" in answer.err


def test_a_missing_recording_is_a_sentence(g6: Any, tmp_path: Path) -> None:
    answer = g6("compare", "exchange-iv", str(tmp_path / "none.json"))
    assert answer.code == 2
    assert "is not there" in answer.err


@pytest.fixture
def polls(tmp_path: Path) -> Path:
    """Two polls of one answer of the exchange's present shape, and an empty one; one put has another strike than its row."""
    legs = {
        (strike, side): {
            "underlying": "NIFTY", "expiryDate": "25-08-2026", "strikePrice": strike, "openInterest": 100, "lastPrice": 100.0,
            "impliedVolatility": 12.0, "totalTradedVolume": 10, "changeinOpenInterest": 1,
        }
        for strike in (24_000, 24_050, 24_100) for side in ("CE", "PE")
    }  # fmt: skip
    legs[24_050, "PE"]["strikePrice"] = 24_500
    data = [
        {
            "expiryDates": "25-Aug-2026",
            "strikePrice": strike,
            "CE": legs[strike, "CE"],
            "PE": legs[strike, "PE"],
        }
        for strike in (24_000, 24_050, 24_100)
    ]
    answer = {"records": {"timestamp": "19-Aug-2026 11:27:00", "underlyingValue": 0, "data": data}}
    for name, document in (("1127", answer), ("1128", answer), ("1129", {})):
        (tmp_path / f"{name}.json").write_text(json.dumps(document), "utf-8")
    return tmp_path


def test_what_a_recording_was_read_without_is_told_beside_the_answer(g6: Any, polls: Path) -> None:
    answer = g6("compare", "exchange-iv", str(polls), "--json")
    assert len(json.loads(answer.out)) == 1
    assert "not read: 1127.json, row 2: PE has the strike 24500 in the row of 24050" in answer.err
    assert "not read: 1128.json: is a copy: 1127.json" in answer.err
    assert (
        "damaged files, rows or figures 2, files without an answer 1, copies of what was there already 1"
        in answer.err
    )


def test_strict_refuses_it_with_its_name(g6: Any, polls: Path) -> None:
    answer = g6("compare", "exchange-iv", str(polls), "--strict")
    assert answer.code == 2
    assert "1127.json, row 2: PE has the strike" in answer.err
    assert "fix: leave --strict away" in answer.err
