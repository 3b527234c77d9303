"""A provider's answer about options of one series at a second, read off the series' tape."""

from __future__ import annotations

import numpy as np

from g6.simulation.contracts import OPTION_TICK
from g6.simulation.trading.books import Book, busyness
from g6.simulation.trading.interest import SETTLED
from g6.simulation.trading.running import NEVER, QUARTER
from g6.simulation.trading.series_day import Numbers, Whole
from g6.simulation.trading.trades import Tape


def snapshot(tape: Tape, rows: Whole, second: int, close: Numbers) -> dict[str, Numbers]:
    """Return the fields of a quote, shape (2, m) each, of the strikes at `rows` of the tape.

    Args:
        tape: The series' day.
        rows: Positions of the strikes, shape (m,).
        second: Second of the session.
        close: Previous closes of all strikes of the tape, points, shape (2, n).

    Returns:
        Prices in points, quantities in lots, times in epoch seconds. An option that has not traded
        today has its previous close as last price, zero open, high, low, volume and average, and
        no trade time.
    """
    columns = np.concatenate([rows, rows + len(tape.day.strike)])
    fields = _traded(tape, rows, columns, second)
    fields["close"] = close.reshape(-1)[columns]
    # Kite shows an option that has not traded today with its last price of an earlier day.
    fields["last"] = np.where(fields["volume"] == 0, fields["close"], fields["last"])
    fields |= _interest(tape, columns, second)
    paired = {name: values.reshape(2, len(rows)) for name, values in fields.items()}
    return paired | _books(tape, rows, second)


def _books(tape: Tape, rows: Whole, second: int) -> dict[str, Numbers]:
    """Return the books and their times, shape (2, m)."""
    day = tape.day
    at = np.array([second])
    book = Book(day.root, day.series.rank, second, float(busyness(day.market, at)[0]))
    offset = rows - day.at_the_money(second)
    own = day.own[:, rows]
    value = np.stack(day.curve.values(day.strike[rows], at))
    fields = book.quote(value, np.stack([offset, -offset]), own)
    # Near the money a book is of this second, elsewhere it is up to three seconds old: instruments
    # of one answer are not simultaneous at a live provider either.
    period = np.where(np.abs(offset) > 10, 3.0, 1.0)
    quoted = np.floor((second - own * period) / period) * period + np.ceil(own * period)
    return fields | {"quote_time": day.market.opened + np.clip(quoted, 0, second)}


def _traded(tape: Tape, rows: Whole, columns: Whole, second: int) -> dict[str, Numbers]:
    """Return what the trades up to `second` leave, shape (2m,) each."""
    market = tape.day.market
    before = tape.minute(min(second // 60, market.minutes))
    volume = before.volume[columns]
    value = before.value[columns]
    high = before.high[columns]
    low = before.low[columns]
    last = before.last[columns]
    last_second = before.last_second[columns]
    if before.number < market.minutes:
        now = _this_minute(tape, rows, columns, second)
        has_traded = now["volume"] > 0
        volume = volume + now["volume"]
        value = value + now["volume"] * now["price"]
        high = np.maximum(high, now["high"])
        low = np.minimum(low, now["low"])
        last = np.where(has_traded, now["price"], last)
        last_second = np.where(has_traded, now["second"], last_second)
    traded = volume > 0
    return {
        "last": _points(last),
        "open": _points(np.where(traded, tape.first[columns], 0)),
        "high": _points(np.where(traded, high, 0)),
        "low": _points(np.where(traded, low, 0)),
        "volume": volume.astype(np.float64),
        "average_price": np.round(value / np.maximum(volume, 1) * OPTION_TICK, 2),
        "last_trade_time": np.where(traded, market.opened + last_second, np.nan),
    }


def _this_minute(tape: Tape, rows: Whole, columns: Whole, second: int) -> dict[str, Whole]:
    """Return what has traded since the minute began: volume, last price, its second, high, low."""
    day = tape.day
    minute = second // 60
    start = 60 * minute
    trades = tape.minute(minute).trades.of(columns)
    count = trades.count_by(second - start)
    number = np.maximum(count - 1, 0)
    last_second = start + trades.second(number)
    price = day.deal(columns, last_second, trades.bought(number))
    forward = day.curve.forward[start : second + 1]
    top = np.array([[start + int(forward.argmax())]])
    bottom = np.array([[start + int(forward.argmin())]])
    highest, lowest = day.extremes(rows, top, bottom)
    high = np.where(trades.several, highest.reshape(-1), price)
    low = np.where(trades.several, lowest.reshape(-1), price)
    volume = trades.lots.astype(np.int64) * count // np.maximum(trades.count, 1)
    return {
        "volume": np.where(count > 0, volume, 0),
        "price": price,
        "second": last_second,
        "high": np.where(count > 0, high, 0),
        "low": np.where(count > 0, low, NEVER),
    }


def _interest(tape: Tape, columns: Whole, second: int) -> dict[str, Numbers]:
    """Return open interest in lots as last published."""
    # Exchanges publish it less often than prices: here about once a minute, at each option's own
    # second, and a minute old by then.
    start = tape.day.interest.start.reshape(-1)[columns]
    own = (tape.day.own.reshape(-1)[columns] * 7919) % 1.0
    minute = np.floor(second / 60 - own).astype(np.int64) - 1
    minute = np.minimum(minute, tape.day.market.minutes - SETTLED)
    number = max(int(minute.min()) + 1, 0) // QUARTER
    quarter = tape.quarter(number)
    first = quarter.first
    since = quarter.interest[: max(int(minute.max()), 0) + 2 - first, columns]
    path = since[1:]
    is_published = np.arange(first, first + len(path))[:, None] <= minute
    high = np.where(is_published, path, start).max(axis=0, initial=0)
    low = np.where(is_published, path, start).min(axis=0, initial=NEVER)
    running = tape.running
    row = np.maximum(minute, 0) - first + 1
    now = np.where(minute >= 0, since[row, np.arange(len(columns))], start)
    highest = np.maximum(np.maximum(high, start), running.interest_high[number, columns])
    lowest = np.minimum(np.minimum(low, start), running.interest_low[number, columns])
    return {
        "oi": now.astype(np.float64),
        "oi_day_high": highest.astype(np.float64),
        "oi_day_low": lowest.astype(np.float64),
        "oi_prev": start.astype(np.float64),
    }


def _points(price: Whole) -> Numbers:
    return np.round(price * OPTION_TICK, 2)
