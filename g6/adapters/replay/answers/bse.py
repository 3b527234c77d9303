"""BSE's option-chain answers: a document is one expiry of one underlying, a row one strike.

Source: `api.bseindia.com/…/DerivOptionChain_IV` as saved by others. Figures count contracts. A row
of `Table` has its call under names that begin with C_ and its put under the same names without.
Figures are texts with thousands separators and blanks. `End_TimeStamp` is the expiry, `Ula_Code`
the index, `UlaValue` its price, `ASON.DT_TM` the instant (25 Jun 2026 | 15:30). What an archive did
not keep of these is taken from the file's name. Volatilities are percent, by BSE's own convention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from math import isfinite, nan
from pathlib import Path
from types import MappingProxyType
from typing import TypeGuard

from g6.adapters.replay.answers.answer import (
    ExchangeAnswer,
    LegCollector,
    QuotedLeg,
    checked_instant,
    checked_strike,
    excerpt,
    median_print,
    parse_day,
    parse_moment,
    parse_number,
    parse_spot,
)
from g6.adapters.replay.answers.nse import requested_root
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.unread import NotRead
from g6.domain.market.instrument import INDICES, SIDES
from g6.domain.schema.json_types import Document

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


def is_bse(document: object) -> TypeGuard[Document]:
    """Return whether a document has the shape of BSE's answers."""
    return isinstance(document, dict) and "Table" in document and "records" not in document


def parse_bse(
    document: Document, path: Path, indices: Collection[str] | None = None
) -> ExchangeAnswer:
    """Return the content of an answer, if it is of one of `indices` where they are given.

    A damaged row, option or figure is in `omitted`, with its row of `Table`. The rest is read.

    Raises:
        Malformed: Nothing of it can be used.
        NotRead: It is no such answer, or of another index.
    """
    table = document.get("Table")
    if not table:
        raise NotRead("Table is empty", "no_answer")
    if not isinstance(table, list):
        raise NotRead("is no option-chain answer: Table is not a list", "damaged")
    entries = [entry for entry in table if isinstance(entry, dict)]
    index = requested_root(_underlying(entries, path), indices)
    at = _instant(document, entries, path)
    legs = LegCollector(
        {**FIGURES, "buy_quantity": "buy_quantity", "sell_quantity": "sell_quantity"}
    )
    for row, entry in enumerate(table, start=1):
        if isinstance(entry, dict):
            for leg in _legs(row, entry, legs):
                legs.add(leg)
        else:
            legs.omit(row, "is not an object")
    if not len(legs):
        first_reason = f": {legs.omitted[0].reason}" if legs.omitted else ""
        raise NotRead(f"Table holds no option{first_reason}", "damaged")
    spot, disputed = median_print([parse_spot(entry.get("UlaValue")) for entry in entries])
    return ExchangeAnswer(index, at, spot, legs.rows(), tuple(legs.omitted), disputed)


def parse_totals(document: Document) -> dict[str, float]:
    """Return the exchange's own sums, `oi_calls` and `oi_puts`, in contracts, NaN for none."""
    sums = {}
    for name, theirs in (("oi_calls", "tot_C_Open_Interest"), ("oi_puts", "tot_Open_Interest")):
        try:
            sums[name] = parse_number(document.get(theirs))
        except ValueError:
            sums[name] = nan
    return sums


def _underlying(entries: Sequence[Document], path: Path) -> str:
    """Return the name that most rows give, else the one in the name of the file or its folder."""
    names: Counter[str] = Counter()
    for entry in entries:
        names.update(text for name in _NAMES[:3] if (text := _text(entry, name)))
        for codes in _CODES:
            if match := _CODE.match(_first_text(entry, codes)):
                names[match[1].upper()] += 1
    if not names and entries:
        titles = [_text(entries[0], name).upper() for name in _NAMES[3:]]
        names.update(title for title in titles if title in INDICES)
    if names:
        return names.most_common(1)[0][0]
    if match := _IN_NAME.search(path.stem) or _IN_NAME.search(path.parent.name):
        return match[1].upper()
    raise NotRead(f"names no underlying (Ula_Code, C_Series_Code); {_FIX}", "damaged")


def _instant(document: Document, entries: Sequence[Document], path: Path) -> datetime:
    """Return the instant that the answer bears, else the one in the names of file and folder."""
    if text := _instant_text(document, entries):
        return parse_moment(text, "ASON.DT_TM")
    for name in (path.stem, f"{path.parent.name} {path.stem}"):
        if match := _MOMENT.search(name):
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
            try:
                # The text bears India's clock, which `checked_instant` puts into UTC.
                at = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
            except ValueError:
                continue
            return checked_instant(at, "the file's name", name)
    raise NotRead(f"names no instant (ASON.DT_TM, as 25 Jun 2026 | 15:30); {_FIX}", "damaged")


def _instant_text(document: Document, entries: Sequence[Document]) -> str:
    """Return the text of the instant, "" where the answer has none."""
    ason = document.get("ASON")
    parts = ason if isinstance(ason, list) else [ason]
    texts = [_text(part, "DT_TM") for part in parts if isinstance(part, dict)]
    for name in ("DT_TM", "End_TimeStamp"):
        text = _text(entries[0], name) if entries else ""
        if "|" in text:
            texts.append(text)
    return next(filter(None, texts), "")


def _legs(row: int, entry: Document, legs: LegCollector) -> Iterator[QuotedLeg]:
    """Yield the options of one row of `Table`. A side without any figure is not listed."""
    try:
        expiry = _expiry(entry)
        strike = _strike(entry)
    except Malformed as error:
        legs.omit(row, error.reason)
        return
    for side, prefix in enumerate(PREFIX):
        figures = {ours: _scalar(entry.get(prefix + theirs)) for ours, theirs in FIGURES.items()}
        if "bid_quantity" in figures and figures["bid_quantity"] is None:
            figures["bid_quantity"] = _scalar(entry.get(f"{prefix}BidQty"))
        code = _first_text(entry, _CODES[side])
        if code or any(prefix + theirs in entry for theirs in FIGURES.values()):
            yield QuotedLeg(row, expiry, strike, side, figures, code)


def _expiry(entry: Document) -> date:
    texts = (_text(entry, name) for name in _EXPIRIES)
    text = next((text for text in texts if text and "|" not in text), "")
    try:
        return parse_day(text)
    except ValueError as error:
        reason = f"End_TimeStamp {excerpt(text)} is not written as 16 Jul 2026"
        raise Malformed(None, reason) from error


def _strike(entry: Document) -> float:
    values = [entry[name] for name in _STRIKES if entry.get(name) not in (None, "")]
    texts = " and ".join(map(excerpt, values))
    try:
        numbers = [parse_number(value) for value in values]
    except ValueError as error:
        raise Malformed(None, f"Strike_Price {texts} is not a number") from error
    strikes = {number for number in numbers if isfinite(number)}
    if len(strikes) > 1:
        raise Malformed(None, f"has the strikes {texts}")
    return checked_strike(strikes.pop() if strikes else nan, SIDES[0])


def _first_text(entry: Document, names: Sequence[str]) -> str:
    return next((text for name in names if (text := _text(entry, name))), "")


def _text(entry: Document, name: str) -> str:
    value = entry.get(name)
    return value.strip() if isinstance(value, str) else ""


def _scalar(value: object) -> object:
    """Return a cell as it came, but a list or an object, which is no figure, as a text."""
    return excerpt(value) if isinstance(value, list | dict) else value
