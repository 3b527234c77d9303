"""One reading of a Redis address, for G6's own clients and for Celery's transport alike.

kombu 5.7 reads addresses otherwise than redis-py. It verifies no certificate of `rediss://`
without options, an option such as `?db=2` ends it with a TypeError, and it does not know
`unix://`. So both sides are given what this module reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redis.connection import URL_QUERY_ARGUMENT_PARSERS

from g6.errors import BadConfig
from g6.errors.masking import mask_address

FORMS = "write redis://host:6379/0, rediss://…, unix:///path?db=0 or sentinel://host:26379"
ENCODING = (
    "write each such character of the password as its %XX: / is %2F, @ is %40, # is %23, % is %25, "
    "a blank is %20"
)
DEFAULT_PORTS = {"redis": 6379, "rediss": 6379, "sentinel": 26379}
LEVELS = {"none": "none", "optional": "optional", "required": "required"}
# redis-py takes none, optional and required. Addresses for kombu say cert_none, CERT_REQUIRED, …
LEVELS |= {f"cert_{level}": level for level in LEVELS}

ConnectionOptions = dict[str, object]
"""Keyword arguments of redis-py's connections, which have a type for each kind of connection."""

_PARSERS: Mapping[str, Callable[[str], object]]
_PARSERS = URL_QUERY_ARGUMENT_PARSERS  # type: ignore[assignment]
_USER = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.\-]*)(?::\d{0,5})?")
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_TLS = {
    "ssl_cert_reqs",
    "ssl_check_hostname",
    "ssl_ca_path",
    "ssl_password",
    "ssl_min_version",
    "ssl_ciphers",
    *_FILES,
}
_LOGINS = {"username", "password", "sentinel_username", "sentinel_password"}
_TIMES = {"socket_timeout", "socket_connect_timeout", "health_check_interval"}
_PLAIN = {"db", "client_name", "ssl", *_LOGINS, *_TIMES}


@dataclass(frozen=True, slots=True)
class Address:
    """The place of a Redis server and the options of a connection to it.

    `repr` hides what is secret.

    Attributes:
        scheme: `redis`, `rediss`, `unix` or `sentinel`.
        hosts: Host and port, of each Sentinel or of one server.
        path: The path of a socket, else "".
        database: Its number.
        login: username and password, where there are any.
        sentinel_login: The same for the Sentinels.
        tls: redis-py's ssl_ options, None without TLS.
        options: redis-py's other options of a connection.
    """

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    path: str
    database: int
    login: Mapping[str, str] = field(repr=False)
    sentinel_login: Mapping[str, str] = field(repr=False)
    tls: ConnectionOptions | None = field(repr=False)
    options: ConnectionOptions

    @property
    def parameters(self) -> ConnectionOptions:
        """The arguments of a connection to the server itself: endpoint, database, login, TLS.

        Sentinels name the endpoint themselves.
        """
        endpoint: ConnectionOptions = {"path": self.path} if self.scheme == "unix" else {}
        if self.scheme in ("redis", "rediss"):
            host, port = self.hosts[0]
            endpoint = {"host": host, "port": port}
        return {**endpoint, "db": self.database, **self.login, **(self.tls or {}), **self.options}

    @property
    def sentinel_parameters(self) -> ConnectionOptions:
        """The arguments of a connection to a Sentinel, beside its host and port."""
        return {
            **self.sentinel_login,
            **({"ssl": True, **self.tls} if self.tls is not None else {}),
            **self.options,
        }


def parse_address(url: str) -> Address:
    """Parse a Redis address.

    Raises:
        BadConfig: The address is no address of Redis. It quotes no part of a password.
    """
    pieces = [urlsplit(_well_formed(part, url)) for part in _parts(url)]
    scheme = pieces[0].scheme
    query: dict[str, str] = {}
    for piece in pieces:
        query |= dict(parse_qsl(piece.query, keep_blank_values=True))
    wants_tls = query.get("ssl", "").lower() in ("1", "true", "yes")
    secure = scheme == "rediss" or (scheme == "sentinel" and wants_tls)
    options = _options(query, scheme, secure, url)
    tls = {name: value for name, value in options.items() if name in _TLS}
    default_port = DEFAULT_PORTS.get(scheme, 0)
    return Address(
        scheme=scheme,
        hosts=tuple(
            (piece.hostname or "127.0.0.1", piece.port or default_port) for piece in pieces
        ),
        path=unquote(pieces[0].path) if scheme == "unix" else "",
        database=_database(pieces, scheme, url, options),
        login=_login(pieces, query),
        sentinel_login=_login_of_query(query, "sentinel_"),
        # kombu 5.7 verifies no certificate of a rediss:// address without options (a warning only).
        tls={"ssl_cert_reqs": "required", **tls} if secure else None,
        options={name: value for name, value in options.items() if name not in _TLS | {"db"}},
    )


def _parts(url: str) -> list[str]:
    """Return an address's parts: one for each Sentinel, with the scheme that all but one omit."""
    if not url.startswith("sentinel:"):
        return [url]
    return [part if "://" in part else f"sentinel://{part}" for part in url.split(";")]


def _login(pieces: Sequence[SplitResult], query: Mapping[str, str]) -> dict[str, str]:
    """Return username and password. Those before the host win over those behind `?`."""
    login = _login_of_query(query, "")
    for piece in pieces:
        if piece.username:
            login["username"] = unquote(piece.username)
        if piece.password:
            login["password"] = unquote(piece.password)
    return login


def _login_of_query(query: Mapping[str, str], prefix: str) -> dict[str, str]:
    login = {name: query.get(prefix + name, "") for name in ("username", "password")}
    return {name: value for name, value in login.items() if value}


def _well_formed(part: str, url: str) -> str:
    """Return one address unchanged, if its login, host and options can be told apart."""
    scheme, sign, rest = part.partition("://")
    if not sign or scheme not in (*DEFAULT_PORTS, "unix"):
        raise BadConfig(f"{mask_address(url)} is no Redis address", FORMS)
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    tail = rest[len(authority) :]
    user, at, host = authority.rpartition("@")
    path, _, query = tail.partition("?")
    is_encoded = not (at and not _USER.fullmatch(user)) and "@" not in path and "#" not in tail
    has_pairs = all("=" in pair for pair in query.split("&") if pair)
    if not (is_encoded and has_pairs and (_HOST.fullmatch(host) or "@" not in part)):
        raise BadConfig(f"the password in {mask_address(url)} is not percent-encoded", ENCODING)
    port = host.rpartition(":")[2] if not host.endswith("]") and ":" in host else ""
    if not _HOST.fullmatch(host) or (port and int(port) > 65535):
        raise BadConfig(f"{mask_address(url)} is no Redis address", FORMS)
    return part


def _database(
    pieces: Sequence[SplitResult], scheme: str, url: str, options: ConnectionOptions
) -> int:
    """Return the number that an option says, else the one behind the host of the last part."""
    if isinstance(number := options.get("db"), int):
        return number
    if scheme == "unix":
        return 0
    paths = [unquote(piece.path).strip("/") for piece in pieces]
    text = next(filter(None, reversed(paths)), "0")
    if not text.isdecimal():
        raise BadConfig(f"{mask_address(url)} names no database: {text!r} is no number", FORMS)
    return int(text)


def _options(query: Mapping[str, str], scheme: str, secure: bool, url: str) -> ConnectionOptions:
    """Return the options behind `?` as redis-py takes them, names, values and files checked."""
    masked = mask_address(url)
    if unknown := sorted(query.keys() - _PLAIN - _TLS):
        raise BadConfig(
            f"{masked}: {unknown[0]} is no option of a Redis address",
            f"it takes {', '.join(sorted(_PLAIN | _TLS))}",
        )
    _refuse_tls_options(query, scheme, secure, masked)
    options: ConnectionOptions = {}
    for name in query.keys() - {"ssl", *_LOGINS}:
        try:
            options[name] = _PARSERS.get(name, str)(query[name])
        except (TypeError, ValueError):
            raise BadConfig(
                f"{masked}: {name} has a value that it cannot have",
                "give it a number, or leave it out",
            ) from None
    if "ssl_cert_reqs" in options:
        level = LEVELS.get(str(options["ssl_cert_reqs"]).lower())
        if level is None:
            raise BadConfig(
                f"{masked}: ssl_cert_reqs is none, optional or required",
                "leave it out: required is the default",
            )
        options["ssl_cert_reqs"] = level
    for name in _FILES:
        if name in options and not Path(str(options[name])).is_file():
            raise BadConfig(
                f"{masked}: {name} names a file that is not there",
                f"give {name} the path of a PEM file",
            )
    return options


def _refuse_tls_options(query: Mapping[str, str], scheme: str, secure: bool, masked: str) -> None:
    if secure:
        return
    if scheme == "sentinel":
        names = _TLS
        remedy = "add ssl=true to its options"
    else:
        names = _TLS | {"ssl"}
        remedy = "write rediss:// for TLS"
    if misplaced := sorted(query.keys() & names):
        name = misplaced[0]
        raise BadConfig(
            f"{masked}: {name} is for TLS, which {scheme}:// is without",
            f"{remedy}, or leave {name} out",
        )
