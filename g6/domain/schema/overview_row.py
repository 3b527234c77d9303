"""The overview row as its readers hold it: the columns of `rows.OVERVIEW` with their types."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["OverviewCell", "OverviewRow"]

OverviewCell = float | int | str | None
"""One value of a row: a number, a text, an instant or a day as ISO text, None unknown."""


# A mapping and no dataclass: the ledger, files and panels hold it as JSON, byte for byte, and a row
# of a later version may have more columns.
class OverviewRow(TypedDict, total=False):
    """One index in one cycle. Instants and days are ISO text, None is unknown.

    `rows.OVERVIEW` says what each column means. `config_id` stands in the row of the ledger alone.
    """

    timestamp: str
    observed_at: str | None
    underlying: str
    spot: float | None
    spot_source: str | None
    spot_age_seconds: float | None
    open: float | None
    high: float | None
    low: float | None
    prev_close: float | None
    change_pct: float | None
    future: float | None
    future_expiry: str | None
    basis: float | None
    vix: float | None
    expiry_nearest: str | None
    forward: float | None
    forward_source: str | None
    forward_spread: float | None
    atm: float | None
    atm_spot: float | None
    pcr_this_week: float | None
    pcr_next_week: float | None
    pcr_this_month: float | None
    pcr_next_month: float | None
    pcr_window_nearest: float | None
    pcr_volume_nearest: float | None
    oi_strikes: int | None
    max_pain_nearest: float | None
    support: float | None
    resistance: float | None
    oi_calls: int | None
    oi_puts: int | None
    atm_iv_this_week: float | None
    atm_iv_next_week: float | None
    atm_iv_this_month: float | None
    atm_iv_next_month: float | None
    straddle_nearest: float | None
    em_sd: float | None
    em_straddle: float | None
    rr25: float | None
    bf25: float | None
    day_width: float | None
    expiries_expected: int | None
    expiries_collected: int | None
    expected_mask: int | None
    collected_mask: int | None
    missing_mask: int | None
    options: int | None
    rejected: int | None
    iv_ok: int | None
    iv_unavailable: int | None
    iv_failed: int | None
    status: str
    reason: str | None
    pcr_nearest: float | None
    atm_iv_nearest: float | None
    oi_age_seconds: float | None
    quote_age_seconds: float | None
    quote_source: str | None
    config_id: str
