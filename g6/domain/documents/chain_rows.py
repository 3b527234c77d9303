"""A chain as rows: the frame that is stored for good, and the lines of the offset files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain as along
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.book_spreads import liquidity, microprice
from g6.domain.market.expiry import BIT
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.pricing.quality import SOURCES, Flag, spot_source
from g6.domain.pricing.volatility import WORDS
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.domain.quotes.stamp import to_frame
from g6.domain.schema import rows
from g6.domain.schema.counting import MAX_COUNT
from g6.domain.schema.frame import SIDES, Frame, Words, by_side
from g6.domain.schema.layout import offset_name

__all__ = ["COMPUTED", "chain_frame", "computed", "csv_rows"]


def _microprice(quotes: Quotes) -> NDArray[np.float64]:
    return microprice(
        quotes.bid, quotes.ask, quotes.values["bid_quantity"], quotes.values["ask_quantity"]
    )


_COUNTS = tuple(
    name
    for name in QUOTE_FIELDS
    if name in {column.name for column in rows.CHAIN_SIDE if column.kind == "integer"}
)
_SINGLE = {column.name: np.float32 for column in rows.CHAIN_SIDE if column.kind == "iv"}
_SIDED: Mapping[str, Callable[[PricedChain], NDArray[Any]]] = {
    "price": lambda chain: chain.prices.price,
    "time_value": lambda chain: chain.vol.time_value,
    "age_seconds": lambda chain: chain.prices.age_seconds,
    "quality": lambda chain: chain.flags,
    "iv": lambda chain: chain.vol.iv,
    "iv_bid": lambda chain: chain.vol.iv_bid,
    "iv_ask": lambda chain: chain.vol.iv_ask,
    "delta": lambda chain: chain.greeks.delta,
    "gamma": lambda chain: chain.greeks.gamma,
    "theta": lambda chain: chain.greeks.theta,
    "vega": lambda chain: chain.greeks.vega,
    "rho": lambda chain: chain.greeks.rho,
    "microprice": lambda chain: _microprice(chain.quotes),
    "liquidity": lambda chain: liquidity(chain.quotes.bid, chain.quotes.ask, chain.quotes.volume),
}
_WORDED: Mapping[str, tuple[Callable[[PricedChain], NDArray[np.int8]], NDArray[np.object_]]] = {
    "price_source": (lambda chain: chain.prices.taken, SOURCES),
    "iv_status": (lambda chain: chain.vol.code, WORDS),
}
COMPUTED = (
    "offset", "forward", "forward_source", "forward_spread", "atm", "years_to_expiry", "dte", "rate", "model", "config_id",
    *(side + name for side in SIDES for name in (*_SIDED, *_WORDED)),
)  # fmt: skip
"""Columns that analysis makes; nothing of them is read when a chain is made again."""

_FILE_COLUMN = {
    "index_price": "spot", "ce": "ce_last", "pe": "pe_last", "avg_ce": "ce_average_price", "avg_pe": "pe_average_price",
    "ce_vol": "ce_volume", "pe_vol": "pe_volume",
}  # fmt: skip
"""Names of the offset files that differ from the chain's."""


def chain_frame(chain: PricedChain) -> Frame:
    """Return the chain's columns, exactly `rows.CHAIN` in order, under the header its quotes came with.

    Times are epoch seconds, text columns objects, integers float64 where they can be missing (NaN); volatilities and Greeks
    float32 as they are stored. The raw columns keep what the source gave, so that the chain can be made again from its rows.
    """
    raw = to_frame(chain.quotes, chain.stamp)
    made = {
        name: each.spelled() if isinstance(each, Words) else each
        for name, each in computed([chain]).items()
    }
    columns = {**raw.columns, **_taken_over(chain), **made}
    frame = Frame(raw.header, {column.name: columns[column.name] for column in rows.CHAIN})
    thin, listed = chain.flags & Flag.THIN != 0, chain.prices.listed
    left_out = np.any(thin, axis=0) & np.all(thin | ~listed, axis=0)
    return frame.take(np.flatnonzero(~left_out)) if left_out.any() else frame


def _taken_over(chain: PricedChain) -> dict[str, NDArray[Any]]:
    """Columns that analysis passes on from its quotes and their stamp."""
    quotes, stamp, slots = chain.quotes, chain.stamp, chain.expiries.slot
    at, seen, n = stamp.at.timestamp(), chain.quotes.market, len(chain.quotes)
    texts = {"underlying": stamp.index, "spot_source": spot_source(seen, at, stamp.quality)}
    numbers = {
        "timestamp": at, "observed_at": quotes.observed_at, "spot": seen.spot, "spot_age_seconds": at - seen.spot_time,
        "future": seen.future, "vix": seen.vix,
    }  # fmt: skip
    counts, whole = (
        np.diff(chain.expiries.bounds),
        {name: _whole(quotes.values[name]) for name in _COUNTS},
    )
    return {
        **{name: np.full(n, text, dtype=object) for name, text in texts.items()},
        **{name: np.full(n, number, dtype=np.float64) for name, number in numbers.items()},
        "bucket": np.repeat(np.array([slot.bucket for slot in slots], dtype=object), counts),
        "bucket_mask": np.repeat(np.array([slot.mask for slot in slots], dtype=np.int32), counts),
        **by_side(whole, whole),
    }


def computed(chains: Sequence[PricedChain]) -> dict[str, NDArray[Any] | Words]:
    """Return the columns `COMPUTED`, rows of all chains one after the other; text as words."""
    options, expiries = (
        [len(chain.quotes) for chain in chains],
        [chain.expiries for chain in chains],
    )
    strikes = np.concatenate([np.diff(each.bounds) for each in expiries])

    def per_expiry(figures: Iterable[Sequence[Any]], kind: type) -> NDArray[Any]:
        return np.repeat(np.array([*along.from_iterable(figures)], dtype=kind), strikes)

    sided = {
        name: np.concatenate([take(chain) for chain in chains], axis=1)
        for name, take in _SIDED.items()
    }
    return {
        "offset": np.concatenate([chain.offset for chain in chains]),
        "forward": per_expiry((each.forward for each in expiries), float),
        "forward_source": _worded(along.from_iterable(each.source for each in expiries), strikes),
        "forward_spread": per_expiry((each.spread for each in expiries), float),
        "atm": per_expiry((each.atm for each in expiries), float),
        "years_to_expiry": per_expiry((each.years for each in expiries), float),
        "dte": per_expiry((each.dte for each in expiries), int),
        "rate": np.repeat([chain.rate for chain in chains], options),
        "model": _worded((chain.stamp.pricing.model for chain in chains), options),
        "config_id": _worded((chain.stamp.config_id for chain in chains), options),
        **by_side(
            {
                name: array.astype(_SINGLE.get(name, array.dtype), copy=False)
                for name, array in sided.items()
            },
            sided,
        ),
        **{
            side + name: Words(
                np.concatenate([take(chain)[row] for chain in chains]).astype(np.int16), words
            )
            for name, (take, words) in _WORDED.items()
            for row, side in enumerate(SIDES)
        },
    }


def _worded(texts: Iterable[str], counts: NDArray[np.int64] | Sequence[int]) -> Words:
    """Each text as often as its count says."""
    told = [*texts]
    places = {word: place for place, word in enumerate(dict.fromkeys(told))}
    return Words(
        np.repeat(np.array([places[word] for word in told], dtype=np.int16), counts),
        np.array([*places], dtype=object),
    )


def _whole(quantity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole numbers, NaN for what no integer column can hold."""
    return np.where(np.abs(quantity) < MAX_COUNT, np.rint(quantity), np.nan)


def csv_rows(frame: Frame, window: tuple[int, int]) -> Mapping[tuple[str, int], str]:
    """Return the line (without its end) of each offset file, by bucket and offset; columns are `rows.csv_header`.

    `frame`: columns of `rows.CHAIN`; `window`: strikes below and above ATM that are kept. A date that fills two buckets has
    its line under both. Greek columns are left out when the configuration has Greeks off; missing values are empty.
    """
    offset = frame.columns["offset"].astype(np.float64)
    kept = frame.take(np.flatnonzero((offset >= -window[0]) & (offset <= window[1])))
    if not len(kept):
        return {}
    stamp = kept.header["stamp"]
    names = rows.csv_header(stamp["pricing"]["enabled"])
    values = _file_columns(kept, names)
    lines = {}
    for i, place in enumerate(kept.columns["offset"].astype(np.int64).tolist()):
        tail = ",".join([column[i] for column in values])
        for bucket in _buckets(kept.columns["bucket"][i], int(kept.columns["bucket_mask"][i])):
            lines[bucket, place] = f"{stamp['cycle']},{stamp['index']},{bucket},{tail}"
    return lines


def _buckets(first: str, mask: int) -> list[str]:
    return [bucket for bucket, bit in BIT.items() if mask & bit] or [first]


def _file_columns(frame: Frame, names: list[str]) -> list[list[str]]:
    """The columns after `timestamp`, `index` and `expiry_tag`, as text."""
    kinds = {column.name: column.kind for column in rows.CHAIN}
    columns = dict(frame.columns)
    with np.errstate(
        invalid="ignore"
    ):  # a source that sends both infinities is told of, not warned about
        columns["tp"] = columns["ce_last"] + columns["pe_last"]
        columns["avg_tp"] = columns["ce_average_price"] + columns["pe_average_price"]
    out = []
    for name in names[3:]:
        source = _FILE_COLUMN.get(name, name)
        out.append(_text(columns[source], kinds.get(source, "float"), signed=name == "offset"))
    return out


def _text(column: NDArray[Any], kind: str, *, signed: bool = False) -> list[str]:
    """Numbers as short as their type is exact: 7 digits of a float32, 12 of a float64, integers without a point."""
    if kind == "date":
        days: list[str] = column.astype("datetime64[D]").astype(str).tolist()
        return days
    values = column.tolist()
    if kind == "integer" and signed:
        return [offset_name(int(value)) for value in values]
    form = {"iv": "%.7g", "integer": "%d", "flags": "%d"}.get(kind, "%.12g")
    return ["" if isnan(value) else form % value for value in values]
