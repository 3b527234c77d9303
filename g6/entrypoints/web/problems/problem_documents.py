"""Errors as problem documents of RFC 9457: what happened, why, and what mends it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import WebSocketRoute

from g6.domain.documents.panels import canonical
from g6.domain.schema.nearest import nearest
from g6.entrypoints.web.problems.command_addresses import (
    OTHER_NAMES,
    STUDIES_PATH,
    address_in,
    command_of,
    why_not_offered,
)
from g6.entrypoints.web.problems.request_errors import RequestFault, error_of
from g6.errors import G6Error, NothingToDo, RedisDown, Retryable, Unavailable, UserError
from g6.errors.machine_places import hide_places

__all__ = [
    "MEDIA_TYPE",
    "RefusedRequest",
    "problem",
    "problem_bytes",
    "told_elsewhere",
    "with_problems",
]

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
EVENTS_PATH = "/events"
_log = logging.getLogger("g6.web")


class RefusedRequest(Exception):
    """A request that is refused before anything of it is read.

    Attributes:
        status: The HTTP status.
        sentence: What happened and why.
        fix: What mends it.
        headers: Further headers of the answer.
    """

    def __init__(
        self, status: int, sentence: str, fix: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.fix = fix
        self.headers = headers


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What all problems of one status have in common.

    Attributes:
        name: The last word of its type.
        title: What happened, of every problem of this kind.
        fix: What helps where the problem itself knows nothing better.
        place: Where the documentation says more.
        ask: The address that says more, empty for none.
    """

    name: str
    title: str
    fix: str
    place: str
    ask: str = ""


KINDS: Mapping[int, ProblemKind] = {
    400: ProblemKind(
        "bad-request",
        "The request is not written as HTTP asks",
        "see /openapi.json",
        f"{PAGE}#parameters",
        "/openapi.json",
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
        "/v1/catalogue",
    ),
    405: ProblemKind(
        "wrong-method",
        "This page is not asked in that way",
        "use a method that the header Allow names",
        f"{PAGE}#errors",
        "/openapi.json",
    ),
    421: ProblemKind(
        "other-name",
        "This server is not asked under that name",
        "the setting serve.allowed_hosts says under which names a proxy asks",
        f"{PAGE}#who-may-ask",
    ),
    422: ProblemKind(
        "unread-parameter",
        "The question cannot be read",
        "/v1 lists the parameters of each study",
        f"{PAGE}#parameters",
        "/v1",
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
        "/readyz",
    ),
}
"""By status. Another status is told as a failure."""


def problem_bytes(status: int, detail: str, fix: str = "", ask: str = "") -> bytes:
    """Return a problem document.

    Args:
        status: The HTTP status.
        detail: What happened and why.
        fix: What mends it, empty for what helps with every problem of this status.
        ask: The address to ask instead, empty where there is none.

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
    if ask:
        document["ask"] = ask
    return canonical(document)


def problem(
    status: int,
    detail: str,
    fix: str = "",
    headers: Mapping[str, str] | None = None,
    ask: str = "",
) -> Response:
    """Return the answer that says what went wrong.

    Args:
        status: The HTTP status.
        detail: What happened and why.
        fix: What mends it.
        headers: Further headers of the answer.
        ask: The address to ask instead.
    """
    body = problem_bytes(status, detail, fix, ask)
    return Response(body, status, dict(headers or {}), MEDIA_TYPE)


def told_elsewhere(error: G6Error) -> tuple[str, str]:
    """Return sentence and fix of an error as they leave the machine: without its places.

    >>> told_elsewhere(NothingToDo("no row in /srv/g6/data", "g6 run --data-dir /srv/g6/data"))
    ('no row in …/data', 'g6 run --data-dir …/data')
    """
    fix = error.fix if error.fix_from_elsewhere is None else error.fix_from_elsewhere
    return hide_places(error.sentence), hide_places(fix)


def with_problems(app: FastAPI) -> FastAPI:
    """Have an application answer every error as a problem document."""

    @app.exception_handler(G6Error)
    def of_error(_: Request, error: G6Error) -> Response:
        status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
        sentence, fix = told_elsewhere(error)
        return problem(status, sentence, fix, ask=_instead(app, status, fix))

    @app.exception_handler(RefusedRequest)
    def of_refusal(_: Request, refusal: RefusedRequest) -> Response:
        return problem(refusal.status, refusal.sentence, refusal.fix, refusal.headers)

    @app.exception_handler(RequestValidationError)
    def of_parameters(request: Request, error: RequestValidationError) -> Response:
        fault = error_of(request, map(RequestFault.parse, error.errors()))
        ask = fault.address or _instead(app, 422, "")
        return problem(422, fault.sentence, fault.fix, ask=ask)

    @app.exception_handler(HTTPException)
    def of_request(request: Request, error: HTTPException) -> Response:
        path = request.url.path
        sentences = {
            404: f"there is no page {path}",
            405: f"{path} is not asked with {request.method}",
        }
        detail = sentences.get(error.status_code, str(error.detail))
        fix = near = ""
        if error.status_code == 404 and _is_socket(app, path):
            detail = f"{path} is a WebSocket, and no upgrade of the connection was asked for"
            fix = f"connect to ws://HOST:PORT{path}; {EVENTS_PATH} tells the same over plain HTTP"
            near = EVENTS_PATH
        elif error.status_code == 404:
            near = _near(app, path)
            if reason := why_not_offered(path):
                detail = f"{detail}: {reason}"
            fix = f"did you mean {near}?" if near else command_of(path)
            near = near or "/v1"
        ask = _instead(app, error.status_code, near)
        return problem(error.status_code, detail, fix, error.headers, ask)

    @app.exception_handler(Exception)
    def of_failure(request: Request, error: Exception) -> Response:
        _log.error("%s failed", request.url.path, exc_info=error)
        # What a library says of itself may hold a secret: it goes to the log, which masks them.
        return problem(500, f"{request.url.path} failed inside of G6 ({type(error).__name__})")

    return app


def _is_socket(app: FastAPI, path: str) -> bool:
    """Tell whether a path is that of a WebSocket."""
    sockets = [route.path for route in app.routes if isinstance(route, WebSocketRoute)]
    return path in sockets


def _instead(app: FastAPI, status: int, fix: str) -> str:
    """Return the address in a fix, or that answers its command, else the one of the status."""
    paths = _plain_paths(app)
    address = fix if fix.startswith("/") else address_in(fix)
    for instead in (address, KINDS[status].ask if status in KINDS else ""):
        if instead.partition("?")[0] in paths:
            return instead
    return ""


def _near(app: FastAPI, path: str) -> str:
    """Return the page that a mistyped path is near to, empty where there is none."""
    paths = _plain_paths(app)
    # What all paths begin with alike would make any study near to any other.
    name = path.removeprefix(STUDIES_PATH).removeprefix("/")
    if not path.startswith(STUDIES_PATH) and (page := nearest(path, paths)):
        return page
    if command_of(path):
        return ""
    names = [known.removeprefix(STUDIES_PATH) for known in paths if known.startswith(STUDIES_PATH)]
    near = OTHER_NAMES.get(name.lower(), "") or nearest(name, names)
    return STUDIES_PATH + near if near in names else ""


def _plain_paths(app: FastAPI) -> list[str]:
    """Return the paths of an application that have no parts to fill in."""
    paths = [str(getattr(route, "path", "")) for route in app.routes]
    return [path for path in paths if "{" not in path]
