"""Every error of every route is a problem document that says what mends it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from g6.adapters.clocks import ScaledClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.memory.vitals import MemoryVitals
from g6.domain.reports import VitalSigns
from g6.domain.schema.json_types import Document
from g6.entrypoints.web.apps import metrics_app, web_app
from g6.entrypoints.web.state import Watcher
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.routes import add_stream
from g6.entrypoints.web.stream.stream_door import StreamDoor
from g6.errors import RedisDown
from g6.observability.follower import BusFollower
from tests.unit.entrypoints.web.test_serve import NOON, Away, world
from tests.worlds.stored_cycles import store_two_cycles
from tests.worlds.web.asked_over_http import StudyClient, answers_of, study_app

FIELDS = {"type", "title", "status", "detail", "fix", "docs"}
SECRET = "a-token-that-stands-in-an-error"


class AwayPanels(MemoryPanels):
    """Panels behind a server that does not answer."""

    def get(self, name: str) -> Document | None:
        raise RedisDown("Redis does not answer", "g6 up starts one")

    def all(self) -> dict[str, Document]:
        raise RedisDown("Redis does not answer", "g6 up starts one")

    def names(self) -> list[str]:
        raise RedisDown("Redis does not answer", "g6 up starts one")


def whole_app(directory: Path, **ports: Any) -> FastAPI:
    runtime = replace(world(), **ports)
    follower = BusFollower(runtime.bus, MemoryTotals(), runtime.plan.indices)
    app = web_app(Watcher(runtime, follower), answers_of(directory))
    hub = Hub(MemoryBus(), MemoryPanels(), length=16, heartbeat_seconds=1.0)
    add_stream(app, StreamDoor(hub), "")
    return app


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("asked")
    store_two_cycles(path)
    return path


@pytest.fixture(scope="module")
def app(directory: Path) -> FastAPI:
    return whole_app(directory)


def check(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert FIELDS <= set(document) <= FIELDS | {"ask"}
    assert document["status"] == status
    assert all(document.values())
    return document


def paths(app: FastAPI) -> list[str]:
    """Return an address of every route, with words in place of the names of its parts."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    return [re.sub(r"\{[^}]*\}", "json", route.path) for route in routes]


def test_a_method_that_a_page_has_not_is_a_problem_on_every_route(app: FastAPI) -> None:
    client = StudyClient(app)
    assert len(paths(app)) > 60
    for path in paths(app):
        answer = client.ask("DELETE", path)
        assert "is not asked with DELETE" in check(answer, 405)["detail"], path
        assert answer.headers["allow"]


def test_a_parameter_that_is_none_is_a_problem_on_every_study(app: FastAPI) -> None:
    client = StudyClient(app)
    for study in client.get("/v1").json()["studies"]:
        document = check(client.get(f"{study['path']}?no_such=1"), 422)
        detail = document["detail"]
        assert "no_such" in detail or detail.endswith("is missing"), (study["path"], detail)


@pytest.mark.parametrize("path", ["/v1/chian", "/panel", "/statsu", "/nowhere/at/all", "/v2/chain"])
def test_a_page_that_is_not_there_is_a_problem(app: FastAPI, path: str) -> None:
    document = check(StudyClient(app).get(path), 404)
    assert path in document["detail"]


def test_a_mistyped_page_is_named(app: FastAPI) -> None:
    assert check(StudyClient(app).get("/v1/chian"), 404)["fix"] == "did you mean /v1/chain?"
    assert check(StudyClient(app).get("/chian"), 404)["fix"] == "did you mean /v1/chain?"


@pytest.mark.parametrize("path", ["/login", "/metric", "/readyz", "/v1/login", "/v1/zzz"])
def test_a_page_that_is_like_none_is_not_guessed(directory: Path, path: str) -> None:
    client = StudyClient(study_app(directory))
    assert "did you mean" not in check(client.get(path), 404)["fix"]


@pytest.mark.parametrize(
    ("path", "detail", "address"),
    [
        ("/v1/chain", "index is missing", "/v1/chain?index=NIFTY"),
        ("/v1/chain.pdf?index=SENSEX", "there is no form 'pdf'", "/v1/chain?index=SENSEX"),
        ("/v1/scan?index=SENSEX&cycles=0", "cycles 0 is too", "/v1/scan?index=SENSEX&cycles=60"),
        ("/v1/chain?index=BANKEX", "nothing of BANKEX", "/v1/stored_days"),
        ("/v1/chain?index=NIFTY&at=2020-01-01", "nothing of NIFTY", "/v1/stored_days"),
        ("/v1/chain?index=NIFTY&at=soon", "'soon' is no instant", "/v1"),
        ("/v1/chain?index=NIFTY&strikes=2", "chain has no parameter", "/v1"),
        ("/v1/pruning_plan", "which days?", "/v1"),
        ("/v1/heatmap?index=NIFTY&of=foo", "there is no of= choice 'foo'", "/v1"),
        ("/ws", "/ws is a WebSocket", "/events"),
        ("/v1/gex", "there is no page /v1/gex", "/v1/exposures"),
        ("/v1/foo", "there is no page /v1/foo", "/v1"),
        ("/v1/doctor", "there is no page /v1/doctor: it looks into this machine", "/v1"),
        ("/panels/nothing", "no panel nothing", "/v1/catalogue"),
    ],
)
def test_an_error_names_the_address_to_ask_instead(
    app: FastAPI, path: str, detail: str, address: str
) -> None:
    client = StudyClient(app)
    answer = client.get(path)
    document = check(answer, answer.status_code)
    assert detail in document["detail"]
    assert document["ask"] == address
    if address != "/events":
        assert client.get(address).status_code in {200, 404, 422}
    assert "Input should" not in document["detail"]
    assert not re.search(r"--[a-z]+ [A-Z]", document["fix"]), "an option of a shell"


def test_an_address_instead_is_answered(app: FastAPI) -> None:
    client = StudyClient(app)
    for path in ("/v1/foo", "/v1/chain?index=BANKEX", "/v1/chain.pdf?index=FINNIFTY"):
        assert client.get(client.get(path).json()["ask"]).status_code == 200, path


def test_a_study_of_the_machine_names_its_command(app: FastAPI) -> None:
    assert check(StudyClient(app).get("/v1/doctor"), 404)["fix"] == "g6 doctor, where G6 runs"


def test_an_answer_that_fails_inside_says_so_and_no_secret(directory: Path) -> None:
    app = whole_app(directory)

    @app.get("/broken")
    def broken() -> None:
        raise ValueError(SECRET)

    answer = StudyClient(app).get("/broken")
    assert "ValueError" in check(answer, 500)["detail"]
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    "path", ["/panels", "/panels/indices", "/v1/panels/provider", "/v1/panels/index_NIFTY"]
)
def test_a_redis_that_is_away_is_a_problem(directory: Path, path: str) -> None:
    client = StudyClient(whole_app(directory, panels=AwayPanels()))
    document = check(client.get(path), 503)
    assert document["detail"] == "Redis does not answer"
    assert document["fix"] == "g6 up starts one"


class AwayVitals(MemoryVitals):
    """Vitals behind a server that does not answer."""

    def read(self) -> VitalSigns:
        raise RedisDown("Redis does not answer", "g6 up starts one")


def test_the_status_is_told_while_redis_is_away_and_asks_it_once() -> None:
    runtime = replace(world(), vitals=AwayVitals())
    follower = BusFollower(runtime.bus, MemoryTotals(), runtime.plan.indices)

    def restart_needed() -> list[str]:
        raise RedisDown("Redis does not answer")

    app = web_app(Watcher(runtime, follower, restart_needed=restart_needed))
    answer = StudyClient(app).get("/status")
    assert answer.status_code == 200
    assert answer.json()["readiness_ok"] is False
    assert "Redis does not answer" in answer.json()["readiness_reason"]


class AwayClock(ScaledClock):
    """A clock whose market stands in a Redis that has not answered yet."""

    def market(self) -> datetime:
        raise RedisDown("Redis does not answer", "g6 up starts one")


def test_the_status_is_told_before_redis_has_ever_answered() -> None:
    runtime = replace(world(), clock=AwayClock(0.0, NOON))
    follower = BusFollower(runtime.bus, MemoryTotals(), runtime.plan.indices)
    client = StudyClient(web_app(Watcher(runtime, follower)))
    answer = client.get("/status")
    assert answer.status_code == 200
    assert "Redis does not answer" in answer.json()["readiness_reason"]
    assert answer.json()["market"]["open"] is False
    assert client.get("/readyz").status_code == 503


def test_stored_rows_are_answered_while_redis_is_away(directory: Path) -> None:
    client = StudyClient(whole_app(directory, panels=AwayPanels()))
    assert client.get("/v1/chain?index=FINNIFTY").status_code == 200
    assert client.get("/v1/panels/index_FINNIFTY?at=latest").status_code == 200


def test_totals_that_are_not_read_yet_are_a_problem(directory: Path) -> None:
    runtime = world()
    follower = BusFollower(runtime.bus, Away(), runtime.plan.indices)
    client = StudyClient(metrics_app(Watcher(runtime, follower)))
    assert "totals" in check(client.get("/metrics"), 503)["detail"]


def test_a_panel_that_is_not_there_names_those_that_are(app: FastAPI, directory: Path) -> None:
    assert "no panel nothing" in check(StudyClient(app).get("/panels/nothing"), 404)["detail"]
