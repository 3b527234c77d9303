"""A chain as rows: the frame that is stored for good, and the lines of the offset files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isnan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.book_spreads import liquidity, microprice
from g6.domain.pricing.priced_chain import PricedChain, PricedExpiry
from g6.domain.pricing.quality import SOURCES, Flag, spot_source
from g6.domain.pricing.volatility import WORDS
from g6.domain.quotes.quotes import QUOTE_FIELDS
from g6.domain.quotes.stamp import to_frame
from g6.domain.schema import rows
from g6.domain.schema.counting import MAX_COUNT
from g6.domain.schema.frame import SIDE_PREFIXES, ColumnValues, Frame, Words, by_side
from g6.domain.schema.json_reading import part, text
from g6.domain.schema.layout import offset_name
from g6.domain.schema.words import Bucket

__all__ = ["COMPUTED", "chain_frame", "computed", "csv_rows"]

_KINDS = {column.name: column.kind for column in rows.CHAIN_SIDE}
_CHAIN_KINDS = {column.name: column.kind for column in rows.CHAIN}
_COUNTS = tuple(name for name in QUOTE_FIELDS if _KINDS.get(name) == "integer")
_PRICED = (
    "price",
    "time_value",
    "age_seconds",
    "quality",
    "iv",
    "iv_bid",
    "iv_ask",
    "delta",
    "gamma",
    "theta",
    "vega",
    "rho",
)
"""Side columns that a priced chain holds under their own names."""
_SPELLED = {"price_source": SOURCES, "iv_status": WORDS}
"""Side columns of words, with the words that their codes stand for."""

_EXPIRY_FIGURES: Mapping[str, Callable[[PricedExpiry], float]] = {
    "forward": lambda expiry: expiry.forward.value,
    "forward_spread": lambda expiry: expiry.forward.spread,
    "atm": lambda expiry: expiry.atm,
    "years_to_expiry": lambda expiry: expiry.years,
}
"""Figures of an expiry that each of its strikes carries."""

_LONG = "%.12g"
_FORMS = {"iv": "%.7g", "integer": "%d", "flags": "%d"}
"""How numbers of a kind are written in files for people, others as `_LONG` says."""
_SHARED = frozenset(
    [
        "expiry",
        "offset",
        "index_price",
        "atm",
        "forward",
        "lot_size",
        "bucket_mask",
        "future",
        "vix",
    ]
)
"""Columns of files for people that are no numbers, or say the same in all rows of an expiry."""

COMPUTED = (
    "offset",
    "forward",
    "forward_source",
    "forward_spread",
    "atm",
    "years_to_expiry",
    "dte",
    "rate",
    "model",
    "config_id",
    *(
        side + name
        for side in SIDE_PREFIXES
        for name in (*_PRICED, "microprice", "liquidity", *_SPELLED)
    ),
)
"""Columns that analysis makes; nothing of them is read when a chain is made again."""


def chain_frame(priced: PricedChain) -> Frame:
    """Return a chain's rows, under the header its quotes came with.

    The raw columns keep what the source gave, so that the chain can be made again from its rows.

    Returns:
        Exactly the columns of `rows.CHAIN`, in order. Times are epoch seconds, text columns
        objects, integers float64 where they can be missing (NaN). Volatilities and Greeks are
        float32 as they are stored. Strikes with nothing but thin options are left out.

    >>> from g6.simulation.example_unit import PRICED
    >>> [*chain_frame(PRICED).columns][:4]
    ['timestamp', 'observed_at', 'underlying', 'expiry']
    """
    raw = to_frame(priced.quotes, priced.stamp)
    columns = {**raw.columns, **_passed_on(priced)}
    for name, column in computed([priced]).items():
        columns[name] = column.spelled() if isinstance(column, Words) else column
    frame = Frame(raw.header, {column.name: columns[column.name] for column in rows.CHAIN})
    is_thin = priced.flags & Flag.THIN != 0
    is_listed = priced.prices.listed
    is_left_out = np.any(is_thin, axis=0) & np.all(is_thin | ~is_listed, axis=0)
    return frame.take(np.flatnonzero(~is_left_out)) if is_left_out.any() else frame


def _passed_on(priced: PricedChain) -> dict[str, ColumnValues]:
    """Return the columns that analysis passes on from its quotes and their stamp."""
    quotes = priced.quotes
    stamp = priced.stamp
    market = quotes.market
    at = stamp.at.timestamp()
    n = len(quotes)
    buckets = np.array([expiry.slot.bucket for expiry in priced.expiries], dtype=object)
    masks = np.array([expiry.slot.mask for expiry in priced.expiries], dtype=np.int32)
    columns: dict[str, ColumnValues] = {
        "underlying": np.full(n, stamp.index, dtype=object),
        "spot_source": np.full(n, spot_source(market, at, stamp.quality), dtype=object),
        "bucket": np.repeat(buckets, priced.sizes),
        "bucket_mask": np.repeat(masks, priced.sizes),
    }
    numbers = {
        "timestamp": at,
        "observed_at": quotes.observed_at,
        "spot": market.spot,
        "spot_age_seconds": at - market.spot_time,
        "future": market.future,
        "vix": market.vix,
    }
    for name, number in numbers.items():
        columns[name] = np.full(n, number, dtype=np.float64)
    counts = {name: _rounded(quotes.values[name]) for name in _COUNTS}
    return columns | by_side(counts, counts)


def computed(units: Sequence[PricedChain]) -> dict[str, ColumnValues | Words]:
    """Return the columns `COMPUTED`, rows of all units one after the other.

    Returns:
        Text as words: a recomputed day has few of them in many rows.

    >>> from g6.simulation.example_unit import PRICED
    >>> computed([PRICED])["forward_source"].words.tolist()
    ['parity']
    """
    sizes: list[int] = []
    strikes: list[ColumnValues] = []
    forward_sources: list[str] = []
    row_parts: dict[str, list[ColumnValues]] = defaultdict(list)
    side_parts: dict[str, list[ColumnValues]] = defaultdict(list)
    for priced in units:
        sizes.append(len(priced.quotes))
        strikes.append(priced.sizes)
        forward_sources += [expiry.forward.source for expiry in priced.expiries]
        for name, column in _row_columns(priced).items():
            row_parts[name].append(column)
        for name, column in _side_columns(priced).items():
            side_parts[name].append(column)
    columns: dict[str, ColumnValues | Words] = {}
    for name, parts in row_parts.items():
        columns[name] = np.concatenate(parts)
    columns["forward_source"] = _worded(forward_sources, np.concatenate(strikes))
    columns["model"] = _worded((priced.stamp.pricing.model for priced in units), sizes)
    columns["config_id"] = _worded((priced.stamp.config_id for priced in units), sizes)
    for name, parts in side_parts.items():
        values = np.concatenate(parts, axis=1)
        for side, prefix in enumerate(SIDE_PREFIXES):
            columns[prefix + name] = _stored_side(name, values[side])
    return columns


def _row_columns(priced: PricedChain) -> dict[str, ColumnValues]:
    """Return what analysis makes of each strike, and each strike's figure of its expiry."""
    expiries = priced.expiries
    days = np.array([expiry.dte for expiry in expiries], dtype=int)
    columns: dict[str, ColumnValues] = {
        "offset": priced.offset,
        "dte": np.repeat(days, priced.sizes),
        "rate": np.full(len(priced.quotes), priced.rate, dtype=np.float64),
    }
    for name, figure in _EXPIRY_FIGURES.items():
        columns[name] = priced.per_row([*map(figure, expiries)])
    return columns


def _side_columns(priced: PricedChain) -> dict[str, ColumnValues]:
    """Return what analysis makes of each option, shape `(2, n)`, words as their codes."""
    quotes = priced.quotes
    values = quotes.values
    sides = priced.sides
    columns = {name: sides[name] for name in _PRICED}
    columns["microprice"] = microprice(
        quotes.bid, quotes.ask, values["bid_quantity"], values["ask_quantity"]
    )
    columns["liquidity"] = liquidity(quotes.bid, quotes.ask, quotes.volume)
    columns["price_source"] = priced.prices.taken
    columns["iv_status"] = priced.vol.code
    return columns


def _stored_side(name: str, values: ColumnValues) -> ColumnValues | Words:
    """Return a side's column as wide as it is stored."""
    if name in _SPELLED:
        return Words(values.astype(np.int16), _SPELLED[name])
    # Half the bytes of a float64, and seven digits are more than any quote pins down.
    return values.astype(np.float32) if _KINDS[name] == "iv" else values


def _worded(texts: Iterable[str], counts: NDArray[np.int64] | Sequence[int]) -> Words:
    """Return each text as often as its count says."""
    words = [*texts]
    places = {word: place for place, word in enumerate(dict.fromkeys(words))}
    codes = np.array([places[word] for word in words], dtype=np.int16)
    return Words(np.repeat(codes, counts), np.array([*places], dtype=object))


def _rounded(quantity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return whole numbers, NaN for what no integer column can hold."""
    return np.where(np.abs(quantity) < MAX_COUNT, np.rint(quantity), np.nan)


def csv_rows(frame: Frame, window: tuple[int, int]) -> Mapping[tuple[str, int], str]:
    """Return the line of each offset file, without its end, by bucket and offset.

    A date that fills two buckets has its line under both. Greek columns are left out when the
    configuration has Greeks off.

    Args:
        frame: Columns of `rows.CHAIN`.
        window: Strikes below and above ATM that are kept.

    Returns:
        Cells of `rows.csv_header`, empty where a value is missing.

    >>> from g6.simulation.example_unit import FRAME
    >>> [*csv_rows(FRAME, (1, 1))][:3]
    [('this_week', -1), ('this_month', -1), ('this_week', 0)]
    """
    offset = frame.columns["offset"].astype(np.float64)
    is_near = (offset >= -window[0]) & (offset <= window[1])
    if not is_near.any():
        return {}
    stamp = part(frame.header, "stamp")
    head = f"{text(stamp, 'cycle')},{text(stamp, 'index')}"
    has_greeks = bool(part(stamp, "pricing")["enabled"])
    names = rows.csv_header(has_greeks)
    near = _picked(frame, names, is_near)
    places = near["offset"].astype(np.int64).tolist()
    masks = near["bucket_mask"].astype(np.int64).tolist()
    form, cells = _file_columns(near, names)
    # What is missing is no number, and of every other text here none has these letters.
    tails = [(form % row).replace("nan", "") for row in zip(*cells, strict=True)]
    firsts = zip(near["bucket"].tolist(), masks, strict=True)
    buckets: dict[tuple[str, int], list[str]] = {}
    lines = {}
    for first, place, tail in zip(firsts, places, tails, strict=True):
        if first not in buckets:
            buckets[first] = _buckets(*first)
        for bucket in buckets[first]:
            lines[bucket, place] = f"{head},{bucket},{tail}"
    return lines


def _picked(frame: Frame, names: list[str], is_near: NDArray[np.bool_]) -> dict[str, ColumnValues]:
    """Return the columns that the cells of these names are of, at some rows."""
    sources = {rows.CSV_SOURCES.get(name, name) for name in names[3:]} - rows.CSV_SUMS.keys()
    terms = {column for pair in rows.CSV_SUMS.values() for column in pair}
    chosen = slice(None) if is_near.all() else np.flatnonzero(is_near)
    wanted = sources | terms | {"offset", "bucket", "bucket_mask"}
    return {name: frame.columns[name][chosen] for name in wanted}


def _buckets(first: str, mask: int) -> list[str]:
    return [bucket.value for bucket in Bucket if mask & bucket.bit] or [first]


def _file_columns(
    columns: dict[str, ColumnValues], names: list[str]
) -> tuple[str, list[list[object]]]:
    """Return how a line reads after `timestamp`, `index` and `expiry_tag`, and its columns."""
    # A source that sends both infinities is reported by its flags: the sum needs no warning.
    with np.errstate(invalid="ignore"):
        for name, (call, put) in rows.CSV_SUMS.items():
            columns[name] = columns[call] + columns[put]
    forms: list[str] = []
    cells: list[list[object]] = []
    for name in names[3:]:
        source = rows.CSV_SOURCES.get(name, name)
        kind = _CHAIN_KINDS.get(source, "float")
        # Numbers are written by one operation a line: cell by cell that took twice as long.
        if name in _SHARED:
            form, column = "%s", _text(columns[source], kind, signed=name == "offset")
        else:
            form, column = _numbers(columns[source], kind)
        forms.append(form)
        cells.append(column)
    return ",".join(forms), cells


def _numbers(column: ColumnValues, kind: str) -> tuple[str, list[object]]:
    """Return a column of numbers, and how one of them is written."""
    if kind in {"integer", "flags"}:
        # %d refuses what is no number. Whole ones look the same, once -0.0 has lost its sign.
        return "%.0f", (column + 0.0).tolist()
    return _FORMS.get(kind, _LONG), column.tolist()


def _text(column: ColumnValues, kind: str, *, signed: bool = False) -> list[object]:
    """Return numbers as short as their type is exact.

    7 digits of a float32, 12 of a float64, integers without a point.
    """
    if kind == "date":
        distinct_days, rows_of = np.unique(column.astype("datetime64[D]"), return_inverse=True)
        days: list[object] = distinct_days.astype(str)[rows_of].tolist()
        return days
    values = column.tolist()
    if kind == "integer" and signed:
        return [offset_name(int(value)) for value in values]
    form = _FORMS.get(kind, _LONG)
    distinct = set(values)
    # What all strikes of an expiry share is written out once. Both zeros are one, of two texts.
    if len(distinct) * 2 < len(values) and 0.0 not in distinct:
        texts = {value: "" if isnan(value) else form % value for value in distinct}
        return [texts[value] for value in values]
    return ["" if isnan(value) else form % value for value in values]
