"""Who may ask: token, addresses, user agents, and how often."""

from __future__ import annotations

import hmac
from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from ipaddress import IPv4Network, IPv6Network, ip_address
from time import monotonic
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakSet

from starlette.types import ASGIApp, Receive, Scope, Send

from g6.entrypoints.web.problems import MEDIA_TYPE, problem_bytes
from g6.entrypoints.web.request_log import RequestLog

__all__ = ["COOKIE", "LOOPBACK_HOSTS", "Guard", "RequestLines", "WebRefusal", "guarded"]

OPEN_PATHS = ("/healthz", "/", "/g6-stream.js")
"""Answered without a token: a load balancer needs none, and the page asks for it."""
PAGE_FOLDER = "/page/"
"""Files of the page, which hold no data."""
WRONG_BEARER = "the token that was sent is not that of serve.token"
RIGHT_BEARER = "send the one with which g6 serve was started, as a bearer token"
COOKIE = "g6_session"
"""The cookie that carries the token: a browser's event stream can send no header."""
LOOPBACK_HOSTS = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})
"""Names of the loopback, beside its addresses."""
NAMES_FIX = "ask it as 127.0.0.1 or localhost, or name the proxy's name in serve.allowed_hosts"
SHOWN = 80
"""Characters of a name that are shown where it is refused."""
ADDRESSES = 10_000
"""Addresses whose requests are counted at most. The one not seen for longest is forgotten."""
TOKENS = frozenset({"token", "access_token", "authorization"})
"""Names under which a token would stand in an address, and so in logs and histories."""


@dataclass(frozen=True, slots=True)
class RequestLines:
    """The first lines of a request.

    Attributes:
        target: The path with its query.
        headers: By their names in lower case.
    """

    target: str
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, head: bytes) -> RequestLines | None:
        """Read the head of a GET, None where it is none."""
        lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or words[0] != "GET" or not words[2].startswith("HTTP/1."):
            return None
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            # A line feed inside a value would begin a header of its own where it is echoed.
            if not colon or name != name.strip() or not value.strip().isprintable():
                return None
            headers[name.lower()] = value.strip()
        return cls(words[1], headers)


@dataclass(frozen=True, slots=True)
class WebRefusal:
    """Why a request is not answered.

    Attributes:
        status: 400, 401, 403, 421 or 429.
        sentence: What is needed.
        headers: Further headers of the answer.
        fix: What mends it.
        reason: A word for it: auth, address, agent, host or rate.
    """

    status: int
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)
    fix: str = ""
    reason: str = ""

    @property
    def body(self) -> bytes:
        """Return the problem document."""
        return problem_bytes(self.status, self.sentence, self.fix)

    @property
    def header_lines(self) -> dict[str, str]:
        """Return all headers of the answer."""
        length = str(len(self.body))
        return {"Content-Type": MEDIA_TYPE, "Content-Length": length, **self.headers}

    def as_bytes(self) -> bytes:
        """Return the whole answer, after which the connection ends."""
        first = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"
        lines = [first, *(f"{name}: {value}" for name, value in self.header_lines.items())]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + self.body


class ClientConnection(Protocol):
    """A connection that can say whether it ends."""

    def is_closing(self) -> bool:
        """Tell whether it ends or has ended."""
        ...


class Guard:
    """Lets requests pass or refuses them.

    Args:
        token: Sent as a bearer or as the cookie. Empty lets everybody pass.
        networks: Addresses that may ask, all where there are none.
        agents: Beginnings of user agents that may ask, all where there are none.
        requests_per_second: Of one address, 0 without a bound. Twice as many pass in a burst.
        connections_per_address: Open ones, 0 without a bound.
        hosts: Names under which a browser may ask, beside every address of the loopback. None of
            them lets every name pass.

    Attributes:
        refused: How many requests were refused, by why.
    """

    def __init__(
        self,
        token: str = "",
        networks: Sequence[IPv4Network | IPv6Network] = (),
        agents: Sequence[str] = (),
        requests_per_second: float = 0.0,
        connections_per_address: int = 0,
        hosts: Collection[str] = (),
    ) -> None:
        self._token = token
        self._networks = tuple(networks)
        self._agents = tuple(agents)
        self._hosts = frozenset(name.lower() for name in hosts)
        self._rate = requests_per_second
        self.refused: Counter[str] = Counter()
        self._budgets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._most_connections = connections_per_address
        self._connections: dict[str, WeakSet[ClientConnection]] = {}

    def connection_refusal(self, address: str, connection: ClientConnection) -> WebRefusal | None:
        """Return why a new connection is refused, None where it may stay and is counted."""
        most = self._most_connections
        if not most:
            return None
        # A connection may be handed from one protocol to another: what is counted are those that
        # live, so that nobody has to tell of each end.
        mine = self._connections.setdefault(address, WeakSet())
        if sum(not other.is_closing() for other in mine) >= most:
            sentence = f"more than {most} connections: see serve.connections_per_address"
            self.refused["rate"] += 1
            return WebRefusal(429, sentence, {"Retry-After": "1"}, reason="rate")
        mine.add(connection)
        for gone in [name for name, others in self._connections.items() if not others]:
            del self._connections[gone]
        return None

    def refusal(self, request: RequestLines, address: str) -> WebRefusal | None:
        """Return why a request is refused, None where it may pass.

        Args:
            request: Its head.
            address: Of the client.
        """
        refusal = self._refusal(request, address)
        if refusal is not None:
            self.refused[refusal.reason] += 1
        return refusal

    def _refusal(self, request: RequestLines, address: str) -> WebRefusal | None:
        if self._hosts and (refusal := self._host_refusal(request)) is not None:
            return refusal
        if self._networks and not self._is_allowed_address(address):
            sentence = f"{address} is not in serve.allowed_addresses"
            return WebRefusal(403, sentence, reason="address")
        agent = request.headers.get("user-agent", "")
        if self._agents and not agent.startswith(self._agents):
            sentence = "this user agent is not in serve.allowed_agents"
            return WebRefusal(403, sentence, reason="agent")
        if self._rate and not self._has_budget(address, monotonic()):
            sentence = f"more than {self._rate:g} requests a second: see serve.requests_per_second"
            return WebRefusal(429, sentence, {"Retry-After": "1"}, reason="rate")
        path, _, query = request.target.partition("?")
        if TOKENS & {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}:
            sentence = "a token in an address would stand in logs and histories"
            return WebRefusal(
                400,
                sentence,
                fix="send it as a bearer token, in a header",
                reason="auth",
            )
        if not _is_open(path) and not self._has_token(request):
            return _token_refusal(_sent_token(request))
        return None

    def _host_refusal(self, request: RequestLines) -> WebRefusal | None:
        """Return why a request to or from a page of another name is refused.

        A page of a stranger can have its name lead to the loopback, and then reads what answers
        there. It can open a WebSocket to the loopback as it is, which only tells where it is from.
        """
        name = _host_name(request.headers.get("host", ""))
        if name and not self._is_own_name(name):
            sentence = f"{name[:SHOWN]} is no name of this server"
            return WebRefusal(421, sentence, fix=NAMES_FIX, reason="host")
        origin = request.headers.get("origin", "")
        if origin and not self._is_own_name(_origin_name(origin)):
            sentence = f"a page of {origin[:SHOWN]} may not ask this server"
            return WebRefusal(403, sentence, fix=NAMES_FIX, reason="host")
        return None

    def _is_own_name(self, name: str) -> bool:
        if name in self._hosts:
            return True
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return False

    def _is_allowed_address(self, address: str) -> bool:
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def _has_token(self, request: RequestLines) -> bool:
        if not self._token:
            return True
        sent = _sent_token(request)
        # compare_digest takes the same time whatever matches. == would tell how far a guess fits.
        return hmac.compare_digest(sent.encode(), self._token.encode())

    def _has_budget(self, address: str, now: float) -> bool:
        """Take a request out of an address's budget, which fills again by the second."""
        most = 2 * self._rate
        left, since = self._budgets.pop(address, (most, now))
        left = min(most, left + (now - since) * self._rate)
        is_in_budget = left >= 1.0
        self._budgets[address] = (left - 1.0 if is_in_budget else left, now)
        if len(self._budgets) > ADDRESSES:
            self._budgets.popitem(last=False)
        return is_in_budget


def _host_name(header: str) -> str:
    """Return the name of a Host header without its port, in lower case.

    >>> _host_name("LocalHost:8000"), _host_name("[::1]:8000")
    ('localhost', '::1')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].rstrip(".").lower()


def _origin_name(header: str) -> str:
    """Return the name in an Origin header, empty where it has none.

    >>> _origin_name("http://localhost:3000"), _origin_name("null")
    ('localhost', '')
    """
    try:
        return urlsplit(header).hostname or ""
    except ValueError:
        return ""


def _is_open(path: str) -> bool:
    """Tell whether a path holds no data."""
    return path in OPEN_PATHS or path.startswith(PAGE_FOLDER)


def _sent_token(request: RequestLines) -> str:
    """Return the token of a request's header or cookie, empty where it has none."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer if scheme.lower() == "bearer" else _cookie(request)


def _token_refusal(sent: str) -> WebRefusal:
    """Return the refusal of a request without a token, or with another one."""
    if not sent:
        sentence = "this needs serve.token, sent as Authorization: Bearer TOKEN"
        return WebRefusal(401, sentence, {"WWW-Authenticate": "Bearer"}, reason="auth")
    return WebRefusal(
        401,
        WRONG_BEARER,
        {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        fix=RIGHT_BEARER,
        reason="auth",
    )


def _cookie(request: RequestLines) -> str:
    try:
        cookies = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


class _GuardApp:
    """An application behind a guard, for requests and WebSockets."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may pass."""
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # A close before the handshake is answered with 403 by the server.
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.sentence})
        else:
            headers = [
                (name.lower().encode(), text.encode())
                for name, text in refusal.header_lines.items()
            ]
            await send(
                {"type": "http.response.start", "status": refusal.status, "headers": headers}
            )
            await send({"type": "http.response.body", "body": refusal.body})

    def _refusal(self, scope: Scope) -> WebRefusal | None:
        if scope["type"] not in {"http", "websocket"}:
            return None
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        client = scope.get("client")
        query = scope["query_string"].decode("latin-1")
        head = RequestLines(f"{scope['path']}?{query}", headers)
        return self._guard.refusal(head, str(client[0]) if client else "")


def guarded(app: ASGIApp, guard: Guard) -> ASGIApp:
    """Return an application that answers only what a guard lets pass, and logs requests."""
    return RequestLog(_GuardApp(app, guard))
