"""Which shape a file has, by the names of its columns and by its own name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType

from g6.adapters.replay.tables.shape_columns import (
    CONTRACT,
    FILE_INSTANT,
    MADE,
    plain,
    refuse_twins,
    twins_of,
)
from g6.adapters.replay.tables.shapes.contract_columns import (
    MADE_COLUMNS,
    SYMBOL_COLUMNS,
    ContractColumn,
    FileColumns,
    Monthly,
    file_columns,
)
from g6.adapters.replay.tables.shapes.end_of_day import Closes, end_of_day
from g6.adapters.replay.tables.shapes.shape import Step, TableShape
from g6.adapters.replay.tables.shapes.side_by_side import side_by_side
from g6.adapters.replay.tables.table_layout import NONE, NUMBERS, TableLayout
from g6.domain.market.calendar import IST, Calendar
from g6.domain.market.rule_expiries import monthly_of

USUAL_CLOSE = time(15, 30)
"""When options stopped trading until August 2026, in India's time, where no calendar is given."""
_BARS = frozenset(("open", "high", "low", "close"))
_PAGE = frozenset(("oi", "chnginoi", "volume", "iv", "ltp", "chng", "strike"))
"""Columns of the exchange's own page of a chain, which counts contracts."""
_IN_CONTRACTS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("volume", "oi", "oi_change"), "contracts")
)
_IN_UNITS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("volume", "oi", "oi_change"), "units")
)


def shape_of(names: Sequence[str], path: Path, layout: TableLayout) -> TableShape:
    """Return the shape of a file.

    Args:
        names: The names in its header.
        path: The file.
        layout: What a person said of its columns.

    Raises:
        Malformed: A column that is read stands there twice.
    """
    if daily := end_of_day(names, _closes(layout.calendar)):
        reads = tuple(daily.columns.values())
        return TableShape(tuple(daily.names), reads, (daily,), _IN_UNITS, is_daily=True)
    steps: list[Step] = []
    # A line that ends with two separators has two columns without a name.
    reads = tuple(name for name in names if name.strip() or names.count(name) == 1)
    now = reads
    units: Mapping[str, str] = {}
    if not layout.names_column("option_type", now) and (pairs := side_by_side(now)):
        steps.append(pairs)
        now = tuple(pairs.names)
        units = _IN_CONTRACTS if {plain(name) for name in now} >= _PAGE else {}
    monthly = _monthly(layout.calendar)
    column = _symbol_column(now, layout)
    if column:
        refuse_twins("the contract", twins_of(column, now))
        contracts = ContractColumn(column, tuple(n for n in now if n != column), monthly)
        steps.append(contracts)
        now = tuple(contracts.names)
    missing = _missing(now, layout)
    of_file = file_columns(path, now, missing, monthly) if missing else None
    if of_file is not None:
        steps.append(of_file)
        now = tuple(of_file.names)
    if not steps:
        return TableShape(now)
    for name in reads:
        refuse_twins("a column", [other for other in reads if other == name])
    blanks = _blanks(now, layout)
    if blanks:
        absent = FileColumns(now, dict.fromkeys(blanks))
        steps.append(absent)
        now = tuple(absent.names)
    says_contract = column or (of_file is not None and set(of_file.values) & set(MADE_COLUMNS))
    is_bars = bool(says_contract) and {plain(name) for name in now} >= _BARS
    return TableShape(now, reads, tuple(steps), units, has_bars=is_bars)


def _symbol_column(names: Sequence[str], layout: TableLayout) -> str:
    """Return the column whose texts are whole contracts, "" where the table has a strike."""
    if declared := layout.columns.get(CONTRACT, ""):
        return declared if declared in names else ""
    if layout.names_column("strike", names):
        return ""
    by_plain = {plain(name): name for name in names}
    return next((by_plain[plain(n)] for n in SYMBOL_COLUMNS if plain(n) in by_plain), "")


def _missing(names: Sequence[str], layout: TableLayout) -> list[str]:
    """Return the columns that the name of the file may give."""
    missing = []
    for ours, column in MADE.items():
        if column in names or layout.names_column(ours, names):
            continue
        if ours == "symbol" and layout.index:
            continue
        if column == FILE_INSTANT and (layout.at or layout.names_column("date", names)):
            continue
        missing.append(column)
    return missing


def _blanks(names: Sequence[str], layout: TableLayout) -> list[str]:
    """Return the figures that a shaped file lacks: nobody is asked to say that it has none."""
    blanks = []
    for figure in ("spot", "volume", "oi"):
        choice = NUMBERS[figure]
        is_said = any(layout.columns.get(name) == NONE for name in choice)
        if not is_said and not any(layout.names_column(name, names) for name in choice):
            blanks.append(figure)
    return blanks


def _monthly(calendar: Calendar | None) -> Monthly:
    def monthly(root: str, year: int, month: int) -> date:
        if calendar is None:
            raise ValueError(f"which day the monthly of {month:02}/{year} is, no calendar says")
        return monthly_of(root, year, month, calendar)

    return monthly


def _closes(calendar: Calendar | None) -> Closes:
    def close(exchange: str, day: date) -> datetime:
        if calendar is None:
            return datetime.combine(day, USUAL_CLOSE, IST)
        session = calendar.session(exchange, day) if day.year in calendar.covered_years else None
        # Of a special session in the evening the file is that session's.
        close = calendar.close_of(exchange, day) if session is None else session.close
        return close.astimezone(IST)

    return close
