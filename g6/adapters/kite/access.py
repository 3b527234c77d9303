"""The access token of all workers: where it is looked for, how it is kept, and who fetches it when it can be fetched."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from g6 import files
from g6.adapters.kite.sealing import seal, sealing_key, unseal
from g6.adapters.kite.token import Token, expiry_of
from g6.domain.cycles.cycle import isoformat_z
from g6.errors import ProviderBusy, ProviderRefused, TokenDead
from g6.ports import SharedCache

NAME, TOLD = "token", "told:token"
DAY_SECONDS = 86_400.0
EXCHANGE_SECONDS = 20.0
LOOK_SECONDS = 0.05
TELL_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class KiteCredentials:
    """What a person has of the broker; all of it secret, none of it shown."""

    api_key: str = ""
    api_secret: str = ""
    access_token: str = ""
    request_token: str = ""

    def __repr__(self) -> str:
        return "Credentials(***)"


class Access:
    """Gives every worker the same token: from the shelf all share, this host's file, the settings; else from one exchange.

    Shelf and file hold it sealed under the API secret. `exchange` turns a request token into a token; `now` is market time;
    `tell` is given what a person should know, once.
    """

    def __init__(
        self,
        credentials: KiteCredentials,
        shelf: SharedCache,
        path: Path,
        now: Callable[[], datetime],
        exchange: Callable[[str], Token] | None = None,
        tell: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self._given, self._shelf, self._path, self._now = credentials, shelf, path, now
        self._exchange, self._tell = exchange, tell
        self._key = sealing_key(credentials.api_key, credentials.api_secret)

    def token(self) -> Token:
        """Return a token that lives and was not refused; exchange the request token if there is one. Errors: TokenDead."""
        if found := self._living():
            return found
        if (
            self._given.request_token
            and self._exchange
            and (found := self._exchanged(self._exchange))
        ):
            return found
        error = TokenDead(self._sentence())
        self._told(error)
        raise error

    def keep(self, token: Token) -> None:
        """Keep a fresh token for all workers and for a later start: shelf, and a file that only its owner reads."""
        sealed = seal(token, self._key)
        with files.refusals(self._path):
            _write_private(self._path, sealed)
        self._shelf.put(NAME, sealed, DAY_SECONDS)
        for name in (TOLD, f"refused:{token.mark}"):
            self._shelf.drop(name)

    def refused(self, token: Token) -> TokenDead:
        """Remember that the broker refuses `token`, tell it once, and return the error to raise."""
        self._shelf.put(f"refused:{token.mark}", b"1", DAY_SECONDS)
        error = TokenDead(
            "Kite refuses the access token, which has ended or was replaced by another login"
        )
        self._told(error)
        return error

    def state(self) -> dict[str, Any]:
        """Return facts about the token, no secret: state (valid, expired, refused, missing), expires, seconds_left, user."""
        tokens, at = self._candidates(), self._now().timestamp()
        living = next(
            (each for each in tokens if each.lives(at) and not self._is_refused(each)), None
        )
        shown = living or (tokens[0] if tokens else None)
        if shown is None:
            return {"state": "missing", "expires": None, "seconds_left": None}
        state = "valid" if living else "refused" if shown.lives(at) else "expired"
        expires = isoformat_z(shown.expires) if shown.expires else None
        left = (
            round(max(0.0, shown.expires - at), 1)
            if shown.expires and living
            else None
            if living
            else 0.0
        )
        return {"state": state, "expires": expires, "seconds_left": left}

    def _living(self) -> Token | None:
        at = self._now().timestamp()
        return next(
            (each for each in self._candidates() if each.lives(at) and not self._is_refused(each)),
            None,
        )

    def _candidates(self) -> list[Token]:
        """Return the tokens there are, the newest login first; one from the settings says nothing of its age."""
        opened = [token for content in self._kept_bytes() if (token := unseal(content, self._key))]
        found = sorted(opened, key=lambda token: -token.issued)
        return [*found, *([Token(self._given.access_token)] if self._given.access_token else [])]

    def _kept_bytes(self) -> list[bytes]:
        kept = [self._shelf.get(NAME), self._path.read_bytes() if self._path.is_file() else None]
        return [content for content in kept if content]

    def _is_refused(self, token: Token) -> bool:
        return self._shelf.get(f"refused:{token.mark}") is not None

    def _exchanged(self, exchange: Callable[[str], Token]) -> Token | None:
        """Exchange the request token, in one worker alone, once; the others wait for what it keeps. None where that gave none."""
        limit = time.monotonic() + EXCHANGE_SECONDS
        while not self._shelf.claim("exchanging", EXCHANGE_SECONDS):
            threading.Event().wait(LOOK_SECONDS)
            if (found := self._living()) or time.monotonic() > limit:
                return found
        spent = f"spent:{Token(self._given.request_token).mark}"
        try:
            if (found := self._living()) or self._shelf.get(spent):
                return found
            self._shelf.put(spent, b"1", DAY_SECONDS)
            return self._kept(exchange(self._given.request_token))
        except (ProviderBusy, ProviderRefused) as error:
            raise TokenDead(f"the request token could not be exchanged: {error}") from error
        finally:
            self._shelf.drop("exchanging")

    def _kept(self, token: Token) -> Token:
        self.keep(token)
        return token

    def _sentence(self) -> str:
        state = self.state()
        if state["state"] == "missing" and self._kept_bytes():
            return "the access token that is kept was sealed under another API secret or by an older G6, and cannot be opened"
        if state["state"] == "missing":
            return "there is no access token for Kite"
        return f"the access token for Kite is {state['state']}" + (
            f" since {state['expires']}" if state["state"] == "expired" else ""
        )

    def _told(self, error: TokenDead) -> None:
        if self._shelf.claim(TOLD, TELL_SECONDS):
            self._tell({"state": "token", "sentence": error.sentence, "fix": error.fix})


def _write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that nobody but its owner could read at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def issued_token(value: str, user: str, at: datetime) -> Token:
    """Return a token that was issued at `at`, with its end."""
    return Token(value, user, at.timestamp(), expiry_of(at).timestamp())
