"""NSE's option-chain answers: one document is one underlying at one instant, open interest and volume in contracts.

Two shapes of www.nseindia.com as saved by others. `option-chain-indices`, until December 2025: every expiry in one answer, the
book as `bidprice`, `askPrice`. `option-chain-v3`, since: one expiry an answer, named by `expiryDates` of a row (15-Sep-2026)
and by `expiryDate` of its legs (15-09-2026), the book as `buyPrice1`, `sellPrice1`. A zero price, bid, ask, volatility or index
there means none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from math import nan
from types import MappingProxyType
from typing import Any

from g6.adapters.replay.answers.answer import (
    ExchangeAnswer,
    Legs,
    QuotedLeg,
    checked_strike,
    day_of_text,
    moment_of_text,
    number,
    shown,
    spot_of,
)
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import root_of
from g6.adapters.replay.unread import NotRead
from g6.domain.market.instrument import SIDES

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
_NAMES = {ours: " or ".join(theirs) for ours, theirs in FIGURES.items()}
_IDENTIFIER = re.compile(r"OPT(?:IDX|STK)([A-Z0-9&-]+?)\d{2}-")


def parse_nse(document: Any, wanted: Collection[str] | None = None) -> ExchangeAnswer:
    """Return what an answer says; of no index but the `wanted` ones, where they are named. Errors: Malformed, NotRead.

    What is damaged in one row, leg or figure is in `spoilt`, with the row of `records.data`, and the rest is read.
    """
    records = _part(document, "records", dict)
    entries = _part(records, "data", list)
    if not entries:
        raise NotRead("records.data is empty", "no_answer")
    index = asked_root(_underlying(entries), wanted)
    at = moment_of_text(_part(records, "timestamp", str), "records.timestamp")
    legs = Legs(_NAMES)
    for row, entry in enumerate(entries, start=1):
        if isinstance(entry, dict):
            for leg in _legs(row, entry, index, legs):
                legs.add(leg)
        else:
            legs.left_out(row, "is not an object")
    if not len(legs):
        raise NotRead(
            "records.data holds no option" + (f": {legs.spoilt[0].reason}" if legs.spoilt else ""),
            "damaged",
        )
    return ExchangeAnswer(
        index, at, spot_of(records.get("underlyingValue")), legs.rows(), tuple(legs.spoilt)
    )


def parse_totals(document: Any) -> dict[str, float]:
    """Return the exchange's own sums over the nearest expiry, contracts: `oi_calls`, `oi_puts`; NaN where the answer has none."""
    filtered = document.get("filtered") if isinstance(document, dict) else None
    sides = [filtered.get(name) if isinstance(filtered, dict) else None for name in SIDES]
    sums = [_sum(side.get("totOI")) if isinstance(side, dict) else nan for side in sides]
    return dict(zip(("oi_calls", "oi_puts"), sums, strict=True))


def asked_root(name: str, wanted: Collection[str] | None) -> str:
    """Return the index that `name` means. Errors: NotRead, where it is none of ours or none of the `wanted`."""
    try:
        index = root_of(name)
    except Malformed as error:
        raise NotRead(error.reason, "no_index") from error
    if wanted is not None and index not in wanted:
        raise NotRead(f"holds {index}, which was not asked for", "not_asked")
    return index


def _sum(value: object) -> float:
    try:
        return number(value)
    except ValueError:
        return nan


def _part(parent: Any, key: str, kind: type) -> Any:
    if not isinstance(parent, dict) or not isinstance(parent.get(key), kind):
        if not parent:
            raise NotRead("is an empty answer", "no_answer")
        reason = f"is no option-chain answer: {key} is missing or not a {kind.__name__}"
        raise NotRead(
            reason, "damaged" if isinstance(parent, dict) and parent.get(key) else "no_answer"
        )
    return parent[key]


def _underlying(entries: Sequence[Any]) -> str:
    """Return the name that most legs bear."""
    names: Counter[str] = Counter()
    for entry in entries:
        for name in SIDES if isinstance(entry, dict) else ():
            leg = entry.get(name)
            if isinstance(leg, dict) and (said := _name_of(leg)):
                names[said] += 1
    if not names:
        raise NotRead("records.data holds no option that names its underlying", "damaged")
    return names.most_common(1)[0][0]


def _name_of(leg: Mapping[str, Any]) -> str:
    if isinstance(name := leg.get("underlying"), str) and name.strip():
        return name.strip()
    matched = _IDENTIFIER.match(str(leg.get("identifier") or ""))
    return matched[1] if matched else ""


def _legs(row: int, entry: Mapping[str, Any], index: str, legs: Legs) -> Iterator[QuotedLeg]:
    """Yield the options of one row of `records.data`; what cannot be read is told to `legs`."""
    for side, name in enumerate(SIDES):
        leg = entry.get(name)
        if leg is None or leg == {}:
            continue  # not listed: the newer shape writes null for it
        try:
            if not isinstance(leg, dict):
                raise Malformed(row, f"{name} is not an object")
            expiry, strike = _expiry(entry, leg, name), _strike(entry, leg, name)
            _same_index(leg, index, name)
        except Malformed as error:
            legs.left_out(row, error.reason)
            continue
        figures = {ours: _first(leg, theirs) for ours, theirs in FIGURES.items()}
        yield QuotedLeg(row, expiry, strike, side, figures, str(leg.get("identifier") or ""))


def _first(leg: Mapping[str, Any], names: Sequence[str]) -> object:
    """Return the figure under the first name that has one; a list or an object, which is none, as a text."""
    value = next((leg[name] for name in names if leg.get(name) is not None), None)
    return shown(value) if isinstance(value, list | dict) else value


def _expiry(entry: Mapping[str, Any], leg: Mapping[str, Any], name: str) -> date:
    texts = [entry.get("expiryDate"), entry.get("expiryDates"), leg.get("expiryDate")]
    days = {}
    for text in texts:
        if text not in (None, "", []):
            try:
                days[day_of_text(str(text))] = text
            except ValueError as error:
                raise Malformed(
                    None,
                    f"expiry {shown(text)} of {name} is not written as 07-Apr-2022 or 07-04-2022",
                ) from error
    if len(days) != 1:
        said = " and ".join(shown(text) for text in days.values())
        raise Malformed(
            None, f"{name} says {said} of its expiry" if days else f"{name} has no expiryDate"
        )
    return days.popitem()[0]


def _strike(entry: Mapping[str, Any], leg: Mapping[str, Any], name: str) -> float:
    """Return the strike that row and leg agree on."""
    said = [
        value for value in (entry.get("strikePrice"), leg.get("strikePrice")) if value is not None
    ]
    try:
        strikes = {number(value) for value in said}
    except ValueError as error:
        raise Malformed(
            None, f"strikePrice {' and '.join(map(shown, said))} of {name} is not a number"
        ) from error
    if len(strikes) > 1:
        raise Malformed(
            None, f"{name} has the strike {shown(said[1])} in the row of {shown(said[0])}"
        )
    return checked_strike(strikes.pop() if strikes else nan, name)


def _same_index(leg: Mapping[str, Any], index: str, name: str) -> None:
    said = _name_of(leg)
    if said and root_of_or_none(said) != index:
        raise Malformed(None, f"{name} is of {said}, not of {index}")


def root_of_or_none(name: str) -> str | None:
    """Return the index that `name` means, None for no index of ours."""
    try:
        return root_of(name)
    except Malformed:
        return None
