"""The server's own doors under /_control: move the clock, switch faults, read what happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

from starlette.types import Receive, Scope, Send

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import IST
from g6.domain.market.instants import MarketTime, instant_of_text
from g6.errors import UserError
from g6.kite_server.rest.http_api import HttpAnswer, read_body
from g6.kite_server.server_faults import FAULTS, fault
from g6.kite_server.server_state import ServerState
from g6.kite_server.stream.subscriptions import Stream

PREFIX = "/_control"

Parameters = Mapping[str, object]
"""What a request to a door says, as JSON has it."""


@dataclass(frozen=True)
class Control:
    """The ASGI application of the control doors: JSON in, JSON out."""

    server: ServerState
    stream: Stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with 400 and a sentence where it is wrong."""
        refusal = _refusal(scope)
        if refusal:
            await _error(403, refusal).send(send)
            return
        body = await read_body(receive)
        query = parse_qs(scope["query_string"].decode())
        door = DOORS.get((scope["method"], scope["path"].removeprefix(PREFIX)))
        try:
            parameters = {name: values[0] for name, values in query.items()}
            parameters |= json.loads(body) if body else {}
            if door is None:
                answer = _error(404, f"there are {sorted(' '.join(name) for name in DOORS)}")
            else:
                answer = HttpAnswer(200, json.dumps(door(self, parameters)).encode())
        except (UserError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            answer = _error(400, str(error))
        await answer.send(send)

    def state(self, _: Parameters) -> object:
        """Return the state of the server."""
        server = self.server
        connections = self.stream.connections.values()
        market = server.clock.market()
        return {
            "market": isoformat_z(market),
            "ist": f"{market.astimezone(IST):%Y-%m-%d %H:%M:%S}",
            "wall": server.clock.wall(),
            "speed": server.clock.speed,
            "source": dict(server.source.facts()),
            "exchanges": server.logins.exchanges,
            "faults": [active.as_json() for active in server.faults.on],
            "arrivals": len(server.quota.arrivals),
            "connections": {str(open_.number): len(open_.modes) for open_ in connections},
            "connected": self.stream.connected,
            "refused": self.stream.refused,
            "connections_over_cap": self.stream.over_cap,
        }

    def move(self, parameters: Parameters) -> object:
        """Set the clock: `at` an instant such as `11:02`, `advance` seconds, `speed`."""
        clock = self.server.clock
        at = None
        if "at" in parameters:
            at = instant_of_text(
                str(parameters["at"]), MarketTime(clock.market, clock.market, clock.market)
            )
        speed = _number(parameters, "speed", 0.0) if "speed" in parameters else None
        clock.move(at=at, advance=_number(parameters, "advance", 0.0), speed=speed)
        return self.state({})

    def faults(self, _: Parameters) -> object:
        """Return the faults that are on, and all there are."""
        active = [fault.as_json() for fault in self.server.faults.on]
        return {"on": active, "known": dict(FAULTS)}

    def add_fault(self, parameters: Parameters) -> object:
        """Switch a fault on."""
        return self.server.switch_on(fault(parameters)).as_json()

    def clear_faults(self, parameters: Parameters) -> object:
        """Switch faults off, those of a `name` or all."""
        self.server.faults.clear(str(parameters.get("name", "")))
        return {"on": len(self.server.faults.on)}

    def arrivals(self, parameters: Parameters) -> object:
        """Return every request, of a `family` or all."""
        return self.server.quota.arrivals_of(str(parameters.get("family", "")))

    def clear_arrivals(self, _: Parameters) -> object:
        """Forget the requests so far."""
        self.server.quota.arrivals.clear()
        return {}

    def sent(self, parameters: Parameters) -> object:
        """Return the frames that left since the wall time `since`."""
        since = _number(parameters, "since", 0.0)
        return [frame.as_json() for frame in tuple(self.stream.sent) if frame.at >= since]

    def flush(self, _: Parameters) -> object:
        """Let every access token die now."""
        self.server.logins.flush()
        return {}

    def admit(self, parameters: Parameters) -> object:
        """Make an `access_token` good."""
        self.server.logins.admit(str(parameters["access_token"]))
        return {}

    def limits(self, parameters: Parameters) -> object:
        """Change how many requests a second a family may make, 0 for no limit."""
        limits = {name: int(_number(parameters, name, 0.0)) for name in parameters}
        self.server.quota.per_second.update(limits)
        return dict(self.server.quota.per_second)

    def say(self, parameters: Parameters) -> object:
        """Send every socket a text message of a `type` with `data`."""
        self.stream.say(str(parameters.get("type", "message")), parameters.get("data"))
        return {"connections": len(self.stream.connections)}

    def callback(self, parameters: Parameters) -> object:
        """Register where the login page sends the browser: `url`."""
        self.server.callback = str(parameters["url"])
        return {}


def _refusal(scope: Scope) -> str:
    """Return why a request may not pass, empty where it may."""
    # These doors make any token good, so they are for whoever sits at this machine alone.
    if scope["client"] is None or not ip_address(scope["client"][0]).is_loopback:
        return "control is for the loopback alone"
    headers = {name: text.decode("latin-1") for name, text in scope["headers"]}
    # A stranger's page in a browser of this machine comes from the loopback too. It tells where it
    # is from, or had its own name lead here.
    if b"origin" in headers or not _is_own_name(headers.get(b"host", "")):
        return "control is for programs of this machine, and for no page of a browser"
    return ""


def _is_own_name(host: str) -> bool:
    """Tell whether a Host header names the loopback.

    >>> [_is_own_name(host) for host in ("127.0.0.1:80", "[::1]:80", "LocalHost", "evil.org:80")]
    [True, True, True, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _number(parameters: Parameters, name: str, default: float) -> float:
    """Return a number that a query says as text and a body as JSON."""
    value = parameters.get(name, default)
    if not isinstance(value, str | int | float):
        raise TypeError(f"{name} is {value!r}, which is no number")
    return float(value)


def _error(status: int, sentence: str) -> HttpAnswer:
    return HttpAnswer(status, json.dumps({"error": sentence}).encode())


DOORS: Mapping[tuple[str, str], Callable[[Control, Parameters], object]] = MappingProxyType(
    {
        ("GET", ""): Control.state,
        ("POST", "/clock"): Control.move,
        ("GET", "/faults"): Control.faults,
        ("POST", "/faults"): Control.add_fault,
        ("DELETE", "/faults"): Control.clear_faults,
        ("GET", "/arrivals"): Control.arrivals,
        ("DELETE", "/arrivals"): Control.clear_arrivals,
        ("GET", "/sent"): Control.sent,
        ("POST", "/flush"): Control.flush,
        ("POST", "/admit"): Control.admit,
        ("POST", "/limits"): Control.limits,
        ("POST", "/say"): Control.say,
        ("POST", "/callback"): Control.callback,
    }
)
"""Every door by method and path after the prefix."""
