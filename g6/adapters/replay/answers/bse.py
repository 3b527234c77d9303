"""BSE's option-chain answers: one document is one expiry of one underlying, one row a strike, counts in contracts.

`api.bseindia.com/…/DerivOptionChain_IV` as saved by others. A row of `Table` has its call under names that begin with C_ and its
put under the same names without; figures are texts with thousands separators and blanks; `End_TimeStamp` is the expiry,
`Ula_Code` the index, `UlaValue` its price, `ASON.DT_TM` the instant (25 Jun 2026 | 15:30). What an archive did not keep of these is
taken from the file's name. Volatilities are percent by BSE's own convention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from math import isfinite, nan
from pathlib import Path
from types import MappingProxyType
from typing import Any

from g6.adapters.replay.answers.answer import (
    ExchangeAnswer,
    Legs,
    QuotedLeg,
    checked_strike,
    day_of_text,
    middle_of,
    moment_of_text,
    number,
    plausible,
    shown,
    spot_of,
)
from g6.adapters.replay.answers.nse import asked_root
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.unread import NotRead
from g6.domain.market.instrument import INDICES, SIDES

FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "last": "Last_Trd_Price",
        "bid": "BidPrice",
        "ask": "OfferPrice",
        "bid_quantity": "BIdQty",
        "ask_quantity": "OfferQty",
        "volume": "Vol_Traded",
        "oi": "Open_Interest",
        "oi_change": "Absolute_Change_OI",
        "exchange_iv": "IV",
    }
)
"""The exchange's names of a put's figures; a call's begin with C_."""
PREFIX = ("C_", "")
_CODES = (("C_Series_Code",), ("p_Series_Code", "Series_Code", "P_Series_Code"))
_EXPIRIES = ("End_TimeStamp", "Expiry", "ExpiryDate", "Expiry_Date", "eXPIRY")
_STRIKES = ("Strike_Price1", "Strike_Price")
_NAMES = (
    "Ula_Code",
    "UlaCode",
    "Underlying",
    "SCRIP_ID",
    "C_SCRIP_ID",
    "comapny_name",
    "C_comapny_name",
)
_ROOTS = "|".join(sorted(INDICES, key=len, reverse=True))
_CODE = re.compile(rf"(?:BSE)?\s*({_ROOTS})\d", re.IGNORECASE)
_IN_NAME = re.compile(rf"(?:^|[^A-Z])({_ROOTS})(?:$|[^A-Z])", re.IGNORECASE)
_MOMENT = re.compile(
    r"(20\d\d)[-_]?(\d\d)[-_]?(\d\d)\D{1,30}(\d\d)[-:_.]?(\d\d)(?:[-:_.]?(\d\d))?(?!\d)"
)
_FIX = "name the file after index and instant, as SENSEX_20260911_152000.json"


def is_bse(document: Any) -> bool:
    """Tell whether a document has the shape of BSE's answers."""
    return isinstance(document, dict) and "Table" in document and "records" not in document


def parse_bse(
    document: Mapping[str, Any], path: Path, wanted: Collection[str] | None = None
) -> ExchangeAnswer:
    """Return what an answer says, of no index but the `wanted` ones, where they are named. Errors: Malformed, NotRead.

    What is damaged in one row, option or figure is in `spoilt`, with the row of `Table`, and the rest is read.
    """
    table = document.get("Table")
    if not table:
        raise NotRead("Table is empty", "no_answer")
    if not isinstance(table, list):
        raise NotRead("is no option-chain answer: Table is not a list", "damaged")
    entries = [entry for entry in table if isinstance(entry, dict)]
    index = asked_root(_underlying(entries, path), wanted)
    at = _instant(document, entries, path)
    legs = Legs({**FIGURES, "buy_quantity": "buy_quantity", "sell_quantity": "sell_quantity"})
    for row, entry in enumerate(table, start=1):
        if isinstance(entry, dict):
            for leg in _legs(row, entry, legs):
                legs.add(leg)
        else:
            legs.left_out(row, "is not an object")
    if not len(legs):
        raise NotRead(
            "Table holds no option" + (f": {legs.spoilt[0].reason}" if legs.spoilt else ""),
            "damaged",
        )
    spot, disputed = middle_of([spot_of(entry.get("UlaValue")) for entry in entries])
    return ExchangeAnswer(index, at, spot, legs.rows(), tuple(legs.spoilt), disputed)


def parse_totals(document: Mapping[str, Any]) -> dict[str, float]:
    """Return the exchange's own sums over the answer, contracts: `oi_calls`, `oi_puts`; NaN where it has none."""
    sums = {}
    for name, theirs in (("oi_calls", "tot_C_Open_Interest"), ("oi_puts", "tot_Open_Interest")):
        try:
            sums[name] = number(document.get(theirs))
        except ValueError:
            sums[name] = nan
    return sums


def _underlying(entries: Sequence[Mapping[str, Any]], path: Path) -> str:
    """Return the name that most rows give, else the one in the file's name or its folder's."""
    names: Counter[str] = Counter()
    for entry in entries:
        for text in filter(None, (_text(entry, name) for name in _NAMES[:3])):
            names[text] += 1
        for codes in _CODES:
            if matched := _CODE.match(_first(entry, codes)):
                names[matched[1].upper()] += 1
    if not names:
        for entry in entries[:1]:
            names.update(
                text.upper()
                for text in (_text(entry, name) for name in _NAMES[3:])
                if text.upper() in INDICES
            )
    if names:
        return names.most_common(1)[0][0]
    if matched := _IN_NAME.search(path.stem) or _IN_NAME.search(path.parent.name):
        return matched[1].upper()
    raise NotRead(f"names no underlying (Ula_Code, C_Series_Code); {_FIX}", "damaged")


def _instant(
    document: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], path: Path
) -> datetime:
    """Return the instant the answer bears, else the one in the file's name or in folder and file."""
    ason = document.get("ASON")
    said = [
        _text(part, "DT_TM")
        for part in (ason if isinstance(ason, list) else [ason])
        if isinstance(part, dict)
    ]
    said += [
        text
        for entry in entries[:1]
        for text in (_text(entry, "DT_TM"), _text(entry, "End_TimeStamp"))
        if "|" in text
    ]
    if text := next(filter(None, said), ""):
        return moment_of_text(text, "ASON.DT_TM")
    for name in (path.stem, f"{path.parent.name} {path.stem}"):
        if matched := _MOMENT.search(name):
            try:
                return plausible(
                    datetime(*(int(part or 0) for part in matched.groups())),  # type: ignore[arg-type]  # noqa: DTZ001
                    "the file's name",
                    name,
                )
            except ValueError:
                continue
    raise NotRead(f"names no instant (ASON.DT_TM, as 25 Jun 2026 | 15:30); {_FIX}", "damaged")


def _legs(row: int, entry: Mapping[str, Any], legs: Legs) -> Iterator[QuotedLeg]:
    """Yield the options of one row of `Table`; a side without any figure is not listed."""
    try:
        expiry, strike = _expiry(entry), _strike(entry)
    except Malformed as error:
        legs.left_out(row, error.reason)
        return
    for side, prefix in enumerate(PREFIX):
        figures = {ours: _plain(entry.get(prefix + theirs)) for ours, theirs in FIGURES.items()}
        if "bid_quantity" in figures and figures["bid_quantity"] is None:
            figures["bid_quantity"] = _plain(entry.get(f"{prefix}BidQty"))
        code = _first(entry, _CODES[side])
        if code or any(prefix + theirs in entry for theirs in FIGURES.values()):
            yield QuotedLeg(row, expiry, strike, side, figures, code)


def _expiry(entry: Mapping[str, Any]) -> date:
    text = next(
        (text for name in _EXPIRIES if (text := _text(entry, name)) and "|" not in text), ""
    )
    try:
        return day_of_text(text)
    except ValueError as error:
        raise Malformed(
            None, f"End_TimeStamp {shown(text)} is not written as 16 Jul 2026"
        ) from error


def _strike(entry: Mapping[str, Any]) -> float:
    said = [entry[name] for name in _STRIKES if entry.get(name) not in (None, "")]
    try:
        strikes = {strike for value in said if isfinite(strike := number(value))}
    except ValueError as error:
        raise Malformed(
            None, f"Strike_Price {' and '.join(map(shown, said))} is not a number"
        ) from error
    if len(strikes) > 1:
        raise Malformed(None, f"has the strikes {' and '.join(map(shown, said))}")
    return checked_strike(strikes.pop() if strikes else nan, SIDES[0])


def _first(entry: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((text for name in names if (text := _text(entry, name))), "")


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value.strip() if isinstance(value, str) else ""


def _plain(value: object) -> object:
    """Return a figure as it came; a list or an object, which is none, as a text."""
    return shown(value) if isinstance(value, list | dict) else value
