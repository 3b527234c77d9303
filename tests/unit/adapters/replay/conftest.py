"""A market of plain formulas and its recordings in every shape: three expiries, five strikes, a minute apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from math import exp
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from g6.domain.market.calendar import IST

FIRST = datetime(2026, 8, 19, 5, 57, tzinfo=UTC)
EXPIRIES = (date(2026, 8, 25), date(2026, 9, 1), date(2026, 9, 8))
STRIKES = (23_900, 24_000, 24_100, 24_200, 24_300)
SPOT = 24_052.4

Row = dict[str, Any]


def _row(minute: int, expiry: date, strike: int, side: str) -> Row:
    """One option: the forward is 10 points a day above the index; the 24,100 call trades every minute, the others once at 05:59."""
    days = (expiry - FIRST.date()).days
    forward, discount = SPOT + 10 * days, exp(-0.055 * days / 365)
    put = max(strike - forward, 0.0) + 40 * days**0.5 * exp(-(((strike - forward) / 400) ** 2))
    price = put + discount * (forward - strike) if side == "CE" else put
    volume = 100 + (minute if (strike, side) == (24_100, "CE") else minute // 2)
    return {
        "timestamp": (FIRST + timedelta(minutes=minute)).astimezone(IST).isoformat(),
        "symbol": "NIFTY50",
        "expiry": expiry.isoformat(),
        "strike": float(strike),
        "option_type": side,
        "spot": SPOT,
        "ltp": round(max(price, 0.05), 2),
        "volume_contracts": float(volume),
        "oi_contracts": float(strike - 23_000 if side == "PE" else 25_000 - strike),
    }


@pytest.fixture
def rows() -> list[Row]:
    """The rows of a table of three minutes."""
    return [
        _row(minute, expiry, strike, side)
        for minute in range(3)
        for expiry in EXPIRIES
        for strike in STRIKES
        for side in ("CE", "PE")
    ]


@pytest.fixture
def table_file(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a table; the suffix of the name says which kind."""

    def write(rows: Iterable[Row], name: str = "day.parquet") -> Path:
        path, table = tmp_path / name, pa.Table.from_pylist(list(rows))
        if path.suffix == ".csv":
            pa_csv.write_csv(table, path)
        else:
            pq.write_table(table, path)
        return path

    return write


def _answer(minute: int) -> dict[str, Any]:
    entries: dict[tuple[date, int], dict[str, Any]] = {}
    for expiry in EXPIRIES:
        for strike in STRIKES:
            entry = entries[expiry, strike] = {
                "strikePrice": strike,
                "expiryDate": f"{expiry:%d-%b-%Y}",
            }
            for side in ("CE", "PE"):
                row = _row(minute, expiry, strike, side)
                entry[side] = {
                    "strikePrice": strike,
                    "expiryDate": entry["expiryDate"],
                    "underlying": "NIFTY",
                    "identifier": f"OPT{expiry:%d%m%Y}{side}{strike}",
                    "openInterest": row["oi_contracts"],
                    "changeinOpenInterest": 10,
                    "totalTradedVolume": int(row["volume_contracts"]),
                    "impliedVolatility": 0,
                    "lastPrice": row["ltp"],
                    "bidQty": 65,
                    "bidprice": row["ltp"] - 0.05,
                    "askQty": 0,
                    "askPrice": 0,
                    "underlyingValue": SPOT,
                }
    nearest = [entry for (expiry, _), entry in entries.items() if expiry == EXPIRIES[0]]
    at = (FIRST + timedelta(minutes=minute)).astimezone(IST)
    return {
        "records": {
            "timestamp": f"{at:%d-%b-%Y %H:%M:%S}",
            "underlyingValue": SPOT,
            "data": list(entries.values()),
        },
        "filtered": {
            "data": nearest,
            **{
                side: {"totOI": sum(entry[side]["openInterest"] for entry in nearest)}
                for side in ("CE", "PE")
            },
        },
    }


@pytest.fixture
def answer() -> Callable[[int], dict[str, Any]]:
    """Make the exchange's answer of one minute."""
    return _answer


@pytest.fixture
def answers_dir(tmp_path: Path) -> Path:
    """A directory of the exchange's answers, one a minute."""
    directory = tmp_path / "answers"
    directory.mkdir()
    for minute in range(3):
        (directory / f"NIFTY_{minute}.json").write_text(json.dumps(_answer(minute)), "utf-8")
    return directory


@pytest.fixture
def instants() -> tuple[datetime, ...]:
    """The instants of every recording here."""
    return tuple(FIRST + timedelta(minutes=minute) for minute in range(3))


@pytest.fixture
def changed() -> Callable[..., list[Row]]:
    """Return rows with values of one of them replaced."""

    def change(rows: list[Row], number: int, values: Mapping[str, Any]) -> list[Row]:
        return [{**row, **values} if n == number else row for n, row in enumerate(rows, start=1)]

    return change


@pytest.fixture
def near() -> Callable[[], list[Row]]:
    """Make the rows of one instant of a table in units: three strikes at the money on 11 September 2026, 15:20."""

    def make() -> list[Row]:
        prices = {23_350: (155.5, 85.5), 23_400: (127.6, 107.6), 23_450: (103.05, 133.05)}
        return [
            {
                "timestamp": "2026-09-11T15:20:00", "symbol": "NIFTY", "expiry": "2026-09-15", "strike": float(strike),
                "option_type": side, "spot": 23_398.1, "ltp": price, "volume": 65_000.0, "oi": 130_000.0, "bid": price - 0.05,
                "ask": price + 0.05,
            }
            for strike, pair in prices.items()
            for side, price in zip(("CE", "PE"), pair, strict=True)
        ]  # fmt: skip

    return make
