"""One reading of a Redis address, for our own clients and for Celery's transport alike.

kombu reads addresses otherwise than redis-py: of `rediss://` without options it verifies no certificate, an option such as `?db=2`
ends it with a TypeError, and `unix://` it does not know. So both sides are given what is read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from redis.connection import URL_QUERY_ARGUMENT_PARSERS

from g6.errors import BadConfig
from g6.masking import mask_address

FORMS = "write redis://host:6379/0, rediss://…, unix:///path?db=0 or sentinel://host:26379"
ENCODING = "write each such character of the password as its %XX: / is %2F, @ is %40, # is %23, % is %25, a blank is %20"
DEFAULT_PORTS = {"redis": 6379, "rediss": 6379, "sentinel": 26379}
LEVELS = {"none": "none", "optional": "optional", "required": "required"}
LEVELS |= {f"cert_{level}": level for level in LEVELS}

_PARSERS: Mapping[str, Callable[[str], Any]] = URL_QUERY_ARGUMENT_PARSERS  # type: ignore[assignment]
_USER = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.\-]*)(?::\d{0,5})?")
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_TLS = {
    "ssl_cert_reqs", "ssl_check_hostname", "ssl_ca_path", "ssl_password", "ssl_min_version", "ssl_ciphers", *_FILES,
}  # fmt: skip
_PLAIN = {
    "db",
    "username",
    "password",
    "sentinel_username",
    "sentinel_password",
    "client_name",
    "ssl",
}
_PLAIN |= {"socket_timeout", "socket_connect_timeout", "health_check_interval"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Redis is and how it is spoken to; `hosts` of Sentinels, or one; `tls` redis-py's ssl_ options, None without TLS.

    `options` are redis-py's other options of a connection. What is secret is shown nowhere.
    """

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    path: str
    database: int
    login: Mapping[str, str] = field(repr=False)
    sentinel_login: Mapping[str, str] = field(repr=False)
    tls: Mapping[str, Any] | None = field(repr=False)
    options: Mapping[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """What a connection to the server itself takes: where it is (no Sentinel says), database, login, TLS."""
        where: dict[str, Any] = {"path": self.path} if self.scheme == "unix" else {}
        if self.scheme in ("redis", "rediss"):
            where = {"host": self.hosts[0][0], "port": self.hosts[0][1]}
        return {**where, "db": self.database, **self.login, **(self.tls or {}), **self.options}

    @property
    def sentinel_parameters(self) -> dict[str, Any]:
        """What a connection to a Sentinel takes beside its host and port."""
        return {
            **self.sentinel_login,
            **({"ssl": True, **self.tls} if self.tls is not None else {}),
            **self.options,
        }


def parse_address(url: str) -> Address:
    """Return what an address says. Errors: BadConfig, without a part of a password."""
    parts = (
        [part if "://" in part else f"sentinel://{part}" for part in url.split(";")]
        if url.startswith("sentinel:")
        else [url]
    )
    pieces = [urlsplit(_well_formed(part, url)) for part in parts]
    scheme = pieces[0].scheme
    query: dict[str, str] = {}
    for piece in pieces:
        query |= dict(parse_qsl(piece.query, keep_blank_values=True))
    secure = scheme == "rediss" or (
        scheme == "sentinel" and query.get("ssl", "").lower() in ("1", "true", "yes")
    )
    options = _options(query, scheme, secure, url)
    login = {
        name: unquote(value)
        for piece in pieces
        for name in ("username", "password")
        if (value := getattr(piece, name))
    }
    login = {name: query[name] for name in ("username", "password") if query.get(name)} | login
    asking = {
        name: value for name in ("username", "password") if (value := query.get(f"sentinel_{name}"))
    }
    tls = {name: value for name, value in options.items() if name in _TLS}
    hosts = tuple(
        (piece.hostname or "127.0.0.1", piece.port or DEFAULT_PORTS.get(scheme, 0))
        for piece in pieces
    )
    return Address(
        scheme=scheme,
        hosts=hosts,
        path=unquote(pieces[0].path) if scheme == "unix" else "",
        database=options["db"] if "db" in options else _database(pieces, scheme, url),
        login=login,
        sentinel_login=asking,
        tls={"ssl_cert_reqs": "required", **tls} if secure else None,
        options={name: value for name, value in options.items() if name not in _TLS | {"db"}},
    )


def _well_formed(part: str, url: str) -> str:
    """Return one address, refused where its login, host and options cannot be told apart for certain."""
    scheme, sign, rest = part.partition("://")
    if not sign or scheme not in (*DEFAULT_PORTS, "unix"):
        raise BadConfig(f"{mask_address(url)} is no Redis address", FORMS)
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    behind = rest[len(authority) :]
    user, at, host = authority.rpartition("@")
    where, _, query = behind.partition("?")
    encoded = not (at and not _USER.fullmatch(user)) and "@" not in where and "#" not in behind
    pairs = all("=" in pair for pair in query.split("&") if pair)
    if not (encoded and pairs and (_HOST.fullmatch(host) or "@" not in part)):
        raise BadConfig(f"the password in {mask_address(url)} is not percent-encoded", ENCODING)
    port = host.rpartition(":")[2] if not host.endswith("]") and ":" in host else ""
    if not _HOST.fullmatch(host) or (port and int(port) > 65535):
        raise BadConfig(f"{mask_address(url)} is no Redis address", FORMS)
    return part


def _database(pieces: list[Any], scheme: str, url: str) -> int:
    """Return the number behind the host; the last part of several that has one says it."""
    if scheme == "unix":
        return 0
    text = next(
        (path for piece in reversed(pieces) if (path := unquote(piece.path).strip("/"))), "0"
    )
    if not text.isdecimal():
        raise BadConfig(f"{mask_address(url)} names no database: {text!r} is no number", FORMS)
    return int(text)


def _options(query: Mapping[str, str], scheme: str, secure: bool, url: str) -> dict[str, Any]:
    """Return the options behind `?` as redis-py takes them, names, values and files checked."""
    shown = mask_address(url)
    if unknown := sorted(query.keys() - _PLAIN - _TLS):
        raise BadConfig(
            f"{shown}: {unknown[0]} is no option of a Redis address",
            f"it takes {', '.join(sorted(_PLAIN | _TLS))}",
        )
    if not secure and (
        tls := sorted(query.keys() & (_TLS | ({"ssl"} if scheme != "sentinel" else set())))
    ):
        right = "add ssl=true to its options" if scheme == "sentinel" else "write rediss:// for TLS"
        raise BadConfig(
            f"{shown}: {tls[0]} is for TLS, which {scheme}:// is without",
            f"{right}, or leave {tls[0]} out",
        )
    options: dict[str, Any] = {}
    for name in query.keys() - {
        "ssl",
        "username",
        "password",
        "sentinel_username",
        "sentinel_password",
    }:
        try:
            options[name] = _PARSERS.get(name, str)(query[name])
        except (TypeError, ValueError):
            raise BadConfig(
                f"{shown}: {name} has a value that it cannot have",
                "give it a number, or leave it out",
            ) from None
    if "ssl_cert_reqs" in options:
        level = LEVELS.get(str(options["ssl_cert_reqs"]).lower())
        if level is None:
            raise BadConfig(
                f"{shown}: ssl_cert_reqs is none, optional or required",
                "leave it out: required is the default",
            )
        options["ssl_cert_reqs"] = level
    for name in _FILES:
        if name in options and not Path(options[name]).is_file():
            raise BadConfig(
                f"{shown}: {name} names a file that is not there",
                f"give {name} the path of a PEM file",
            )
    return options
