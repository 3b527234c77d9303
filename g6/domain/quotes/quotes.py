"""Raw quotes of one unit, as the market gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.schema.underlying import Underlying as Underlying  # noqa: PLC0414 - a name of this module, too

NAN = float("nan")
QUOTE_FIELDS = (
    "last", "bid", "ask", "bid_quantity", "ask_quantity", "buy_quantity", "sell_quantity",
    "open", "high", "low", "close", "volume", "oi", "oi_prev", "oi_day_high", "oi_day_low",
    "average_price", "last_trade_time", "quote_time", "bid_depth", "ask_depth",
)  # fmt: skip
"""Quantities of a quote that are `(2, n)` float64, NaN where the source gave nothing; times are epoch seconds.

`bid_depth` and `ask_depth` are the units of the five best levels, NaN where the source gives one level only.
"""
LEVELS = 5
DEPTH_FIELDS = tuple(
    f"{name}_{level}"
    for level in range(2, LEVELS + 1)
    for name in ("bid", "ask", "bid_quantity", "ask_quantity")
)
"""The levels behind the best, `(2, n)` float64 each: a frame has them where the source gives them, a row does not."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quotes of one underlying's options, sorted by expiry and strike; n strikes over all expiries.

    `expiry` `(n,)` datetime64[D]; `strike`, `lot_size`, `tick_size` `(n,)`; `symbol`, `token`, `source` `(2, n)`
    (symbol "" where that side is not listed); `values[name]` `(2, n)` float64 for each of QUOTE_FIELDS, and for each of
    DEPTH_FIELDS where the source gives them.
    A key that was asked for and not answered has NaN in every field. `observed_at`: epoch seconds of the latest receipt.
    """

    underlying: str
    expiry: NDArray[np.datetime64]
    strike: NDArray[np.float64]
    lot_size: NDArray[np.int64]
    tick_size: NDArray[np.float64]
    symbol: NDArray[np.object_]
    token: NDArray[np.int64]
    source: NDArray[np.object_]
    values: Mapping[str, NDArray[np.float64]]
    spot: Underlying
    observed_at: float

    def __getattr__(self, name: str) -> NDArray[np.float64]:
        """Give `quotes.bid` for `quotes.values["bid"]`."""
        if name in QUOTE_FIELDS:
            return self.values[name]
        raise AttributeError(name)

    def __len__(self) -> int:
        return len(self.strike)

    def take(self, rows: NDArray[np.bool_]) -> Quotes:
        """Return the quotes of the strikes of a mask `(n,)`."""
        plain = {
            name: getattr(self, name)[rows]
            for name in ("expiry", "strike", "lot_size", "tick_size")
        }
        sided = {name: getattr(self, name)[:, rows] for name in ("symbol", "token", "source")}
        values = {name: array[:, rows] for name, array in self.values.items()}
        return replace(self, **plain, **sided, values=values)


def joined(units: Sequence[Quotes], names: Sequence[str]) -> Quotes:
    """Return the quotes of several units one after the other, of no one index and no one moment, with quantities `names` alone."""

    def along(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(each, name) for each in units], axis=-1)

    plain = ("expiry", "strike", "lot_size", "tick_size", "symbol", "token", "source")
    return Quotes(
        "", **{name: along(name) for name in plain}, values={name: along(name) for name in names}, spot=Underlying(),
        observed_at=NAN,
    )  # fmt: skip
