"""Zerodha's Kite Connect as a provider: listings from its dumps, whole chains from /quote."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from g6.adapters.kite.access import Access
from g6.adapters.kite.authorized_requests import AuthorizedRequests, KiteSettings
from g6.adapters.kite.dump_cache import DumpCache
from g6.adapters.kite.interest_candles import PreviousInterest
from g6.adapters.kite.limits import MOST_QUOTE_KEYS
from g6.adapters.kite.minute_candles import KiteCandles
from g6.adapters.kite.quote_parsing import (
    epoch,
    number,
    object_of,
    parse_quotes,
    parse_underlying,
)
from g6.adapters.kite.underlyings import Underlyings
from g6.domain.market import instrument
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.dump_layout import INDEX_TOKENS
from g6.domain.market.instrument import INDICES, VIX, Contracts, Future, Index, Listing
from g6.domain.pricing.quality import believed
from g6.domain.quotes.quotes import NAN, Quotes
from g6.domain.quotes.tick import of_day
from g6.domain.reports import ProviderFacts, ProviderState
from g6.domain.schema.json_types import Document
from g6.domain.schema.underlying import Underlying
from g6.domain.schema.words import SpotSource
from g6.errors import ProviderBusy, ProviderRefused
from g6.ports import Clock, Gate, SharedCache
from g6.ports.sources import Abilities

if TYPE_CHECKING:
    from g6.domain.schema.json_types import Document
from g6.adapters.kite.rest_client import Candle

MUTE_SECONDS = 300.0
"""How long a key that was asked for twice in vain is not asked for a second time."""
STALE_SECONDS = 30.0
"""Age from which an index counts as stale."""
# From 15:15 to about 15:30 the index stands still while options trade: the closing auction.
FROZEN_PHASES = frozenset(("index frozen", "closing auction", "index final"))


class KiteProvider:
    """Provider port over Kite's own client.

    Contracts and keys are the dump's: no symbol is ever made up.

    Args:
        access: Gives the token that all workers have.
        gate: Lets each request through in its turn.
        cache: What all workers share.
        clock: Market time and wall time.
        calendar: The exchanges' sessions.
        settings: What the configuration says of Kite.
        tell: Receives what a person should know.
    """

    name = "kite"

    def __init__(
        self,
        access: Access,
        gate: Gate,
        cache: SharedCache,
        clock: Clock,
        calendar: Calendar,
        settings: KiteSettings,
        *,
        tell: Callable[[ProviderState], None] = lambda _: None,
    ) -> None:
        self._access = access
        self._gate = gate
        self._clock = clock
        self._calendar = calendar
        self._settings = settings
        self._requests = AuthorizedRequests(access, gate, settings)
        self.dumps = DumpCache(settings.dump_directory, cache, self._requests.dump, clock, tell)
        self._underlyings = Underlyings(cache, self._requests.further_quotes, clock)
        self._previous = PreviousInterest(cache, partial(self._requests.candles, interval="day"))
        self._spots: dict[str, float] = {}
        self._mute_until: dict[str, float] = {}
        self._unit: tuple[str, datetime] | None = None
        self._hits_before: dict[str, int] = {}
        self._listings: dict[str, tuple[int, Listing]] = {}

    @property
    def abilities(self) -> Abilities:
        """What it can do beside quoting."""
        return Abilities(
            candles=KiteCandles(self.minutes, INDEX_TOKENS),
            previous_interest=self,
            dumps=self.dumps,
            account=self,
        )

    def listing(self, index: str, at: datetime) -> Listing:
        """Return the contracts that the day's dump lists.

        Raises:
            ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
            ProviderRefused: Kite, or the dump, cannot be used until somebody acts.
            TokenDead: There is no token that Kite takes.
        """
        traits = _index(index)
        day = day_of(at)
        if self._unit != (index, at):
            self._unit = (index, at)
            self._hits_before = dict(self.dumps.hits)
        columns = self.dumps.columns(traits.derivatives, day)
        # The cache hands out the same columns until a new dump comes, so their identity is its
        # edition.
        edition, listing = self._listings.get(index, (0, None))
        if listing is None or edition != id(columns) or listing.on != day:
            listing = instrument.listing(index, columns, day)
            self._listings[index] = (id(columns), listing)
        return listing

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return index, nearest future and VIX, in one request for all indices.

        Raises:
            ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
            ProviderRefused: Kite, or the dump, cannot be used until somebody acts.
            TokenDead: There is no token that Kite takes.
        """
        future = self._future(index, at)
        keys: dict[str, None] = {}
        for name in (*self._settings.indices, index):
            keys |= dict.fromkeys(_market_keys(_index(name), self._future(name, at)))
        answers = self._underlyings.answers([*keys], at)
        return self._underlying(_index(index), future, answers, at)

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the quotes of contracts, with index, future and VIX.

        These three go with the strikes nearest the money, in the first request. Keys that did not
        come are asked for once more if the budget allows it, and are NaN otherwise. When a later
        request fails, the answers before it stand.

        Raises:
            ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
            ProviderRefused: Kite, or the dump, cannot be used until somebody acts.
            TokenDead: There is no token that Kite takes.
        """
        traits = _index(index)
        future = self._future(index, at)
        keys = [*_market_keys(traits, future), *self._nearest_first(index, contracts, traits)]
        answers = self._answers(keys)
        underlying = self._underlying(traits, future, answers, at)
        if isfinite(believed(underlying, contracts.strike).spot):
            self._spots[index] = underlying.spot
        return Quotes(
            contracts,
            source=np.where(contracts.symbol == "", "", "rest").astype(object),
            values=parse_quotes(answers, contracts, traits.derivatives),
            market=underlying,
            observed_at=self._clock.market().timestamp(),
        )

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the previous session's open interest, units of shape (2, n), NaN where unknown."""
        if self._settings.previous_per_unit:
            self.learn_previous(index, contracts, at, self._settings.previous_per_unit)
        return self._previous.of(index, contracts, day_of(at))

    def learn_previous(self, index: str, contracts: Contracts, at: datetime, most: int) -> int:
        """Request the previous open interest of `most` contracts that nobody requested yet.

        Returns:
            How many answers came.

        Raises:
            TokenDead: There is no token that Kite takes.
        """
        centre = self._centre(index, contracts)
        return self._previous.learn(index, contracts, day_of(at), centre, most)

    def last_prices(self, indices: Sequence[str]) -> dict[str, float]:
        """Return the last price of each index that answers, in one cheap request.

        Raises:
            ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
            ProviderRefused: Kite, or the dump, cannot be used until somebody acts.
            TokenDead: There is no token that Kite takes.
        """
        names = {INDICES[name].quote_key: name for name in indices}
        answers = self._requests.last_prices(names)
        prices = {}
        for key, name in names.items():
            if key in answers:
                price = number(object_of(answers, key).get("last_price"))
                prices[name] = price if isfinite(price) else 0.0
        return prices

    def minutes(self, token: int, first: str, last: str) -> Sequence[Candle]:
        """Return the minute candles of an instrument between two times of India.

        The request waits for a slot of its own.

        Raises:
            ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
            ProviderRefused: Kite, or the dump, cannot be used until somebody acts.
            TokenDead: There is no token that Kite takes.
        """
        return self._requests.candles(token, first, last, "minute")

    def token(self) -> str:
        """Return the mark of the token that requests would carry.

        Not the token.

        Raises:
            TokenDead: There is no token that Kite takes.
        """
        return self._access.token().mark

    def user(self) -> str:
        """Return the id of the token's owner.

        Raises:
            ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
            ProviderRefused: Kite, or the dump, cannot be used until somebody acts.
            TokenDead: There is no token that Kite takes.
        """
        return str(self._requests.profile().get("user_id", "unknown"))

    def describe(self) -> ProviderFacts:
        """Return facts for people and panels.

        No secrets.
        """
        before = self._hits_before
        dumps = self.dumps.hits
        return ProviderFacts(
            mode=self._settings.mode,
            source="Kite Connect",
            name=self.name,
            login=self._access.state(),
            dumps=dict(dumps),
            listings={where: hits - before.get(where, 0) for where, hits in dumps.items()},
            instruments=dict(self.dumps.facts()),
        )

    def instruments(self, exchange: str, at: datetime) -> int:
        """Return how many contracts the day's dump of an exchange lists.

        A dump that was refused a moment ago is downloaded again.

        Raises:
            ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
            ProviderRefused: Kite, or the dump, cannot be used until somebody acts.
            TokenDead: There is no token that Kite takes.
        """
        day = day_of(at)
        if self.dumps.refused(exchange, day):
            return len(self.dumps.refresh(exchange, day)["symbol"])
        return len(self.dumps.columns(exchange, day)["symbol"])

    def _answers(self, keys: list[str]) -> Document:
        """Return the answers to all keys.

        Those of the first request at least.
        """
        answers: dict[str, object] = {}
        for first in range(0, len(keys), MOST_QUOTE_KEYS):
            try:
                answers.update(self._requests.quotes(keys[first : first + MOST_QUOTE_KEYS]))
            except ProviderBusy:
                if not first:
                    raise
                return answers
        answers.update(self._answers_again(keys, answers))
        return answers

    def _answers_again(self, keys: list[str], answers: Document) -> Document:
        """Ask once more for keys without an answer.

        Kite leaves them out without a word.
        """
        now = time.monotonic()
        missing = [
            key for key in keys if key not in answers and self._mute_until.get(key, 0.0) < now
        ]
        del missing[MOST_QUOTE_KEYS:]
        if not missing or not self._gate.reserve_further("quote"):
            return {}
        try:
            late = self._requests.quotes(missing)
        except ProviderBusy:
            return {}
        self._mute_until |= {key: now + MUTE_SECONDS for key in missing if key not in late}
        return late

    def _future(self, index: str, at: datetime) -> Future | None:
        """Return the nearest future that has not expired."""
        day = day_of(at)
        for future in self.listing(index, at).futures:
            if future.expiry >= day:
                return future
        return None

    def _underlying(
        self, traits: Index, future: Future | None, answers: Document, at: datetime
    ) -> Underlying:
        future_key = f"{traits.derivatives}:{future.symbol}" if future else ""
        underlying = parse_underlying(answers, traits.quote_key, VIX, future_key, future)
        if not of_day(epoch(object_of(answers, VIX).get("timestamp")), at):
            underlying = replace(underlying, vix=NAN)
        if self._calendar.phase(traits.exchange, at) in FROZEN_PHASES:
            return replace(underlying, spot_source=SpotSource.FROZEN.value)
        age_seconds = self._clock.market().timestamp() - underlying.spot_time
        if age_seconds > STALE_SECONDS:
            return replace(underlying, spot_source=SpotSource.STALE.value)
        return underlying

    def _centre(self, index: str, contracts: Contracts) -> float:
        """Return the last known price of the index.

        Before the first answer it is the middle of the nearest expiry's strikes.
        """
        if not len(contracts):
            return 0.0
        nearest = contracts.strike[contracts.expiry == contracts.expiry.min()]
        return self._spots.get(index) or float(np.median(nearest))

    def _nearest_first(self, index: str, contracts: Contracts, traits: Index) -> list[str]:
        """Return the keys of contracts, those nearest the money first."""
        order = np.argsort(np.abs(contracts.strike - self._centre(index, contracts)), kind="stable")
        symbols = contracts.symbol[:, order].T.reshape(-1).tolist()
        return [f"{traits.derivatives}:{symbol}" for symbol in symbols if symbol]


def _index(name: str) -> Index:
    if name not in INDICES:
        raise ProviderRefused(
            f"{name} is no index that Kite is asked for; there are {', '.join(INDICES)}"
        )
    return INDICES[name]


def _market_keys(traits: Index, future: Future | None) -> list[str]:
    """Return the keys of index, VIX and nearest future, which go with every index's quotes."""
    keys = [traits.quote_key, VIX]
    if future:
        keys.append(f"{traits.derivatives}:{future.symbol}")
    return keys
