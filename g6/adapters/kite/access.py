"""One access token for all workers: the places it is read from, and its exchange."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from g6 import files
from g6.adapters.kite.token import (
    Token,
    read_token_file,
    seal,
    sealing_key,
    unseal,
    write_token_file,
)
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.reports import LoginFacts, ProviderState
from g6.domain.reports.provider_facts import VALID
from g6.errors import ProviderBusy, ProviderRefused, TokenDead
from g6.ports import Clock, SharedCache

TOKEN_NAME = "token"  # noqa: S105 - the name of an entry
ALERT_NAME = "told:token"
DAY_SECONDS = 86_400.0
EXCHANGE_SECONDS = 20.0
"""Seconds that one worker may take to exchange a request token while the others wait."""
LOOK_SECONDS = 0.05
ALERT_SECONDS = 3_600.0
"""Seconds before a person reads again that there is no token."""

Tell = Callable[[ProviderState], None]


@dataclass(frozen=True, slots=True)
class KiteCredentials:
    """The secrets that a person has from Kite.

    None of them is printed.
    """

    api_key: str = ""
    api_secret: str = ""
    access_token: str = ""
    request_token: str = ""

    def __repr__(self) -> str:
        return "Credentials(***)"


class Access:
    """Gives every worker the same token.

    It looks into the cache that all workers share, into this host's file, into the settings, and
    otherwise exchanges the request token once. Cache and file hold the token sealed under the API
    secret.

    Args:
        credentials: The person's secrets.
        cache: What all workers share.
        path: This host's token file.
        clock: Market time, and what waits.
        exchange: Turns a request token into an access token. None where that is impossible.
        tell: Receives what a person should know, once.
    """

    def __init__(
        self,
        credentials: KiteCredentials,
        cache: SharedCache,
        path: Path,
        clock: Clock,
        exchange: Callable[[str], Token] | None = None,
        tell: Tell = lambda _: None,
    ) -> None:
        self._credentials = credentials
        self._cache = cache
        self._path = path
        self._clock = clock
        self._exchange = exchange
        self._tell = tell
        self._key = sealing_key(credentials.api_key, credentials.api_secret)

    def token(self) -> Token:
        """Return a token that is alive and not refused, exchanging the request token if need be.

        Raises:
            TokenDead: There is no such token.
        """
        if token := self._living():
            return token
        if self._credentials.request_token and self._exchange:
            token = self._exchange_once(self._exchange)
            if token:
                return token
        error = TokenDead(self._sentence())
        self._alert_once(error)
        raise error

    def keep(self, token: Token) -> None:
        """Keep a fresh token for all workers and, in a private file, for a later start."""
        sealed = seal(token, self._key)
        with files.refusals(self._path):
            write_token_file(self._path, sealed)
        self._cache.put(TOKEN_NAME, sealed, DAY_SECONDS)
        for name in (ALERT_NAME, f"refused:{token.mark}"):
            self._cache.drop(name)

    def refused(self, token: Token) -> TokenDead:
        """Remember that Kite refuses `token`, tell a person once, and return the error to raise."""
        self._cache.put(f"refused:{token.mark}", b"1", DAY_SECONDS)
        error = TokenDead(
            "Kite refuses the access token, which has ended or was replaced by another login"
        )
        self._alert_once(error)
        return error

    def state(self) -> LoginFacts:
        """Return what people may know about the token: state, end, seconds left."""
        tokens = self._candidates()
        at = self._clock.market().timestamp()
        living = self._first_living(tokens, at)
        if living is not None:
            seconds = round(living.expires - at, 1) if living.expires else None
            return LoginFacts(VALID, _end(living), seconds)
        if not tokens:
            return LoginFacts("missing")
        newest = tokens[0]
        state = "refused" if newest.lives(at) else "expired"
        return LoginFacts(state, _end(newest), 0.0)

    def _living(self) -> Token | None:
        return self._first_living(self._candidates(), self._clock.market().timestamp())

    def _first_living(self, tokens: list[Token], at: float) -> Token | None:
        for token in tokens:
            if token.lives(at) and not self._is_refused(token):
                return token
        return None

    def _candidates(self) -> list[Token]:
        """Return the tokens there are, the newest login first.

        The one of the settings has no age.
        """
        tokens = []
        for sealed in self._sealed_tokens():
            token = unseal(sealed, self._key)
            if token is not None:
                tokens.append(token)
        tokens.sort(key=lambda token: -token.issued)
        if self._credentials.access_token:
            tokens.append(Token(self._credentials.access_token))
        return tokens

    def _sealed_tokens(self) -> list[bytes]:
        contents = [self._cache.get(TOKEN_NAME), read_token_file(self._path)]
        return [content for content in contents if content]

    def _is_refused(self, token: Token) -> bool:
        return self._cache.get(f"refused:{token.mark}") is not None

    def _exchange_once(self, exchange: Callable[[str], Token]) -> Token | None:
        """Exchange the request token in one worker alone.

        The others wait for what it keeps.

        Returns:
            None where the request token is spent, or nobody got a token in time.

        Raises:
            TokenDead: Kite does not exchange the request token.
        """
        limit = time.monotonic() + EXCHANGE_SECONDS
        while not self._cache.claim("exchanging", EXCHANGE_SECONDS):
            self._clock.sleep(LOOK_SECONDS)
            token = self._living()
            if token or time.monotonic() > limit:
                return token
        # Kite takes a request token once, within minutes of the login: whether the exchange works
        # or not, no worker may try this one again.
        spent = f"spent:{Token(self._credentials.request_token).mark}"
        try:
            token = self._living()
            if token or self._cache.get(spent):
                return token
            self._cache.put(spent, b"1", DAY_SECONDS)
            token = exchange(self._credentials.request_token)
            self.keep(token)
        except (ProviderBusy, ProviderRefused) as error:
            raise TokenDead(f"the request token could not be exchanged: {error}") from error
        finally:
            self._cache.drop("exchanging")
        return token

    def _sentence(self) -> str:
        state = self.state()
        if state.state == "missing" and self._sealed_tokens():
            return (
                "the access token that is kept was sealed under another API secret or by an older "
                "G6, and cannot be opened"
            )
        if state.state == "missing":
            return "there is no access token for Kite"
        since = f" since {state.expires}" if state.state == "expired" else ""
        return f"the access token for Kite is {state.state}{since}"

    def _alert_once(self, error: TokenDead) -> None:
        if self._cache.claim(ALERT_NAME, ALERT_SECONDS):
            self._tell(ProviderState("token", error.sentence, error.fix))


def _end(token: Token) -> str | None:
    return isoformat_z(token.expires) if token.expires else None
