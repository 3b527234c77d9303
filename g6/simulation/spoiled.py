"""The faults that strike single quotes, put into an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

QuoteColumns = Mapping[str, NDArray[np.float64]]
Struck = NDArray[np.bool_]

SPIKE = 10.0
STALE_SECONDS = 600.0


def _cross(values: QuoteColumns, struck: Struck) -> None:
    bid = values["bid"].copy()
    both = struck & (values["bid"] < values["ask"])
    np.copyto(values["bid"], values["ask"], where=both)
    np.copyto(values["ask"], bid, where=both)


def _spike(values: QuoteColumns, struck: Struck) -> None:
    values["last"][struck] *= SPIKE


def _age(values: QuoteColumns, struck: Struck) -> None:
    values["quote_time"][struck] -= STALE_SECONDS
    values["last_trade_time"][struck] = np.minimum(values["last_trade_time"], values["quote_time"])[
        struck
    ]


def _void(values: QuoteColumns, struck: Struck) -> None:
    values["last"][struck] = 0.0


def _invert(values: QuoteColumns, struck: Struck) -> None:
    values["oi"][struck] *= -1


SPOILERS: Mapping[str, Callable[[QuoteColumns, Struck], None]] = MappingProxyType(
    {"crossed": _cross, "spike": _spike, "stale": _age, "zero": _void, "negative": _invert}
)
"""By fault: puts it into `values` (`(2, n)` each) where `struck` `(2, n)`."""
