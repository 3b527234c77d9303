"""The screen of all indices asked of a server: the same facts as from Redis, refusals as sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.panel_server import PanelServer
from g6.bootstrap.reading.board_reading import ServedBoard
from g6.errors import NothingToDo, RedisDown, Unavailable, UserError
from tests.unit.entrypoints.web.test_serve import Serving
from tests.worlds.boards import CYCLES, board_of, world_of_three_cycles
from tests.worlds.pipeline import World


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
    assert served.strikes("NIFTY", CYCLES[0]) == ()
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
