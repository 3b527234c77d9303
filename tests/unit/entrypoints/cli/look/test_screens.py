"""What a cycle and a chain look like on a terminal, after the fix on an expiry day too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from rich.console import Console

from g6.domain.reports import CycleReport
from g6.domain.schema.overview_row import OverviewRow
from g6.rendering.screens import cycle_screen
from tests.worlds.chains import bare_chain

NEXT = "2026-12-01"
ROW: OverviewRow = {
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
    report = CycleReport("2026-11-23T10:10:00Z", "OK", {}, {}, {}, 0.0, 1.0, rows=(ROW,))
    board = text(cycle_screen.cycle_table(report, {}, {}))
    assert "01 Dec" in board
    assert "0.77" in board
    assert "13.3" in board
    assert not {"0.11", "22.0"} & set(board.split())


def test_the_chain_table_shows_the_strikes_around_atm() -> None:
    strike = 23_000.0 + 50.0 * np.arange(21)
    sides = {
        name: np.full((2, 21), 1.0) for name in ("oi", "oi_prev", "oi_day_high", "iv", "price")
    }
    chain = replace(bare_chain(strike, sides), offset=np.arange(21.0) - 15)
    shown = text(cycle_screen.chain_table(chain, strikes=5))
    assert [f"{each:,.0f}" in shown for each in strike] == [13 <= n <= 17 for n in range(21)]
    assert "▶ 23,750 ◀" in shown
