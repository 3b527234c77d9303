"""Requests with the token that all workers have, each in its turn, once more with a new token."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from g6.adapters.kite.access import Access
from g6.adapters.kite.rest_client import (
    Candle,
    RestClient,
    ask_candles,
    ask_dump,
    ask_ltp,
    ask_profile,
    ask_quotes,
    make_client,
)
from g6.domain.schema.json_types import Document
from g6.errors import TokenDead
from g6.ports import Gate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KiteSettings:
    """The settings that the provider needs. Bootstrap fills them from the configuration.

    Attributes:
        api_key: Kite's API key.
        dump_directory: Where raw dumps are kept on this host.
        root: Address of the REST API, None for Kite's.
        timeout: Seconds of one request.
        mode: Kind of the market: live, or sim where the server is a look-alike.
        previous_per_unit: Contracts whose previous open interest a unit asks for. It is 0 where
            another process does so.
        indices: The indices whose underlyings are asked for together.
    """

    api_key: str
    dump_directory: Path
    root: str | None = None
    timeout: float = 7.0
    mode: str = "live"
    previous_per_unit: int = 6
    indices: tuple[str, ...] = ()


class AuthorizedRequests:
    """Sends requests through the gate with the token of all workers.

    Every method raises ProviderBusy, ProviderRefused and TokenDead.

    Args:
        access: Gives the token that all workers have.
        gate: Lets each request through in its turn.
        settings: What the configuration says of Kite.
    """

    def __init__(self, access: Access, gate: Gate, settings: KiteSettings) -> None:
        self._access = access
        self._gate = gate
        self._settings = settings
        self._client: tuple[str, RestClient] | None = None

    def quotes(self, keys: Sequence[str]) -> Document:
        """Return the raw answers of one /quote request by key."""
        return self._ask("quote", "quote", lambda client: ask_quotes(client, keys))

    def further_quotes(self, keys: Sequence[str]) -> Document:
        """Return quotes beside the first requests of the indices.

        Where the cycle has room for a further request, this one takes its place.
        """
        self._gate.reserve_further("quote")
        return self.quotes(keys)

    def last_prices(self, keys: Iterable[str]) -> Document:
        """Return the raw answers of one /quote/ltp request by key."""
        return self._ask("quote", "quote", lambda client: ask_ltp(client, keys))

    def dump(self, exchange: str) -> bytes:
        """Return an exchange's instrument dump as CSV."""
        return self._ask("other", "instruments", lambda client: ask_dump(client, exchange))

    def candles(self, token: int, first: str, last: str, interval: str) -> Sequence[Candle]:
        """Return the candles of an instrument between two times of India."""
        return self._ask(
            "historical",
            "historical",
            lambda client: ask_candles(client, token, first, last, interval),
        )

    def profile(self) -> Document:
        """Return the owner of the token."""
        return self._ask("other", "profile", ask_profile)

    def _ask(
        self, family: str, endpoint: str, send: Callable[[RestClient], T], *, retry: bool = True
    ) -> T:
        """Send one request, and once more when another worker has a new token meanwhile."""
        token = self._access.token()
        client = self._client_of(token.value)
        try:
            return self._gate.ask(family, endpoint, partial(self._send, send, client))
        except TokenDead as error:
            refused = self._access.refused(token)
            if retry and self._access.state().is_valid:
                return self._ask(family, endpoint, send, retry=False)
            raise refused from error

    def _client_of(self, token: str) -> RestClient:
        """Return the client of a token, with its open connections while the token is the same."""
        if self._client is None or self._client[0] != token:
            settings = self._settings
            client = make_client(
                settings.api_key,
                token,
                root=settings.root,
                timeout=settings.timeout,
                sent=self._gate.mark_sent,
            )
            self._client = (token, client)
        return self._client[1]

    def _send(self, send: Callable[[RestClient], T], client: RestClient) -> T:
        # The last request of a unit has less time, so that the unit ends before its limit.
        client.timeout = self._gate.answer_timeout(self._settings.timeout)
        return send(client)
