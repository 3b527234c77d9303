"""The routes beside the event stream: WebSocket, the state as a whole, login by cookie."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated

from fastapi import FastAPI, Query, Request, WebSocket
from fastapi.responses import Response

from g6.entrypoints.web.auth import COOKIE
from g6.entrypoints.web.problems import MEDIA_TYPE, problem, told_elsewhere
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.socket_pipe import SocketPipe
from g6.entrypoints.web.stream.stream_door import StreamDoor
from g6.errors import UserError

__all__ = ["add_stream"]

SESSION_SECONDS = 43_200
REFUSED: dict[int | str, dict[str, object]] = {
    status: {"description": sentence, "content": {MEDIA_TYPE: {}}}
    for status, sentence in {
        404: "No such event waits for an answer.",
        422: "A parameter cannot be read.",
        503: "This connection cannot become a stream.",
    }.items()
}


def add_stream(app: FastAPI, door: StreamDoor, token: str) -> None:
    """Add `/resync`, `/ws`, `/applied` and `/login`. `/events` is the port's own protocol's.

    Args:
        app: The application of the web port.
        door: Lets listeners in.
        token: What `/login` is answered with as a cookie, empty where none is needed.
    """
    _add_sockets(app, door)
    _add_state(app, door.hub)

    @app.get("/g6-stream.js", tags=["stream"], include_in_schema=False)
    def client() -> Response:
        """Return the reference client for browsers."""
        script = files("g6.entrypoints.web").joinpath("static/g6-stream.js").read_bytes()
        return Response(script, media_type="text/javascript; charset=utf-8")

    @app.post("/login", tags=["stream"], status_code=204)
    def login(request: Request) -> Response:
        """Take the token, which the request carries, into a cookie for a browser's stream."""
        answer = Response(status_code=204)
        if token:
            is_secure = request.url.scheme == "https"
            answer.set_cookie(
                COOKIE,
                token,
                max_age=SESSION_SECONDS,
                httponly=True,
                samesite="strict",
                secure=is_secure,
            )
        return answer


def _add_state(app: FastAPI, hub: Hub) -> None:
    """Add what is asked once: the state as a whole, and what a client has applied."""

    @app.get("/resync", tags=["stream"], responses=_answered("application/json", "The panels."))
    async def resync() -> Response:
        """Return every panel as it is now, with the id to go on from."""
        event = hub.sequence.snapshot(is_recovered=True)
        hub.counts.snapshot_sent("resync")
        return Response(event.message, media_type="application/json")

    @app.get(
        "/events",
        tags=["stream"],
        response_class=Response,
        responses=_answered("text/event-stream", "Events until the client goes.", 422, 503),
    )
    def events() -> Response:
        """Stream events: a snapshot, then what changes."""
        return problem(503, "this connection cannot become a stream", "open one of its own")

    @app.get(
        "/applied",
        tags=["stream"],
        status_code=204,
        responses={404: REFUSED[404], 422: REFUSED[422]},
    )
    async def applied(id: Annotated[str, Query(examples=["4f1c-120"])]) -> Response:
        """Take note that a client has applied an event that carried `_trace`."""
        if hub.applied(id):
            return Response(status_code=204)
        return problem(404, f"no event {id[:64]!r} waits to be applied", "send the id of the event")


def _answered(media: str, sentence: str, *refusals: int) -> dict[int | str, dict[str, object]]:
    """Return what a route is described to answer with."""
    answered: dict[int | str, dict[str, object]] = {
        200: {"description": sentence, "content": {media: {}}}
    }
    return answered | {status: REFUSED[status] for status in refusals}


def _add_sockets(app: FastAPI, door: StreamDoor) -> None:
    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        words: dict[str, str] = {}
        for name, text in socket.query_params.multi_items():
            words[name] = f"{words[name]},{text}" if name in words else text
        await socket.accept()
        try:
            request = door.request(words)
        except UserError as error:
            # 1008: the other side may not ask that. The reason has room for 123 bytes.
            reason = "; ".join(told_elsewhere(error)).encode()[:120]
            await socket.close(1008, reason.decode("utf-8", "ignore"))
            return
        pipe = SocketPipe(socket)
        listener = door.admit(pipe, request)
        try:
            await pipe.run(door.hub)
        finally:
            door.hub.leave(listener)
