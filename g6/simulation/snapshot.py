"""What a broker would answer for options of one series at a second of the session, read off the series' tape."""

from __future__ import annotations

import numpy as np

from g6.simulation.books import Book, busyness
from g6.simulation.contracts import OPTION_TICK
from g6.simulation.interest import SETTLED
from g6.simulation.running import NEVER, QUARTER
from g6.simulation.series_day import Numbers, Whole
from g6.simulation.trades import Minute, Tape


def snapshot(tape: Tape, rows: Whole, second: int, close: Numbers) -> dict[str, Numbers]:
    """Return the fields of a quote, `(2, m)` each, of the strikes at `rows` of the tape. Quantities are lots, times epoch seconds.

    `close`: previous closes `(2, n)` of all strikes of the tape, points. An option that has not traded today has its previous
    close as last price, zero open, high, low, volume and average, and no trade time.
    """
    columns = np.concatenate([rows, rows + len(tape.day.strike)])
    fields = _traded(tape, rows, columns, second)
    fields["close"] = close.reshape(-1)[columns]
    fields["last"] = np.where(fields["volume"] == 0, fields["close"], fields["last"])
    fields |= _interest(tape, columns, second)
    paired = {name: each.reshape(2, len(rows)) for name, each in fields.items()}
    return paired | _books(tape, rows, second)


def _books(tape: Tape, rows: Whole, second: int) -> dict[str, Numbers]:
    """Return the books and their times, `(2, m)`: near the money of this second, elsewhere up to three old."""
    day, at = tape.day, np.array([second])
    book = Book(day.root, day.series.rank, second, float(busyness(day.market, at)[0]))
    offset, own = rows - day.at_the_money(second), day.own[:, rows]
    found = book.quote(
        np.stack(day.curve.values(day.strike[rows], at)), np.stack([offset, -offset]), own
    )
    period = np.where(np.abs(offset) > 10, 3.0, 1.0)
    seen = np.floor((second - own * period) / period) * period + np.ceil(own * period)
    return found | {"quote_time": day.market.opened + np.clip(seen, 0, second)}


def _traded(tape: Tape, rows: Whole, columns: Whole, second: int) -> dict[str, Numbers]:
    """Return what the trades up to `second` leave, `(2m,)` each."""
    market = tape.day.market
    minute = min(second // 60, market.minutes)
    volume, value, high, low = tape.totals(minute, columns)
    last, when = _last(tape, columns, minute)
    if minute < market.minutes:
        now = _this_minute(tape, rows, columns, second)
        moved = now["volume"] > 0
        volume, value = volume + now["volume"], value + now["volume"] * now["price"]
        high, low = np.maximum(high, now["high"]), np.minimum(low, now["low"])
        last, when = np.where(moved, now["price"], last), np.where(moved, now["second"], when)
    traded = volume > 0
    return {
        "last": _points(last),
        "open": _points(np.where(traded, tape.first[columns], 0)),
        "high": _points(np.where(traded, high, 0)),
        "low": _points(np.where(traded, low, 0)),
        "volume": volume.astype(np.float64),
        "average_price": np.round(value / np.maximum(volume, 1) * OPTION_TICK, 2),
        "last_trade_time": np.where(traded, market.opened + when, np.nan),
    }


def _last(tape: Tape, columns: Whole, minute: int) -> tuple[Whole, Whole]:
    """Return price in ticks and second of the last trade before `minute`; 0 and the open where there is none."""
    if not minute:
        return np.zeros(len(columns), dtype=np.int64), np.zeros(len(columns), dtype=np.int64)
    latest = np.maximum(tape.latest(minute, columns), 0)
    trades = Minute(tape.lots[latest, columns], tape.phase[latest, columns])
    return tape.price[latest, columns].astype(np.int64), latest * 60 + trades.second(
        trades.count - 1
    )


def _this_minute(tape: Tape, rows: Whole, columns: Whole, second: int) -> dict[str, Whole]:
    """Return what has traded since the minute began: volume, last price and its second, high and low."""
    day, minute = tape.day, second // 60
    trades = Minute(tape.lots[minute, columns], tape.phase[minute, columns])
    done = trades.done(second - 60 * minute)
    number = np.maximum(done - 1, 0)
    when = minute * 60 + trades.second(number)
    price = day.deal(columns, when, trades.bought(number))
    forward = day.curve.forward[60 * minute : second + 1]
    top, bottom = (
        np.array([[60 * minute + int(forward.argmax())]]),
        np.array([[60 * minute + int(forward.argmin())]]),
    )
    high, low = (each.reshape(-1) for each in day.extremes(rows, top, bottom))
    return {
        "volume": np.where(
            done > 0, trades.lots.astype(np.int64) * done // np.maximum(trades.count, 1), 0
        ),
        "price": price,
        "second": when,
        "high": np.where(done > 0, np.where(trades.several, high, price), 0),
        "low": np.where(done > 0, np.where(trades.several, low, price), NEVER),
    }


def _interest(tape: Tape, columns: Whole, second: int) -> dict[str, Numbers]:
    """Return open interest in lots as last published: about once a minute, at each option's own second, a minute old by then."""
    start = tape.day.held.start.reshape(-1)[columns]
    own = (tape.day.own.reshape(-1)[columns] * 7919) % 1.0
    known = np.minimum(
        np.floor(second / 60 - own).astype(np.int64) - 1, tape.day.market.minutes - SETTLED
    )
    quarter = max(int(known.min()) + 1, 0) // QUARTER
    path = tape.interest[quarter * QUARTER : max(int(known.max()), 0) + 1, columns]
    published = np.arange(quarter * QUARTER, quarter * QUARTER + len(path))[:, None] <= known
    high = np.where(published, path, start).max(axis=0, initial=0)
    low = np.where(published, path, start).min(axis=0, initial=NEVER)
    now = np.where(known >= 0, tape.interest[np.maximum(known, 0), columns], start)
    found = {
        "oi": now,
        "oi_day_high": np.maximum(
            np.maximum(high, start), tape.running.interest_high[quarter, columns]
        ),
        "oi_day_low": np.minimum(
            np.minimum(low, start), tape.running.interest_low[quarter, columns]
        ),
        "oi_prev": start,
    }
    return {name: each.astype(np.float64) for name, each in found.items()}


def _points(price: Whole) -> Numbers:
    return np.round(price * OPTION_TICK, 2)
