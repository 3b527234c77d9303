"""One way to reach Redis: a client with bounded waits, and the one table that turns its errors into ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

import redis
from redis import exceptions as foreign
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from g6.errors import BadConfig, BrokerDown, G6Error, Unavailable
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
    foreign.ConnectionError: BrokerDown,
    foreign.TimeoutError: BrokerDown,
    foreign.BusyLoadingError: BrokerDown,
    foreign.MaxConnectionsError: BrokerDown,
    foreign.OutOfMemoryError: BrokerDown,
    foreign.ReadOnlyError: BrokerDown,
    foreign.TryAgainError: BrokerDown,
    foreign.ClusterDownError: BrokerDown,
    foreign.MasterDownError: BrokerDown,
    foreign.NoScriptError: BrokerDown,
    foreign.ExecAbortError: BrokerDown,
    foreign.InvalidResponse: BrokerDown,
    foreign.ResponseError: Unavailable,
}
"""Each error of the library that the world can cause, and ours; the nearest class decides. Others are mistakes and pass."""

PASSING = re.compile(r"\b(OOM|MISCONF|BUSY|NOREPLICAS|READONLY|LOADING|MASTERDOWN|UNBLOCKED)\b")
"""Codes of plain refusals (also out of scripts) that time can mend: memory, disk, replicas, a change of master."""


def connect(url: str, *, timeout: float = 2.0, master_name: str = "", sentinel_password: str = "") -> redis.Redis:
    """Return a client of the server at `url`, not yet connected; it may be made before a fork and used after it.

    `url`: redis://, rediss://, unix://, or sentinel://host:port;sentinel://host:port/db with `master_name`. A call that fails
    is tried once more, so a server that has frozen costs at most 2 × `timeout` seconds. Answers are bytes.
    Errors: BadConfig.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "socket_read_size": READ_BYTES,
        "health_check_interval": 10,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.2), 1),
        "protocol": 2,
        "decode_responses": False,
    }
    if not url.startswith("unix:"):
        options["socket_keepalive"] = True
    try:
        if url.startswith("sentinel:"):
            return _through_sentinels(url, master_name, sentinel_password, options)
        return redis.Redis.from_url(url, **options)
    except ValueError:
        # Not chained: the library quotes the piece it stumbled over, which may be the password.
        raise BadConfig(
            f"{mask_address(url)} is no Redis address",
            "write redis://host:6379/0, rediss://…, unix:///path or sentinel://host:26379",
        ) from None


def _through_sentinels(url: str, master_name: str, sentinel_password: str, options: dict[str, Any]) -> redis.Redis:
    if not master_name:
        raise BadConfig(f"{mask_address(url)} needs the name of its master", "set redis.master_name")
    parts = [urlsplit(part if "://" in part else f"sentinel://{part}") for part in url.split(";") if part]
    hosts = [(part.hostname or "127.0.0.1", part.port or 26379) for part in parts]
    secrets = {name: unquote(value) for part in parts for name in ("username", "password") if (value := getattr(part, name))}
    database = next((part.path.strip("/") for part in reversed(parts) if part.path.strip("/")), "0")
    asking = {**options, "password": sentinel_password} if sentinel_password else options
    sentinel = Sentinel(hosts, sentinel_kwargs=asking, **options)  # type: ignore[no-untyped-call]
    client: redis.Redis = sentinel.master_for(master_name, db=int(database), **secrets)  # type: ignore[no-untyped-call]
    return client


def translate(error: Exception) -> G6Error | None:
    """Return our error for one of the Redis library, None for a mistake of the caller's."""
    kind = next((ERRORS[base] for base in type(error).__mro__ if base in ERRORS), None)
    if kind is None:
        return None
    if kind is BrokerDown or PASSING.search(str(error)):
        return BrokerDown(f"Redis: {error}")
    return Unavailable(f"Redis refused: {error}", "check the address, password and rights in redis.broker_url and redis.cache_url")


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
