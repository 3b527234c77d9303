"""Who may ask over HTTP, what is logged of a request, and what a page may load."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from g6.adapters.memory.totals import MemoryTotals
from g6.entrypoints.web.auth import LOOPBACK_HOSTS, Guard, guarded
from g6.entrypoints.web.problems import with_problems
from tests.unit.entrypoints.web.test_serve import Serving, world
from tests.waiting import eventually
from tests.worlds.stored_cycles import store_two_cycles
from tests.worlds.web.asked_over_http import StudyClient, study_app

TOKEN = "a token of sixteen and more"


def small_app() -> FastAPI:
    app = with_problems(FastAPI())

    @app.get("/page", response_class=HTMLResponse)
    def page() -> str:
        return "<p>a page</p>"

    return app


LOCAL = Guard(hosts={*LOOPBACK_HOSTS, "g6.example"})
"""A server without a token, behind a proxy that is asked as g6.example."""


def client(guard: Guard) -> StudyClient:
    return StudyClient(guarded(small_app(), guard))


@pytest.mark.parametrize(
    ("guard", "headers", "path", "status", "words"),
    [
        (Guard(TOKEN), {}, "/page", 401, "this needs serve.token"),
        (
            Guard(TOKEN),
            {"Authorization": "Bearer guess"},
            "/page",
            401,
            "is not that of serve.token",
        ),
        (Guard(TOKEN), {"Authorization": f"Bearer {TOKEN}"}, "/page", 200, ""),
        (Guard(TOKEN), {"Cookie": f'g6_session="{TOKEN}"'}, "/page", 200, ""),
        (Guard(TOKEN), {}, f"/page?token={TOKEN}", 400, "address"),
        (Guard(), {}, "/page?access_token=x", 400, "address"),
        (Guard(networks=[ip_network("10.0.0.0/8")]), {}, "/page", 403, "allowed_addresses"),
        (Guard(networks=[ip_network("127.0.0.0/8")]), {}, "/page", 200, ""),
        (Guard(agents=["Grafana"]), {}, "/page", 403, "allowed_agents"),
        (Guard(agents=["Grafana"]), {"User-Agent": "Grafana/11"}, "/page", 200, ""),
        (LOCAL, {"Host": "rebound.example:9109"}, "/page", 421, "rebound.example is no name"),
        (LOCAL, {"Host": "127.0.0.1.rebound.example"}, "/", 421, "is no name of this server"),
        (LOCAL, {"Host": "localhost", "Origin": "http://a.example"}, "/page", 403, "a page of"),
        (LOCAL, {"Host": "localhost", "Origin": "null"}, "/page", 403, "a page of null"),
        (LOCAL, {"Host": "LocalHost:9109"}, "/page", 200, ""),
        (LOCAL, {"Host": "[::1]:9109", "Origin": "http://localhost:3000"}, "/page", 200, ""),
        (LOCAL, {"Host": "127.0.0.2:9109"}, "/page", 200, ""),
        (LOCAL, {"Host": "g6.example"}, "/page", 200, ""),
    ],
)
def test_a_request_passes_or_is_refused_with_why(
    guard: Guard, headers: dict[str, str], path: str, status: int, words: str
) -> None:
    answer = client(guard).get(path, headers)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        document = answer.json()
        assert words in document["detail"]
        assert document["fix"]
        assert document["docs"]
        assert TOKEN not in answer.text


def test_more_requests_than_allowed_are_refused_for_a_while() -> None:
    one = client(Guard(requests_per_second=2.0))
    statuses = [one.get("/page").status_code for _ in range(6)]
    assert statuses[:4] == [200] * 4
    assert 429 in statuses
    refused = one.get("/page")
    assert refused.status_code != 429 or refused.headers["retry-after"] == "1"


def test_the_id_of_a_request_is_sent_back_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "g6.web")
    answer = client(Guard()).get("/page", {"X-Request-ID": "order-66"})
    assert answer.headers["x-request-id"] == "order-66"
    assert any("order-66" in record.getMessage() for record in caplog.records)
    assert any("GET /page 200" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("sent", ["", "two words", "x" * 200])
def test_an_id_that_would_break_a_line_is_replaced(sent: str) -> None:
    answer = client(Guard()).get("/page", {"X-Request-ID": sent} if sent else {})
    assert len(answer.headers["x-request-id"]) == 32


def test_a_refused_request_is_logged_by_its_id_and_without_its_query(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "g6.web")
    answer = client(Guard(TOKEN)).get(f"/page?token={TOKEN}")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "g6.web"]
    assert answer.headers["x-request-id"] in line
    assert "400" in line
    assert TOKEN not in line


def test_a_failure_inside_has_its_id_too(caplog: pytest.LogCaptureFixture) -> None:
    app = small_app()

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("broken")

    answer = StudyClient(guarded(app, Guard())).get("/broken", {"X-Request-ID": "a-1"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "a-1"


def test_no_page_may_load_a_script(tmp_path: Path) -> None:
    store_two_cycles(tmp_path)
    asked = StudyClient(guarded(study_app(tmp_path), Guard()))
    for path in ("/v1/chain.html?index=FINNIFTY", "/v1/analyze.html", "/v1/providers.html"):
        answer = asked.get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';")
        assert "script-src" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<script" not in answer.text


def test_what_a_client_writes_is_escaped_in_a_page(tmp_path: Path) -> None:
    store_two_cycles(tmp_path)
    asked = StudyClient(guarded(study_app(tmp_path), Guard()))
    answer = asked.get("/v1/chain.html?index=FINNIFTY&at=<script>alert(1)</script>")
    assert answer.headers["content-type"] == "application/problem+json"
    page = asked.get("/v1/chain.html?index=finnifty&expiry=2026-11-24%20%20%20<b>")
    assert "<b>" not in page.text or page.headers["content-type"].startswith("application/")


@pytest.fixture
def narrow() -> Iterator[Serving]:
    guard = Guard(connections_per_address=2)
    serving = Serving(world(), MemoryTotals(), guard=guard)
    yield serving
    serving.end()


def test_one_address_may_have_so_many_connections(narrow: Serving) -> None:
    clients = [httpx.Client(timeout=90) for _ in range(2)]
    try:
        assert [one.get(f"{narrow.web}/healthz").status_code for one in clients] == [200, 200]
        refused = httpx.get(f"{narrow.web}/healthz", timeout=90)
        assert refused.status_code == 429
        assert "connections_per_address" in refused.json()["detail"]
    finally:
        for one in clients:
            one.close()

    def answered() -> Any:
        return httpx.get(f"{narrow.web}/healthz", timeout=90).status_code == 200

    assert eventually(answered)
