"""NSE's option-chain answers: a document is one underlying at one instant.

Open interest and volume count contracts. Two shapes of www.nseindia.com occur, as saved by others.
`option-chain-indices`, until December 2025, has every expiry in one answer and the book as
`bidprice` and `askPrice`. `option-chain-v3`, since then, has one expiry an answer, named by
`expiryDates` of a row (15-Sep-2026) and by `expiryDate` of its legs (15-09-2026), and the book as
`buyPrice1` and `sellPrice1`. A zero price, bid, ask, volatility or index means none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from math import nan
from types import MappingProxyType
from typing import TypeVar

from g6.adapters.replay.answers.answer import (
    ExchangeAnswer,
    LegCollector,
    QuotedLeg,
    checked_strike,
    excerpt,
    parse_day,
    parse_moment,
    parse_number,
    parse_spot,
)
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import root_of
from g6.adapters.replay.unread import NotRead
from g6.domain.market.instrument import SIDES
from g6.domain.schema.json_types import Document

T = TypeVar("T")
FIGURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "last": ("lastPrice",),
        "bid": ("bidprice", "buyPrice1"),
        "ask": ("askPrice", "sellPrice1"),
        "bid_quantity": ("bidQty", "buyQuantity1"),
        "ask_quantity": ("askQty", "sellQuantity1"),
        "buy_quantity": ("totalBuyQuantity",),
        "sell_quantity": ("totalSellQuantity",),
        "volume": ("totalTradedVolume",),
        "oi": ("openInterest",),
        "oi_change": ("changeinOpenInterest",),
        "exchange_iv": ("impliedVolatility",),
    }
)
"""The exchange's names of each figure, those of both shapes."""
# The site has given option-chain-v3 alone since December 2025: one expiry an answer, under other
# names. Before both shapes were known it ended a replay with "expiryDates None".
_NAMES = {ours: " or ".join(theirs) for ours, theirs in FIGURES.items()}
_IDENTIFIER = re.compile(r"OPT(?:IDX|STK)([A-Z0-9&-]+?)\d{2}-")


def parse_nse(document: object, indices: Collection[str] | None = None) -> ExchangeAnswer:
    """Return the content of an answer, if it is of one of `indices` where they are given.

    A damaged row, leg or figure is in `omitted`, with its row of `records.data`. The rest is read.

    Raises:
        Malformed: Nothing of it can be used.
        NotRead: It is no such answer, or of another index.
    """
    records = _part(document, "records", dict)
    entries = _part(records, "data", list)
    if not entries:
        raise NotRead("records.data is empty", "no_answer")
    index = requested_root(_underlying(entries), indices)
    at = parse_moment(_part(records, "timestamp", str), "records.timestamp")
    legs = LegCollector(_NAMES)
    for row, entry in enumerate(entries, start=1):
        if isinstance(entry, dict):
            for leg in _legs(row, entry, index, legs):
                legs.add(leg)
        else:
            legs.omit(row, "is not an object")
    if not len(legs):
        first_reason = f": {legs.omitted[0].reason}" if legs.omitted else ""
        raise NotRead(f"records.data holds no option{first_reason}", "damaged")
    spot = parse_spot(records.get("underlyingValue"))
    return ExchangeAnswer(index, at, spot, legs.rows(), tuple(legs.omitted))


def parse_totals(document: object) -> dict[str, float]:
    """Return the exchange's own sums over the nearest expiry.

    `oi_calls` and `oi_puts` count contracts. They are NaN where the answer has none.
    """
    filtered = document.get("filtered") if isinstance(document, dict) else None
    sides = [filtered.get(name) if isinstance(filtered, dict) else None for name in SIDES]
    sums = [_sum(side.get("totOI")) if isinstance(side, dict) else nan for side in sides]
    return dict(zip(("oi_calls", "oi_puts"), sums, strict=True))


def requested_root(name: str, indices: Collection[str] | None) -> str:
    """Return the root that `name` means.

    Raises:
        NotRead: It is no index of ours, or was not asked for.
    """
    try:
        index = root_of(name)
    except Malformed as error:
        raise NotRead(error.reason, "no_index") from error
    if indices is not None and index not in indices:
        raise NotRead(f"holds {index}, which was not asked for", "not_asked")
    return index


def _sum(value: object) -> float:
    try:
        return parse_number(value)
    except ValueError:
        return nan


def _part(parent: object, key: str, kind: type[T]) -> T:
    """Return the part of a document under `key`.

    Raises:
        NotRead: It is missing, or no `kind`.
    """
    part = parent.get(key) if isinstance(parent, dict) else None
    if isinstance(part, kind):
        return part
    if not parent:
        raise NotRead("is an empty answer", "no_answer")
    reason = f"is no option-chain answer: {key} is missing or not a {kind.__name__}"
    raise NotRead(reason, "damaged" if part else "no_answer")


def _underlying(entries: Sequence[object]) -> str:
    """Return the name that most legs bear."""
    names: Counter[str] = Counter()
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        for side in SIDES:
            leg = entry.get(side)
            if isinstance(leg, dict) and (name := _underlying_name(leg)):
                names[name] += 1
    if not names:
        raise NotRead("records.data holds no option that names its underlying", "damaged")
    return names.most_common(1)[0][0]


def _underlying_name(leg: Document) -> str:
    if isinstance(name := leg.get("underlying"), str) and name.strip():
        return name.strip()
    match = _IDENTIFIER.match(str(leg.get("identifier") or ""))
    return match[1] if match else ""


def _legs(row: int, entry: Document, index: str, legs: LegCollector) -> Iterator[QuotedLeg]:
    """Yield the options of one row of `records.data`. The rest is added to `legs.omitted`."""
    for side, name in enumerate(SIDES):
        leg = entry.get(name)
        if leg is None or leg == {}:
            continue  # not listed: option-chain-v3 writes null for it
        try:
            if not isinstance(leg, dict):
                raise Malformed(row, f"{name} is not an object")
            expiry = _expiry(entry, leg, name)
            strike = _strike(entry, leg, name)
            _check_index(leg, index, name)
        except Malformed as error:
            legs.omit(row, error.reason)
            continue
        figures = {ours: _first_figure(leg, theirs) for ours, theirs in FIGURES.items()}
        yield QuotedLeg(row, expiry, strike, side, figures, str(leg.get("identifier") or ""))


def _first_figure(leg: Document, names: Sequence[str]) -> object:
    """Return the figure under the first name that has one. A list or an object becomes a text."""
    value = next((leg[name] for name in names if leg.get(name) is not None), None)
    return excerpt(value) if isinstance(value, list | dict) else value


def _expiry(entry: Document, leg: Document, name: str) -> date:
    """Return the expiry that row and leg agree on.

    Raises:
        Malformed: They do not agree, or say none.
    """
    days = {}
    for value in (entry.get("expiryDate"), entry.get("expiryDates"), leg.get("expiryDate")):
        if value in (None, "", []):
            continue
        try:
            days[parse_day(str(value))] = value
        except ValueError as error:
            forms = "07-Apr-2022 or 07-04-2022"
            reason = f"expiry {excerpt(value)} of {name} is not written as {forms}"
            raise Malformed(None, reason) from error
    if not days:
        raise Malformed(None, f"{name} has no expiryDate")
    if len(days) > 1:
        texts = " and ".join(excerpt(value) for value in days.values())
        raise Malformed(None, f"{name} says {texts} of its expiry")
    return days.popitem()[0]


def _strike(entry: Document, leg: Document, name: str) -> float:
    """Return the strike that row and leg agree on.

    Raises:
        Malformed: They do not agree, or say none.
    """
    in_both = (entry.get("strikePrice"), leg.get("strikePrice"))
    values = [value for value in in_both if value is not None]
    try:
        strikes = {parse_number(value) for value in values}
    except ValueError as error:
        texts = " and ".join(map(excerpt, values))
        raise Malformed(None, f"strikePrice {texts} of {name} is not a number") from error
    # A leg whose strike is not its row's used to leave without a word.
    if len(strikes) > 1:
        of_row = excerpt(values[0])
        reason = f"{name} has the strike {excerpt(values[1])} in the row of {of_row}"
        raise Malformed(None, reason)
    return checked_strike(strikes.pop() if strikes else nan, name)


def _check_index(leg: Document, index: str, name: str) -> None:
    underlying = _underlying_name(leg)
    if underlying and root_of_or_none(underlying) != index:
        raise Malformed(None, f"{name} is of {underlying}, not of {index}")


def root_of_or_none(name: str) -> str | None:
    """Return the root that `name` means, None for no index of ours."""
    try:
        return root_of(name)
    except Malformed:
        return None
