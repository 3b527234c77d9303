"""The broker's HTTP interface: what comes is written down, counted, struck by faults, and answered."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from g6.errors import G6Error
from g6.kite_server.quota import Arrival
from g6.kite_server.refusal import Refusal, denied, too_many
from g6.kite_server.rest import endpoints
from g6.kite_server.server_faults import Fault
from g6.kite_server.server_state import ServerState

Scope = Mapping[str, Any]
Send = Callable[[dict[str, Any]], Any]
Receive = Callable[[], Any]

JSON, CSV, HTML = "application/json", "text/csv", "text/html; charset=utf-8"
_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What goes back; `kind` is the content type, "" for none at all."""

    status: int
    body: bytes
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    async def send(self, send: Send) -> None:
        """Send it."""
        told = [(b"content-length", str(len(self.body)).encode())]
        told += [(b"content-type", self.kind.encode())] if self.kind else []
        told += [(name.encode(), value.encode()) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": told})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True)
class Api:
    """The ASGI application of the broker's routes; `abort` resets the connection of a client's address."""

    desk: ServerState
    abort: Callable[[tuple[str, int]], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = await _asked(scope, receive)
        arrival = self.desk.quota.arrive(
            endpoints.family(asked.path), asked.method, asked.path, len(asked.keys)
        )
        struck = {
            fault.name: fault for fault in self.desk.faults.strikes(arrival.family, asked.path)
        }
        if delay := struck.get("delay"):
            await asyncio.sleep(delay.number(1.0))
        if "reset" in struck:
            self.abort(scope["client"])
            return
        answer = await self._answer(asked, arrival, struck)
        arrival.status = answer.status
        await answer.send(send)

    async def _answer(
        self, asked: endpoints.ServerRequest, arrival: Arrival, struck: Mapping[str, Fault]
    ) -> HttpAnswer:
        try:
            if not self.desk.quota.allows(arrival, asked.api_key):
                raise too_many()
            for name, refuse in REFUSING.items():
                if name in struck:
                    raise refuse(struck[name])
            told = await asyncio.to_thread(endpoints.answer, self.desk, asked)
            answer = await asyncio.to_thread(_written, told, asked, struck.get("missing_keys"))
        except Refusal as refusal:
            answer = HttpAnswer(refusal.status, json.dumps(refusal.envelope()).encode())
        except G6Error as error:
            answer = HttpAnswer(
                500, json.dumps(Refusal(500, "GeneralException", str(error)).envelope()).encode()
            )
        return _spoiled(answer, struck)


def _written(
    told: endpoints.Told, asked: endpoints.ServerRequest, missing: Fault | None
) -> HttpAnswer:
    if isinstance(told, endpoints.Redirect):
        return HttpAnswer(302, b"", HTML, (("location", told.where),))
    if isinstance(told, bytes):
        if "gzip" in asked.headers.get("accept-encoding", ""):
            return HttpAnswer(200, gzip.compress(told, 1), CSV, (("content-encoding", "gzip"),))
        return HttpAnswer(200, told, CSV)
    if missing and isinstance(told, dict) and asked.keys:
        step = max(round(1 / missing.number(0.1)), 1)
        told = {key: value for place, (key, value) in enumerate(told.items()) if place % step}
    return HttpAnswer(200, b'{"status":"success","data":' + _json(told) + b"}")


def _json(told: Any) -> bytes:
    """Write JSON; a long object piece by piece, so that other threads get their turn."""
    if isinstance(told, dict):
        return (
            b"{"
            + b",".join(
                f"{json.dumps(key)}:{json.dumps(value)}".encode() for key, value in told.items()
            )
            + b"}"
        )
    return json.dumps(told).encode()


def _spoiled(answer: HttpAnswer, struck: Mapping[str, Fault]) -> HttpAnswer:
    for name, spoil in SPOILING.items():
        if name in struck:
            answer = spoil(answer, struck[name])
    return answer


REFUSING: Mapping[str, Callable[[Fault], Refusal]] = MappingProxyType(
    {
        "429": lambda _: too_many(),
        "403": lambda _: denied(),
        "error": lambda fault: Refusal(
            int(fault.number(500)), fault.error_type, "Something unexpected happened."
        ),
    }
)
"""Faults that answer with the broker's envelope."""

SPOILING: Mapping[str, Callable[[HttpAnswer, Fault], HttpAnswer]] = MappingProxyType(
    {
        "html": lambda _, fault: HttpAnswer(int(fault.number(502)), _PAGE, HTML),
        "no_error_type": lambda _, fault: HttpAnswer(
            int(fault.number(500)), b'{"status":"error","message":"Something went wrong."}'
        ),
        "truncated": lambda answer, _: HttpAnswer(
            answer.status, answer.body[: len(answer.body) // 2], answer.kind, answer.headers
        ),
        "no_content_type": lambda answer, _: HttpAnswer(
            answer.status, answer.body, "", answer.headers
        ),
    }
)
"""Faults that spoil an answer on its way out."""


async def _asked(scope: Scope, receive: Receive) -> endpoints.ServerRequest:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return endpoints.ServerRequest(scope["method"], scope["path"], query, form, headers)
