"""An exchange's answer: the options of one index at one instant, each parsed by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from math import isfinite, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Rows, instant_of
from g6.adapters.replay.tables.plausible import HIGHEST_STRIKE, LOWEST_STRIKE
from g6.adapters.replay.unread import UnreadKind
from g6.domain.market.instrument import SIDES, contract_keys
from g6.domain.schema.counting import MAX_COUNT

NONE = frozenset(("", "-", "--", "na", "n/a", "nan", "none", "null"))
"""How exchanges and archives write that there is no figure."""
NONE_IS_ZERO = frozenset(("last", "bid", "ask", "exchange_iv"))
IN_CONTRACTS = frozenset(("volume", "oi", "oi_prev"))
QUANTITIES = ("volume", "bid_quantity", "ask_quantity", "buy_quantity", "sell_quantity")
DAYS = ("%d-%b-%Y", "%d-%m-%Y", "%d %b %Y", "%Y-%m-%d", "%d-%B-%Y", "%d %B %Y", "%d/%m/%Y")
MOMENTS = (
    "%d-%b-%Y %H:%M:%S",
    "%d-%b-%Y %H:%M",
    "%d %b %Y | %H:%M",
    "%d %b %Y | %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
)
FIRST = datetime(2000, 6, 1, tzinfo=UTC)
"""No answer is older: index derivatives began in India in June 2000."""
LAST = datetime(2100, 1, 1, tzinfo=UTC)
"""No answer is as new. Beyond the year 9999 a datetime overflowed and ended a whole replay."""

DISPUTED = 0.005
"""Prints of one instant that differ by more than this share of the index are disputed."""
LARGEST = 1e18
"""No figure of a market is larger. An integer of 400 digits once ended a whole replay."""


@dataclass(frozen=True, slots=True)
class OmittedPart:
    """A row, an option or a figure of an answer that was omitted.

    `count` is the number of options that it stands for.
    """

    row: int | str | None
    reason: str
    kind: UnreadKind = "damaged"
    count: int = 1


@dataclass(frozen=True, slots=True)
class ExchangeAnswer:
    """The content of one answer.

    Attributes:
        index: The root, such as NIFTY.
        at: The instant that the answer bears, UTC.
        spot: The index in points, NaN where the answer gives none.
        rows: The options that could be parsed.
        omitted: What is not in `rows`, with its reasons.
        disputed: Whether the rows of the answer disagree on the index.
    """

    index: str
    at: datetime
    spot: float
    rows: Rows
    omitted: tuple[OmittedPart, ...] = ()
    disputed: bool = False


class QuotedLeg(NamedTuple):
    """One option as the exchange wrote it: its row, its contract, and its figures by our names."""

    row: int
    expiry: date
    strike: float
    side: int
    figures: Mapping[str, object]
    identifier: str = ""


def parse_number(value: object) -> float:
    """Return a figure however it is written, NaN for none.

    Raises:
        ValueError: It is no number, or none that can be a figure.

    >>> parse_number(" 1,23,456.50 "), parse_number("-")
    (123456.5, nan)
    """
    if value is None:
        return nan
    if isinstance(value, str):
        text = value.strip().replace(",", "")
        if text.lower() in NONE:
            return nan
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        # One error for every cell that is no figure, so that callers catch one.
        raise ValueError(type(value).__name__)  # noqa: TRY004
    try:
        figure = float(value)
    except OverflowError as error:
        raise ValueError from error
    if abs(figure) > LARGEST:
        raise ValueError(figure)
    return figure


def parse_spot(value: object) -> float:
    """Return the index of an answer, NaN where the exchange had no print.

    Exchanges write 0, null, -1 or a text then.

    >>> parse_spot("24,010.5"), parse_spot(-1), parse_spot("closed")
    (24010.5, nan, nan)
    """
    try:
        figure = parse_number(value)
    except ValueError:
        return nan
    return figure if figure > 0 else nan


def median_print(spots: Sequence[float]) -> tuple[float, bool]:
    """Return the median print of the index, NaN for none, and whether the prints are disputed."""
    # The first print used to win without a word: rows of one BSE answer were 7,400 points apart.
    prints = [spot for spot in spots if isfinite(spot)]
    if not prints:
        return nan, False
    middle = float(np.median(prints))
    return middle, max(prints) - min(prints) > DISPUTED * middle


def checked_strike(strike: float, name: str) -> float:
    """Return `strike` when an index can have it.

    Raises:
        Malformed: No index can have it.
    """
    if not LOWEST_STRIKE <= strike <= HIGHEST_STRIKE:
        raise Malformed(None, f"strikePrice of {name} is missing or cannot be one ({strike:g})")
    return strike


def excerpt(value: object) -> str:
    """Return a value as a message quotes it, in at most 40 characters."""
    # Python 3.11 refuses to write integers beyond 4,300 digits. A hundred thousand brackets
    # exhaust the stack. Both stood in files of archives.
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__}"
    return text if len(text) <= 40 else f"{text[:39]}…"


@lru_cache(maxsize=1024)
def parse_day(text: str) -> date:
    """Return the day that a text names, the day before the month.

    Raises:
        ValueError: It names none.

    >>> parse_day("15-09-2026") == parse_day("15-Sep-2026") == date(2026, 9, 15)
    True
    """
    plain = re.split(r"[T|]", text.strip())[0].strip()
    for form in DAYS:
        try:
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 - a date
        except ValueError:
            continue
    raise ValueError(text)


def parse_moment(text: object, name: str) -> datetime:
    """Return the instant, in UTC, that a text names on India's clock.

    Raises:
        Malformed: It names none.
    """
    plain = " ".join(str(text).split())
    for form in MOMENTS:
        try:
            at = datetime.strptime(plain, form)  # noqa: DTZ007 - `instant_of` gives it India's zone
        except ValueError:
            continue
        return checked_instant(at, name, text)
    raise Malformed(None, f"{name} {excerpt(text)} is not written as 01-Apr-2022 15:30:00")


def checked_instant(at: datetime, name: str, text: object) -> datetime:
    """Return `at` in UTC when an answer can be of that instant.

    Raises:
        Malformed: There were no index derivatives then.
    """
    if not FIRST.year <= at.year < LAST.year or not FIRST <= instant_of(at) < LAST:
        began = f"{FIRST:%B %Y}, when index derivatives began"
        raise Malformed(None, f"{name} {excerpt(text)} is no instant since {began}")
    return instant_of(at)


class LegCollector:
    """Collects the options of one answer. A damaged option is omitted and costs no other."""

    def __init__(self, exchange_names: Mapping[str, str]) -> None:
        """Take the exchange's names of figures by ours, for messages."""
        self._exchange_names = exchange_names
        self._legs: dict[tuple[date, float, int], QuotedLeg] = {}
        self.omitted: list[OmittedPart] = []

    def __len__(self) -> int:
        return len(self._legs)

    def omit(self, row: int | str | None, reason: str, kind: UnreadKind = "damaged") -> None:
        """Record a part of the answer that is not used."""
        self.omitted.append(OmittedPart(row, reason, kind))

    def add(self, leg: QuotedLeg) -> None:
        """Add an option, unless an earlier row has it already."""
        key = leg.expiry, leg.strike, leg.side
        earlier = self._legs.setdefault(key, leg)
        if earlier is leg:
            return
        option = f"{SIDES[leg.side]} {leg.strike:g} of {leg.expiry}"
        reason = f"{option} is there twice, in row {earlier.row} too"
        if earlier.figures == leg.figures:
            self.omit(leg.row, reason, "copy")
        else:
            self.omit(leg.row, f"{reason}, with other figures")

    def rows(self) -> Rows:
        """Return the options as columns. A cell that is no figure is NaN and among `omitted`."""
        legs = list(self._legs.values())
        figures = {
            name: np.array([*self._column(legs, name)], dtype=np.float64)
            for name in self._exchange_names
        }
        for name in NONE_IS_ZERO & figures.keys():
            figures[name][figures[name] <= 0] = np.nan
        figures["exchange_iv"] /= 100.0
        figures["oi_prev"] = figures["oi"] - figures.pop("oi_change")
        identifiers = [leg.identifier for leg in legs]
        return Rows(
            np.array([leg.expiry for leg in legs], dtype="datetime64[D]"),
            np.array([leg.strike for leg in legs], dtype=np.float64),
            np.array([leg.side for leg in legs], dtype=np.intp),
            figures,
            IN_CONTRACTS,
            np.array(identifiers, dtype=object) if all(identifiers) else None,
        )

    def _column(self, legs: Sequence[QuotedLeg], name: str) -> Iterator[float]:
        counts = name in QUANTITIES
        for leg in legs:
            value = leg.figures.get(name)
            try:
                figure = parse_number(value)
            except ValueError:
                figure = nan
                self.omit(leg.row, f"{self._place(leg, name)} {excerpt(value)} is no figure")
            if counts and isfinite(figure) and not 0 <= figure < MAX_COUNT:
                self.omit(leg.row, f"{self._place(leg, name)} {figure:g} cannot be")
                figure = nan
            yield figure

    def _place(self, leg: QuotedLeg, name: str) -> str:
        return f"{self._exchange_names[name]} of {SIDES[leg.side]} {leg.strike:g}"


def select_rows(rows: Rows, mask: NDArray[np.bool_] | NDArray[np.intp]) -> Rows:
    """Return the options at the places that `mask` selects."""
    figures = {name: figure[mask] for name, figure in rows.figures.items()}
    symbol = None if rows.symbol is None else rows.symbol[mask]
    return Rows(
        rows.expiry[mask],
        rows.strike[mask],
        rows.side[mask],
        figures,
        rows.in_contracts,
        symbol,
    )


def join_rows(parts: Sequence[Rows]) -> Rows:
    """Return the options of several answers of one instant, each from the first that has it."""
    names = list(parts[0].figures)
    symbols = [rows.symbol for rows in parts if rows.symbol is not None]
    whole = Rows(
        np.concatenate([rows.expiry for rows in parts]),
        np.concatenate([rows.strike for rows in parts]),
        np.concatenate([rows.side for rows in parts]),
        {name: np.concatenate([rows.figures[name] for rows in parts]) for name in names},
        parts[0].in_contracts,
        np.concatenate(symbols) if len(symbols) == len(parts) else None,
    )
    _, first = np.unique(option_keys(whole), return_index=True)
    return select_rows(whole, np.sort(first))


def option_keys(rows: Rows) -> NDArray[np.int64]:
    """Return one integer per option: twice the contract's key, plus the side."""
    return contract_keys(rows.expiry, rows.strike) * 2 + rows.side
