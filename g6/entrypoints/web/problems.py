"""Errors as problem documents of RFC 9457: what happened, why, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from g6.domain.documents.panels import canonical
from g6.errors import G6Error, NothingToDo, RedisDown, Retryable, Unavailable, UserError

__all__ = ["MEDIA_TYPE", "problem", "with_problems"]

MEDIA_TYPE = "application/problem+json"
STATUS: tuple[tuple[type[G6Error], int], ...] = (
    (NothingToDo, 404),
    (Unavailable, 503),
    (UserError, 422),
    (RedisDown, 503),
    (Retryable, 503),
)
"""The status of each kind of error, the first that fits."""
TITLES: Mapping[int, str] = {
    404: "There is nothing of what was asked for",
    422: "The question cannot be read",
    500: "G6 could not answer",
    503: "A part of G6 does not answer now",
}
DOCS: Mapping[int, str] = {
    404: "docs/how-to/ask-over-http.md#nothing-there",
    422: "docs/how-to/ask-over-http.md#parameters",
    503: "docs/runbooks",
}
"""Where the documentation says more."""


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
    document: dict[str, object] = {
        "type": DOCS.get(status, "about:blank"),
        "title": TITLES.get(status, "The request cannot be answered"),
        "status": status,
        "detail": detail,
    }
    if fix:
        document["fix"] = fix
    return Response(canonical(document), status, dict(headers or {}), MEDIA_TYPE)


def with_problems(app: FastAPI) -> FastAPI:
    """Have an application answer errors of G6 and wrong parameters as problem documents."""

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

    return app


def _place(path: tuple[str | int, ...]) -> str:
    """Return the name of a parameter, of `("query", "cycles")` the last word."""
    return str(path[-1]) if path else "request"
