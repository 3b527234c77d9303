"""A chain as rows: the frame that is stored for good, and the lines of the offset files."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain import rows
from g6.domain.chain import Chain
from g6.domain.expiry import BIT
from g6.domain.frame import Frame, by_side
from g6.domain.quality import MAX_COUNT, Flag, spot_source
from g6.domain.quote import QUOTE_FIELDS, to_frame

__all__ = ["chain_frame", "computed", "csv_rows", "offset_name"]

_WHOLE = frozenset(column.name for column in rows.CHAIN_SIDE if column.kind == "integer")
_GREEKS = ("delta", "gamma", "theta", "vega", "rho")

_FILE_COLUMN = {
    "index_price": "spot", "ce": "ce_last", "pe": "pe_last", "avg_ce": "ce_average_price", "avg_pe": "pe_average_price",
    "ce_vol": "ce_volume", "pe_vol": "pe_volume",
}  # fmt: skip
"""Names of the offset files that differ from the chain's."""


def chain_frame(chain: Chain) -> Frame:
    """Return the chain's columns, exactly `rows.CHAIN` in order, under the header its quotes came with.

    Times are epoch seconds, text columns objects, integers float64 where they can be missing (NaN); volatilities and Greeks
    float32 as they are stored. The raw columns keep what the source gave, so that the chain can be made again from its rows.
    """
    raw = to_frame(chain.quotes, chain.stamp)
    columns = {**_plain(chain), **raw.columns, **_computed(chain)}
    frame = Frame(raw.header, {column.name: columns[column.name] for column in rows.CHAIN})
    thin, listed = chain.flags & Flag.THIN != 0, chain.prices.listed
    left_out = np.any(thin, axis=0) & np.all(thin | ~listed, axis=0)
    return frame.take(np.flatnonzero(~left_out)) if left_out.any() else frame


def computed(chain: Chain) -> dict[str, NDArray[Any]]:
    """Return the columns that analysis makes, among them those that it only takes over; the raw ones are those of its quotes."""
    return {**_plain(chain), **_computed(chain)}


def _plain(chain: Chain) -> dict[str, NDArray[Any]]:
    """Columns that hold for both sides: one value per unit or per expiry, repeated."""
    quotes, stamp, expiries = chain.quotes, chain.stamp, chain.expiries
    at, seen, n = stamp.at.timestamp(), chain.quotes.spot, len(chain.quotes)
    texts = {
        "underlying": stamp.index, "spot_source": spot_source(seen, at, stamp.quality), "model": stamp.pricing.model,
        "config_id": stamp.config_id,
    }  # fmt: skip
    numbers = {
        "timestamp": at, "observed_at": quotes.observed_at, "spot": seen.spot, "spot_age_seconds": at - seen.spot_time,
        "future": seen.future, "vix": seen.vix, "rate": chain.rate,
    }  # fmt: skip
    figures = {
        "forward": expiries.forward, "forward_spread": expiries.spread, "atm": expiries.atm, "years_to_expiry": expiries.years,
    }  # fmt: skip
    counts = np.diff(expiries.bounds)
    return {
        **{name: np.full(n, text, dtype=object) for name, text in texts.items()},
        **{name: np.full(n, number, dtype=np.float64) for name, number in numbers.items()},
        **{name: chain.per_row(figure) for name, figure in figures.items()},
        "bucket": np.repeat(np.array([slot.bucket for slot in expiries.slot], dtype=object), counts),
        "bucket_mask": np.repeat(np.array([slot.mask for slot in expiries.slot], dtype=np.int32), counts),
        "forward_source": np.repeat(np.array(expiries.source, dtype=object), counts),
        "dte": np.repeat(np.array(expiries.dte, dtype=np.int64), counts),
        "offset": chain.offset,
    }


def _computed(chain: Chain) -> dict[str, NDArray[Any]]:
    found, vol = chain.prices, chain.vol
    whole = {name: _whole(chain.quotes.values[name]) for name in QUOTE_FIELDS if name in _WHOLE}
    single = {"iv": vol.iv, "iv_bid": vol.iv_bid, "iv_ask": vol.iv_ask} | {name: getattr(vol.greeks, name) for name in _GREEKS}
    arrays: dict[str, NDArray[Any]] = {
        **whole,
        "price": found.price,
        "price_source": found.source,
        "time_value": vol.time_value,
        "age_seconds": found.age_seconds,
        "quality": chain.flags,
        "iv_status": vol.status,
        **{name: array.astype(np.float32) for name, array in single.items()},
    }
    return by_side(arrays, arrays)


def _whole(quantity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole numbers, NaN for what no integer column can hold."""
    return np.where(np.abs(quantity) < MAX_COUNT, np.rint(quantity), np.nan)


def offset_name(offset: int) -> str:
    """Return how an offset is written in paths and files: `-1`, `0`, `+1`."""
    return f"{offset:+d}" if offset else "0"


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
    with np.errstate(invalid="ignore"):  # a source that sends both infinities is told of, not warned about
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
