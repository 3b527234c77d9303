"""What a cell of somebody's table says: a number, an instant, a date, a side.

People write the same thing in many forms, and every form here was met in public files. One that two
countries read differently (03/04/2026) is not read until somebody says which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from math import isfinite, nan
from types import MappingProxyType
from typing import Literal

from g6.domain.market.calendar import IST
from g6.domain.market.instrument import CE, PE

NONE_WORDS = frozenset(("", "-", "--", "—", "na", "n/a", "nan", "null", "none", "nil"))
"""What stands in a cell that holds nothing, in lower case."""
SIDE_WORDS: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("CE", "CALL", "C", "CALLS"), CE),
        **dict.fromkeys(("PE", "PUT", "P", "PUTS"), PE),
    }
)
NUMBER_FORMS = "1023.45, 1,023.45, 1,23,456.50; empty, - or NA for none"
INSTANT_FORMS = (
    "2026-08-19T11:27:00+05:30, 2026-08-19 11:27:00 (India's time), 19-Aug-2026 11:27:00, "
    "19/08/2026 11:27 AM, 202608191127, 20260819112700, "
    "epoch seconds, milliseconds, microseconds or nanoseconds"
)
DAY_FORMS = (
    "2026-08-25, 25-Aug-2026, 25AUG2026, 25/08/2026, 20260825, epoch seconds or milliseconds"
)

DateOrder = Literal["", "dmy", "mdy"]

_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_NAMED = re.compile(r"([0-9]{1,2})[-/. ]?([A-Za-z]{3,9})[-/., ]*([0-9]{4}|[0-9]{2})")
_CLOCK = re.compile(
    r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?\s*([AaPp])?\.?(?:[Mm]\.?)?"
)
_ZONE = re.compile(r"(?:\s*(Z|UTC|GMT|IST)|\s*([+-])([0-9]{2}):?([0-9]{2}))$", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Epoch figures of the years 2000 to 2099 by their unit. No two ranges meet, and neither do those of
# a calendar's 12 or 14 digits (2.0e11, 2.0e13).
_EPOCH_FIRST = 946_684_800
_EPOCH_END = 4_102_444_800
_EPOCH_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)


class UndecidedOrder(ValueError):
    """A date whose day and month may be either way round."""


def number(text: str) -> float:
    """Return the number in a cell, NaN for one that says none.

    Raises:
        ValueError: The cell is no number in NUMBER_FORMS.

    >>> number("1,23,456.50")
    123456.5
    """
    plain = text.strip()
    if plain.lower() in NONE_WORDS:
        return nan
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    elif not _PLAIN.fullmatch(plain):
        raise ValueError(text)
    value = float(plain)
    if not isfinite(value):
        raise ValueError(text)
    return value


def side(text: str, words: Mapping[str, int] = SIDE_WORDS) -> int:
    """Return the side of an option, CE or PE.

    Args:
        text: The cell.
        words: Sides by the words for them, in upper case.

    Raises:
        ValueError: The cell is none of the words.

    >>> side("put")
    1
    """
    try:
        return words[text.strip().upper()]
    except KeyError as error:
        raise ValueError(text) from error


def instant(value: object, form: str = "", order: DateOrder = "", zone: tzinfo = IST) -> datetime:
    """Return the instant in a cell, UTC. One without a zone is India's.

    Args:
        value: Text, a number or a typed time.
        form: A format as `strptime` has it. Empty reads `INSTANT_FORMS`.
        order: Which of 19/08/2026 and 08/19/2026 the cells are written in.
        zone: The zone of an instant that names none.

    Raises:
        ValueError: The cell is no instant.
        UndecidedOrder: A ValueError: `order` is needed.

    >>> instant("1789120200000").isoformat()
    '2026-09-11T09:50:00+00:00'
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or zone).astimezone(UTC)
    text = _text(value)
    if form:
        return instant(datetime.strptime(text, form), zone=zone)  # noqa: DTZ007
    if _DIGITS.fullmatch(text):
        return _instant_of_digits(text, zone)
    zone, text = _zone(text, zone)
    day, rest = _date(text, order)
    clock = rest.lstrip(" T,")
    if not clock:
        raise ValueError(f"{value!r} has no time of day")
    return datetime.combine(day, _clock(clock), zone).astimezone(UTC)


def day(value: object, form: str = "", order: DateOrder = "") -> date:
    """Return the date in a cell, India's. A time of day behind it is not looked at.

    Arguments and errors as in `instant`, with DAY_FORMS.

    >>> day("15-Sep-2026").isoformat()
    '2026-09-15'
    """
    if isinstance(value, datetime):
        return value.date() if value.tzinfo is None else value.astimezone(IST).date()
    if isinstance(value, date):
        return value
    text = _text(value)
    if form:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date
    if _DIGITS.fullmatch(text):
        if len(text) == 8:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return _instant_of_digits(text).astimezone(IST).date()
    written, rest = _date(text, order)
    if rest and not rest.startswith((" ", "T")):
        raise ValueError(value)
    return written


def order_of(texts: Iterable[str]) -> DateOrder:
    """Return the order of day and month that a column's texts show.

    Returns:
        dmy or mdy, empty when no text has a day beyond the 12th.

    Raises:
        ValueError: Some texts can only be read one way and others only the other.

    >>> order_of(["03/04/2026", "19/08/2026"])
    'dmy'
    """
    orders: set[DateOrder] = set()
    for text in texts:
        if match := _YEAR_LAST.match(text.strip()):
            if int(match[1]) > 12:
                orders.add("dmy")
            if int(match[2]) > 12:
                orders.add("mdy")
    if len(orders) > 1:
        raise ValueError("some dates have the day first and others the month")
    return next(iter(orders), "")


def _text(value: object) -> str:
    """Return a cell as text, a float without a fraction as the integer it is."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _instant_of_digits(text: str, zone: tzinfo = IST) -> datetime:
    """Return an instant written in digits alone: an epoch figure, or a calendar's digits."""
    if (
        text.isdigit()
        and len(text) in (12, 14)
        and text.startswith(("19", "20"))
        and not _epoch_unit(float(text))
    ):
        form = "%Y%m%d%H%M" if len(text) == 12 else "%Y%m%d%H%M%S"
        return instant(datetime.strptime(text, form), zone=zone)  # noqa: DTZ007 - it is given
    unit = _epoch_unit(float(text))
    if not unit:
        raise ValueError(f"{text} is no epoch figure of this century")
    whole, _, fraction = text.partition(".")
    seconds, part = divmod(int(whole), unit)
    micros = part * 1_000_000 // unit + (
        round(float(f"0.{fraction}") * 1e6) // unit if fraction else 0
    )
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)


def _epoch_unit(value: float) -> int:
    """Return the units a second of an epoch figure, 0 when it is none of the years 2000 to 2099."""
    return next((unit for unit in _EPOCH_UNITS if _EPOCH_FIRST <= value / unit < _EPOCH_END), 0)


def _zone(text: str, usual: tzinfo) -> tuple[tzinfo, str]:
    """Return the zone at the end of a text, the usual one without it, and the text before it."""
    match = _ZONE.search(text)
    if match is None or ":" not in text[: match.start()]:
        return usual, text
    if match[1]:
        return (IST if match[1].upper() == "IST" else UTC), text[: match.start()]
    offset = timedelta(hours=int(match[3]), minutes=int(match[4]))
    return timezone(-offset if match[2] == "-" else offset), text[: match.start()]


def _date(text: str, order: DateOrder) -> tuple[date, str]:
    """Return the date that a text begins with, and what follows."""
    if match := _YEAR_FIRST.match(text):
        return date(int(match[1]), int(match[2]), int(match[3])), text[match.end() :]
    if match := _YEAR_LAST.match(text):
        if not order:
            raise UndecidedOrder(text)
        numbers = int(match[1]), int(match[2])
        of_month, month = numbers if order == "dmy" else reversed(numbers)
        return date(int(match[3]), month, of_month), text[match.end() :]
    if match := _NAMED.match(text):
        month = _MONTHS.index(match[2][:3].lower()) + 1
        year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
        return date(year, month, int(match[1])), text[match.end() :]
    if re.match(r"[0-9]{8}[T ]", text):
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])), text[8:]
    raise ValueError(text)


def _clock(text: str) -> time:
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hour = int(match[1])
    if match[5]:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if match[5] in "Pp" else 0)
    micros = int((match[4] or "0").ljust(6, "0")[:6])
    return time(hour, int(match[2]), int(match[3] or 0), micros)
