"""Why a figure of a panel is null, in a sentence beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED

__all__ = ["NO_FLIP", "NO_POSITION", "notes_of"]

NO_INDEX_PRICE = "the provider gave no such price of the index"
NO_FUTURE = "the provider gave no price of a future"
NO_FORWARD = "no forward: neither put-call parity nor a future tells it"
NO_INTEREST = "no open interest on both sides is known"
NO_VOLATILITY = "no volatility at the money could be solved"
NO_EXPIRY = "no expiry lies ahead"
NO_QUOTE = "no quote tells its time"
UNKNOWN = "not known in this cycle"
NO_FLIP = "net gamma exposure has one sign within 10 % of the index"
NO_POSITION = "no option has both a volatility and open interest"

SENTENCES: Mapping[str, str] = {
    **dict.fromkeys(("spot", "ltp", "change_pct", "open", "high", "low"), NO_INDEX_PRICE),
    **dict.fromkeys(("prev_close", "spot_age_seconds", "day_width"), NO_INDEX_PRICE),
    **dict.fromkeys(("future", "basis"), NO_FUTURE),
    "vix": "the provider gave no India VIX",
    "expiry_nearest": NO_EXPIRY,
    "expiry": NO_EXPIRY,
    **dict.fromkeys(("forward", "forward_source", "forward_spread", "atm"), NO_FORWARD),
    **dict.fromkeys(("pcr", "max_pain", "support", "resistance", "oi"), NO_INTEREST),
    **dict.fromkeys(("atm_iv", "straddle", "em", "rr25", "bf25"), NO_VOLATILITY),
    **dict.fromkeys(("quote_source", "age_seconds", "quote_age_seconds"), NO_QUOTE),
}
"""By the figure, or by how the names of its kind begin."""


def notes_of(row: OverviewRow, missing: Iterable[str]) -> dict[str, str]:
    """Return a sentence for each of the figures that are null.

    Args:
        row: The overview row of the index. Where its unit was not analysed, that is the reason.
        missing: What a panel has of the index that is null, by name.

    >>> notes_of({"status": "MISSING", "reason": "poison"}, ["spot"])
    {'spot': 'MISSING: poison'}
    """
    status = str(row.get("status") or "")
    if status not in ANALYSED:
        reason = ": ".join(filter(None, (status, str(row.get("reason") or ""))))
        return dict.fromkeys(missing, reason or UNKNOWN)
    return {name: _sentence(name) for name in missing}


def _sentence(name: str) -> str:
    words = name.split("_")
    for count in range(len(words), 0, -1):
        sentence = SENTENCES.get("_".join(words[:count]))
        if sentence is not None:
            return sentence
    return UNKNOWN
