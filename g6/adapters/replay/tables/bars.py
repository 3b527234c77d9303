"""Rows that are bars: their price is valid at the bar's end, and their volume is the bar's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.tables.plausible import INDIA_MICROS
from g6.adapters.replay.tables.table_parsing import OptionRows
from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import INDICES, contract_keys

DAY_MICROS = 86_400_000_000
MINUTE_MICROS = 60_000_000
LAST_SECOND = 59_000_000
_EPOCH = date(1970, 1, 1)


def closed_bars(options: OptionRows, calendar: Calendar | None) -> OptionRows:
    """Return bars as quotes at their ends, with the volume of the day up to then.

    The length of a bar is the shortest time between two. Bars that begin at midnight are days, and
    end when trading did.

    Args:
        options: The bars of one file, each at its beginning.
        calendar: Says when trading ended.
    """
    instants = np.unique(options.at)
    clock = (instants + INDIA_MICROS) % DAY_MICROS
    if len(instants) and not clock.any():
        return replace(options, at=_closes(options, calendar))
    length = int(np.diff(instants).min()) if len(instants) > 1 else 0
    if len(instants) and (instants % MINUTE_MICROS == LAST_SECOND).all():
        # GlobalDataFeeds stamps a bar with its last second: 09:15:59 ends at 09:16.
        length = MINUTE_MICROS - LAST_SECOND
    volume = _running(options)
    figures = {**options.figures, "volume": volume}
    return replace(options, at=options.at + length, figures=figures)


def _running(options: OptionRows) -> NDArray[np.float64]:
    """Return the volume of each contract since its day began."""
    volume = options.figures["volume"]
    key = contract_keys(options.expiry, options.strike) * 2 + options.side
    _, root = np.unique(options.index.astype(np.str_), return_inverse=True)
    day = (options.at + INDIA_MICROS) // DAY_MICROS
    order = np.lexsort((options.at, day, key, root))
    begins = np.ones(len(order), dtype=np.bool_)
    for column in (root, key, day):
        begins[1:] &= np.diff(column[order]) == 0
    begins[1:] = ~begins[1:]
    own = np.nan_to_num(volume[order])
    # A bar that stands there twice was traded once: files that overlap doubled a day's volume.
    is_again = ~begins
    is_again[1:] &= np.diff(options.at[order]) == 0
    bar = np.maximum.accumulate(np.where(is_again, 0, np.arange(len(order))))
    total = np.cumsum(np.where(is_again, 0.0, own))
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    before = np.where(first > 0, total[first - 1], 0.0)
    running = np.empty_like(volume)
    running[order] = total - before + own - own[bar]
    running[np.isnan(volume)] = np.nan
    return running


def _closes(options: OptionRows, calendar: Calendar | None) -> NDArray[np.int64]:
    """Return when trading of each row's day ended, epoch microseconds."""
    day = (options.at + INDIA_MICROS) // DAY_MICROS
    at = options.at.copy()
    for root in np.unique(options.index.astype(np.str_)).tolist():
        exchange = INDICES[root].exchange
        for number in np.unique(day[options.index == root]).tolist():
            rows = (options.index == root) & (day == number)
            at[rows] = _close(exchange, _EPOCH + timedelta(days=number), calendar, number)
    return at


def _close(exchange: str, on: date, calendar: Calendar | None, number: int) -> int:
    if calendar is None:
        return number * DAY_MICROS + 36_000_000_000
    return round(calendar.close_of(exchange, on).timestamp() * 1e6)
