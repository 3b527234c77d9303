"""Every request has an id, which is logged and sent back, and every answer the safe headers."""

from __future__ import annotations

import logging
import re
from time import monotonic
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["PAGE_POLICY", "RequestLog", "log_request", "request_id"]

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What a page may load unless it says so itself: nothing, and no script of its own either."""
NAME = b"x-request-id"
# A line of a log and a header are made of it: nothing that ends a line, and not too long.
REQUEST_ID = re.compile(r"[!-~]{1,128}")
REFUSED = frozenset({400, 401, 403, 429, 500})
"""What is logged whether the client has an id for its request or not."""
_log = logging.getLogger("g6.web")


def request_id(sent: str) -> str:
    """Return the id that a client sent for its request, or a new one.

    >>> request_id("abc-1"), len(request_id("two words"))
    ('abc-1', 32)
    """
    return sent if REQUEST_ID.fullmatch(sent) else uuid4().hex


def log_request(
    line: str, status: int, seconds: float, name: str, client: str, *, has_id: bool
) -> None:
    """Log a request by its id.

    Args:
        line: Its method and path, as they were sent and without the query.
        status: Of the answer.
        seconds: What the answer took.
        name: The id.
        client: The address of who asked.
        has_id: Whether the client named the request itself, and so looks for it in the log.
    """
    level = logging.INFO if has_id or status in REFUSED else logging.DEBUG
    text = "%s %d in %.0f ms, request %s of %s"
    _log.log(level, text, line, status, 1e3 * seconds, name, client or "?")


class RequestLog:
    """An application whose requests are logged by their ids.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and log it."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._open(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = _id_of(scope)
        name = request_id(sent)
        begun = monotonic()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_added(message["headers"], name)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            seconds = monotonic() - begun
            log_request(_line(scope), status, seconds, name, _client(scope), has_id=bool(sent))

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open a WebSocket, which is logged as it begins: it may last for a day."""
        sent = _id_of(scope)
        name = request_id(sent)
        begun = monotonic()
        is_answered = False

        async def send_with_id(message: Message) -> None:
            nonlocal is_answered
            if not is_answered:
                is_answered = True
                is_open = message["type"] == "websocket.accept"
                if is_open:
                    headers = message.get("headers", ())
                    message["headers"] = [*headers, (NAME, name.encode("latin-1"))]
                status = 101 if is_open else 403
                seconds = monotonic() - begun
                log_request(_line(scope), status, seconds, name, _client(scope), has_id=bool(sent))
            await send(message)

        await self._app(scope, receive, send_with_id)


def _id_of(scope: Scope) -> str:
    """Return the id that a client sent for its request, empty for none."""
    return str(dict(scope["headers"]).get(NAME, b"").decode("latin-1"))


def _line(scope: Scope) -> str:
    """Return method and path of a request."""
    # The path as it was sent: decoded, a line feed in it would begin a line of its own.
    path = scope.get("raw_path", b"").decode("latin-1")
    return f"{scope.get('method', 'GET')} {path}"


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _added(headers: list[tuple[bytes, bytes]], name: str) -> list[tuple[bytes, bytes]]:
    """Return the headers that an answer lacks."""
    there = {key.lower(): value for key, value in headers}
    added = [(NAME, name.encode("latin-1")), (b"x-content-type-options", b"nosniff")]
    is_page = there.get(b"content-type", b"").startswith(b"text/html")
    if is_page:
        added += [
            (b"content-security-policy", PAGE_POLICY.encode()),
            (b"referrer-policy", b"no-referrer"),
        ]
    return [(key, value) for key, value in added if key not in there]
