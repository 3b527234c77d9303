"""Kite's HTTP interface: a request is registered, counted, struck by faults, and answered."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import parse_qs, parse_qsl

from starlette.types import Receive, Scope, Send

from g6.errors import G6Error
from g6.kite_server.quota import Arrival
from g6.kite_server.refusal import RequestRefusal, denied, too_many
from g6.kite_server.rest import endpoints
from g6.kite_server.rest.endpoints import Redirect, ServerRequest
from g6.kite_server.server_faults import Fault
from g6.kite_server.server_state import ServerState

JSON = "application/json"
CSV = "text/csv"
HTML = "text/html; charset=utf-8"
_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer.

    `kind` is the content type, "" for none at all.
    """

    status: int
    body: bytes
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    async def send(self, send: Send) -> None:
        """Send it."""
        headers = [("content-length", str(len(self.body)))]
        if self.kind:
            headers.append(("content-type", self.kind))
        headers += self.headers
        encoded = [(name.encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": self.status, "headers": encoded})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True)
class Api:
    """The ASGI application of Kite's routes.

    `abort` resets the connection of a client's address.
    """

    server: ServerState
    abort: Callable[[tuple[str, int]], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = await _request(scope, receive)
        family = endpoints.family(request.path)
        arrival = self.server.quota.arrive(family, request.method, request.path, len(request.keys))
        faults = self.server.faults.strikes(family, request.path, keys=request.keys)
        by_name = {fault.name: fault for fault in faults}
        if delay := by_name.get("delay"):
            await asyncio.sleep(delay.number(1.0))
        if "reset" in by_name:
            self.abort(scope["client"])
            return
        answer = await self._answer(request, arrival, by_name)
        arrival.status = answer.status
        if certificate := self.server.options.certificate:
            answer = replace(answer, headers=(*answer.headers, ("g6-certificate", certificate)))
        await answer.send(send)

    async def _answer(
        self, request: ServerRequest, arrival: Arrival, faults: Mapping[str, Fault]
    ) -> HttpAnswer:
        try:
            if not self.server.quota.allows(arrival, request.api_key):
                raise too_many()
            for name, refuse in REFUSING.items():
                if name in faults:
                    raise refuse(faults[name])
            data = await asyncio.to_thread(endpoints.answer, self.server, request)
            answer = await asyncio.to_thread(_encode, data, request, faults.get("missing_keys"))
        except RequestRefusal as refusal:
            answer = _refused(refusal)
        except G6Error as error:
            answer = _refused(RequestRefusal(500, "GeneralException", str(error)))
        for name, spoil in SPOILING.items():
            if name in faults:
                answer = spoil(answer, faults[name])
        return answer


def _refused(refusal: RequestRefusal) -> HttpAnswer:
    return HttpAnswer(refusal.status, json.dumps(refusal.envelope()).encode())


def _encode(
    data: endpoints.AnswerData, request: ServerRequest, missing: Fault | None
) -> HttpAnswer:
    if isinstance(data, Redirect):
        return HttpAnswer(302, b"", HTML, (("location", data.where),))
    if isinstance(data, bytes):
        if "gzip" in request.headers.get("accept-encoding", ""):
            return HttpAnswer(200, gzip.compress(data, 1), CSV, (("content-encoding", "gzip"),))
        return HttpAnswer(200, data, CSV)
    if missing and isinstance(data, dict) and request.keys:
        step = max(round(1 / missing.number(0.1)), 1)
        data = {key: data[key] for position, key in enumerate(data) if position % step}
    return HttpAnswer(200, b'{"status":"success","data":' + _json(data) + b"}")


def _json(data: object) -> bytes:
    # A long object is encoded piece by piece, so that the event loop's thread gets its turn.
    if isinstance(data, dict):
        members = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in data.items()]
        return ("{" + ",".join(members) + "}").encode()
    return json.dumps(data).encode()


def _unexpected(fault: Fault) -> RequestRefusal:
    return RequestRefusal(
        int(fault.number(500)), fault.error_type, "Something unexpected happened."
    )


REFUSING: Mapping[str, Callable[[Fault], RequestRefusal]] = MappingProxyType(
    {"429": lambda _: too_many(), "403": lambda _: denied(), "error": _unexpected}
)
"""Faults that answer with Kite's error envelope."""


def _page_of_html(_: HttpAnswer, fault: Fault) -> HttpAnswer:
    return HttpAnswer(int(fault.number(502)), _PAGE, HTML)


def _without_error_type(_: HttpAnswer, fault: Fault) -> HttpAnswer:
    body = b'{"status":"error","message":"Something went wrong."}'
    return HttpAnswer(int(fault.number(500)), body)


def _cut_in_half(answer: HttpAnswer, _: Fault) -> HttpAnswer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _without_content_type(answer: HttpAnswer, _: Fault) -> HttpAnswer:
    return replace(answer, kind="")


SPOILING: Mapping[str, Callable[[HttpAnswer, Fault], HttpAnswer]] = MappingProxyType(
    {
        "html": _page_of_html,
        "no_error_type": _without_error_type,
        "truncated": _cut_in_half,
        "no_content_type": _without_content_type,
    }
)
"""Faults that spoil an answer on its way out."""


async def read_body(receive: Receive) -> bytes:
    """Return the whole body of a request."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _request(scope: Scope, receive: Receive) -> ServerRequest:
    body = await read_body(receive)
    headers = {}
    for name, value in scope["headers"]:
        headers[name.decode("latin-1").lower()] = value.decode("latin-1")
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return ServerRequest(scope["method"], scope["path"], query, form, headers)
