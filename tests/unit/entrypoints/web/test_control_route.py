"""Switches over HTTP: off by default, with the token in the header, written down."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from g6.adapters.memory.controls import MemoryControls
from g6.entrypoints.web.auth import COOKIE
from g6.entrypoints.web.control_routes import WebControl, add_control
from g6.entrypoints.web.problems import with_problems
from g6.errors import BadConfig

TOKEN = "a-token-of-sixteen-and-more"
HEADER = {"Authorization": f"Bearer {TOKEN}"}


class Controlled:
    """An application with the route, and the switches behind it."""

    def __init__(self, *, is_on: bool = True, has_dumps: bool = True) -> None:
        self.controls = MemoryControls()
        self.refreshed: list[frozenset[str]] = []
        self.has_dumps = has_dumps
        control = WebControl(self.controls, frozenset({"NIFTY", "SENSEX"}), TOKEN, self._refresh)
        self.app = with_problems(FastAPI())
        add_control(self.app, control if is_on else None)

    def _refresh(self, indices: frozenset[str]) -> dict[str, int]:
        if not self.has_dumps:
            raise BadConfig("the provider sim has no dumps to download", "--provider kite")
        self.refreshed.append(indices)
        return {"provider": 2}

    def post(self, order: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://g6") as client:
                sent = HEADER if headers is None else headers
                return await client.post("/v1/control", json=order, headers=sent)

        return asyncio.run(ask())


def test_it_is_off_unless_it_is_configured() -> None:
    off = Controlled(is_on=False)
    answer = off.post({"action": "pause"})
    assert answer.status_code == 403
    assert "serve.control=true" in answer.json()["fix"]
    assert off.controls.read().paused == {}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer guess"},
        {"Cookie": f"{COOKIE}={TOKEN}"},
        {"Authorization": TOKEN},
    ],
)
def test_the_token_must_be_in_the_header(headers: dict[str, str]) -> None:
    world = Controlled()
    assert world.post({"action": "pause"}, headers).status_code == 401
    assert world.controls.read().paused == {}


def test_a_running_replay_is_steered_and_a_wrong_order_changes_nothing() -> None:
    world = Controlled()
    answer = world.post({"action": "replay", "order": "pause"})
    assert answer.json()["replay"] == {"is_paused": True, "steps": 0}
    assert world.post({"action": "replay", "order": "sideways"}).status_code == 422
    replay = world.controls.read().replay
    assert replay is not None
    assert replay.is_paused


@pytest.mark.parametrize("order", [None, [], {"action": "stop"}])
def test_who_may_not_is_told_so_before_the_order_is_read(order: Any) -> None:
    assert Controlled(is_on=False).post(order).status_code == 403
    assert Controlled().post(order, {}).status_code == 401


def test_an_order_that_cannot_be_read_is_told_how_it_is_written() -> None:
    problem = Controlled().post({"action": "stop"}).json()
    assert problem["detail"] == "there is no action 'stop'"
    assert problem["fix"] == "choose among pause, resume, refresh-expiries, replay"
    problem = Controlled().post(["pause"]).json()
    assert problem["detail"] == "the body is no JSON object"
    assert '{"action": "pause"}' in problem["fix"]


def test_an_index_is_paused_and_resumed() -> None:
    world = Controlled()
    assert world.post({"action": "pause", "index": "nifty"}).status_code == 200
    assert list(world.controls.read().paused) == ["NIFTY"]
    assert world.post({"action": "resume", "index": "NIFTY"}).json()["paused"] == {}
    assert world.controls.read().paused == {}


def test_all_are_paused_and_resumed_together() -> None:
    world = Controlled()
    world.post({"action": "pause"})
    assert list(world.controls.read().paused) == ["*"]
    answer = world.post({"action": "resume", "index": "NIFTY"})
    assert answer.status_code == 422
    assert list(world.controls.read().paused) == ["*"]
    world.post({"action": "resume"})
    assert world.controls.read().paused == {}


def test_expiries_are_refreshed_where_the_provider_has_dumps() -> None:
    world = Controlled()
    answer = world.post({"action": "refresh-expiries", "index": "NIFTY"})
    assert answer.json() == {"action": "refresh-expiries", "dumps": {"provider": 2}}
    assert world.refreshed == [frozenset({"NIFTY"})]
    none = Controlled(has_dumps=False).post({"action": "refresh-expiries"})
    assert none.status_code == 422
    assert none.json()["fix"] == "--provider kite"


@pytest.mark.parametrize(
    "order",
    [{}, {"action": "stop"}, {"action": "pause", "index": "GOLD"}, {"action": "pause", "x": 1}, []],
)
def test_what_is_no_order_changes_nothing(order: Any) -> None:
    world = Controlled()
    answer = world.post(order)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.controls.read().paused == {}


def test_who_did_what_is_written_down(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "g6.control")
    world = Controlled()
    world.post({"action": "pause", "index": "NIFTY"}, {**HEADER, "X-Request-ID": "order-66"})
    world.post({"action": "pause"}, {})
    lines = [record.getMessage() for record in caplog.records if record.name == "g6.control"]
    assert "pause of NIFTY by 127.0.0.1, request 'order-66'" in lines
    assert any("refused" in line for line in lines)
    assert TOKEN not in "".join(lines)
