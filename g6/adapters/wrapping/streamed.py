"""A provider that reads the quote cache first.

It asks another provider only for what the stream does not know any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.wrapping.stream_rows import (
    TICK_FIELDS,
    Mask,
    StreamArray,
    future_fields,
    pack,
    unpack,
)
from g6.adapters.wrapping.stream_summary import stream_facts
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instrument import INDICES, VIX, Contracts, Future, Listing
from g6.domain.quotes.quotes import NAN, Quotes
from g6.domain.quotes.tick import (
    REST,
    SOURCES,
    STREAM,
    Feed,
    blank,
    of_day,
    stands_until,
    true_until,
)
from g6.domain.reports import ProviderFacts
from g6.domain.schema.underlying import Underlying
from g6.domain.schema.words import SpotSource
from g6.errors import Retryable, Terminal
from g6.ports import Clock, Provider, QuoteCache
from g6.ports.sources import Abilities, abilities_of

MAX_AGE = 5.0
"""Wall seconds. A stream that is idle sends a heartbeat every two or three."""
UNANSWERED_SECONDS = 60.0
"""How long a contract is left alone that is streamed, never ticked and had no answer."""
FROZEN = frozenset(("index frozen", "closing auction", "index final"))
_FUTURE = tuple(field.name for field in fields(Underlying) if field.name.startswith("future"))


@dataclass(frozen=True, slots=True)
class _CachedRows:
    """What the cache had for one question.

    Attributes:
        rows: Of the listed options, then of index, VIX and future.
        fresh: Which of them are true now.
        feeds: The stream's connections by number.
    """

    rows: StreamArray
    fresh: Mask
    feeds: Mapping[int, Feed]


@dataclass(frozen=True, slots=True)
class _Subscription:
    """The symbols of one index that the stream follows on a day."""

    day: date
    symbols: frozenset[str]


class Streamed:
    """Provider port over a QuoteCache and an inner provider.

    Whether a row is true now is a matter of its connection, not of its own age: an unchanged quote
    of a living connection stands. See `domain.quotes.tick.true_until`. Each row's `source` says
    where it came from, its `quote_time` the exchange's time to which it stands. Where the inner
    provider fails and some options are fresh, those stand, and the rest is as old as it says.
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
        """Put the stream before a provider.

        Args:
            inner: Answers for what the stream does not know.
            cache: What a stream's process writes.
            clock: The market's time and the wall's.
            calendar: The sessions.
            tokens: The stream's numbers of indices and VIX, by quote key.
            max_age: Wall seconds for which a row stands without a sign of its connection.
        """
        self.inner = inner
        self.name = inner.name
        self._cache = cache
        self._clock = clock
        self._calendar = calendar
        self._tokens = tokens
        self._max_age = max_age
        self._subscriptions: dict[str, _Subscription] = {}
        self._unanswered_until: dict[str, float] = {}

    @property
    def abilities(self) -> Abilities:
        """What the inner provider can do, and have contracts streamed."""
        return replace(abilities_of(self.inner), stream=self)

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what the inner provider lists."""
        return self.inner.listing(index, at)

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return what the inner provider knows of the previous session."""
        interest: NDArray[np.float64] = self.inner.previous_oi(index, contracts, at)
        return interest

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return index, future and VIX from the stream, else from the inner provider."""
        future = self._future(index, at)
        cached = self._read(index, (), future, day_of(at))
        return self._streamed_market(index, cached, future, at) or self.inner.underlying(index, at)

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes from the cache, in one round trip, and one answer for the stale ones."""
        listed = contracts.symbol != ""
        symbols: list[str] = contracts.symbol[listed].tolist()
        future = self._future(index, at)
        self.follow(index, contracts, at)
        cached = self._read(index, symbols, future, day_of(at))
        rows = cached.rows[: len(symbols)]
        fresh = cached.fresh[: len(symbols)]
        stale = np.zeros(listed.shape, dtype=np.bool_)
        stale[listed] = ~fresh & ~self._unanswered(symbols, cached)
        market = self._streamed_market(index, cached, future, at)
        quotes = unpack(contracts, listed, rows, self._received_at(cached.rows))
        quotes.values["quote_time"][listed] = stands_until(rows, fresh, self._late(rows, at))
        if stale.any() or market is None:
            quotes, market = self._bridge(quotes, market, stale, bool(fresh.any()), at)
        return replace(quotes, market=market or Underlying())

    def describe(self) -> ProviderFacts:
        """Return the inner provider's facts and the stream's.

        `source` is stream while a connection lives, else rest. `ticker` has the connections.
        """
        facts = self.inner.describe()
        try:
            feeds = self._cache.feeds()
        except Retryable:
            return facts
        now = self._clock.wall()
        is_alive = any(feed.alive(now, self._max_age) for feed in feeds.values())
        source = SOURCES[STREAM if is_alive else REST]
        return replace(facts, source=source, ticker=stream_facts(feeds, now))

    def follow(self, index: str, contracts: Contracts, at: datetime) -> None:
        """Have the stream follow contracts, and what belongs to their index, from now on.

        Only symbols that it does not follow yet are written.
        """
        day = day_of(at)
        subscription = self._subscriptions.get(index)
        if subscription is None or subscription.day != day:
            subscription = _Subscription(day, frozenset())
        symbols = contracts.symbol.reshape(-1).tolist()
        tokens = dict(zip(symbols, contracts.token.reshape(-1).tolist(), strict=True))
        for key in (INDICES[index].quote_key, VIX):
            tokens[key] = self._tokens.get(key, 0)
        if future := self._future(index, at):
            tokens[future.symbol] = future.token
        new = {
            symbol: token
            for symbol, token in tokens.items()
            if symbol and token and symbol not in subscription.symbols
        }
        if not new:
            return
        try:
            self._cache.subscribe(day, index, new)
        except Retryable:
            return
        self._subscriptions[index] = _Subscription(day, subscription.symbols | new.keys())

    def _read(
        self, index: str, symbols: Sequence[str], future: Future | None, day: date
    ) -> _CachedRows:
        keys = [*symbols, INDICES[index].quote_key, VIX]
        if future is not None:
            keys.append(future.symbol)
        feeds: Mapping[int, Feed] = {}
        try:
            rows, feeds = self._cache.get(day, index, keys)
        except Retryable:
            rows = blank(len(keys))
        # An unchanged quote stands while its connection lives, however old it is itself.
        age = self._clock.wall() - true_until(rows, feeds)
        return _CachedRows(rows, age <= self._max_age, feeds)

    def _unanswered(self, symbols: Sequence[str], cached: _CachedRows) -> Mask:
        """Return which streamed options never ticked and were asked for in vain a moment ago."""
        now = self._clock.wall()
        self._unanswered_until = {
            symbol: until for symbol, until in self._unanswered_until.items() if until > now
        }
        if not self._unanswered_until:
            return np.zeros(len(symbols), dtype=np.bool_)
        alive = [number for number, feed in cached.feeds.items() if feed.alive(now, self._max_age)]
        streamed = np.isin(cached.rows["feed"][: len(symbols)], alive)
        in_vain = np.array([symbol in self._unanswered_until for symbol in symbols])
        unanswered: Mask = streamed & in_vain
        return unanswered

    def _streamed_market(
        self, index: str, cached: _CachedRows, future: Future | None, at: datetime
    ) -> Underlying | None:
        """Return index, VIX and future as streamed, None where the index itself is unknown."""
        position = len(cached.rows) - (3 if future else 2)
        spot = cached.rows[position]
        vix = cached.rows[position + 1]
        if not cached.fresh[position] or not isfinite(spot["last"]):
            return None
        is_frozen = self._calendar.phase(INDICES[index].exchange, at) in FROZEN
        # The stream may still show the VIX of an earlier day, which says nothing of now.
        has_vix = cached.fresh[position + 1] and of_day(float(vix["quote_time"]), at)
        market = Underlying(
            spot=float(spot["last"]),
            open=float(spot["open"]),
            high=float(spot["high"]),
            low=float(spot["low"]),
            prev_close=float(spot["close"]),
            spot_time=float(spot["quote_time"]),
            spot_source=(SpotSource.FROZEN if is_frozen else SpotSource.LIVE).value,
            vix=float(vix["last"]) if has_vix else NAN,
        )
        if future is None or not cached.fresh[-1] or cached.rows[-1]["last"] <= 0:
            return market
        return replace(market, **future_fields(cached.rows[-1], future))

    def _bridge(
        self,
        quotes: Quotes,
        market: Underlying | None,
        stale: Mask,
        some_are_fresh: bool,
        at: datetime,
    ) -> tuple[Quotes, Underlying | None]:
        """Lay the inner provider's answers for what is stale into the quotes and the cache."""
        columns = np.flatnonzero(stale.any(axis=0))
        asked_at = self._clock.wall()
        index = quotes.contracts.underlying
        try:
            if not len(columns):
                return quotes, self.inner.underlying(index, at)
            answer = self.inner.quotes(index, quotes.contracts.take(columns), at)
        except (Retryable, Terminal):
            if some_are_fresh:
                return quotes, market
            raise
        is_empty = np.all([np.isnan(answer.values[name]) for name in TICK_FIELDS], axis=0)
        answered = stale[:, columns] & ~is_empty
        _lay_into(quotes, columns, answer, answered)
        unanswered: list[str] = answer.symbol[stale[:, columns] & ~answered].tolist()
        until = self._clock.wall() + UNANSWERED_SECONDS
        self._unanswered_until |= dict.fromkeys(unanswered, until)
        from_rest = answered & (answer.source == SOURCES[REST])
        self._keep(day_of(at), answer, from_rest, asked_at)
        observed_at = max(quotes.observed_at, answer.observed_at)
        return replace(quotes, observed_at=observed_at), _complete(market, answer.market)

    def _keep(self, day: date, answer: Quotes, answered: Mask, asked_at: float) -> None:
        """Put answers into the cache.

        What is streamed and has not changed since is true as long as its connection lives.
        """
        symbols: list[str] = answer.symbol[answered].tolist()
        rows = pack(answer, answered, self._clock.wall())
        try:
            self._cache.bridge(day, answer.contracts.underlying, symbols, rows, asked_at)
        except Retryable:
            return

    def _future(self, index: str, at: datetime) -> Future | None:
        day = day_of(at)
        for future in self.inner.listing(index, at).futures:
            if future.expiry >= day:
                return future
        return None

    def _late(self, rows: StreamArray, at: datetime) -> NDArray[np.float64]:
        """Return the wall seconds between each row's own time and its receipt, NaN where unknown.

        The market's clock runs evenly, so two of its instants give its speed.
        """
        wall = self._clock.wall_of(at)
        second = self._clock.wall_of(at + timedelta(seconds=1)) - wall
        due = wall + (rows["quote_time"] - at.timestamp()) * second
        late: NDArray[np.float64] = rows["received"] - due
        return late

    def _received_at(self, rows: StreamArray) -> float:
        """Return the market's instant at which the newest row was received, by the wall clock."""
        # Market and wall differ by what a look-alike's clock is ahead.
        if not len(rows):
            return NAN
        ahead = self._clock.market().timestamp() - self._clock.wall()
        return float(rows["received"].max(initial=0.0)) + ahead


def _lay_into(quotes: Quotes, columns: NDArray[np.intp], answer: Quotes, answered: Mask) -> None:
    """Write the answers of some columns over the quotes that they are newer than."""
    for name, values in quotes.values.items():
        fresh = answer.values.get(name, NAN)
        values[:, columns] = np.where(answered, fresh, values[:, columns])
    quotes.source[:, columns] = np.where(answered, answer.source, quotes.source[:, columns])


def _complete(streamed: Underlying | None, answer: Underlying) -> Underlying:
    """Return what the stream knows of index, VIX and future, completed from an answer."""
    if streamed is None:
        return answer
    names: list[str] = []
    if not isfinite(streamed.vix):
        names.append("vix")
    if not isfinite(streamed.future):
        names.extend(_FUTURE)
    missing: Mapping[str, Any] = {name: getattr(answer, name) for name in names}
    return replace(streamed, **missing)
