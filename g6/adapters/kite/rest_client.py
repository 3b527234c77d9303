"""Kite's own REST client, and the one table that turns what it raises into the errors of G6."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import wraps
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal, ParamSpec, TypedDict, TypeVar, cast

import requests
from kiteconnect import KiteConnect
from kiteconnect import exceptions as foreign
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from g6.adapters.kite.quote_parsing import epoch
from g6.domain.schema.json_types import Document
from g6.errors import G6Error, ProviderBusy, ProviderRefused, TokenDead

P = ParamSpec("P")
R = TypeVar("R")

Meaning = Literal["token", "refused", "by code", "timeout", "network", "server", "rate_limit"]


class Candle(TypedDict, total=False):
    """A candle of Kite: `date` is aware.

    The numbers are as the answer has them, null included.
    """

    date: datetime
    open: object
    high: object
    low: object
    close: object
    volume: object
    oi: object


CANDLE_FIELDS = ("date", "open", "high", "low", "close", "volume", "oi")
"""The values of a candle in the order in which Kite lists them."""

MOST_QUOTED = 160
"""Characters of a server's answer that an error quotes: a whole page of HTML says no more."""

CERTIFICATE_DEPTH = 8
"""Wrapped errors that are looked into.

Requests over urllib3 over ssl were four at most.
"""

ERRORS: Mapping[type[Exception], Meaning] = MappingProxyType(
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
        # kiteconnect 5.2.2 stumbles over answers that it does not expect: TypeError where an error
        # has no error_type, KeyError where an answer has no Content-Type.
        TypeError: "server",
        KeyError: "server",
        AttributeError: "server",
        ValueError: "server",
        OverflowError: "server",
        RecursionError: "server",
    }
)
"""The meaning of each error that can leave the client.

The nearest class decides.
"""

KINDS = ("rate_limit", "timeout", "network", "server")


def translate(error: Exception, timeout: float | None = None) -> G6Error | None:
    """Return the error of G6 for one that left the client.

    Args:
        error: What the client raised.
        timeout: The seconds that the request had. A person reads them where they were too few.

    Returns:
        None for a mistake of ours, which no table should hide.
    """
    meaning = _meaning_of(error)
    if meaning is None:
        return None
    code = getattr(error, "code", 0)
    sentence = f"Kite: {_words(error)}"
    if meaning == "token":
        return TokenDead(f"{sentence} (the access token is refused)")
    if meaning == "refused":
        entitled = " (is quote data part of this API key's plan?)" if code == 403 else ""
        return ProviderRefused(sentence + entitled)
    if meaning == "timeout" and timeout is not None:
        sentence += (
            f": no answer within {timeout:g} s "
            "(provider.timeout, at most a quarter of the interval)"
        )
    return ProviderBusy(sentence, meaning)


def _meaning_of(error: Exception) -> Meaning | None:
    for base in type(error).__mro__:
        if base in ERRORS:
            meaning = ERRORS[base]
            return _meaning_of_code(getattr(error, "code", 0)) if meaning == "by code" else meaning
    return None


def _meaning_of_code(code: int) -> Meaning:
    """Return the meaning of an HTTP status.

    429 comes as a NetworkException whose class says 503.
    """
    if code == 429:
        return "rate_limit"
    if code >= 500 or code in (0, 408):
        return "server"
    return "refused"


def _words(error: Exception) -> str:
    """Return an error's text on one short line.

    The text of requests' own errors holds the address, which may carry a secret: of those only the
    class is named.
    """
    if isinstance(error, requests.RequestException):
        certificate = _certificate_error(error)
        if certificate is None:
            return type(error).__name__
        return (
            f"the server's certificate is refused ({certificate.verify_message}); "
            "it was told neither key nor token"
        )
    text = " ".join(str(error).split())
    words = text if len(text) <= MOST_QUOTED else text[: MOST_QUOTED - 1] + "…"
    if isinstance(error, foreign.KiteException):
        return words
    return f"unexpected answer ({type(error).__name__} {words})"


def _certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Return the refusal of a certificate from inside the errors of requests and urllib3."""
    reasons: list[object] = [error]
    for depth in range(CERTIFICATE_DEPTH):
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


class RestClient(KiteConnect):  # type: ignore[misc]
    """Kite's client, except that three kinds of answers stay raw, for the parsers of this room."""

    # kiteconnect 5.2.2 loses a whole dump to one blank strike, and takes seconds over its dates.
    def _parse_instruments(self, data: bytes | str) -> bytes:
        return data.encode() if isinstance(data, str) else data

    # Its reading of quotes costs a tenth of a second per 500 timestamps.
    def _format_response(self, data: object) -> object:
        return data

    # Its reading of candles loses all of them to one null.
    def _format_historical(self, data: Mapping[str, list[object]]) -> list[Candle]:
        """Return candles by name.

        One whose date cannot be read is left out.
        """
        candles = []
        for values in data["candles"]:
            if not isinstance(values, list) or not values:
                continue
            start = epoch(values[0])
            if not isfinite(start):
                continue
            candle = cast("Candle", dict(zip(CANDLE_FIELDS, values, strict=False)))
            candle["date"] = datetime.fromtimestamp(start, UTC)
            candles.append(candle)
        return candles


def make_client(
    api_key: str,
    access_token: str = "",
    *,
    root: str | None = None,
    timeout: float = 7.0,
    sent: Callable[[], None] = lambda: None,
) -> RestClient:
    """Return a client that connects when it is first used, and so after a fork.

    Args:
        api_key: Kite's API key.
        access_token: Empty for a client that only exchanges a request token.
        root: Address of the REST API. None for Kite's.
        timeout: Seconds to connect, and between two bytes of an answer.
        sent: Called when a request has left, before its answer is waited for.
    """
    client = RestClient(
        api_key=api_key, access_token=access_token or None, root=root, timeout=timeout
    )
    session = client.reqsession
    # requests reads ~/.netrc, which would overwrite Kite's Authorization header; of a person's
    # environment only the proxy may count.
    session.auth = _keep_headers
    # kiteconnect's own `pool` argument mounts https:// alone, so a look-alike would go without.
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=2)
    adapter.poolmanager.pool_classes_by_scheme = _pools(sent)
    for prefix in ("http://", "https://"):
        session.mount(prefix, adapter)
    return client


def _pools(sent: Callable[[], None]) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools whose connections call `sent` when a request has left."""

    class ReportingConnection(HTTPConnection):
        def request(self, *args: Any, **kwargs: Any) -> None:
            super().request(*args, **kwargs)
            sent()

    class SecureReportingConnection(HTTPSConnection):
        def request(self, *args: Any, **kwargs: Any) -> None:
            super().request(*args, **kwargs)
            sent()

    class Pool(HTTPConnectionPool):
        ConnectionCls = ReportingConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureReportingConnection

    return {"http": Pool, "https": SecurePool}


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


@translated
def ask_quotes(client: RestClient, keys: Iterable[str]) -> Document:
    """Return the raw answers of one /quote request by key.

    Raises:
        ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
        ProviderRefused: Kite will not answer until somebody acts.
        TokenDead: Kite refuses the access token.
    """
    return _object(client.quote(*keys))


@translated
def ask_ltp(client: RestClient, keys: Iterable[str]) -> Document:
    """Return the raw answers of one /quote/ltp request by key.

    Raises:
        ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
        ProviderRefused: Kite will not answer until somebody acts.
        TokenDead: Kite refuses the access token.
    """
    return _object(client.ltp(*keys))


@translated
def ask_dump(client: RestClient, exchange: str) -> bytes:
    """Return an exchange's instrument dump as CSV.

    Raises:
        ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
        ProviderRefused: Kite will not answer until somebody acts.
        TokenDead: Kite refuses the access token.
    """
    raw: bytes = client.instruments(exchange)
    if not isinstance(raw, bytes):
        raise TypeError("the dump is no CSV")
    return raw


@translated
def ask_candles(
    client: RestClient, token: int, first: str, last: str, interval: str
) -> list[Candle]:
    """Return the candles of one instrument.

    Raises:
        ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
        ProviderRefused: Kite will not answer until somebody acts.
        TokenDead: Kite refuses the access token.
    """
    candles: list[Candle] = client.historical_data(token, first, last, interval, oi=True)
    return candles


@translated
def ask_profile(client: RestClient) -> Document:
    """Return the owner of the token: the cheapest request there is.

    Raises:
        ProviderBusy: Rate limit, timeout, network, or a server's bad moment.
        ProviderRefused: Kite will not answer until somebody acts.
        TokenDead: Kite refuses the access token.
    """
    return _object(client.profile())


def _object(answer: object) -> Document:
    if not isinstance(answer, Mapping):
        raise TypeError(f"{type(answer).__name__} where an object was due")
    return answer
