"""Errors as problem documents of RFC 9457: what happened, why, and what mends it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from g6.domain.documents.panels import canonical
from g6.domain.schema.nearest import nearest
from g6.errors import G6Error, NothingToDo, RedisDown, Retryable, Unavailable, UserError

__all__ = ["MEDIA_TYPE", "problem", "problem_bytes", "with_problems"]

MEDIA_TYPE = "application/problem+json"
PAGE = "docs/how-to/ask-over-http.md"
STATUS: tuple[tuple[type[G6Error], int], ...] = (
    (NothingToDo, 404),
    (Unavailable, 503),
    (UserError, 422),
    (RedisDown, 503),
    (Retryable, 503),
)
"""The status of each kind of error, the first that fits."""
_log = logging.getLogger("g6.web")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What all problems of one status have in common.

    Attributes:
        name: The last word of its type.
        title: What happened, of every problem of this kind.
        fix: What helps where the problem itself knows nothing better.
        place: Where the documentation says more.
    """

    name: str
    title: str
    fix: str
    place: str


KINDS: Mapping[int, ProblemKind] = {
    400: ProblemKind(
        "bad-request",
        "The request is not written as HTTP asks",
        "see /openapi.json",
        f"{PAGE}#parameters",
    ),
    401: ProblemKind(
        "no-token",
        "The right token is needed",
        "send Authorization: Bearer TOKEN",
        f"{PAGE}#who-may-ask",
    ),
    403: ProblemKind(
        "not-allowed",
        "This client may not ask",
        "the settings serve.allowed_addresses and serve.allowed_agents say who may",
        f"{PAGE}#who-may-ask",
    ),
    404: ProblemKind(
        "nothing-there",
        "There is nothing of what was asked for",
        "/ lists the pages and /v1 the studies",
        f"{PAGE}#nothing-there",
    ),
    405: ProblemKind(
        "wrong-method",
        "This page is not asked in that way",
        "use a method that the header Allow names",
        f"{PAGE}#errors",
    ),
    422: ProblemKind(
        "unread-parameter",
        "The question cannot be read",
        "/v1 lists the parameters of each study",
        f"{PAGE}#parameters",
    ),
    429: ProblemKind(
        "too-many",
        "This address asks too often",
        "ask again later, or raise the setting that the sentence names",
        f"{PAGE}#who-may-ask",
    ),
    500: ProblemKind(
        "failure",
        "G6 could not answer",
        "g6 logs --level ERROR shows the cause",
        f"{PAGE}#errors",
    ),
    503: ProblemKind(
        "part-away",
        "A part of G6 does not answer now",
        "g6 doctor says what is away and how to start it",
        "docs/runbooks",
    ),
}
"""By status. Another status is told as a failure."""


def problem_bytes(status: int, detail: str, fix: str = "") -> bytes:
    """Return a problem document.

    Args:
        status: The HTTP status.
        detail: What happened and why.
        fix: What mends it, empty for what helps with every problem of this status.

    >>> problem_bytes(404, "there is no panel x")[:44]
    b'{"detail":"there is no panel x","docs":"docs'
    """
    kind = KINDS.get(status, KINDS[500])
    document: dict[str, object] = {
        "type": f"urn:g6:problem:{kind.name}",
        "title": kind.title,
        "status": status,
        "detail": detail,
        "fix": fix or kind.fix,
        "docs": kind.place,
    }
    return canonical(document)


def problem(
    status: int, detail: str, fix: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer that says what went wrong.

    Args:
        status: The HTTP status.
        detail: What happened and why.
        fix: What mends it.
        headers: Further headers of the answer.
    """
    body = problem_bytes(status, detail, fix)
    return Response(body, status, dict(headers or {}), MEDIA_TYPE)


def with_problems(app: FastAPI) -> FastAPI:
    """Have an application answer every error as a problem document."""

    @app.exception_handler(G6Error)
    def of_error(_: Request, error: G6Error) -> Response:
        status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
        return problem(status, error.sentence, error.fix)

    @app.exception_handler(RequestValidationError)
    def of_parameters(request: Request, error: RequestValidationError) -> Response:
        sentences = [f"{_place(one['loc'])}: {one['msg']}" for one in error.errors()]
        return problem(
            422, "; ".join(sentences), f"see {request.url.path.split('.')[0]} in /openapi.json"
        )

    @app.exception_handler(HTTPException)
    def of_request(request: Request, error: HTTPException) -> Response:
        path = request.url.path
        sentences = {
            404: f"there is no page {path}",
            405: f"{path} is not asked with {request.method}",
        }
        detail = sentences.get(error.status_code, str(error.detail))
        fix = _near(app, path) if error.status_code == 404 else ""
        return problem(error.status_code, detail, fix, error.headers)

    @app.exception_handler(Exception)
    def of_failure(request: Request, error: Exception) -> Response:
        _log.error("%s failed", request.url.path, exc_info=error)
        # What a library says of itself may hold a secret: it goes to the log, which masks them.
        return problem(500, f"{request.url.path} failed inside of G6 ({type(error).__name__})")

    return app


def _near(app: FastAPI, path: str) -> str:
    """Return the page that a mistyped path is near to, as a fix, empty where there is none."""
    paths = [str(getattr(route, "path", "")) for route in app.routes]
    near = nearest(path, [plain for plain in paths if "{" not in plain])
    return f"did you mean {near}?" if near else ""


def _place(path: tuple[str | int, ...]) -> str:
    """Return the name of a parameter, of `("query", "cycles")` the last word."""
    return str(path[-1]) if path else "request"
