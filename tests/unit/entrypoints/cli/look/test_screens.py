"""What a cycle and a chain look like on a terminal, after the fix on an expiry day too."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from g6.domain.schema.frame import Frame
from g6.rendering import cycle_screen

EXPIRED, NEXT = "2026-11-23", "2026-12-01"
ROW = {
    "underlying": "NIFTY", "status": "OK", "reason": "", "spot": 24000.0, "change_pct": 0.1, "forward": 24040.0, "atm": 24050.0,
    "expiry_nearest": NEXT, "straddle_nearest": 310.0, "max_pain_nearest": 23900.0, "support": 23500.0, "resistance": 24500.0,
    "options": 4, "iv_ok": 4, "iv_unavailable": 0, "iv_failed": 0, "quote_age_seconds": 0.2, "pcr_this_week": 0.11,
    "atm_iv_this_week": None, "atm_iv_this_month": 0.22, "pcr_nearest": 0.77, "atm_iv_nearest": 0.133,
}  # fmt: skip


def text(table) -> str:
    console = Console(width=80, record=True, file=None, force_terminal=False)
    with console.capture() as out:
        console.print(table)
    return out.get()


def test_after_the_fix_the_board_shows_figures_of_one_expiry() -> None:
    board = text(cycle_screen.cycle_table({"cycle": "2026-11-23T10:10:00Z", "rows": [ROW]}, {}, {}))
    assert "01 Dec" in board
    assert "0.77" in board
    assert "13.3" in board
    assert not {"0.11", "22.0"} & set(board.split())


@pytest.mark.parametrize("expiry", [EXPIRED, NEXT])
def test_the_chain_table_is_of_the_expiry_it_is_asked_for(expiry: str) -> None:
    strikes = {EXPIRED: [23000.0, 23050.0], NEXT: [24000.0, 24050.0]}
    columns = {
        "expiry": np.repeat(np.array([EXPIRED, NEXT], dtype="datetime64[D]"), 2),
        "strike": np.array(strikes[EXPIRED] + strikes[NEXT]),
        "offset": np.array([0.0, 1.0, 0.0, 1.0]),
    } | {
        f"{side}_{name}": np.full(4, 1.0)
        for side in ("ce", "pe")
        for name in ("oi", "oi_prev", "iv", "price")
    }
    shown = text(cycle_screen.chain_table(Frame({}, columns), expiry))
    assert all(f"{strike:,.0f}" in shown for strike in strikes[expiry])
    assert not any(
        f"{strike:,.0f}" in shown
        for other in strikes
        if other != expiry
        for strike in strikes[other]
    )
