"""Authentication of HTTP requests by a bearer token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

OPEN_PATH = "/healthz"
"""Answered without a token, so that a load balancer needs none."""


def guarded(app: FastAPI, token: str) -> FastAPI:
    """Have `app` answer only requests that carry `token`, or all where there is no token."""

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        sent = request.headers.get("authorization", "").encode()
        # compare_digest takes the same time whatever matches. == would tell how far a guess fits.
        is_allowed = (
            not token
            or request.url.path == OPEN_PATH
            or hmac.compare_digest(sent, f"Bearer {token}".encode())
        )
        if is_allowed:
            return await answer(request)
        sentence = "this needs serve.token, sent as Authorization: Bearer TOKEN"
        return JSONResponse({"error": sentence}, 401, {"WWW-Authenticate": "Bearer"})

    return app
