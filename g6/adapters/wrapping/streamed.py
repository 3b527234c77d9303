"""A provider that reads the quote cache first and asks another only for what the stream does not know any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instrument import INDICES, VIX, Contracts, Future, Listing
from g6.domain.quotes.quotes import DEPTH_FIELDS, NAN, QUOTE_FIELDS, Quotes, Underlying
from g6.domain.quotes.tick import (
    NOBODY,
    REST,
    SOURCES,
    STREAM,
    TICK,
    Feed,
    blank,
    of_day,
    stands_until,
    true_until,
)
from g6.errors import Retryable, Terminal
from g6.ports import Clock, Provider, QuoteCache
from g6.ports.abilities import Abilities, abilities_of

Rows = NDArray[Any]
Mask = NDArray[np.bool_]

MAX_AGE = 5.0
"""Wall seconds; a stream that is idle sends a heartbeat every two or three."""
UNANSWERED_SECONDS = 60.0
"""How long a contract is not asked for again that is streamed, never ticked and had no answer."""
DEAD_SECONDS = 5.0
"""A ticker tells of itself four times a second; one that did not for so long does not run."""
FROZEN = frozenset(("index frozen", "closing auction", "index final"))

_BOOK = ("bid", "ask", "bid_quantity", "ask_quantity")
_DEEPER = {name: (name[:-2], int(name[-1]) - 1) for name in DEPTH_FIELDS}
"""The levels behind the best: the field of a row that has them, and their place in it."""
_FUTURE = tuple(each.name for each in fields(Underlying) if each.name.startswith("future"))
_SAID = tuple(name for name in QUOTE_FIELDS if name in (TICK.names or ()))


@dataclass(frozen=True, slots=True)
class _CachedRows:
    """What the cache had for one question: rows of the listed options, then of index, VIX and future; which are true now."""

    rows: Rows
    fresh: Mask
    feeds: Mapping[int, Feed]


class Streamed:
    """Provider port over a QuoteCache and an `inner` provider.

    Whether a row is true now is a matter of its connection, not of its own age: see `domain.tick.true_until`. Each row's `source`
    says where it came from, its `quote_time` the exchange's time to which it stands: see `domain.tick.stands_until`. `tokens` are
    the stream's numbers of indices and VIX, by quote key. Where the inner provider fails and some options are fresh, those stand
    and the rest is as old as it says.
    """

    def __init__(
        self,
        inner: Provider,
        cache: QuoteCache,
        clock: Clock,
        calendar: Calendar,
        tokens: Mapping[str, int],
        *,
        max_age: float = MAX_AGE,
    ) -> None:
        self.inner, self.name = inner, inner.name
        self._cache, self._clock, self._calendar, self._tokens, self._max_age = (
            cache,
            clock,
            calendar,
            tokens,
            max_age,
        )
        self._wished: dict[str, tuple[date, set[str]]] = {}
        self._unanswered: dict[str, float] = {}

    @property
    def abilities(self) -> Abilities:
        """What the inner provider can do, and have contracts streamed."""
        return replace(abilities_of(self.inner), stream=self)

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what the inner provider lists."""
        return self.inner.listing(index, at)

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> Any:
        """Return what the inner provider knows of the previous session."""
        return self.inner.previous_oi(index, contracts, at)

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return index, future and VIX from the stream, else from the inner provider."""
        future = self._future(index, at)
        held = self._held(index, (), future, day_of(at))
        return self._spot(index, held, future, at) or self.inner.underlying(index, at)

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes as the cache has them, in one round trip, and one question's answers for those that are stale."""
        listed, future = contracts.symbol != "", self._future(index, at)
        symbols: list[str] = contracts.symbol[listed].tolist()
        day = day_of(at)
        self.follow(index, contracts, at)
        held = self._held(index, symbols, future, day)
        stale = np.zeros(listed.shape, dtype=np.bool_)
        rows, fresh = held.rows[: len(symbols)], held.fresh[: len(symbols)]
        stale[listed] = ~fresh & ~self._not_again(symbols, held)
        seen = self._spot(index, held, future, at)
        found = _unpacked(contracts, listed, rows, self._market_time(held.rows))
        found.values["quote_time"][listed] = stands_until(rows, fresh, self._late(rows, at))
        if stale.any() or seen is None:
            found, seen = self._bridged(found, seen, stale, bool(fresh.any()), at)
        return replace(found, market=seen or Underlying())

    def describe(self) -> Mapping[str, Any]:
        """Return the inner provider's facts and the stream's: `source` stream while a connection lives, else rest; `ticker`."""
        facts = dict(self.inner.describe())
        try:
            feeds = self._cache.feeds()
        except Retryable:
            return facts
        now = self._clock.wall()
        alive = any(feed.alive(now, self._max_age) for feed in feeds.values())
        return facts | {"source": SOURCES[STREAM if alive else REST], "ticker": summary(feeds, now)}

    def follow(self, index: str, contracts: Contracts, at: datetime) -> None:
        """Have the stream follow `contracts` and what belongs to the index from now on; only news are told."""
        day, future = day_of(at), self._future(index, at)
        on, known = self._wished.get(index, (date.min, set[str]()))
        if on != day:
            known = set()
        tokens = dict(
            zip(
                contracts.symbol.reshape(-1).tolist(),
                contracts.token.reshape(-1).tolist(),
                strict=True,
            )
        )
        tokens |= {key: self._tokens.get(key, 0) for key in (INDICES[index].quote_key, VIX)}
        tokens |= {future.symbol: future.token} if future else {}
        if new := {
            symbol: token
            for symbol, token in tokens.items()
            if symbol and token and symbol not in known
        }:
            try:
                self._cache.subscribe(day, index, new)
            except Retryable:
                return
            self._wished[index] = day, known | new.keys()

    def _held(
        self, index: str, symbols: Sequence[str], future: Future | None, day: date
    ) -> _CachedRows:
        keys = [*symbols, INDICES[index].quote_key, VIX, *([future.symbol] if future else [])]
        try:
            rows, feeds = self._cache.get(day, index, keys)
        except Retryable:
            rows, feeds = blank(len(keys)), {}
        return _CachedRows(
            rows, self._clock.wall() - true_until(rows, feeds) <= self._max_age, feeds
        )

    def _not_again(self, symbols: Sequence[str], held: _CachedRows) -> Mask:
        """Tell which options are streamed, have never ticked and were asked for in vain a moment ago."""
        now = self._clock.wall()
        self._unanswered = {
            symbol: until for symbol, until in self._unanswered.items() if until > now
        }
        if not self._unanswered:
            return np.zeros(len(symbols), dtype=np.bool_)
        alive = [number for number, feed in held.feeds.items() if feed.alive(now, self._max_age)]
        again: Mask = np.isin(held.rows["feed"][: len(symbols)], alive)
        again &= np.array([symbol in self._unanswered for symbol in symbols])
        return again

    def _spot(
        self, index: str, held: _CachedRows, future: Future | None, at: datetime
    ) -> Underlying | None:
        """Return index, VIX and future as streamed, None where the index itself is not known now."""
        place = len(held.rows) - (3 if future else 2)
        spot, vix, *_ = held.rows[place:]
        if not held.fresh[place] or not isfinite(spot["last"]):
            return None
        seen = Underlying(
            spot=float(spot["last"]),
            open=float(spot["open"]),
            high=float(spot["high"]),
            low=float(spot["low"]),
            prev_close=float(spot["close"]),
            spot_time=float(spot["quote_time"]),
            spot_source="frozen"
            if self._calendar.phase(INDICES[index].exchange, at) in FROZEN
            else "live",
            vix=float(vix["last"])
            if held.fresh[place + 1] and of_day(float(vix["quote_time"]), at)
            else NAN,
        )
        priced = future is not None and held.fresh[-1] and not held.rows[-1]["last"] <= 0
        return replace(seen, **_future_fields(held.rows[-1], future)) if future and priced else seen

    def _bridged(
        self, found: Quotes, seen: Underlying | None, stale: Mask, some: bool, at: datetime
    ) -> tuple[Quotes, Underlying | None]:
        """Ask the inner provider for what is stale, lay its answers into `found` and into the cache."""
        columns = np.flatnonzero(stale.any(axis=0))
        asked, index = self._clock.wall(), found.contracts.underlying
        try:
            if not len(columns):
                return found, self.inner.underlying(index, at)
            answer = self.inner.quotes(index, found.contracts.take(columns), at)
        except (Retryable, Terminal):
            if some:
                return found, seen
            raise
        answered = stale[:, columns] & ~np.all(
            [np.isnan(answer.values[name]) for name in _SAID], axis=0
        )
        for name, values in found.values.items():
            values[:, columns] = np.where(
                answered, answer.values.get(name, NAN), values[:, columns]
            )
        found.source[:, columns] = np.where(answered, answer.source, found.source[:, columns])
        until = self._clock.wall() + UNANSWERED_SECONDS
        self._unanswered |= dict.fromkeys(
            answer.symbol[stale[:, columns] & ~answered].tolist(), until
        )
        self._keep(day_of(at), answer, answered & (answer.source == SOURCES[REST]), asked)
        return replace(found, observed_at=max(found.observed_at, answer.observed_at)), _filled(
            seen, answer.market
        )

    def _keep(self, day: date, answer: Quotes, answered: Mask, asked: float) -> None:
        """Put answers into the cache: what is streamed and did not change since is true as long as its connection lives."""
        try:
            self._cache.bridge(
                day,
                answer.contracts.underlying,
                answer.symbol[answered].tolist(),
                _packed(answer, answered, self._clock.wall()),
                asked,
            )
        except Retryable:
            return

    def _future(self, index: str, at: datetime) -> Future | None:
        day = day_of(at)
        return next(
            (each for each in self.inner.listing(index, at).futures if each.expiry >= day), None
        )

    def _late(self, rows: Rows, at: datetime) -> NDArray[np.float64]:
        """Return the wall seconds between each row's own time and its receipt, NaN unknown; the market's clock runs evenly."""
        wall = self._clock.wall_of(at)
        second = self._clock.wall_of(at + timedelta(seconds=1)) - wall
        late: NDArray[np.float64] = rows["received"] - (
            wall + (rows["quote_time"] - at.timestamp()) * second
        )
        return late

    def _market_time(self, rows: Rows) -> float:
        """Return the market's instant at which the newest row was received: receipt is wall time."""
        ahead = self._clock.market().timestamp() - self._clock.wall()
        return float(rows["received"].max(initial=0.0)) + ahead if len(rows) else NAN


def summary(feeds: Mapping[int, Feed], now: float) -> dict[str, Any]:
    """Return how a stream is, for people and metrics; `state` dead: its process told nothing; ages in seconds, None unknown."""
    connections = {
        str(number): {
            "state": feed.state if now - feed.told <= DEAD_SECONDS else "dead",
            "reason": feed.reason,
            "tokens": feed.tokens,
            "ticks_per_second": feed.ticks_per_second,
            "last_frame_age": round(now - feed.last_frame, 3) if feed.last_frame else None,
            "reconnects": dict(feed.reconnects or {}),
            "dropped": feed.dropped,
            "texts": dict(feed.texts or {}),
        }
        for number, feed in feeds.items()
    }
    return {
        "connections": connections,
        "tokens": sum(feed.tokens for feed in feeds.values()),
        "ticks_per_second": round(sum(feed.ticks_per_second for feed in feeds.values()), 1),
        "newest_tick": max((feed.newest for feed in feeds.values()), default=0.0) or None,
    }


def _filled(seen: Underlying | None, asked: Underlying) -> Underlying:
    """Return what the stream knows of index, VIX and future, and of VIX and future what was asked where it knows nothing."""
    if seen is None:
        return asked
    unknown = [
        *(() if isfinite(seen.vix) else ("vix",)),
        *(() if isfinite(seen.future) else _FUTURE),
    ]
    filled: Mapping[str, Any] = {name: getattr(asked, name) for name in unknown}
    return replace(seen, **filled)


def _future_fields(row: Any, future: Future) -> dict[str, Any]:
    return {
        "future": float(row["last"]),
        "future_expiry": future.expiry,
        "future_time": float(row["quote_time"]),
        "future_bid": float(row["bid"][0]),
        "future_ask": float(row["ask"][0]),
        "future_oi": float(row["oi"]),
        "future_volume": float(row["volume"]),
        "future_vwap": float(row["average_price"]),
        "future_prev_close": float(row["close"]),
    }


def _unpacked(contracts: Contracts, listed: Mask, rows: Rows, observed_at: float) -> Quotes:
    """Return rows of the listed options as quotes; what nobody answered is NaN throughout."""
    values = {name: np.full(listed.shape, NAN) for name in QUOTE_FIELDS}
    silent = rows["source"] == NOBODY
    for name in _SAID:
        column = rows[name][:, 0] if name in _BOOK else rows[name]
        values[name][listed] = np.where(silent, NAN, column)
    for side in ("bid", "ask"):
        values[f"{side}_depth"][listed] = np.where(
            silent, NAN, rows[f"{side}_quantity"].sum(axis=1)
        )
    for name, (ours, level) in _DEEPER.items():
        values[name] = np.full(listed.shape, NAN)
        values[name][listed] = np.where(silent, NAN, rows[ours][:, level])
    source = np.full(listed.shape, "", dtype=object)
    source[listed] = np.array(SOURCES, dtype=object)[rows["source"]]
    return Quotes(contracts, source, values, market=Underlying(), observed_at=observed_at)


def _packed(answer: Quotes, answered: Mask, received: float) -> Rows:
    rows = blank(int(answered.sum()))
    rows["source"], rows["received"] = REST, received
    for name in _SAID:
        if name in _BOOK:
            said = answer.values[name][answered]
            rows[name][:, 0] = said if name in ("bid", "ask") else np.nan_to_num(said)
        else:
            rows[name] = answer.values[name][answered]
    for name, (ours, level) in _DEEPER.items():
        if name in answer.values:
            said = answer.values[name][answered]
            rows[ours][:, level] = said if ours in ("bid", "ask") else np.nan_to_num(said)
    return rows
