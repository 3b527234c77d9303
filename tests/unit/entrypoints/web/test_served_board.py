"""The screen of all indices asked of a server: the same facts as from Redis, refusals as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.panel_server import PanelServer, ServedBoard
from g6.bootstrap.reading.board_reading import StoredBoard
from g6.bootstrap.reading.study_readers import stored_reader
from g6.config import load
from g6.domain.documents.json_plain import json_plain
from g6.domain.figures.build_up import BUILD_UPS
from g6.entrypoints.cli.look.top_questions import asked_of_server
from g6.errors import NothingToDo, RedisDown, Unavailable, UserError
from tests.unit.entrypoints.web.test_serve import Serving
from tests.worlds.boards import CYCLES, board_of, world_of_three_cycles
from tests.worlds.pipeline import World
from tests.worlds.web.served_page import ServedPage


@pytest.fixture(scope="module")
def world() -> World:
    """Three cycles of two indices."""
    return world_of_three_cycles()


@pytest.fixture(scope="module")
def serving(world: World) -> Iterator[Serving]:
    """A server of their panels, which wants a token."""
    serving = Serving(world.runtime, MemoryTotals(), token="a-token-of-the-test")
    yield serving
    serving.end()


def test_a_server_says_what_redis_says(world: World, serving: Serving) -> None:
    served = ServedBoard(PanelServer(str(serving.web), "a-token-of-the-test"))
    facts, own = served.facts(), board_of(world).facts()
    assert facts.report == own.report
    assert facts.provider_name == own.provider_name
    assert facts.market.is_open
    assert facts.queues is not None
    assert served.strikes("NIFTY", CYCLES[-1]) == board_of(world).strikes("NIFTY", CYCLES[-1])
    assert list(served.strikes("NIFTY", CYCLES[0])) == []
    assert list(served.cycles(CYCLES[-1])) == [CYCLES[-1]]


def test_a_wrong_token_is_refused_with_its_fix(serving: Serving) -> None:
    with pytest.raises(Unavailable, match="refuses") as refusal:
        ServedBoard(PanelServer(str(serving.web))).facts()
    assert "serve.token" in refusal.value.fix


def test_what_is_no_g6_and_what_does_not_answer_are_two_sentences(serving: Serving) -> None:
    server = PanelServer(str(serving.web), "a-token-of-the-test")
    with pytest.raises(NothingToDo):
        server.study("gold", "csv", {})
    assert server.document("/panels/gold") == {}
    with pytest.raises(RedisDown, match="does not answer"):
        PanelServer("http://127.0.0.1:9").document("/status")


@pytest.mark.parametrize("url", ["127.0.0.1:9109", "ftp://host", "http://", "http://u:p@host:1"])
def test_an_address_that_is_none_or_holds_a_secret_is_refused(url: str) -> None:
    with pytest.raises(UserError) as refusal:
        PanelServer(url)
    assert "u:p" not in str(refusal.value)


def test_of_the_past_a_server_says_what_the_rows_say(tmp_path: Path) -> None:
    page = ServedPage(tmp_path)
    names = [page.cycle() for _ in range(5)]
    page.begin()
    try:
        served = ServedBoard(PanelServer(page.url))
        settings = load(None, {"data_dir": tmp_path, "demo_dir": tmp_path}, {})
        stored = StoredBoard(settings, page.world.runtime.store, stored_reader(settings))
        assert served.facts().report is not None
        assert list(served.cycles(names[-1])) == names
        report = served.report(names[1])
        assert report is not None
        assert [row["spot"] for row in report.rows] == [
            page.world.rows(names[1])[row["underlying"]]["spot"] for row in report.rows
        ]
        strikes = served.strikes("NIFTY", names[1])
        assert strikes == json_plain(stored.strikes("NIFTY", names[1]))
        assert len(strikes) > 5
        assert served.report("2026-11-18T01:00:00Z") is None
        assert served.day_before(names[0]) is None
        assert served.build_up("NIFTY") == stored.build_up("NIFTY")
        assert served.build_up("NIFTY") in BUILD_UPS[1:]
        lines = asked_of_server(served.server, "chain", "NIFTY", "", 72)
        texts = [text for line in lines for text, _ in line]
        assert any("CALLS" in text for text in texts)
        assert any("max pain" in text for text in texts)
        assert max(map(len, texts)) <= 72
    finally:
        page.end()
