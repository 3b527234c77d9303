"""A lot belongs to a contract: root, expiry, and the day on which it is quoted."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from g6.domain.market.lots import HISTORY, Lot, lot_of, lot_row
from g6.errors import UnknownLot

# root, expiry, quoted on, units: both sides of every revision, for weeklies, serial months and long-dated contracts
CONTRACTS = """
NIFTY 2018-01-25 2018-01-10 75
NIFTY 2019-06-27 2019-06-03 75
NIFTY 2020-08-06 2020-08-05 75
NIFTY 2021-06-24 2021-06-01 75
NIFTY 2021-07-15 2021-07-08 75
NIFTY 2021-07-22 2021-07-20 75
NIFTY 2021-07-29 2021-05-03 50
NIFTY 2021-08-05 2021-07-02 50
NIFTY 2021-08-26 2021-06-25 50
NIFTY 2021-09-30 2021-06-24 75
NIFTY 2021-09-30 2021-06-25 50
NIFTY 2021-12-30 2021-03-01 75
NIFTY 2022-04-07 2022-04-01 50
NIFTY 2024-04-25 2024-04-25 50
NIFTY 2024-05-02 2024-04-25 50
NIFTY 2024-05-02 2024-04-29 25
NIFTY 2024-05-30 2024-04-25 50
NIFTY 2024-05-30 2024-04-26 25
NIFTY 2024-12-26 2024-04-26 25
NIFTY 2024-11-28 2024-11-25 25
NIFTY 2024-12-19 2024-12-18 25
NIFTY 2024-12-26 2024-12-20 25
NIFTY 2025-01-02 2024-12-05 75
NIFTY 2025-01-30 2025-01-20 25
NIFTY 2025-02-27 2024-12-02 75
NIFTY 2025-03-27 2024-12-24 25
NIFTY 2025-03-27 2024-12-26 25
NIFTY 2025-03-27 2024-12-27 75
NIFTY 2025-06-26 2024-12-10 25
NIFTY 2025-06-26 2024-12-30 75
NIFTY 2025-08-28 2025-08-28 75
NIFTY 2025-12-30 2025-12-29 75
NIFTY 2026-01-06 2025-12-29 65
NIFTY 2026-01-27 2025-11-03 65
NIFTY 2026-03-30 2025-12-30 75
NIFTY 2026-03-30 2025-12-31 65
NIFTY 2026-08-25 2026-08-19 65
NIFTY 2031-06-24 2026-08-18 65
NIFTY 2026-12-29 2026-11-28 65
BANKNIFTY 2019-11-28 2019-11-20 20
BANKNIFTY 2020-07-23 2020-07-20 20
BANKNIFTY 2020-07-30 2020-07-20 25
BANKNIFTY 2020-08-27 2020-08-07 25
BANKNIFTY 2022-04-07 2022-04-01 25
BANKNIFTY 2023-05-25 2023-05-03 25
BANKNIFTY 2023-06-28 2023-06-20 25
BANKNIFTY 2023-07-06 2023-07-03 25
BANKNIFTY 2023-07-20 2023-07-20 25
BANKNIFTY 2023-07-27 2023-05-03 15
BANKNIFTY 2023-08-03 2023-07-10 15
BANKNIFTY 2023-08-31 2023-06-30 15
BANKNIFTY 2023-09-28 2023-04-28 25
BANKNIFTY 2023-09-28 2023-06-30 25
BANKNIFTY 2023-09-28 2023-07-03 15
BANKNIFTY 2023-12-28 2023-06-15 25
BANKNIFTY 2024-01-25 2024-01-24 15
BANKNIFTY 2024-11-27 2024-11-25 15
BANKNIFTY 2025-01-30 2025-01-06 15
BANKNIFTY 2025-02-27 2024-12-02 30
BANKNIFTY 2025-03-27 2024-12-24 15
BANKNIFTY 2025-03-27 2024-12-26 30
BANKNIFTY 2025-06-26 2025-05-02 30
BANKNIFTY 2025-07-31 2025-07-01 35
BANKNIFTY 2025-09-25 2025-04-24 30
BANKNIFTY 2025-09-25 2025-04-25 35
BANKNIFTY 2025-12-30 2025-12-30 35
BANKNIFTY 2026-01-27 2025-11-05 30
BANKNIFTY 2026-03-30 2025-12-30 35
BANKNIFTY 2026-03-30 2026-01-05 30
FINNIFTY 2021-02-25 2021-02-01 40
FINNIFTY 2024-06-25 2024-05-02 40
FINNIFTY 2024-07-02 2024-07-01 40
FINNIFTY 2024-07-23 2024-07-23 40
FINNIFTY 2024-07-30 2024-07-01 25
FINNIFTY 2024-08-06 2024-07-15 25
FINNIFTY 2025-01-28 2024-12-02 25
FINNIFTY 2025-02-27 2024-12-02 65
FINNIFTY 2025-12-30 2025-12-01 65
FINNIFTY 2026-01-27 2025-12-01 60
MIDCPNIFTY 2022-02-22 2022-02-01 75
MIDCPNIFTY 2024-07-08 2024-07-02 75
MIDCPNIFTY 2024-07-22 2024-07-22 75
MIDCPNIFTY 2024-07-29 2024-05-02 50
MIDCPNIFTY 2024-08-05 2024-07-10 50
MIDCPNIFTY 2025-01-27 2024-12-02 50
MIDCPNIFTY 2025-02-27 2024-12-02 120
MIDCPNIFTY 2025-06-26 2025-05-02 120
MIDCPNIFTY 2025-07-31 2025-05-02 140
MIDCPNIFTY 2025-12-30 2025-12-01 140
MIDCPNIFTY 2026-01-27 2025-12-01 120
NIFTYNXT50 2024-05-31 2024-05-02 10
NIFTYNXT50 2025-01-31 2024-12-02 10
NIFTYNXT50 2025-02-27 2024-12-02 25
SENSEX 2023-05-19 2023-05-15 10
SENSEX 2024-12-27 2024-12-20 10
SENSEX 2025-01-03 2024-12-30 10
SENSEX 2025-01-07 2025-01-06 20
SENSEX 2025-01-10 2024-12-09 20
SENSEX 2025-01-28 2025-01-06 10
SENSEX 2025-01-31 2024-12-09 10
SENSEX 2025-02-25 2025-01-06 20
SENSEX 2025-03-28 2024-12-27 10
SENSEX 2025-03-25 2025-01-06 20
SENSEX 2026-08-20 2026-08-18 20
BANKEX 2023-05-26 2023-05-22 15
BANKEX 2025-01-28 2025-01-06 15
BANKEX 2025-02-25 2025-01-06 30
BANKEX 2026-08-27 2026-08-18 30
"""


@pytest.mark.parametrize("line", CONTRACTS.strip().splitlines())
def test_a_contract_has_the_lot_of_its_time(line: str) -> None:
    root, expiry, on, units = line.split()
    assert lot_of(root, date.fromisoformat(expiry), date.fromisoformat(on)) == int(units)


@pytest.mark.parametrize(
    ("root", "expiry", "on", "why"),
    [
        ("NIFTY", "2015-01-29", "2015-01-05", "begins with expiries of 2018-01-01"),
        ("NIFTY", "2018-12-27", "2017-12-01", "begins on 2018-01-01"),
        ("BANKNIFTY", "2018-06-28", "2018-06-01", "begins with expiries of 2019-11-01"),
        (
            "BANKNIFTY",
            "2019-12-26",
            "2019-12-02",
            "no source covers expiries of BANKNIFTY around 2019-12-26",
        ),
        ("FINNIFTY", "2020-12-31", "2020-12-01", "begins with expiries of 2021-01-11"),
        ("SENSEX", "2023-03-30", "2023-03-01", "begins with expiries of 2023-05-15"),
        ("NIFTY", "2027-01-26", "2026-11-28", "review of October 2026"),
        ("NIFTY", "2027-03-30", "2026-12-31", "review of October 2026"),
        ("SENSEX50", "2026-08-27", "2026-08-18", "lots are known of NIFTY"),
    ],
)
def test_a_contract_that_no_source_covers_is_refused_with_a_word(
    root: str, expiry: str, on: str, why: str
) -> None:
    with pytest.raises(UnknownLot, match=why) as refused:
        lot_of(root, date.fromisoformat(expiry), date.fromisoformat(on))
    assert f"the lot of {root} expiring {expiry}" in refused.value.sentence
    assert "g6 lots" in refused.value.fix


DAYS = st.dates(date(2018, 1, 1), date(2026, 10, 27))


@given(st.sampled_from(sorted(HISTORY)), DAYS, st.integers(0, 1800))
def test_every_answer_is_a_row_with_a_source(root: str, on: date, ahead: int) -> None:
    row = lot_row(root, on + timedelta(days=ahead), on)
    assert row is None or (
        isinstance(row, Lot) and row.units > 0 and row.source and row.quoted <= on
    )


def test_the_table_agrees_with_a_whole_real_dump(shared: Path) -> None:
    with (shared / "data/kite/expiries_20260818.csv").open(
        "r", encoding="utf-8", newline=""
    ) as lines:
        listed = [row for row in csv.DictReader(lines) if row["name"] in HISTORY]
    assert len(listed) > 50
    for row in listed:
        assert lot_of(row["name"], date.fromisoformat(row["expiry"]), date(2026, 8, 18)) == int(
            row["lot_size"]
        ), row
