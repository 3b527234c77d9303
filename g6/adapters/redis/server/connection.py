"""Clients of Redis with bounded waits, and the table that turns the library's errors into G6's."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import redis
from redis import exceptions as foreign
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from g6.adapters.redis.server.address import Address, ConnectionOptions, parse_address
from g6.adapters.redis.server.ready_pool import ReadyPool
from g6.adapters.redis.server.refusals import CLUSTER, CLUSTER_FIX, plain, refusal
from g6.errors import BadConfig, G6Error, RedisDown, Unavailable
from g6.errors.masking import mask_address

P = ParamSpec("P")
R = TypeVar("R")

Reply = Any
"""An answer of redis-py 8.1, whose own types hold for its awaited clients as well."""

READ_BYTES = 256 * 1024
"""Bytes read from the socket at once. A frame is about 300 KB, ten reads of the default size."""

ERRORS: dict[type[Exception], type[G6Error]] = {
    foreign.AuthenticationError: Unavailable,
    foreign.AuthorizationError: Unavailable,
    foreign.AuthenticationWrongNumberOfArgsError: Unavailable,
    foreign.NoPermissionError: Unavailable,
    foreign.ExternalAuthProviderError: Unavailable,
    foreign.ModuleError: Unavailable,
    foreign.ConnectionError: RedisDown,
    foreign.TimeoutError: RedisDown,
    foreign.BusyLoadingError: RedisDown,
    foreign.MaxConnectionsError: RedisDown,
    foreign.OutOfMemoryError: RedisDown,
    foreign.ReadOnlyError: RedisDown,
    foreign.TryAgainError: RedisDown,
    foreign.ClusterDownError: Unavailable,
    foreign.MasterDownError: RedisDown,
    foreign.NoScriptError: RedisDown,
    foreign.ExecAbortError: RedisDown,
    foreign.InvalidResponse: RedisDown,
    foreign.ResponseError: Unavailable,
}
"""G6's error for each error of the library that the world can cause. The nearest class decides.

Others are mistakes of the caller and pass unchanged.
"""

PASSING = re.compile(r"\b(OOM|MISCONF|BUSY|NOREPLICAS|READONLY|LOADING|MASTERDOWN|UNBLOCKED)\b")
"""Codes of refusals that time can mend: memory, disk, replicas, a change of master.

A script's refusal carries them inside its text.
"""


TRIED_AGAIN = (foreign.ConnectionError, foreign.TimeoutError, socket.timeout)
"""Errors after which a call is tried once more. A frozen server makes those after the first."""
CONNECTIONS = {
    "redis": redis.Connection,
    "rediss": redis.SSLConnection,
    "unix": redis.UnixDomainSocketConnection,
}
"""The library's connection for each scheme; Sentinels have their own."""


def connect(
    url: str, *, timeout: float = 2.0, master_name: str = "", is_patient: bool = True
) -> redis.Redis:
    """Return a client of the server at `url`, not yet connected.

    A client may be made before a fork and used after it. A call that fails is tried once more, so
    a server that has frozen costs at most 2 × `timeout` seconds.

    Args:
        url: redis://, rediss:// or unix://, or the addresses of Sentinels as `redis.broker_url`
            takes them.
        timeout: Seconds to connect, and to wait for an answer.
        master_name: The master's name, for Sentinels.
        is_patient: Whether a call that got no answer is tried once more, as one is whose
            connection was broken.

    Returns:
        A client whose answers are bytes.

    Raises:
        BadConfig: The address is no address of Redis, or Sentinels lack `master_name`.
    """
    address = parse_address(url)
    # redis-py 8.1 by itself tries 11 times for 5 s: a GET of a frozen server blocked for 59 s.
    # With 2 s and one retry it is 4.1 s, and 3.7 s where the server is dead (measured).
    options: ConnectionOptions = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "socket_read_size": READ_BYTES,
        "health_check_interval": 10,
        "retry": Retry(
            ExponentialWithJitterBackoff(base=0.02, cap=0.2),
            1,
            supported_errors=TRIED_AGAIN if is_patient else TRIED_AGAIN[:1],
        ),
        "protocol": 2,
        "decode_responses": False,
    }
    if address.scheme != "unix":
        options["socket_keepalive"] = True
    if address.scheme == "sentinel":
        return _through_sentinels(address, master_name, options, url)
    kind = CONNECTIONS[address.scheme]
    parameters = options | address.parameters
    # redis-py declares few of the arguments of a connection.
    pool = ReadyPool(connection_class=kind, **parameters)  # type: ignore[arg-type]
    return redis.Redis.from_pool(pool)


def _through_sentinels(
    address: Address, master_name: str, options: ConnectionOptions, url: str
) -> redis.Redis:
    if not master_name:
        raise BadConfig(
            f"{mask_address(url)} needs the name of its master", "set redis.master_name"
        )
    sentinel_options = options | address.sentinel_parameters
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        list(address.hosts), sentinel_kwargs=sentinel_options, **options
    )
    secure = {"ssl": True} if address.tls is not None else {}
    client: redis.Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
        master_name, **secure, **address.parameters
    )
    return client


def translate(error: Exception) -> G6Error | None:
    """Return G6's error for one of the Redis library, None for a mistake of the caller."""
    kind = next((ERRORS[base] for base in type(error).__mro__ if base in ERRORS), None)
    if kind is None:
        return None
    words = str(error)
    if PASSING.search(words):
        return RedisDown(f"Redis: {plain(words)}")
    if (unavailable := refusal(words)) is not None:
        return unavailable
    if isinstance(error, foreign.TimeoutError):
        return RedisDown(f"Redis does not answer ({plain(words)})")
    if kind is RedisDown:
        return RedisDown(f"Redis: {plain(words)}")
    return Unavailable(
        f"Redis refused: {plain(words)}",
        "see that redis.broker_url and redis.cache_url name the server you mean",
    )


def translated(call: Callable[P, R]) -> Callable[P, R]:
    """Decorate `call` to raise errors of `g6.errors` where Redis raises its own."""

    @wraps(call)
    def calling(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except foreign.RedisError as error:
            translation = translate(error)
            if translation is None:
                raise
            raise translation from error

    return calling


@translated
def redis_time(client: redis.Redis) -> float:
    """Return the server's clock in epoch seconds."""
    seconds, microseconds = client.time()
    return float(seconds) + float(microseconds) / 1e6


def cluster_of(client: redis.Redis) -> Unavailable | None:
    """Return the error to raise where the server is a node of a Redis Cluster, else None."""
    facts: Reply = client.info("cluster")
    return Unavailable(CLUSTER, CLUSTER_FIX) if int(facts.get("cluster_enabled", 0)) else None


def refuse_wrong_tls(url: str, seconds: float = 1.0) -> None:
    """Refuse a redis:// address whose server speaks TLS, and a rediss:// one whose server does not.

    The one just closes the connection, the other waits for the end of a line until the handshake's
    time is over. Neither says why. Either may be anybody, so neither is told a secret.

    Raises:
        Unavailable: The address has the other scheme.
    """
    address = parse_address(url)
    if address.scheme == "redis" and _speaks_tls(address.hosts[0], seconds):
        raise Unavailable(
            f"the Redis at {mask_address(url)} speaks TLS", "write rediss:// in place of redis://"
        )
    if address.scheme == "rediss" and _speaks_plainly(address.hosts[0], seconds):
        raise Unavailable(
            f"the Redis at {mask_address(url)} speaks no TLS",
            "write redis:// in place of rediss://",
        )


def _speaks_tls(host: tuple[str, int], seconds: float) -> bool:
    context = ssl.create_default_context()
    # The question is whether the server speaks TLS. It is told nothing, so any certificate will do.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection(host, seconds) as connection, context.wrap_socket(connection):
            return True
    except ssl.SSLError as error:
        # An alert is TLS, too: a server that asks for a client's certificate answers with one.
        return "ALERT" in str(error).upper()
    except OSError:
        return False


def _speaks_plainly(host: tuple[str, int], seconds: float) -> bool:
    try:
        with socket.create_connection(host, seconds) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16)[:1] in (b"+", b"-")
    except OSError:
        return False
