"""What a quote is worth: its flags, and the one price that is taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.plan import Model, Quality
from g6.domain.pricing.outliers import outliers, pace
from g6.domain.quotes.quotes import Quotes
from g6.domain.schema.counting import MAX_COUNT, MAX_OPEN_INTEREST
from g6.domain.schema.underlying import Underlying
from g6.domain.schema.words import Flag, QuoteSource, SpotSource

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
"""Times above the highest strike, or below the lowest, that an index stands at most."""
# Exchanges list strikes on both sides of the index, so that one outside of them all is a fault.
SOURCES = np.array(["", "mid", "last"], dtype=object)
"""Every word of `price_source`."""
_ANSWERED = ("last", "bid", "ask", "volume", "oi", "close", "quote_time")
READ = (*_ANSWERED, "last_trade_time")
"""Quantities of a quote that a price and its flags are made of."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of a chain, each of shape (2, n): what is analysed, and how well it is known.

    Attributes:
        price: Points, NaN where there is none.
        taken: Where the price is from, a place in SOURCES.
        half_spread: Points: half the width of the book of a mid, half a tick of a last price.
        bid: Best bid of a fresh, uncrossed book, points, else NaN.
        ask: Best ask of such a book.
        mid: The price where it is a mid.
        traded: A last price of the trade window.
        timed: Whether the time of the last trade is known.
        flags: Bits of `Flag`.
        age_seconds: Age of the quote, NaN unknown.
        listed: Which options exist.
        missing: Which of them did not answer.
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
        """The words of `price_source`, shape (2, n)."""
        return SOURCES[self.taken]

    def rows(self, rows: slice) -> Prices:
        """Return the prices of some strikes."""
        names = Prices.__dataclass_fields__
        return Prices(**{name: getattr(self, name)[:, rows] for name in names})


def prices(
    quotes: Quotes,
    at: Array | float,
    quality: Quality,
    model: Model = "black76",
    moves: Array | float | None = None,
) -> Prices:
    """Return the price of every option at the cycle's instant.

    It is the mid of a two-sided, uncrossed book at most `max_quote_age` old and not wider than the
    larger of `max_spread_points` and `max_spread_fraction` of the mid. Otherwise it is the last
    price of a trade of today at most `max_trade_age` old that is no outlier, and otherwise none. An
    unknown time is believed and flagged. The exchanges' presets take the last price whatever its
    age, as the exchanges do. A thin option has no price at all.

    Args:
        quotes: Quotes of n strikes, of one unit or of several.
        at: The instant in epoch seconds, one for each row where the quotes are of several units.
        quality: When a quote may be believed.
        model: The model that the prices are for.
        moves: What `pace` gives for the index of each row. None: that of the quotes' own index.

    >>> from g6.simulation.example_unit import QUOTES, STAMP
    >>> taken = prices(QUOTES, STAMP.at.timestamp(), STAMP.quality)
    >>> SOURCES[taken.taken[0, 0]], taken.price[0, 20].round(2)
    ('mid', np.float64(150.34))
    """
    sources = _price_sources(quotes, at, quality, pace(quotes.market) if moves is None else moves)
    book = sources.book
    mid = sources.mid
    trades = sources.trades
    use_mid = np.isfinite(mid) & (model == "black76")
    price = np.where(use_mid, mid, trades.believed if model == "black76" else trades.last)
    use_last = ~use_mid & np.isfinite(price)
    is_spoilt = book.crossed | sources.is_old
    half_tick = np.where(use_last, 0.5 * quotes.tick_size, np.nan)
    return Prices(
        price=price,
        taken=use_mid.view(np.int8) + 2 * use_last.view(np.int8),
        half_spread=np.where(use_mid, sources.half_width, half_tick),
        bid=np.where(is_spoilt, np.nan, book.bid),
        ask=np.where(is_spoilt, np.nan, book.ask),
        mid=mid,
        traded=trades.believed,
        timed=np.isfinite(trades.age),
        flags=_flags(_faults(quotes, sources, use_mid, use_last), sources.listed),
        age_seconds=sources.age,
        listed=sources.listed,
        missing=sources.missing,
    )


class _Book(NamedTuple):
    bid: Array
    ask: Array
    middle: Array
    crossed: Mask
    wide: Mask


def _book(quotes: Quotes, listed: Mask, quality: Quality) -> _Book:
    """Return the best level of each book. Its middle is NaN where it is not two-sided."""
    bid = _positive(quotes.bid, listed)
    ask = _positive(quotes.ask, listed)
    middle = 0.5 * (bid + ask)
    gap = ask - bid
    allowed = np.maximum(quality.max_spread_points, quality.max_spread_fraction * middle)
    return _Book(bid, ask, middle, gap < 0, gap > allowed)


class _Trades(NamedTuple):
    """Last prices, those of them that are believed, and why others are not."""

    last: Array
    believed: Array
    odd: Mask
    stale: Mask
    age: Array


def _trades(
    quotes: Quotes,
    listed: Mask,
    at: Array | float,
    quality: Quality,
    book: tuple[Array, Array],
    moves: Array | float,
) -> _Trades:
    """Return the last prices, held against the middle and the half spread of their books."""
    age = at - quotes.last_trade_time
    last = _positive(quotes.last, listed)
    is_untraded = quotes.volume == 0
    is_fresh = ~(is_untraded | (age > quality.max_trade_age))
    fresh = np.where(is_fresh, last, np.nan)
    odd = outliers(quotes, *book, fresh, age, moves)
    believed = np.where(odd, np.nan, fresh)
    stale = np.isnan(believed) & np.isfinite(last) & ~is_untraded & ~odd
    return _Trades(last, believed, odd, stale, age)


class _PriceSources(NamedTuple):
    """What there is to take a price from.

    Attributes:
        listed: Options that are listed.
        missing: Those of them that did not answer.
        thin: Those of them that the configuration leaves out.
        age: Seconds since the quote.
        is_old: Whether that is too long.
        mid: The middle of a book that is believed, else NaN.
        half_width: Half the gap of the book.
    """

    listed: Mask
    missing: Mask
    thin: Mask
    age: Array
    is_old: Mask
    book: _Book
    mid: Array
    half_width: Array
    trades: _Trades


def _price_sources(
    quotes: Quotes, at: Array | float, quality: Quality, moves: Array | float
) -> _PriceSources:
    """Return books and trades as far as they are believed."""
    thin = _thin(quotes, quality)
    listed = quotes.symbol != ""
    missing = listed & np.all([np.isnan(quotes.values[name]) for name in _ANSWERED], axis=0)
    age = at - quotes.quote_time
    is_old = age > quality.max_quote_age
    book = _book(quotes, listed & ~thin, quality)
    mid = np.where(book.crossed | book.wide | is_old, np.nan, book.middle)
    half_width = 0.5 * (book.ask - book.bid)
    trades = _trades(quotes, listed & ~thin, at, quality, (mid, half_width), moves)
    return _PriceSources(listed, missing, thin, age, is_old, book, mid, half_width, trades)


def quality_counts(flags: NDArray[np.int32]) -> dict[str, int]:
    """Return how many options carry each flag, by reason. Reasons that none carries are left out.

    >>> quality_counts(np.array([[1, 0], [3, 0]], dtype=np.int32))
    {'stale': 2, 'untraded': 1}
    """
    # Most flags are carried by no option: counting the others takes 8 us a unit, all of them 45.
    carried = int(np.bitwise_or.reduce(flags, axis=None))
    counts: dict[str, int] = {}
    for flag in Flag:
        if flag.name and carried & flag.value:
            counts[flag.name.lower()] = int(np.count_nonzero(flags & np.int32(flag.value)))
    return counts


def believed(market: Underlying, strikes: Array) -> Underlying:
    """Return the market without a spot that is no print.

    Zero, a negative or infinite level and one that is absurd against the strikes of the chain are
    no prints.

    Args:
        market: The index as it was seen.
        strikes: Strikes of the chain, points. None are no witness.

    Returns:
        The market. Without a print `spot` and `spot_time` are NaN and `spot_source` is none.

    >>> believed(Underlying(spot=0.05), np.array([24000.0])).spot_source
    'none'
    """
    if isfinite(market.spot) and market.spot > 0:
        if not len(strikes):
            return market
        lowest = float(strikes.min()) / FAR_FROM_STRIKES
        highest = float(strikes.max()) * FAR_FROM_STRIKES
        if lowest <= market.spot <= highest:
            return market
    return replace(market, spot=nan, spot_time=nan, spot_source=SpotSource.NONE.value)


def spot_source(market: Underlying, at: float, quality: Quality) -> str:
    """Return how the index is known at an instant: a live one too old to be believed is stale.

    Args:
        market: The index as it was seen.
        at: The cycle's instant, epoch seconds.
        quality: How old a quote may be.

    >>> spot_source(Underlying(spot=24000.0, spot_time=0.0), 31.0, Quality(max_quote_age=30.0))
    'stale'
    """
    is_too_old = (
        market.spot_source == SpotSource.LIVE and at - market.spot_time > quality.max_quote_age
    )
    return SpotSource.STALE.value if is_too_old else market.spot_source


def _positive(values: Array, listed: Mask) -> Array:
    """Return the prices that can be one, else NaN."""
    # A provider writes an empty level as 0 or −0.01.
    return np.where(listed & (values > 0) & (values < MAX_COUNT), values, np.nan)


def _thin(quotes: Quotes, quality: Quality) -> Mask:
    """Return what the configuration leaves out for its volume or open interest.

    What is unknown stays.
    """
    listed: Mask = quotes.symbol != ""
    thin: Mask = np.zeros(listed.shape, dtype=np.bool_)
    if quality.min_volume:
        thin |= quotes.volume < quality.min_volume
    if quality.min_oi:
        thin |= quotes.oi < quality.min_oi
    if quality.vol_pct:
        for day in np.unique(quotes.expiry):
            rows = quotes.expiry == day
            volume = quotes.volume[:, rows]
            if np.isfinite(volume).any():
                thin[:, rows] |= volume < np.nanpercentile(volume, quality.vol_pct)
    return thin & listed


def _faults(
    quotes: Quotes, sources: _PriceSources, use_mid: Mask, use_last: Mask
) -> dict[Flag, Mask]:
    """Return what is wrong with each quote, and with the price that is taken from it.

    A book that nobody saw is not said to be empty.
    """
    book = sources.book
    trades = sources.trades
    unseen = sources.missing | sources.thin
    age_unknown = (use_mid & np.isnan(sources.age)) | (use_last & np.isnan(trades.age))
    return {
        Flag.UNTRADED: quotes.volume == 0,
        Flag.NO_BOOK: np.isnan(book.middle) & ~unseen,
        Flag.CROSSED: book.crossed,
        Flag.WIDE: book.wide,
        Flag.REPAIRED: quotes.source == QuoteSource.BACKFILL.value,
        Flag.BAD_OI: (quotes.oi < 0) | (quotes.oi >= MAX_OPEN_INTEREST),
        Flag.BAD_PRICE: quotes.last <= 0,
        Flag.MISSING: sources.missing,
        Flag.THIN: sources.thin,
        Flag.OUTLIER: trades.odd,
        Flag.STALE: sources.is_old | (np.isnan(sources.mid) & trades.stale),
        Flag.AGE_UNKNOWN: age_unknown,
    }


def _flags(faults: Mapping[Flag, Mask], listed: Mask) -> NDArray[np.int32]:
    flags = np.zeros(listed.shape, dtype=np.int32)
    for flag, mask in faults.items():
        flags |= np.where(mask & listed, np.int32(flag), np.int32(0))
    return flags
