"""The broker's own client, and the one table that turns whatever comes out of it into our errors."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import wraps
from math import isfinite
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import requests
from kiteconnect import KiteConnect
from kiteconnect import exceptions as foreign
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from g6.adapters.kite.quote_parsing import epoch
from g6.errors import G6Error, ProviderBusy, ProviderRefused, TokenDead

P = ParamSpec("P")
R = TypeVar("R")

CANDLE = ("date", "open", "high", "low", "close", "volume", "oi")
WORDS = 160
"""Characters of a server's answer that an error quotes; a page of HTML says no more in full."""

ERRORS: Mapping[type[Exception], str] = MappingProxyType(
    {
        foreign.TokenException: "token",
        foreign.PermissionException: "refused",
        foreign.InputException: "refused",
        foreign.OrderException: "server",
        foreign.GeneralException: "by code",
        foreign.DataException: "server",
        foreign.NetworkException: "by code",
        foreign.KiteException: "by code",
        requests.exceptions.Timeout: "timeout",
        requests.exceptions.ConnectionError: "network",
        requests.exceptions.ChunkedEncodingError: "network",
        requests.exceptions.ContentDecodingError: "server",
        requests.exceptions.StreamConsumedError: "server",
        requests.exceptions.TooManyRedirects: "server",
        requests.exceptions.RetryError: "server",
        requests.exceptions.JSONDecodeError: "server",
        requests.exceptions.InvalidJSONError: "refused",
        requests.exceptions.RequestException: "refused",
        # The client stumbles over answers it does not expect: an error without a type, no content type, a number that is none.
        TypeError: "server",
        KeyError: "server",
        AttributeError: "server",
        ValueError: "server",
        OverflowError: "server",
        RecursionError: "server",
    }
)
"""Each error that can leave the client, and what it means; the nearest class decides."""

KINDS = ("rate_limit", "timeout", "network", "server")


def translate(error: Exception, timeout: float | None = None) -> G6Error | None:
    """Return our error for one that left the client, None for a mistake of ours that no table should hide.

    `timeout`: the seconds that a request had, which a person reads where they were too few.
    """
    meaning = next((ERRORS[base] for base in type(error).__mro__ if base in ERRORS), None)
    if meaning is None:
        return None
    said = f"Kite: {_words(error)}"
    code = getattr(error, "code", 0)
    if meaning == "by code":
        meaning = (
            "rate_limit"
            if code == 429
            else "server"
            if code >= 500 or code in (0, 408)
            else "refused"
        )
    if meaning == "token":
        return TokenDead(f"{said} (the access token is refused)")
    if meaning == "refused":
        entitled = " (is quote data part of this API key's plan?)" if code == 403 else ""
        return ProviderRefused(said + entitled)
    if meaning == "timeout" and timeout is not None:
        said += f": no answer within {timeout:g} s (provider.timeout, at most a quarter of the interval)"
    return ProviderBusy(said, meaning)


def _words(error: Exception) -> str:
    """Return what the error says, on one line and short; an address may carry a secret, so of those only the class is told."""
    if isinstance(error, requests.RequestException):
        refused = _certificate_error(error)
        if refused is None:
            return type(error).__name__
        return f"the server's certificate is refused ({refused.verify_message}); it was told neither key nor token"
    text = " ".join(str(error).split())
    words = text if len(text) <= WORDS else text[: WORDS - 1] + "…"
    return (
        words
        if isinstance(error, foreign.KiteException)
        else f"unexpected answer ({type(error).__name__} {words})"
    )


def _certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Return what refused a certificate, from inside requests' and urllib3's wrappings."""
    reasons: list[object] = [error]
    for depth in range(
        8
    ):  # requests wraps urllib3's, which wraps the standard library's: four at most were met
        if depth >= len(reasons):
            return None
        reason = reasons[depth]
        if isinstance(reason, ssl.SSLCertVerificationError):
            return reason
        if isinstance(reason, BaseException):
            reasons += [getattr(reason, "reason", None), *reason.args]
    return None


def translated(call: Callable[P, R]) -> Callable[P, R]:
    """Let `call` raise errors of `g6.errors` where the client raises its own."""

    @wraps(call)
    def edge(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except tuple(ERRORS) as error:
            ours = translate(error, getattr(args[0], "timeout", None) if args else None)
            if ours is None:
                raise
            raise ours from error

    return edge


class Client(KiteConnect):  # type: ignore[misc]
    """The real client, less three habits: answers stay as they came, for `parse` to read.

    Its own reading of a dump loses all of it to one blank strike and takes seconds over the dates; its reading of quotes costs a
    tenth of a second per 500 timestamps; its reading of candles loses all of them to one null.
    """

    def _parse_instruments(self, data: bytes | str) -> bytes:
        return data.encode() if isinstance(data, str) else data

    def _format_response(self, data: Any) -> Any:
        return data

    def _format_historical(self, data: Any) -> list[dict[str, Any]]:
        """Return candles by name with an aware `date`; one whose date cannot be read is left out."""
        rows = [row for row in data["candles"] if isinstance(row, list) and row]
        starts = [epoch(row[0]) for row in rows]
        return [
            {**dict(zip(CANDLE, row, strict=False)), "date": datetime.fromtimestamp(start, UTC)}
            for row, start in zip(rows, starts, strict=True)
            if isfinite(start)
        ]


def make_client(
    api_key: str,
    access_token: str = "",
    *,
    root: str | None = None,
    timeout: float = 7.0,
    sent: Callable[[], None] = lambda: None,
) -> Client:
    """Return a client; it connects when first used, so after a fork. `timeout` seconds to connect and between two bytes.

    `sent` is called when a request has left, before its answer is waited for.
    """
    client = Client(api_key=api_key, access_token=access_token or None, root=root, timeout=timeout)
    session = client.reqsession
    # Of a person's environment nothing but a proxy should speak to the broker: .netrc would overwrite the broker's own header.
    session.auth = _keep_headers
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=2)
    adapter.poolmanager.pool_classes_by_scheme = _pools(sent)
    for prefix in ("http://", "https://"):
        session.mount(prefix, adapter)
    return client


def _pools(sent: Callable[[], None]) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools whose connections tell when a request has left."""

    class Connection(HTTPConnection):
        def request(self, *args: Any, **kwargs: Any) -> None:
            super().request(*args, **kwargs)
            sent()

    class SecureConnection(HTTPSConnection):
        def request(self, *args: Any, **kwargs: Any) -> None:
            super().request(*args, **kwargs)
            sent()

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


def _keep_headers(request: Any) -> Any:
    return request


@translated
def ask_quotes(client: Client, keys: Iterable[str]) -> Mapping[str, Any]:
    """Return the raw answers of one /quote request by key. Errors: ProviderBusy, ProviderRefused, TokenDead."""
    return _object(client.quote(*keys))


@translated
def ask_ltp(client: Client, keys: Iterable[str]) -> Mapping[str, Any]:
    """Return the raw answers of one /quote/ltp request by key. Errors as `ask_quotes`."""
    return _object(client.ltp(*keys))


@translated
def ask_dump(client: Client, exchange: str) -> bytes:
    """Return an exchange's instrument dump as CSV. Errors as `ask_quotes`."""
    raw: bytes = client.instruments(exchange)
    if not isinstance(raw, bytes):
        raise TypeError("the dump is no CSV")
    return raw


@translated
def ask_candles(
    client: Client, token: int, first: str, last: str, interval: str
) -> list[dict[str, Any]]:
    """Return candles `{date, open, high, low, close, volume, oi}` of one contract, dates aware. Errors as `ask_quotes`."""
    found: list[dict[str, Any]] = client.historical_data(token, first, last, interval, oi=True)
    return found


@translated
def ask_profile(client: Client) -> Mapping[str, Any]:
    """Return whose token it is: the cheapest question there is. Errors as `ask_quotes`."""
    return _object(client.profile())


def _object(answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, Mapping):
        raise TypeError(f"{type(answer).__name__} where an object was due")
    return answer
