"""Chains as other providers answer them, Upstox and Dhan, as tables with a row for each strike.

Upstox names underlying, expiry and index price in each strike, Dhan none of the three but the price
(https://upstox.com/developer/api-documentation/get-pc-option-chain,
https://dhanhq.co/docs/v2/option-chain). No answer has an instant. What somebody put beside the
answer when it was saved, such as `timestamp` or `expiry`, is a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path

import pyarrow as pa

from g6.adapters.replay.answer_documents import read_document
from g6.adapters.replay.malformed import Malformed

__all__ = ["is_provider_chain", "provider_chain"]

ChainCell = str | float | None
Row = Mapping[str, ChainCell]
_SIDES = {"ce": "call_options", "pe": "put_options"}
_PRICES = frozenset(("ltp", "bid", "ask", "exchange_iv_pct", "prev_close"))
"""Figures of which zero means that there is none."""
_OF_UPSTOX = {
    "ltp": "ltp",
    "volume": "volume",
    "oi": "oi",
    "bid_price": "bid",
    "ask_price": "ask",
    "close_price": "prev_close",
    "prev_oi": "prev_oi",
}
_OF_DHAN = {
    "last_price": "ltp",
    "volume": "volume",
    "oi": "oi",
    "top_bid_price": "bid",
    "top_ask_price": "ask",
    "previous_close_price": "prev_close",
    "previous_oi": "prev_oi",
    "average_price": "average_price",
    "implied_volatility": "exchange_iv_pct",
}
_ANSWERED = frozenset(("status", "data", "remarks"))
"""The keys of an answer itself. Others were put beside it."""


def provider_chain(path: Path) -> pa.Table:
    """Return the chain in a file.

    Raises:
        Malformed: It holds none.
    """
    document = read_document(path)
    rows = _rows(document)
    if not rows:
        raise Malformed(
            None,
            "is no chain of a provider: read are Upstox' /option/chain (data[].strike_price) "
            "and Dhan's /optionchain (data.oc)",
        )
    beside = {
        name: cell
        for name, cell in document.items()
        if name not in _ANSWERED and isinstance(cell, str | int | float)
    }
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, list[ChainCell]] = {name: [row.get(name) for row in rows] for name in names}
    columns |= {name: [cell] * len(rows) for name, cell in beside.items() if name not in columns}
    return pa.table(columns)


def is_provider_chain(path: Path) -> bool:
    """Tell whether a file holds the chain of a provider."""
    try:
        return bool(_rows(read_document(path)))
    except Malformed:
        return False


def _rows(document: object) -> Sequence[Row]:
    """Return the strikes of an answer, none where it is no provider's."""
    data = document.get("data") if isinstance(document, dict) else None
    if isinstance(data, list):
        return [*_of_upstox(data)]
    if isinstance(data, dict) and isinstance(data.get("oc"), dict):
        return [*_of_dhan(data)]
    return ()


def _of_upstox(data: Sequence[object]) -> Iterator[Row]:
    for entry in data:
        if not isinstance(entry, dict) or "strike_price" not in entry:
            continue
        # NSE_INDEX|Nifty 50
        underlying = str(entry.get("underlying_key") or "").rpartition("|")[2] or None
        row: dict[str, ChainCell] = {
            "symbol": underlying,
            "expiry": _text(entry.get("expiry")),
            "strike": _number(entry["strike_price"]),
            "spot": _number(entry.get("underlying_spot_price")),
        }
        for side, name in _SIDES.items():
            leg = entry.get(name)
            leg = leg if isinstance(leg, dict) else {}
            row |= _leg(side, leg.get("market_data"), _OF_UPSTOX)
            row |= _leg(side, leg.get("option_greeks"), {"iv": "exchange_iv_pct"})
        yield row


def _of_dhan(data: Mapping[str, object]) -> Iterator[Row]:
    strikes = data["oc"]
    for strike, entry in strikes.items() if isinstance(strikes, dict) else ():
        if not isinstance(entry, dict):
            continue
        row: dict[str, ChainCell] = {
            "strike": _number(strike),
            "spot": _number(data.get("last_price")),
        }
        for side in _SIDES:
            row |= _leg(side, entry.get(side), _OF_DHAN)
        yield row


def _leg(side: str, figures: object, names: Mapping[str, str]) -> Row:
    """Return the columns of one side of a strike."""
    figures = figures if isinstance(figures, dict) else {}
    cells = {ours: _number(figures.get(theirs)) for theirs, ours in names.items()}
    cells = {name: None if name in _PRICES and not cell else cell for name, cell in cells.items()}
    if "prev_oi" in cells:
        before, now = cells.pop("prev_oi"), cells["oi"]
        cells["oi_change"] = None if before is None or now is None else now - before
    return {f"{side}_{name}": cell for name, cell in cells.items()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> float | None:
    """Return a cell as a number, None where it is none.

    >>> _number("25650.000000"), _number(None), _number("-")
    (25650.0, None, None)
    """
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if isfinite(number) else None
