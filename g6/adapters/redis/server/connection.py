"""One way to reach Redis: a client with bounded waits, and the one table that turns its errors into ours."""

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

from g6.adapters.redis.server.address import Address, parse_address
from g6.adapters.redis.server.refusals import CLUSTER, CLUSTER_FIX, plain, refusal
from g6.errors import BadConfig, G6Error, RedisDown, Unavailable
from g6.masking import mask_address

P = ParamSpec("P")
R = TypeVar("R")

READ_BYTES = 256 * 1024
"""Bytes asked of the socket at once: a frame is some 300 KB, and the client's default takes it in ten bites."""

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
"""Each error of the library that the world can cause, and ours; the nearest class decides. Others are mistakes and pass."""

PASSING = re.compile(r"\b(OOM|MISCONF|BUSY|NOREPLICAS|READONLY|LOADING|MASTERDOWN|UNBLOCKED)\b")
"""Codes of plain refusals (also out of scripts) that time can mend: memory, disk, replicas, a change of master."""


CONNECTIONS = {
    "redis": redis.Connection,
    "rediss": redis.SSLConnection,
    "unix": redis.UnixDomainSocketConnection,
}
"""The library's connection for each scheme; Sentinels have their own."""


def connect(url: str, *, timeout: float = 2.0, master_name: str = "") -> redis.Redis:
    """Return a client of the server at `url`, not yet connected; it may be made before a fork and used after it.

    `url`: redis://, rediss://, unix://, or sentinel://host:port;sentinel://host:port/db with `master_name`. A call that fails
    is tried once more, so a server that has frozen costs at most 2 × `timeout` seconds. Answers are bytes.
    Errors: BadConfig.
    """
    address = parse_address(url)
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "socket_read_size": READ_BYTES,
        "health_check_interval": 10,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.2), 1),
        "protocol": 2,
        "decode_responses": False,
    }
    if address.scheme != "unix":
        options["socket_keepalive"] = True
    if address.scheme == "sentinel":
        return _through_sentinels(address, master_name, options, url)
    kind = CONNECTIONS[address.scheme]
    return redis.Redis.from_pool(
        redis.ConnectionPool(connection_class=kind, **options | address.parameters)
    )


def _through_sentinels(
    address: Address, master_name: str, options: dict[str, Any], url: str
) -> redis.Redis:
    if not master_name:
        raise BadConfig(
            f"{mask_address(url)} needs the name of its master", "set redis.master_name"
        )
    asking = options | address.sentinel_parameters
    sentinel = Sentinel(list(address.hosts), sentinel_kwargs=asking, **options)  # type: ignore[no-untyped-call]
    secure = {"ssl": True} if address.tls is not None else {}
    client: redis.Redis = sentinel.master_for(master_name, **secure, **address.parameters)  # type: ignore[no-untyped-call]
    return client


def translate(error: Exception) -> G6Error | None:
    """Return our error for one of the Redis library, None for a mistake of the caller's."""
    kind = next((ERRORS[base] for base in type(error).__mro__ if base in ERRORS), None)
    if kind is None:
        return None
    words = str(error)
    if PASSING.search(words):
        return RedisDown(f"Redis: {plain(words)}")
    if (refused := refusal(words)) is not None:
        return refused
    if kind is RedisDown:
        return RedisDown(f"Redis: {plain(words)}")
    return Unavailable(
        f"Redis refused: {plain(words)}",
        "see that redis.broker_url and redis.cache_url name the server you mean",
    )


def translated(call: Callable[P, R]) -> Callable[P, R]:
    """Let `call` raise errors of `g6.errors` where Redis raises its own."""

    @wraps(call)
    def edge(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except foreign.RedisError as error:
            ours = translate(error)
            if ours is None:
                raise
            raise ours from error

    return edge


@translated
def redis_time(client: redis.Redis) -> float:
    """Return the server's clock in epoch seconds."""
    seconds, microseconds = client.time()
    return float(seconds) + float(microseconds) / 1e6


def cluster_of(client: redis.Redis) -> Unavailable | None:
    """Return the error to raise where the server is a node of a Redis Cluster, None where it is not."""
    said: Any = client.info("cluster")
    return Unavailable(CLUSTER, CLUSTER_FIX) if int(said.get("cluster_enabled", 0)) else None


def refuse_wrong_tls(url: str, seconds: float = 1.0) -> None:
    """Refuse a redis:// address whose server speaks TLS, and a rediss:// one whose server does not. Errors: Unavailable.

    The one just closes the connection, the other waits for the end of a line until the handshake's time is over: neither says why.
    Nothing that is secret is told to either, for it may be anybody.
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
    context.check_hostname, context.verify_mode = (
        False,
        ssl.CERT_NONE,
    )  # it is asked whether it speaks TLS, and told nothing
    try:
        with socket.create_connection(host, seconds) as connection, context.wrap_socket(connection):
            return True
    except ssl.SSLError as error:
        return "ALERT" in str(error).upper()  # an alert is TLS, too
    except OSError:
        return False


def _speaks_plainly(host: tuple[str, int], seconds: float) -> bool:
    try:
        with socket.create_connection(host, seconds) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16)[:1] in (b"+", b"-")
    except OSError:
        return False
