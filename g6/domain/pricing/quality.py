"""What a quote is worth: its flags, and the one price that is taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.plan import Model, Quality
from g6.domain.pricing.outliers import outliers, pace
from g6.domain.quotes.quotes import NAN, Quotes, Underlying
from g6.domain.schema.counting import MAX_COUNT, MAX_OPEN_INTEREST
from g6.domain.schema.words import Flag, QuoteSource

__all__ = [
    "READ",
    "SOURCES",
    "Flag",
    "Prices",
    "believed",
    "prices",
    "quality_counts",
    "spot_source",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FAR_FROM_STRIKES = 1.5
"""An index is at most this many times above the highest strike, or below the lowest: exchanges list strikes on both sides of it."""
SOURCES = np.array(["", "mid", "last"], dtype=object)
"""Every word of `price_source`."""
_ANSWERED = ("last", "bid", "ask", "volume", "oi", "close", "quote_time")
READ = (*_ANSWERED, "last_trade_time")
"""Quantities of a quote that a price and its flags are made of."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of a chain, each `(2, n)`: what is analysed and how well it is known.

    `price` in points, NaN where there is none; `taken` where it is from, a place in `SOURCES`; `half_spread` in points (half a
    tick of a last price); `bid`, `ask` those of a fresh, uncrossed book, else NaN; `mid` the price where it is a mid; `traded` a
    last price of the trade window, `timed` where its time is known; `flags` bits of `Flag`; `age_seconds` of the quote, NaN
    unknown; `listed` and `missing` say which options exist and which did not answer.
    """

    price: Array
    taken: NDArray[np.int8]
    half_spread: Array
    bid: Array
    ask: Array
    mid: Array
    traded: Array
    timed: Mask
    flags: NDArray[np.int32]
    age_seconds: Array
    listed: Mask
    missing: Mask

    @property
    def source(self) -> NDArray[np.object_]:
        """The words, `(2, n)`."""
        return SOURCES[self.taken]

    def rows(self, mine: slice) -> Prices:
        """Return the prices of some strikes."""
        return Prices(
            **{name: getattr(self, name)[:, mine] for name in Prices.__dataclass_fields__}
        )


def prices(
    quotes: Quotes,
    at: Array | float,
    quality: Quality,
    model: Model = "black76",
    moves: Array | float | None = None,
) -> Prices:
    """Return the price of every option at the cycle's instant `at` (epoch seconds).

    Mid of a two-sided, uncrossed book at most `max_quote_age` old and not wider than the larger of `max_spread_points` and
    `max_spread_fraction` of the mid; else the last price of a trade of today at most `max_trade_age` old that is no outlier; else
    none. An unknown time is believed and flagged. The exchanges' presets take the last price whatever its age, as the exchanges
    do. A thin option has no price at all. Quotes of several units have an instant for each row, and in `moves` the `pace` of
    its index.
    """
    listed, thin = quotes.symbol != "", _thin(quotes, quality)
    missing = listed & np.all([np.isnan(quotes.values[name]) for name in _ANSWERED], axis=0)
    age, trade_age = at - quotes.quote_time, at - quotes.last_trade_time
    old_quote, untraded = age > quality.max_quote_age, quotes.volume == 0
    book = _book(quotes, listed & ~thin, quality)
    mid = np.where(book.crossed | book.wide | old_quote, np.nan, book.middle)
    last, half_spread = _positive(quotes.last, listed & ~thin), 0.5 * (book.ask - book.bid)
    fresh = np.where(untraded | (trade_age > quality.max_trade_age), np.nan, last)
    odd = outliers(
        quotes, mid, half_spread, fresh, trade_age, pace(quotes.market) if moves is None else moves
    )
    traded = np.where(odd, np.nan, fresh)
    use_mid = np.isfinite(mid) & (model == "black76")
    price = np.where(use_mid, mid, traded if model == "black76" else last)
    use_last = ~use_mid & np.isfinite(price)
    old_trade = np.isnan(mid) & np.isnan(traded) & np.isfinite(last) & ~untraded & ~odd
    faults = _faults(quotes, book, missing | thin) | {
        Flag.MISSING: missing,
        Flag.THIN: thin,
        Flag.OUTLIER: odd,
        Flag.STALE: old_quote | old_trade,
        Flag.AGE_UNKNOWN: (use_mid & np.isnan(age)) | (use_last & np.isnan(trade_age)),
    }
    spoilt = book.crossed | old_quote
    return Prices(
        price=price,
        taken=use_mid.view(np.int8) + 2 * use_last.view(np.int8),
        half_spread=np.where(use_mid, half_spread, np.where(use_last, 0.5 * quotes.tick_size, np.nan)),
        bid=np.where(spoilt, np.nan, book.bid), ask=np.where(spoilt, np.nan, book.ask), mid=mid, traded=traded,
        timed=np.isfinite(trade_age), flags=_flags(faults, listed), age_seconds=age, listed=listed, missing=missing,
    )  # fmt: skip


class _Book(NamedTuple):
    bid: Array
    ask: Array
    middle: Array
    crossed: Mask
    wide: Mask


def _book(quotes: Quotes, listed: Mask, quality: Quality) -> _Book:
    """The best level of each book; `middle` NaN where it is not two-sided."""
    bid, ask = _positive(quotes.bid, listed), _positive(quotes.ask, listed)
    middle, gap = 0.5 * (bid + ask), ask - bid
    allowed = np.maximum(quality.max_spread_points, quality.max_spread_fraction * middle)
    return _Book(bid, ask, middle, gap < 0, gap > allowed)


def quality_counts(flags: NDArray[np.int32]) -> dict[str, int]:
    """Return how many options carry each flag, by reason; reasons that none carries are left out."""
    counts = {flag.word: int(np.count_nonzero(flags & flag)) for flag in Flag}
    return {reason: count for reason, count in counts.items() if count}


def believed(seen: Underlying, strikes: Array) -> Underlying:
    """Return the underlying without a spot that is no print: 0, negative, infinite, or absurd against the strikes of its chain.

    Where there is none, `spot` and `spot_time` are NaN and `spot_source` is none.
    """
    if isfinite(seen.spot) and seen.spot > 0:
        if not len(strikes):
            return seen
        lowest, highest = float(strikes.min()), float(strikes.max())
        if lowest / FAR_FROM_STRIKES <= seen.spot <= highest * FAR_FROM_STRIKES:
            return seen
    return replace(seen, spot=NAN, spot_time=NAN, spot_source="none")


def spot_source(seen: Underlying, at: float, quality: Quality) -> str:
    """Return how the index is known at the cycle's instant `at` (epoch seconds): a live one too old to be believed is stale."""
    too_old = seen.spot_source == "live" and at - seen.spot_time > quality.max_quote_age
    return "stale" if too_old else seen.spot_source


def _positive(values: Array, listed: Mask) -> Array:
    """Prices that can be one: a broker writes an empty level as 0 or −0.01."""
    return np.where(listed & (values > 0) & (values < MAX_COUNT), values, np.nan)


def _thin(quotes: Quotes, quality: Quality) -> Mask:
    """What the configuration leaves out for its volume or open interest; what is unknown stays."""
    listed: Mask = quotes.symbol != ""
    thin: Mask = np.zeros(listed.shape, dtype=np.bool_)
    if quality.min_volume:
        thin |= quotes.volume < quality.min_volume
    if quality.min_oi:
        thin |= quotes.oi < quality.min_oi
    if quality.vol_pct:
        for day in np.unique(quotes.expiry):
            mine = quotes.expiry == day
            volume = quotes.volume[:, mine]
            if np.isfinite(volume).any():
                thin[:, mine] |= volume < np.nanpercentile(volume, quality.vol_pct)
    return thin & listed


def _faults(quotes: Quotes, book: _Book, unseen: Mask) -> dict[Flag, Mask]:
    """What can be said of a quote before a price is taken from it; an `unseen` book is not said to be empty."""
    return {
        Flag.UNTRADED: quotes.volume == 0,
        Flag.NO_BOOK: np.isnan(book.middle) & ~unseen,
        Flag.CROSSED: book.crossed,
        Flag.WIDE: book.wide,
        Flag.REPAIRED: quotes.source == QuoteSource.BACKFILL.value,
        Flag.BAD_OI: (quotes.oi < 0) | (quotes.oi >= MAX_OPEN_INTEREST),
        Flag.BAD_PRICE: quotes.last <= 0,
    }


def _flags(faults: Mapping[Flag, Mask], listed: Mask) -> NDArray[np.int32]:
    flags = np.zeros(listed.shape, dtype=np.int32)
    for flag, mask in faults.items():
        flags |= np.where(mask & listed, np.int32(flag), np.int32(0))
    return flags
