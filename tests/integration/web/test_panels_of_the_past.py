"""A panel of now is the same bytes when it is asked for once it is past."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from g6 import pipeline
from g6.adapters.parquet import ParquetStore
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.market.instants import instant_in_words
from g6.entrypoints.web.apps import directory_app
from g6.entrypoints.web.page.page_files import PageFacts
from tests.worlds.pipeline import FIRST, World
from tests.worlds.web.asked_over_http import StudyClient, answers_of, client_of

DAY = date(2026, 11, 18)
CYCLES = [isoformat_z(parse_z(FIRST) + timedelta(minutes=minute)) for minute in range(4)]


def in_words(cycle: str) -> str:
    return instant_in_words(parse_z(cycle))


OF_ROWS = (
    "analytics", "breadth", "exposures", "health", "indices", "overview", "summary", "index_NIFTY", "index_BANKNIFTY",
)  # fmt: skip


class Recorded(NamedTuple):
    """Panels by name and cycle, and the world and client once the day is folded."""

    bodies: dict[tuple[str, str], bytes]
    world: World
    client: StudyClient
    directory: Path


def body(client: StudyClient, path: str) -> bytes:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    stamp = f'"answered_at":"{answer.json()["answered_at"]}",'.encode()
    assert stamp in answer.content
    return answer.content.replace(stamp, b"")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    directory: Path = tmp_path_factory.mktemp("panels")
    world = World(store=ParquetStore(directory))  # type: ignore[arg-type]
    client = client_of(directory, world.panels, world.frames, world.clock.market)
    bodies = {}
    for cycle in CYCLES:
        world.cycle(cycle)
        for name in OF_ROWS:
            bodies[name, cycle] = body(client, f"/v1/panels/{name}")
    history = ParquetHistory(directory)
    for name in history.names():
        history.compact(name, DAY)
    return Recorded(bodies, world, client, directory)


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_panel_of_an_instant_is_what_it_was(recorded: Recorded, name: str) -> None:
    for cycle in CYCLES:
        again = body(recorded.client, f"/v1/panels/{name}.json?at={cycle}")
        assert again == recorded.bodies[name, cycle], cycle


def test_the_newest_panel_is_stale_once_cycles_stay_away_in_session(recorded: Recorded) -> None:
    later = parse_z(CYCLES[-1]) + timedelta(minutes=30)
    world = recorded.world
    client = client_of(recorded.directory, world.panels, world.frames, lambda: later)
    assert client.get("/v1/panels/summary").json()["stale"] is True
    assert client.get(f"/v1/panels/summary.json?at={CYCLES[-1]}").json()["stale"] is False


def test_exposures_of_the_panel_are_those_that_the_stored_rows_give(recorded: Recorded) -> None:
    panel = json.loads(recorded.bodies["exposures", CYCLES[-1]])["data"]
    for index in ("NIFTY", "BANKNIFTY"):
        study = recorded.client.get(f"/v1/exposures?index={index}").json()["data"]
        own = panel[index]
        assert {name: own[name] for name in study["net"]} == study["net"]
        for name in ("convention", "options", "wall_call", "wall_put", "flip", "regime"):
            assert own[name] == study[name], name
        assert own["gex"]
        # What is null says why.
        assert set(own.get("notes", {})) == {name for name, value in own.items() if value is None}


def test_a_panel_says_whose_rows_it_is(recorded: Recorded) -> None:
    document = recorded.client.get("/v1/panels/overview").json()
    assert document["instant"] == CYCLES[-1]
    assert document["indices"] == ["BANKNIFTY", "NIFTY"]
    assert document["source"] == "sim"
    assert document["config_id"]
    assert document["coverage"] == 1.0
    assert len(document["data"]["rows"]) == 2


def test_what_did_not_change_is_not_sent_again(recorded: Recorded) -> None:
    first = recorded.client.get("/v1/panels/indices")
    tag = first.headers["etag"]
    again = recorded.client.get("/v1/panels/indices", {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["alerts", "provider", "cycle", "storage"])
def test_a_panel_that_no_row_tells_of_says_so(recorded: Recorded, name: str) -> None:
    assert recorded.client.get(f"/v1/panels/{name}").status_code == 200
    answer = recorded.client.get(f"/v1/panels/{name}?at={CYCLES[0]}")
    assert answer.status_code == 404
    assert "no stored row says" in answer.json()["detail"]
    assert "overview" in answer.json()["fix"]


@pytest.mark.parametrize("at", ["", f"?at={CYCLES[1]}"])
def test_the_list_names_what_can_be_asked(recorded: Recorded, at: str) -> None:
    names = recorded.client.get(f"/v1/panels{at}").json()["panels"]
    assert set(OF_ROWS) <= set(names)
    for name in names:
        assert recorded.client.get(f"/v1/panels/{name}{at}").status_code == 200, name


def test_an_instant_outside_of_what_is_stored_names_first_and_last(recorded: Recorded) -> None:
    answer = recorded.client.get("/v1/panels/overview?at=2025-01-02")
    assert answer.status_code == 404
    assert in_words(CYCLES[0]) in answer.json()["detail"]
    assert in_words(CYCLES[-1]) in answer.json()["detail"]
    ahead = recorded.client.get("/v1/panels/overview?at=2126-01-02")
    assert ahead.status_code == 404
    assert in_words(CYCLES[-1]) in ahead.json()["detail"]


def test_rows_of_other_settings_are_told_as_revised(tmp_path: Path) -> None:
    world = World(store=ParquetStore(tmp_path))  # type: ignore[arg-type]
    client = client_of(tmp_path, world.panels, world.frames)
    world.cycle(CYCLES[0])
    path = f"/v1/chain?index=NIFTY&at={CYCLES[0]}"
    before = body(client, path)
    pipeline.rerun(world.runtime, Unit(CYCLES[0], "NIFTY"))
    world.drain()
    assert body(client, path) == before
    world.settle_on(greeks__risk_free_rate=0.12)
    pipeline.rerun(world.runtime, Unit(CYCLES[0], "NIFTY"))
    world.drain()
    after = client.get(path).json()
    assert after["revised"] is True
    assert after["config_id"] != json.loads(before)["config_id"]
    assert client.get(f"/v1/panels/index_NIFTY?at={CYCLES[0]}").json()["revised"] is True
    untouched = client.get(f"/v1/chain?index=BANKNIFTY&at={CYCLES[0]}").json()
    assert "revised" not in untouched
    world.settle_on()
    pipeline.rerun(world.runtime, Unit(CYCLES[0], "NIFTY"))
    world.drain()
    assert body(client, path) == before


def test_a_directory_alone_shows_the_newest_panels_of_its_rows(recorded: Recorded) -> None:
    facts = PageFacts(stream=False, interval=60.0, wall_interval=60.0, indices=("NIFTY",))
    client = StudyClient(directory_app(answers_of(recorded.directory), time.time, facts))
    assert client.get("/v1/panels").json()["instant"] == CYCLES[-1]
    for name in client.get("/v1/panels").json()["panels"]:
        past = json.loads(body(client, f"/v1/panels/{name}?at={CYCLES[-1]}"))
        assert past["data"] == json.loads(body(client, f"/v1/panels/{name}"))["data"], name
    refused = client.get("/v1/panels/alerts")
    assert refused.status_code == 404
    assert "overview" in refused.json()["detail"] + refused.json()["fix"]


def test_a_directory_alone_answers_an_address_with_a_slash_as_the_system_does(
    recorded: Recorded,
) -> None:
    facts = PageFacts(stream=False, interval=60.0, wall_interval=60.0, indices=("NIFTY",))
    client = StudyClient(directory_app(answers_of(recorded.directory), time.time, facts))
    answer = client.get("/v1/chain/?index=NIFTY")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/healthz").json() == {"status": "ok"}
    assert "/v1/panels" in client.get("/routes").text
