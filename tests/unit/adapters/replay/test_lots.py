"""Lots by root, expiry and day."""

from __future__ import annotations

from datetime import date

import pytest

from g6.adapters.replay.lots import lot_of


@pytest.mark.parametrize(
    ("root", "expiry", "on", "lot"),
    [
        ("NIFTY", date(2022, 4, 7), date(2022, 4, 1), 50),
        ("NIFTY", date(2024, 5, 2), date(2024, 4, 29), 25),
        ("NIFTY", date(2024, 11, 28), date(2024, 11, 25), 25),
        ("NIFTY", date(2025, 1, 2), date(2024, 12, 5), 75),
        ("NIFTY", date(2025, 1, 30), date(2025, 1, 20), 25),
        ("NIFTY", date(2025, 6, 26), date(2024, 12, 10), 25),
        ("NIFTY", date(2025, 6, 26), date(2024, 12, 30), 75),
        ("NIFTY", date(2025, 12, 30), date(2025, 12, 29), 75),
        ("NIFTY", date(2026, 1, 6), date(2025, 12, 29), 65),
        ("NIFTY", date(2026, 8, 25), date(2026, 8, 19), 65),
        ("BANKNIFTY", date(2025, 7, 31), date(2025, 7, 1), 35),
        ("BANKNIFTY", date(2026, 1, 27), date(2026, 1, 5), 30),
        ("FINNIFTY", date(2026, 8, 25), date(2026, 8, 18), 60),
        ("MIDCPNIFTY", date(2026, 8, 25), date(2026, 8, 18), 120),
        ("SENSEX", date(2026, 8, 20), date(2026, 8, 18), 20),
        ("BANKEX", date(2026, 8, 27), date(2026, 8, 18), 30),
    ],
)
def test_a_contract_has_the_lot_of_its_time(root: str, expiry: date, on: date, lot: int) -> None:
    assert lot_of(root, expiry, on) == lot
