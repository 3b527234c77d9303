"""`POST /v1/control`: pause and resume indices, refresh expiries. Off unless it is configured."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Literal

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from g6.domain.documents.panels import canonical
from g6.domain.reports.switches import EVERY_INDEX, REPLAY, REPLAY_WORDS, ReplayOrder
from g6.domain.schema.nearest import no_such
from g6.entrypoints.web.problems import MEDIA_TYPE as PROBLEM
from g6.entrypoints.web.problems import RefusedRequest
from g6.errors import UserError
from g6.ports import Controls

__all__ = ["ControlOrder", "WebControl", "add_control"]

SWITCH = "paused"
_log = logging.getLogger("g6.control")


class ControlOrder(BaseModel):
    """What is to be done."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"action": "pause", "index": "NIFTY"}]}
    )

    action: Literal["pause", "resume", "refresh-expiries", "replay"] = Field(
        description="pause and resume act from the next cycle on; refresh-expiries downloads the "
        "instrument dumps again; replay steers a running replay"
    )
    order: str | None = Field(default=None, description=f"of a replay: {REPLAY_WORDS}")
    index: str | None = Field(default=None, description="only this index; else every one")


@dataclass(frozen=True, slots=True)
class WebControl:
    """Throws the switches of the running system for a web client.

    Attributes:
        controls: The switches.
        indices: The indices that are collected.
        token: What the client must send in the header. Empty: nobody may.
        refresh: Downloads the dumps of some indices, and returns how many came from where.
    """

    controls: Controls
    indices: Set[str]
    token: str
    refresh: Callable[[frozenset[str]], Mapping[str, int]]

    def carry_out(self, order: ControlOrder, who: str) -> dict[str, object]:
        """Do what is asked, and return what is in force then.

        Raises:
            UserError: There is no such index, or it cannot be done.
        """
        if order.action == REPLAY:
            after = (self.controls.read().replay or ReplayOrder()).then(order.order or "")
            self.controls.set(REPLAY, after.to_json())
            return {"action": order.action, "replay": after.to_json()}
        names = frozenset(self.indices) if order.index is None else frozenset([self._index(order)])
        if order.action == "refresh-expiries":
            return {"action": order.action, "dumps": dict(self.refresh(names))}
        paused = dict(self.controls.read().paused)
        if order.action == "pause":
            name = EVERY_INDEX if order.index is None else order.index.upper()
            paused[name] = f"over HTTP by {who}"
        elif order.index is None:
            paused = {}
        elif EVERY_INDEX in paused:
            raise UserError(
                "every index is paused, so that one alone cannot be resumed",
                'send {"action": "resume"}, then pause the others',
            )
        else:
            paused.pop(order.index.upper(), None)
        self.controls.set(SWITCH, paused or None)
        return {"action": order.action, "paused": paused}

    def may(self, request: Request) -> bool:
        """Tell whether a request carries the token in its header. A cookie is not enough."""
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(sent.encode(), self.token.encode())
        return bool(self.token) and scheme.lower() == "bearer" and is_right

    def _index(self, order: ControlOrder) -> str:
        name = str(order.index).upper()
        if name not in self.indices:
            raise no_such("index", order.index, sorted(self.indices))
        return name


def add_control(app: FastAPI, control: WebControl | None) -> None:
    """Add `POST /v1/control`.

    Args:
        app: The application of the web port.
        control: Throws the switches, None where that is switched off.
    """

    def admitted(request: Request) -> WebControl:
        """Return the control. Refuses before the body is looked at."""
        if control is None:
            fix = "set serve.control=true and serve.token, then start g6 serve again"
            sentence = "the control of the running system over HTTP is switched off"
            raise RefusedRequest(403, sentence, fix)
        if not control.may(request):
            _log.warning("an order by %s refused: no right token in the header", _sender(request))
            headers = {"WWW-Authenticate": "Bearer"}
            raise RefusedRequest(401, "an order needs serve.token in the header", "", headers)
        return control

    needs = Depends(admitted)

    @app.post("/v1/control", tags=["control"], responses=_RESPONSES)
    def carry_out(request: Request, order: ControlOrder, switches: WebControl = needs) -> Response:
        """Pause or resume indices, or refresh their expiries; the token is needed."""
        who = _sender(request)
        answer = switches.carry_out(order, who)
        name = request.headers.get("x-request-id", "")
        about = order.index or "every index"
        _log.info("%s of %s by %s, request %r", order.action, about, who, name[:128])
        return Response(canonical(answer), media_type="application/json")


def _sender(request: Request) -> str:
    return request.client.host if request.client else "?"


_RESPONSES: dict[int | str, dict[str, object]] = {
    code: {"description": sentence, "content": {PROBLEM: {}}}
    for code, sentence in {
        401: "The token is not in the header.",
        403: "This is switched off.",
        422: "There is no such action or index, or the provider has no dumps.",
        503: "A part of the running system does not answer now.",
    }.items()
}
