"""The server's own doors under /_control: move the clock, switch faults, read what happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import IST, in_utc
from g6.errors import BadConfig
from g6.kite_server.rest.http_api import HttpAnswer, Receive, Scope, Send
from g6.kite_server.server_faults import FAULTS, fault
from g6.kite_server.server_state import ServerState
from g6.kite_server.stream.subscriptions import Stream

PREFIX = "/_control"


@dataclass(frozen=True)
class Control:
    """The ASGI application of the control doors."""

    desk: ServerState
    stream: Stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: JSON in, JSON out; 400 with a sentence for what cannot be, 403 beyond the loopback.

        These doors make any token good, so they are for who sits at this machine alone.
        """
        if scope["client"] is None or not ip_address(scope["client"][0]).is_loopback:
            await HttpAnswer(
                403, json.dumps({"error": "control is for the loopback alone"}).encode()
            ).send(send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = {
            name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()
        }
        door = DOORS.get((scope["method"], scope["path"].removeprefix(PREFIX)))
        try:
            told = json.loads(body) if body else {}
            if door is None:
                answer = HttpAnswer(
                    404,
                    json.dumps(
                        {"error": f"there are {sorted(' '.join(each) for each in DOORS)}"}
                    ).encode(),
                )
            else:
                answer = HttpAnswer(200, json.dumps(door(self, {**query, **told})).encode())
        except (BadConfig, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            answer = HttpAnswer(400, json.dumps({"error": str(error)}).encode())
        await answer.send(send)

    def state(self, _: Mapping[str, Any]) -> Any:
        """Return how the server stands."""
        desk, stream = self.desk, self.stream
        market = desk.clock.market()
        return {
            "market": isoformat_z(market),
            "ist": f"{market.astimezone(IST):%Y-%m-%d %H:%M:%S}",
            "wall": desk.clock.wall(),
            "speed": desk.clock.speed,
            "source": dict(desk.source.facts()),
            "exchanges": desk.logins.exchanges,
            "faults": [each.told() for each in desk.faults.on],
            "arrivals": len(desk.quota.arrivals),
            "connections": {str(each.number): len(each.wants) for each in stream.clients.values()},
            "connected": stream.connected,
            "refused": stream.refused,
            "connections_over_cap": stream.over_cap,
        }

    def move(self, told: Mapping[str, Any]) -> Any:
        """Set the clock: `at` an instant (without a zone: India's), `advance` seconds, `speed`."""
        at = in_utc(datetime.fromisoformat(told["at"])) if "at" in told else None
        speed = float(told["speed"]) if "speed" in told else None
        self.desk.clock.move(at=at, advance=float(told.get("advance", 0)), speed=speed)
        return self.state({})

    def faults(self, _: Mapping[str, Any]) -> Any:
        """Return the faults that are on and those there are."""
        return {"on": [each.told() for each in self.desk.faults.on], "known": dict(FAULTS)}

    def add_fault(self, told: Mapping[str, Any]) -> Any:
        """Switch a fault on."""
        return self.desk.strike(fault(told)).told()

    def clear_faults(self, told: Mapping[str, Any]) -> Any:
        """Switch faults off, those of a `name` or all."""
        self.desk.faults.clear(told.get("name", ""))
        return {"on": len(self.desk.faults.on)}

    def arrivals(self, told: Mapping[str, Any]) -> Any:
        """Return every request that came, of a `family` or all."""
        return self.desk.quota.told(told.get("family", ""))

    def clear_arrivals(self, _: Mapping[str, Any]) -> Any:
        """Forget the requests so far."""
        self.desk.quota.arrivals.clear()
        return {}

    def sent(self, told: Mapping[str, Any]) -> Any:
        """Return the frames that left since the wall time `since`."""
        since = float(told.get("since", 0))
        frames = [each for each in tuple(self.stream.sent) if each.at >= since]
        names = ("sent_at", "connection", "token", "exchange_timestamp")
        rows = (
            (each.at, each.connection, each.token.tolist(), each.stamp.tolist()) for each in frames
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def flush(self, _: Mapping[str, Any]) -> Any:
        """Let every access token die now."""
        self.desk.logins.flush()
        return {}

    def admit(self, told: Mapping[str, Any]) -> Any:
        """Make an `access_token` good."""
        self.desk.logins.admit(str(told["access_token"]))
        return {}

    def limits(self, told: Mapping[str, Any]) -> Any:
        """Change how many requests a second a family may make; 0 is without limit."""
        self.desk.quota.per_second.update({name: int(value) for name, value in told.items()})
        return dict(self.desk.quota.per_second)

    def say(self, told: Mapping[str, Any]) -> Any:
        """Send every socket a text message of a `type` with `data`."""
        self.stream.say(str(told.get("type", "message")), told.get("data"))
        return {"connections": len(self.stream.clients)}

    def callback(self, told: Mapping[str, Any]) -> Any:
        """Register where the login page sends the browser: `url`."""
        self.desk.callback = str(told["url"])
        return {}


DOORS: Mapping[tuple[str, str], Callable[[Control, Mapping[str, Any]], Any]] = MappingProxyType(
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
"""Every door: method, path after the prefix, what it does."""
