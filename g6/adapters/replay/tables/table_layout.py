"""A layout says which column of a table is which, how dates are written, what quantities count.

The command line's flags and a TOML file give the same layout. It serves an import and a replay, and
is kept beside the data.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import root_of
from g6.adapters.replay.tables.shape_columns import CONTRACT, MADE, plain, refuse_doubles
from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import SIDES
from g6.domain.quotes import cells
from g6.domain.quotes.cells import DAY_FORMS, INSTANT_FORMS, SIDE_WORDS
from g6.errors import BadConfig, BadInput

QuantityUnit = Literal["units", "contracts"]

KEYS = ("timestamp", "symbol", "expiry", "strike", "option_type")
NUMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "spot": ("spot",),
        "last": ("ltp",),
        "volume": ("volume", "volume_contracts"),
        "oi": ("oi", "oi_contracts"),
        "bid": ("bid",),
        "ask": ("ask",),
        "average_price": ("average_price",),
        "open": ("day_open",),
        "high": ("day_high",),
        "low": ("day_low",),
        "close": ("prev_close",),
        "settlement": ("settlement",),
        "lot": ("contract_lot",),
        "oi_change": ("oi_change", "oi_change_contracts"),
        "exchange_iv": ("exchange_iv_pct",),
    }
)
"""Figures and the columns that may hold them, the first one there counts."""
OPTIONAL = frozenset(NUMBERS) - frozenset(("spot", "last", "volume", "oi"))
COLUMNS = (*KEYS, *(name for names in NUMBERS.values() for name in names))
CLOCKS = ("date", "time")
"""Two columns that stand in for `timestamp`."""
QUANTITIES = ("volume", "oi", "oi_change")
ORDERS = ("dmy", "mdy")
NONE = "none"
"""Said of a column that the table does not have."""

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "timestamp": ("datetime", "date_time", "ts", "snapshot_time", "quote_time"),
        "date": ("trade_date", "trading_date", "day"),
        "time": ("trade_time", "clock"),
        "symbol": ("underlying", "root", "index", "index_name", "underlying_symbol"),
        "expiry": ("expiry_date", "exp", "expirydate", "expiration", "expiry_dt", "exp_date"),
        "strike": ("strike_price", "strikeprice", "strike_pr", "strk"),
        "option_type": (
            "type",
            "right",
            "optiontype",
            "opt_type",
            "option_typ",
            "cp",
            "call_put",
            "instrument_type",
        ),
        "spot": (
            "spot_price",
            "underlying_price",
            "underlying_value",
            "underlyingvalue",
            "index_price",
            "spot_close",
        ),
        "ltp": ("last_price", "lastprice", "last", "last_traded_price", "close", "price"),
        "volume": ("vol", "traded_volume", "total_traded_volume"),
        "oi": ("open_interest", "openinterest", "open_int"),
        "bid": ("bid_price", "best_bid", "bidprice"),
        "ask": ("ask_price", "best_ask", "askprice", "offer"),
        "average_price": ("avg_price", "vwap", "atp"),
        "oi_change": (
            "change_in_oi",
            "chg_in_oi",
            "chng_in_oi",
            "changeinopeninterest",
            "oi_chg",
        ),
        "exchange_iv_pct": ("iv_pct", "implied_volatility_pct"),
    }
)
"""Names that others gave the columns, compared without case and blanks. The first one counts."""


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a table is read where it is not written as G6's own.

    Attributes:
        columns: The table's column by G6's name of it. `none`: the table has no such column.
        formats: Of `timestamp` and `expiry` a format as `strptime` has it, or dmy or mdy.
        option_types: CE or PE by the table's own word.
        units: units or contracts by `volume`, `oi` and `oi_change`. Else the column's name tells.
        scale: A factor by column, such as 0.01 for prices in paise.
        index: The index of a table without a column that names it.
        window: Strikes on each side of the money that the table has, where it follows the money.
        at: The instant of a table without a column that names it, as text.
        zone: The name of the zone of instants that name none, "" for India's.
        bars: Whether rows are bars, whose volume is their own. None: the shape of the file tells.
        aliases: Whether names that others gave the columns are understood.
        calendar: Which days trade, and until when. Without one no symbol's month is a day.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    option_types: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    index: str = ""
    window: int | None = None
    at: str = ""
    zone: str = ""
    bars: bool | None = None
    aliases: bool = False
    calendar: Calendar | None = field(default=None, compare=False, repr=False)

    def names_column(self, ours: str, names: Iterable[str]) -> bool:
        """Return whether a table has a column for ours, by a person's word or by its name."""
        declared = self.columns.get(ours, "")
        if declared:
            return declared != NONE and declared in names
        return bool(self._match(ours, names, set(self.columns.values()), aliases=True))

    def columns_of(self, names: Iterable[str]) -> dict[str, str]:
        """Return the table's column by our name.

        Raises:
            Malformed: A column is missing, or the header has it more than once.
        """
        names = list(names)
        columns = {
            ours: theirs
            for ours, theirs in self.columns.items()
            if theirs != NONE and ours != CONTRACT
        }
        if strange := [ours for ours, theirs in columns.items() if theirs not in names]:
            missing = f"has no column {', '.join(columns[ours] for ours in strange)}"
            available = f"there are {', '.join(names) or 'none'}"
            fix = f"say --columns {strange[0]}=NAME with one of these"
            raise Malformed(None, f"{missing}; {available}; {fix}")
        used = set(columns.values())
        for ours in (*COLUMNS, *CLOCKS):
            if ours not in self.columns and (theirs := self._match(ours, names, used)):
                columns[ours] = theirs
                used.add(theirs)
        has_no_clock = "time" not in columns and "timestamp" not in columns and not self.at
        if self.aliases and has_no_clock and "date" in columns:
            # Candles write the whole instant under `date`.
            columns["timestamp"] = columns["date"]
        if "timestamp" in columns:
            columns = {ours: theirs for ours, theirs in columns.items() if ours not in CLOCKS}
        refuse_doubles(columns, names, self.columns)
        self._check_complete(columns, names)
        return columns

    def _match(
        self, ours: str, names: Iterable[str], used: set[str], *, aliases: bool = False
    ) -> str:
        """Return the unused name that means our column, "" for none."""
        by_plain = {plain(name): name for name in names if name not in used}
        shaped = (MADE[ours],) if ours in MADE else ()
        words = (*shaped, ours, *(ALIASES.get(ours, ()) if aliases or self.aliases else ()))
        return next((by_plain[plain(word)] for word in words if plain(word) in by_plain), "")

    def _check_complete(self, columns: Mapping[str, str], names: Iterable[str]) -> None:
        missing = [name for name in KEYS if not self._has_key(name, columns)]
        for figure, choice in NUMBERS.items():
            has_one = any(name in columns or self.columns.get(name) == NONE for name in choice)
            if figure not in OPTIONAL and not has_one:
                missing.append(" or ".join(choice))
        if not missing:
            return
        first = missing[0].split(" or ")[0]
        or_none = f" (or {first}={NONE})" if first not in KEYS else ""
        raise Malformed(
            None,
            f"has no column {', '.join(missing)}; there are {', '.join(names) or 'none'}. "
            f"Read is one row per option and instant; say --columns {first}=NAME{or_none}, "
            "with date=NAME,time=NAME for an instant in two columns "
            "and --index NAME for a table of one index",
        )

    def _has_key(self, key: str, columns: Mapping[str, str]) -> bool:
        """Return whether the table tells `key`, in its column or in what replaces it."""
        if key == "timestamp" and all(name in columns for name in CLOCKS):
            return True
        if key == "symbol" and self.index:
            return True
        if key == "timestamp" and self.at:
            return True
        return key in columns

    def side_words(self) -> Mapping[str, int]:
        """Return CE (0) or PE (1) by the words of the column of option types, in upper case."""
        return {
            **SIDE_WORDS,
            **{word.upper(): SIDES.index(side) for word, side in self.option_types.items()},
        }

    def form(self, column: str) -> tuple[str, str]:
        """Return the format of `timestamp` or `expiry` and the order of day and month, or ""."""
        form = self.formats.get(column, "")
        return ("", form) if form in ORDERS else (form, "")

    def with_order(self, column: str, order: str) -> TableLayout:
        """Return the layout with the order of day and month that the column's dates show."""
        return replace(self, formats={**self.formats, column: order})

    def resolved(self, names: Iterable[str]) -> TableLayout:
        """Return the layout with every column named, so that aliases are not needed."""
        absent = {
            ours: theirs
            for ours, theirs in self.columns.items()
            if theirs == NONE or ours == CONTRACT
        }
        return replace(self, columns={**self.columns_of(names), **absent}, aliases=False)

    def toml(self) -> str:
        """Return the layout as the TOML that `parse_layout` reads."""
        lines = [f"index = {json.dumps(self.index)}"] if self.index else []
        lines += [f"window = {self.window}"] if self.window is not None else []
        lines += [f"at = {json.dumps(self.at)}"] if self.at else []
        lines += [f"zone = {json.dumps(self.zone)}"] if self.zone else []
        lines += [f"bars = {json.dumps(self.bars)}"] if self.bars is not None else []
        for name in ("columns", "formats", "option_types", "units", "scale"):
            if entries := getattr(self, name):
                lines += [
                    "",
                    f"[{name}]",
                    *(f"{_key(key)} = {json.dumps(value)}" for key, value in entries.items()),
                ]
        return "\n".join(lines).lstrip("\n") + "\n"


def _key(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else json.dumps(name)


def parse_layout(document: Mapping[str, object]) -> TableLayout:
    """Return the layout in a TOML document.

    Raises:
        BadConfig: It says something that no layout has.
    """
    sections = ("columns", "formats", "option_types", "units", "scale")
    single = ("index", "window", "at", "zone", "bars")
    if strange := sorted(document.keys() - {*sections, *single}):
        raise BadConfig(
            f"a layout of a table has no {', '.join(strange)}",
            f"there are {', '.join((*single, *sections))}",
        )
    parts: dict[str, dict[str, Any]] = {}
    for name in sections:
        part = document.get(name, {})
        if not isinstance(part, Mapping):
            raise BadConfig(
                f"{name} of a table's layout is no section",
                f"write [{name}] and below it NAME = VALUE",
            )
        parts[name] = dict(part)
    _check_names("columns", parts["columns"], (*COLUMNS, *CLOCKS, CONTRACT))
    _check_names("formats", parts["formats"], ("timestamp", "expiry"))
    _check_names("units", parts["units"], QUANTITIES)
    _check_names("scale", parts["scale"], COLUMNS)
    _check_values("units", parts["units"], ("units", "contracts"))
    sides = {str(word): str(side).upper() for word, side in parts["option_types"].items()}
    _check_values("option_types", sides, SIDES)
    return TableLayout(
        columns={name: str(theirs) for name, theirs in parts["columns"].items()},
        formats={name: str(form) for name, form in parts["formats"].items()},
        option_types=sides,
        units=parts["units"],
        scale=_factors(parts["scale"]),
        index=_index(str(document.get("index", ""))),
        window=_window(document.get("window")),
        at=_instant(document.get("at", "")),
        zone=_zone(document.get("zone", "")),
        bars=_bars(document.get("bars")),
    )


def read_layout(path: Path) -> TableLayout:
    """Return the layout in a TOML file.

    Raises:
        BadInput: The file cannot be read as TOML.
        BadConfig: It says something that no layout has.
    """
    try:
        return parse_layout(tomllib.loads(path.read_text("utf-8-sig")))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(path, None, f"is not TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path, None, f"cannot be read: {error}") from error


def _check_names(section: str, part: Mapping[str, object], allowed: Iterable[str]) -> None:
    allowed = list(allowed)
    if strange := [name for name in part if name not in allowed]:
        raise BadConfig(
            f"{section} of a table's layout has no {strange[0]!r}",
            f"there are {', '.join(allowed)}",
        )


def _check_values(section: str, part: Mapping[str, object], allowed: Sequence[str]) -> None:
    for name, value in part.items():
        if value not in allowed:
            raise BadConfig(
                f"{section}.{name} of a table's layout is {value!r}",
                f"it is {' or '.join(allowed)}",
            )


def _factors(part: Mapping[str, object]) -> dict[str, float]:
    factors: dict[str, float] = {}
    for name, value in part.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < float(str(value)) < float("inf"):
            raise BadConfig(
                f"scale.{name} of a table's layout is {value!r}",
                "it is a positive number, such as 0.01 for paise",
            )
        factors[name] = float(str(value))
    return factors


def _index(name: str) -> str:
    try:
        return root_of(name) if name else ""
    except Malformed as error:
        raise BadConfig(f"index of a table's layout: {error.reason}", "--index NIFTY") from error


def _instant(value: object) -> str:
    text = str(value).strip()
    try:
        if text:
            cells.instant(text)
    except ValueError as error:
        raise BadConfig(
            f"at of a table's layout is {text!r}, and that is no instant",
            "--at '2026-08-19 15:30'",
        ) from error
    return text


def _zone(value: object) -> str:
    name = str(value).strip()
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadConfig(
            f"zone of a table's layout is {name!r}, and no zone is called so",
            "--tz UTC, or --tz Asia/Kolkata",
        ) from error
    return name


def _bars(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise BadConfig(f"bars of a table's layout is {value!r}", "it is true or false")


def _window(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadConfig(
            f"window of a table's layout is {value!r}",
            "it is a number of strikes on each side, such as 10",
        )
    return value


FORMS = {"timestamp": INSTANT_FORMS, "expiry": DAY_FORMS}
"""What is read in each column of dates without a format, for messages."""
