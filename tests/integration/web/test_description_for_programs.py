"""The description for programs: its examples are executed, and no request makes a route fail."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.panel_files import PanelFiles
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.entrypoints.web.apps import web_app
from g6.entrypoints.web.auth import Guard, guarded
from g6.entrypoints.web.state import Watcher
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.routes import add_stream
from g6.entrypoints.web.stream.stream_door import StreamDoor
from g6.entrypoints.web.study_routes import MEDIA
from g6.observability.follower import BusFollower
from g6.studies.study_limits import NOT_FROM_ELSEWHERE, WITHOUT_AT
from tests.worlds.pipeline import FIRST, World
from tests.worlds.web.asked_over_http import StudyClient, answers_of

CYCLES = 24
SEEDED = random.Random(19)
NASTY = [
    "", "0", "-1", "1e400", "nan", "NIFTY", "nifty'--", "../../etc/passwd", "%00", "\u202e", "x" * 3000,
    "=1+1", "<script>", "latest", "-5m", "2026-11-18T11:02", "9999-12-31", "-99999999999d", "0001-01-01",
]  # fmt: skip
"""Values that have broken servers."""


def make_app(directory: Path) -> FastAPI:
    """Return the application of the web port over a few cycles."""
    world = World(store=ParquetStore(directory))  # type: ignore[arg-type]
    for minute in range(CYCLES):
        world.cycle(isoformat_z(parse_z(FIRST) + timedelta(minutes=minute)))
    PanelFiles(directory / "panels").put(world.runtime.panels.all())
    follower = BusFollower(world.bus, MemoryTotals(), world.runtime.plan.indices)
    follower.catch_up()
    app = web_app(Watcher(world.runtime, follower), answers_of(directory))
    hub = Hub(MemoryBus(), MemoryPanels(), length=16, heartbeat_seconds=1.0)
    add_stream(app, StreamDoor(hub), "")
    return app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return make_app(tmp_path_factory.mktemp("described"))


@pytest.fixture
def client(app: FastAPI) -> StudyClient:
    return StudyClient(guarded(app, Guard()))


def operations(app: FastAPI) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each path that is asked with GET, and its operation."""
    for path, methods in app.openapi()["paths"].items():
        if "get" in methods:
            yield path, methods["get"]


def address(path: str, values: dict[str, str]) -> str:
    """Return a path with values in place of its parts, the others in its query."""
    names = re.findall(r"\{(\w+)\}", path)
    for name in names:
        path = path.replace(f"{{{name}}}", quote(values.pop(name), safe=""))
    return f"{path}?{urlencode(values)}" if values else path


def example(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    kinds = [schema, *schema.get("anyOf", [])]
    examples = parameter.get("examples") or schema.get("examples") or []
    choices = next((kind["enum"] for kind in kinds if "enum" in kind), [])
    return str((list(examples) or choices or [""])[0])


def test_every_study_is_answered_with_the_examples_that_it_needs(
    app: FastAPI, client: StudyClient
) -> None:
    statuses = {}
    for path, operation in operations(app):
        needed = [one for one in operation.get("parameters", []) if one.get("required")]
        values = {one["name"]: example(one) for one in needed}
        statuses[path] = client.get(address(path, values)).status_code
    # These have no answer here: an event that nobody was sent, a plan without days, a day that
    # nobody certified, a system that does not run, a stream over a connection that cannot become
    # one, a cycle that nobody collected, and a file of the exchange that nobody kept.
    refused = {path for path, status in statuses.items() if status != 200}
    assert refused <= EXPECTED_WITHOUT_ANSWER, {path: statuses[path] for path in refused}


EXPECTED_WITHOUT_ANSWER = {
    "/applied",
    "/events",
    "/readyz",
    "/v1/participants",
    "/v1/participants.{suffix}",
    "/v1/trace",
    "/v1/trace.{suffix}",
    "/v1/certificate",
    "/v1/certificate.{suffix}",
    "/v1/pruning_plan",
    "/v1/pruning_plan.{suffix}",
}


@pytest.mark.parametrize(
    ("study", "name", "value"),
    [
        ("workers", "", None),
        ("status", "cycle", isoformat_z(parse_z(FIRST) + timedelta(minutes=CYCLES - 1))),
        ("health", "ready", False),
        (f"trace?cycle={FIRST}", "cycle", FIRST),
        ("verify?cycles=1", "above", []),
        ("panel_files", "issues", {}),
        ("unanswered_expiries", "", None),
        ("day_estimate", "", None),
    ],
)
def test_what_runs_and_what_is_checked_is_answered_in_every_form(
    client: StudyClient, study: str, name: str, value: object
) -> None:
    words, _, query = study.partition("?")
    for suffix in MEDIA:
        answer = client.get(f"/v1/{words}.{suffix}?{query}")
        assert answer.status_code == 200, (suffix, answer.text)
        assert "sesame" not in answer.text
    data = client.get(f"/v1/{study}").json()["data"]
    assert not name or data[name] == value, data


@pytest.mark.parametrize("study", sorted(NOT_FROM_ELSEWHERE))
def test_what_is_not_offered_says_why_and_what_to_call(client: StudyClient, study: str) -> None:
    answer = client.get(f"/v1/{study}.csv")
    assert answer.status_code == 404
    assert NOT_FROM_ELSEWHERE[study] in answer.json()["detail"]
    assert answer.json()["fix"].startswith("g6 ")
    listed = client.get("/v1").json()
    assert study in {one["name"] for one in listed["not_offered"]}
    assert study not in {one["name"] for one in listed["studies"]}


@pytest.mark.parametrize("study", sorted(set(WITHOUT_AT) - set(NOT_FROM_ELSEWHERE)))
def test_an_instant_of_what_has_no_past_is_refused_with_its_reason(
    client: StudyClient, study: str
) -> None:
    answer = client.get(f"/v1/{study}?at=11:02&cycle={FIRST}")
    assert answer.status_code == 422
    assert WITHOUT_AT[study][0] in answer.json()["detail"]


def test_a_large_sample_is_not_verified_for_a_web_client(client: StudyClient) -> None:
    answer = client.get("/v1/verify?cycles=101")
    assert answer.status_code == 422
    assert "100" in answer.json()["fix"]


def test_every_example_of_a_parameter_can_be_read(app: FastAPI, client: StudyClient) -> None:
    for path, operation in operations(app):
        parameters = operation.get("parameters", [])
        # These are refused where they are asked in two ways at once, such as a day and so many days.
        if not {"pruning_plan", "quality"} & set(path.split("/")) and "{suffix}" not in path:
            values = {one["name"]: example(one) for one in parameters if example(one)}
            answer = client.get(address(path, values))
            assert answer.status_code != 422, (path, values, answer.text)


def test_a_study_says_in_its_description_how_its_answer_begins(app: FastAPI) -> None:
    for path, operation in operations(app):
        if "studies" in operation.get("tags", []) and path != "/v1":
            content = operation["responses"]["200"]["content"]
            assert content
            if "application/json" in content:
                assert content["application/json"]["example"]["study"]


def test_no_value_makes_a_route_fail(app: FastAPI, client: StudyClient) -> None:
    asked = 0
    for path, operation in operations(app):
        parameters = operation.get("parameters", [])
        for _ in range(3 if parameters else 1):
            values = {one["name"]: example(one) for one in parameters if one.get("required")}
            for one in parameters:
                if SEEDED.random() < 0.4:
                    values[one["name"]] = SEEDED.choice(NASTY)
            answer = client.get(address(path, values))
            documented = {int(code) for code in operation["responses"]} | {404, 405, 422, 503}
            assert answer.status_code in documented, (path, values, answer.text)
            assert answer.status_code != 500
            asked += 1
    assert asked > 150


def test_no_path_makes_the_application_fail(client: StudyClient) -> None:
    for value in NASTY:
        for path in (f"/{quote(value)}", f"/v1/{quote(value)}", f"/v1/panels/{quote(value)}"):
            assert client.get(path).status_code in {200, 307, 404, 405, 422}, path


def test_schemathesis_finds_no_failure(app: FastAPI) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    failures = []

    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path == "/events":
            continue

        @settings(
            max_examples=2,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @schema_case(operation)
        def check(case: Any) -> None:
            # A schema says no more than that an instant or an index is a text: whether one that can
            # be read is accepted is asked of the examples. A system that is not ready says so with
            # 503, as every probe expects it.
            excluded = [positive_data_acceptance]
            excluded += [not_a_server_error] if case.path == "/readyz" else []
            case.call_and_validate(excluded_checks=excluded)

        try:
            check()
        except (AssertionError, FailureGroup) as error:
            failures.append(f"{operation.method} {operation.path}: {error}")
    assert failures == [], "\n".join(failures)


def schema_case(operation: Any) -> Any:
    """Return what gives a test the cases of one operation."""
    from hypothesis import given

    return given(case=operation.as_strategy())
