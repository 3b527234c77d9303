"""Zerodha's Kite Connect as a provider: listings from its dumps, whole chains from /quote, within its one request a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from g6.adapters.kite.access import Access
from g6.adapters.kite.dump_cache import Dumps
from g6.adapters.kite.previous_interest import Candles, PreviousInterest
from g6.adapters.kite.quote_parsing import epoch, object_of, parse_quotes, parse_underlying
from g6.adapters.kite.rest_client import (
    Client,
    ask_candles,
    ask_dump,
    ask_ltp,
    ask_profile,
    ask_quotes,
    make_client,
)
from g6.adapters.kite.underlyings import Underlyings
from g6.domain.market import instrument
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instrument import INDICES, VIX, Contracts, Future, Index, Listing
from g6.domain.pricing.quality import believed
from g6.domain.quotes.quotes import NAN, Quotes, Underlying
from g6.domain.quotes.tick import of_day
from g6.errors import ProviderBusy, ProviderRefused, TokenDead
from g6.ports import Clock, Gate, SharedCache

T = TypeVar("T")

MOST_KEYS = 500
"""Instruments that one /quote request may name."""
MUTE_SECONDS = 300.0
"""How long a key that was asked for twice in vain is not asked for a second time."""
STALE_SECONDS = 30.0
FROZEN = frozenset(("index frozen", "closing auction", "index final"))


class Kite:
    """Provider port over the broker's own client.

    `gate` lets each request through in its turn; `access` gives the token; `mode` is live, or sim where the server is a
    look-alike; `learns` how many contracts a unit asks the previous open interest of, 0 where another process does so; `indices`
    those whose underlyings are asked for together. Contracts and keys are the dump's: no symbol is ever made up.
    """

    name = "kite"

    def __init__(
        self,
        access: Access,
        gate: Gate,
        shelf: SharedCache,
        clock: Clock,
        calendar: Calendar,
        dumps: Path,
        *,
        api_key: str,
        root: str | None = None,
        timeout: float = 7.0,
        mode: str = "live",
        learns: int = 6,
        indices: Sequence[str] = (),
        tell: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self._access, self._gate, self._clock, self._calendar, self._mode = (
            access,
            gate,
            clock,
            calendar,
            mode,
        )
        self._connect: Callable[[str], Client] = lru_cache(maxsize=1)(
            lambda token: make_client(
                api_key, token, root=root, timeout=timeout, sent=gate.mark_sent
            )
        )
        self.dumps = Dumps(dumps, shelf, self._dump, clock.market, tell)
        self._underlyings, self._together = Underlyings(shelf, self._further_quotes), tuple(indices)
        self._timeout = timeout
        self._previous, self._learns = PreviousInterest(shelf, self._candles), learns
        self._spots: dict[str, float] = {}
        self._mute: dict[str, float] = {}
        self._unit: tuple[str, datetime] | None = None
        self._before: dict[str, int] = {}
        self._listings: dict[str, tuple[int, Listing]] = {}

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what the day's dump lists. Errors: ProviderBusy, ProviderRefused, TokenDead."""
        known, day = _known(index), day_of(at)
        if self._unit != (index, at):
            self._unit, self._before = (index, at), dict(self.dumps.hits)
        columns = self.dumps.columns(known.derivatives, day)
        held = self._listings.get(index)
        if held is None or held[0] != id(columns) or held[1].on != day:
            held = self._listings[index] = (id(columns), instrument.listing(index, columns, day))
        return held[1]

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return index, nearest future and VIX, in one request for all indices. Errors as `listing`."""
        known, future = _known(index), self._future(index, at)
        names = dict.fromkeys((*self._together, index))
        keys = dict.fromkeys(
            key for name in names for key in _always(_known(name), self._future(name, at))
        )
        return self._underlying(known, future, self._underlyings.answers([*keys], at), at)

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of `contracts` with index, future and VIX in the request that has the strikes nearest the money.

        Keys that did not come are asked for once more if the budget allows it; then they are NaN throughout. When a later request
        fails, what came before stands. Errors as `listing`.
        """
        known, future = _known(index), self._future(index, at)
        always = _always(known, future)
        keys = [*always, *self._nearest_first(index, contracts, known)]
        answers: dict[str, Any] = {}
        for first in range(0, len(keys), MOST_KEYS):
            try:
                answers.update(self._quotes_of(keys[first : first + MOST_KEYS]))
            except ProviderBusy:
                if not first:
                    raise
                break
        else:
            self._ask_again(keys, answers)
        seen = self._underlying(known, future, answers, at)
        if isfinite(believed(seen, contracts.strike).spot):
            self._spots[index] = seen.spot
        source = np.where(contracts.symbol == "", "", "rest").astype(object)
        return Quotes(
            index, contracts.expiry, contracts.strike, contracts.lot_size, contracts.tick_size, contracts.symbol, contracts.token,
            source, parse_quotes(answers, contracts, known.derivatives), seen, self._clock.market().timestamp(),
        )  # fmt: skip

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the previous session's open interest as far as day candles were asked for, units, NaN beyond."""
        if self._learns:
            self.learn_previous(index, contracts, at, self._learns)
        return self._previous.of(index, contracts, day_of(at))

    def learn_previous(self, index: str, contracts: Contracts, at: datetime, most: int) -> int:
        """Ask for the previous open interest of `most` contracts that nobody asked for; return how many came. Errors: TokenDead."""
        return self._previous.learn(
            index, contracts, day_of(at), self._centre(index, contracts), most
        )

    def last_prices(self, indices: tuple[str, ...]) -> dict[str, float]:
        """Return the last price of each index that answers, in one cheap request. Errors as `listing`."""
        keys = {INDICES[name].quote_key: name for name in indices}
        answers = self._ask("quote", "quote", lambda client: ask_ltp(client, keys))
        return {
            keys[key]: float(each.get("last_price") or 0)
            for key, each in answers.items()
            if key in keys
        }

    def minutes(self, token: int, first: str, last: str) -> Candles:
        """Return the minute candles of an instrument between two times of India, in one slot of its own. Errors as `listing`."""
        return self._historical(token, first, last, "minute")

    def token(self) -> str:
        """Return the mark of the token that requests would carry; not the token. Errors: TokenDead."""
        return self._access.token().mark

    def profile(self) -> Mapping[str, Any]:
        """Return whose token it is. Errors as `listing`."""
        return self._ask("other", "profile", ask_profile)

    def describe(self) -> Mapping[str, Any]:
        """Return facts for people and panels; no secrets."""
        return {
            "name": self.name,
            "mode": self._mode,
            "source": "Kite Connect",
            "login": self._access.state(),
            "dumps": dict(self.dumps.hits),
            "listings": {
                where: n - self._before.get(where, 0) for where, n in self.dumps.hits.items()
            },
            "instruments": dict(self.dumps.facts()),
        }

    def instruments(self, exchange: str, at: datetime) -> int:
        """Return how many contracts the day's dump of an exchange lists; one refused a moment ago is asked for again.

        Errors as `listing`.
        """
        day = day_of(at)
        columns = (self.dumps.refresh if self.dumps.refused(exchange, day) else self.dumps.columns)(
            exchange, day
        )
        return len(columns["symbol"])

    def _quotes_of(self, keys: list[str]) -> Mapping[str, Any]:
        return self._ask("quote", "quote", lambda client: ask_quotes(client, keys))

    def _further_quotes(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """Ask for quotes beside the first requests of the indices; they take a further one's place where there is one."""
        self._gate.reserve_further("quote")
        return self._quotes_of([*keys])

    def _ask_again(self, keys: list[str], answers: dict[str, Any]) -> None:
        now = time.monotonic()
        missing = [key for key in keys if key not in answers and self._mute.get(key, 0.0) < now][
            :MOST_KEYS
        ]
        if not missing or not self._gate.reserve_further("quote"):
            return
        try:
            answers.update(self._quotes_of(missing))
        except ProviderBusy:
            return
        self._mute |= {key: now + MUTE_SECONDS for key in missing if key not in answers}

    def _ask(
        self, family: str, endpoint: str, send: Callable[[Client], T], *, again: bool = True
    ) -> T:
        """Send one request with the token that all workers have; when it was replaced meanwhile, once more with the new one."""
        token = self._access.token()
        try:
            return self._gate.ask(
                family, endpoint, partial(self._sent, send, self._connect(token.value))
            )
        except TokenDead as error:
            refused = self._access.refused(token)
            if again and self._access.state()["state"] == "valid":
                return self._ask(family, endpoint, send, again=False)
            raise refused from error

    def _sent(self, send: Callable[[Client], T], client: Client) -> T:
        """Send one request; the last of a unit has less time for its answer, so that the unit ends before its limit."""
        client.timeout = self._gate.answer_timeout(self._timeout)
        return send(client)

    def _dump(self, exchange: str) -> bytes:
        return self._ask("other", "instruments", lambda client: ask_dump(client, exchange))

    def _candles(self, token: int, first: str, last: str) -> Candles:
        return self._historical(token, first, last, "day")

    def _historical(self, token: int, first: str, last: str, interval: str) -> Candles:
        return self._ask(
            "historical",
            "historical",
            lambda client: ask_candles(client, token, first, last, interval),
        )

    def _future(self, index: str, at: datetime) -> Future | None:
        day = day_of(at)
        return next((each for each in self.listing(index, at).futures if each.expiry >= day), None)

    def _underlying(
        self, known: Index, future: Future | None, answers: Mapping[str, Any], at: datetime
    ) -> Underlying:
        future_key = f"{known.derivatives}:{future.symbol}" if future else ""
        seen = parse_underlying(answers, known.quote_key, VIX, future_key, future)
        if not of_day(epoch(object_of(answers, VIX).get("timestamp")), at):
            seen = replace(seen, vix=NAN)
        if self._calendar.phase(known.exchange, at) in FROZEN:
            return replace(seen, spot_source="frozen")
        old = self._clock.market().timestamp() - seen.spot_time > STALE_SECONDS
        return replace(seen, spot_source="stale") if old else seen

    def _centre(self, index: str, contracts: Contracts) -> float:
        """Return the last known price of the index; before the first answer, the middle of the nearest expiry's strikes."""
        nearest = (
            contracts.strike[contracts.expiry == contracts.expiry.min()]
            if len(contracts)
            else contracts.strike
        )
        return self._spots.get(index) or float(np.median(nearest)) if len(nearest) else 0.0

    def _nearest_first(self, index: str, contracts: Contracts, known: Index) -> list[str]:
        order = np.argsort(np.abs(contracts.strike - self._centre(index, contracts)), kind="stable")
        symbols = contracts.symbol[:, order].T.reshape(-1).tolist()
        return [f"{known.derivatives}:{symbol}" for symbol in symbols if symbol]


def _known(index: str) -> Index:
    if index not in INDICES:
        raise ProviderRefused(
            f"{index} is no index that Kite is asked for; there are {', '.join(INDICES)}"
        )
    return INDICES[index]


def _always(known: Index, future: Future | None) -> list[str]:
    return [known.quote_key, VIX, *([f"{known.derivatives}:{future.symbol}"] if future else [])]
