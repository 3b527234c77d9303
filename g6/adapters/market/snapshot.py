"""What a broker would answer for options of one series at a second of the session, read off the series' tape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from g6.adapters.market.books import book, busyness
from g6.adapters.market.contracts import OPTION_TICK
from g6.adapters.market.trades import SETTLED, Tape, deal, extremes, trade_second, trades_done

Numbers = NDArray[np.float64]

_NEVER = np.iinfo(np.int32).max


def snapshot(tape: Tape, rows: NDArray[np.int64], second: int, close: Numbers) -> dict[str, Numbers]:
    """Return the fields of a quote, `(2, m)` each, of the strikes at `rows` of the tape. Quantities are lots, times epoch seconds.

    `close`: previous closes `(2, n)` of all strikes of the tape, points. An option that has not traded today has its previous
    close as last price, zero open, high, low, volume and average, and no trade time.
    """
    columns = np.concatenate([rows, rows + len(tape.strike)])
    fields = _traded(tape, rows, columns, second)
    untraded = fields["volume"] == 0
    fields["close"] = close.reshape(-1)[columns]
    fields["last"] = np.where(untraded, fields["close"], fields["last"])
    fields |= _interest(tape, columns, second)
    at = np.array([second])
    strike = tape.strike[rows]
    value = np.stack(tape.curve.values(strike, at))
    offset = rows - int(np.abs(tape.strike - tape.curve.forward[second]).argmin())
    own = tape.own[:, rows]
    busy = float(busyness(tape.market, at)[0])
    wide = book(tape.root, tape.series.rank, value, np.stack([offset, -offset]), own, second, busy)
    period = np.where(np.abs(offset) > 10, 3.0, 1.0)
    seen = np.floor((second - own * period) / period) * period + np.ceil(own * period)
    wide["quote_time"] = tape.market.opened + np.clip(seen, 0, second)
    return {name: each.reshape(2, len(rows)) for name, each in fields.items()} | wide


def _traded(tape: Tape, rows: NDArray[np.int64], columns: NDArray[np.int64], second: int) -> dict[str, Numbers]:
    """Return what the trades up to `second` leave, `(2m,)` each."""
    minute = min(second // 60, tape.market.minutes)
    lots, price = tape.lots[:minute, columns], tape.price[:minute, columns]
    volume = lots.sum(axis=0, dtype=np.int64)
    value = np.einsum("ij,ij->j", lots, price, dtype=np.float64)
    high = tape.high[:minute, columns].max(axis=0, initial=0)
    low = tape.low[:minute, columns].min(axis=0, initial=_NEVER)
    latest = tape.last[minute - 1, columns].astype(np.int64) if minute else np.full(len(columns), -1)
    last, when = _last(tape, columns, latest)
    if minute < tape.market.minutes:
        now = _this_minute(tape, rows, columns, minute, second)
        volume, value = volume + now["volume"], value + now["volume"] * now["price"]
        high, low = np.maximum(high, now["high"]), np.minimum(low, now["low"])
        moved = now["volume"] > 0
        last, when = np.where(moved, now["price"], last), np.where(moved, now["second"], when)
    traded = volume > 0
    with np.errstate(invalid="ignore"):
        average = np.where(traded, value / volume, 0.0)
    first = tape.first[columns]
    return {
        "last": _points(last),
        "open": _points(np.where(traded, first, 0)),
        "high": _points(np.where(traded, high, 0)),
        "low": _points(np.where(traded, low, 0)),
        "volume": volume.astype(np.float64),
        "average_price": np.round(average * OPTION_TICK, 2),
        "last_trade_time": np.where(traded, tape.market.opened + when, np.nan),
    }


def _last(tape: Tape, columns: NDArray[np.int64], latest: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return price in ticks and second of the last trade in minute `latest`."""
    minute = np.maximum(latest, 0)
    lots, phase = tape.lots[minute, columns], tape.phase[minute, columns]
    count = trades_done(59, lots, phase)
    return tape.price[minute, columns].astype(np.int64), minute * 60 + trade_second(count - 1, lots, phase)


def _this_minute(
    tape: Tape, rows: NDArray[np.int64], columns: NDArray[np.int64], minute: int, second: int
) -> dict[str, NDArray[np.int64]]:
    """Return what has traded since the minute began: volume, last price and its second, high and low."""
    lots, phase = tape.lots[minute, columns], tape.phase[minute, columns]
    done = trades_done(second - 60 * minute, lots, phase)
    number = np.maximum(done - 1, 0)
    when = minute * 60 + trade_second(number, lots, phase)
    rank, count = tape.series.rank, np.maximum(trades_done(59, lots, phase), 1)
    price = deal(tape.root, rank, tape.curve, tape.market, tape.strike, columns, when, phase, number)
    path = tape.curve.forward[60 * minute : second + 1]
    top, bottom = np.array([[60 * minute + int(path.argmax())]]), np.array([[60 * minute + int(path.argmin())]])
    high, low = extremes(tape.root, rank, tape.curve, tape.market, tape.strike[rows], top, bottom)
    several = lots >= 4
    return {
        "volume": np.where(done > 0, lots.astype(np.int64) * done // count, 0),
        "price": price.astype(np.int64),
        "second": when,
        "high": np.where(done > 0, np.where(several, high[0], price), 0),
        "low": np.where(done > 0, np.where(several, low[0], price), _NEVER),
    }


def _interest(tape: Tape, columns: NDArray[np.int64], second: int) -> dict[str, Numbers]:
    """Return open interest in lots as last published: about once a minute, at each option's own second, a minute old by then."""
    start = tape.held.start.reshape(-1)[columns]
    own = (tape.own.reshape(-1)[columns] * 7919) % 1.0
    known = np.floor((second - own * 60) / 60).astype(np.int64) - 1
    known = np.minimum(known, tape.market.minutes - SETTLED)
    path = tape.interest[: max(int(known.max()) + 1, 1), columns]
    beyond = np.arange(len(path))[:, None] > known
    now = np.where(known >= 0, path[np.maximum(known, 0), np.arange(len(columns))], start)
    return {
        "oi": now.astype(np.float64),
        "oi_day_high": np.where(beyond, start, path).max(axis=0).astype(np.float64),
        "oi_day_low": np.where(beyond, start, path).min(axis=0).astype(np.float64),
        "oi_prev": start.astype(np.float64),
    }


def _points(price: NDArray[np.int64]) -> Numbers:
    return np.round(price * OPTION_TICK, 2)
