"""One answer of an exchange: options of one index at one instant, each read apart from the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from math import isfinite, nan
from typing import NamedTuple

import numpy as np

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Rows, contract_key, instant_of
from g6.adapters.replay.tables.plausible import HIGHEST_STRIKE, LOWEST_STRIKE
from g6.adapters.replay.unread import Kind
from g6.domain.market.instrument import SIDES
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
FIRST, LAST = datetime(2000, 6, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Instants of answers lie in between: index derivatives began in India in June 2000."""


DISPUTED = 0.005
"""Prints of one instant may differ by this share of the index before nobody knows which is right."""
LARGEST = 1e18
"""No figure of a market is larger, and products of it with a lot stay numbers."""


@dataclass(frozen=True, slots=True)
class OmittedPart:
    """A row, option or figure of an answer that was left out; `count` how many options it stands for."""

    row: int | str | None
    reason: str
    kind: Kind = "damaged"
    count: int = 1


@dataclass(frozen=True, slots=True)
class ExchangeAnswer:
    """What an answer says: `spot` in points, NaN where it gives none; `at` in UTC; `spoilt` what is not in `rows`.

    `disputed` where its own rows disagree on the index.
    """

    index: str
    at: datetime
    spot: float
    rows: Rows
    spoilt: tuple[OmittedPart, ...] = ()
    disputed: bool = False


class QuotedLeg(NamedTuple):
    """One option as it came: where it stands, what it is, and its figures by our names."""

    row: int
    expiry: date
    strike: float
    side: int
    figures: Mapping[str, object]
    identifier: str = ""


def number(value: object) -> float:
    """Return a figure however it is written, NaN for none. Errors: ValueError.

    >>> number(" 1,23,456.50 "), number("-")
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
        raise ValueError(type(value).__name__)  # noqa: TRY004 - one error for every figure that is none
    try:
        figure = float(value)
    except OverflowError as error:
        raise ValueError from error
    if abs(figure) > LARGEST:
        raise ValueError(figure)
    return figure


def spot_of(value: object) -> float:
    """Return the index of an answer, NaN for none: exchanges write 0, null, -1 or a text where they have no print.

    >>> spot_of("24,010.5"), spot_of(-1), spot_of("closed")
    (24010.5, nan, nan)
    """
    try:
        figure = number(value)
    except ValueError:
        return nan
    return figure if figure > 0 else nan


def middle_of(spots: Sequence[float]) -> tuple[float, bool]:
    """Return the middle print of the index, NaN where there is none, and whether they are too far apart to be believed."""
    prints = [spot for spot in spots if isfinite(spot)]
    if not prints:
        return nan, False
    middle = float(np.median(prints))
    return middle, max(prints) - min(prints) > DISPUTED * middle


def checked_strike(strike: float, name: str) -> float:
    """Return a strike that can be one. Errors: Malformed."""
    if not LOWEST_STRIKE <= strike <= HIGHEST_STRIKE:
        raise Malformed(None, f"strikePrice of {name} is missing or cannot be one ({strike:g})")
    return strike


def shown(value: object) -> str:
    """Return a value as a message quotes it: short, whatever it is."""
    try:
        text = repr(value)
    except (
        ValueError,
        RecursionError,
    ):  # of integers beyond 4,300 digits, of lists in lists in lists
        return f"a {type(value).__name__}"
    return text if len(text) <= 40 else f"{text[:39]}…"


@lru_cache(maxsize=1024)
def day_of_text(text: str) -> date:
    """Return the day that a text names, the day before the month. Errors: ValueError.

    >>> day_of_text("15-09-2026") == day_of_text("15-Sep-2026") == date(2026, 9, 15)
    True
    """
    plain = re.split(r"[T|]", text.strip())[0].strip()
    for form in DAYS:
        try:
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 - a date
        except ValueError:
            continue
    raise ValueError(text)


def moment_of_text(text: object, name: str) -> datetime:
    """Return the instant that a text names, India's clock, in UTC. Errors: Malformed, with the form that is read."""
    plain = " ".join(str(text).split())
    for form in MOMENTS:
        try:
            at = datetime.strptime(plain, form)  # noqa: DTZ007 - `instant_of` gives it India's zone
        except ValueError:
            continue
        return plausible(at, name, text)
    raise Malformed(None, f"{name} {shown(text)} is not written as 01-Apr-2022 15:30:00")


def plausible(at: datetime, name: str, text: object) -> datetime:
    """Return an instant in UTC that can be one of an answer. Errors: Malformed."""
    if not FIRST.year <= at.year < LAST.year or not FIRST <= instant_of(at) < LAST:
        raise Malformed(
            None,
            f"{name} {shown(text)} is no instant since {FIRST:%B %Y}, when index derivatives began",
        )
    return instant_of(at)


class Legs:
    """Collects the options of one answer; what is damaged is left out and told, and costs no other option."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Take the exchange's names of figures by ours, for messages."""
        self._names = names
        self._legs: dict[tuple[date, float, int], QuotedLeg] = {}
        self.spoilt: list[OmittedPart] = []

    def __len__(self) -> int:
        return len(self._legs)

    def left_out(self, row: int | str | None, reason: str, kind: Kind = "damaged") -> None:
        """Tell of something that is not read."""
        self.spoilt.append(OmittedPart(row, reason, kind))

    def add(self, leg: QuotedLeg) -> None:
        """Take an option in, unless it is there already."""
        key = leg.expiry, leg.strike, leg.side
        if (known := self._legs.setdefault(key, leg)) is not leg:
            same = known.figures == leg.figures
            there = f"{SIDES[leg.side]} {leg.strike:g} of {leg.expiry} is there twice, in row {known.row} too"
            self.left_out(
                leg.row,
                there if same else f"{there}, with other figures",
                "copy" if same else "damaged",
            )

    def rows(self) -> Rows:
        """Return the options as columns; a figure that is none is NaN and told."""
        legs = list(self._legs.values())
        figures = {
            name: np.array([*self._column(legs, name)], dtype=np.float64) for name in self._names
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
                figure = number(value)
            except ValueError:
                figure = nan
                self.left_out(leg.row, f"{self._where(leg, name)} {shown(value)} is no figure")
            if counts and isfinite(figure) and not 0 <= figure < MAX_COUNT:
                self.left_out(leg.row, f"{self._where(leg, name)} {figure:g} cannot be")
                figure = nan
            yield figure

    def _where(self, leg: QuotedLeg, name: str) -> str:
        return f"{self._names[name]} of {SIDES[leg.side]} {leg.strike:g}"


def taken(rows: Rows, chosen: np.ndarray) -> Rows:
    """Return the options that a mask chooses."""
    figures = {name: figure[chosen] for name, figure in rows.figures.items()}
    symbol = None if rows.symbol is None else rows.symbol[chosen]
    return Rows(
        rows.expiry[chosen],
        rows.strike[chosen],
        rows.side[chosen],
        figures,
        rows.in_contracts,
        symbol,
    )


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the options of several answers of one index and instant; the first that has an option says what it is."""
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
    _, first = np.unique(keys_of(whole), return_index=True)
    return taken(whole, np.sort(first))


def keys_of(rows: Rows) -> np.ndarray:
    """Return one number per option: its contract's, twice, and its side."""
    return contract_key(rows.expiry, rows.strike) * 2 + rows.side
