"""The thread that reads for `g6 top`: the past for sparklines, the chain that is seen, troubles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event

import pytest

from g6.bootstrap.reading.board_reading import RunningBoard
from g6.domain.documents.board_facts import BoardFacts
from g6.entrypoints.cli.look.top_feed import TopFeed, TopReading
from g6.errors import RedisDown
from tests.waiting import eventually
from tests.worlds.boards import CYCLES, board_of, world_of_three_cycles


@dataclass(slots=True)
class AwayBoard(RunningBoard):
    """A reader whose Redis goes away."""

    away: Event = field(default_factory=Event)

    def facts(self) -> BoardFacts:
        if self.away.is_set():
            raise RedisDown("Redis does not answer")
        return RunningBoard.facts(self)


@pytest.fixture
def board() -> AwayBoard:
    """The reader of three cycles of two indices."""
    board = board_of(world_of_three_cycles())
    return AwayBoard(board.settings, board.store, board.reader, board.runtime)


@pytest.fixture
def feed(board: AwayBoard) -> Iterator[TopFeed]:
    """A thread that reads it every few milliseconds."""
    feed = TopFeed(board, 0.01, lambda: None)
    yield feed
    feed.stop()


def readings(feed: TopFeed) -> list[TopReading]:
    """Return what was read since the last look."""
    answer = []
    while not feed.news.empty():
        answer.append(feed.news.get())
    return answer


def test_stored_cycles_come_first_and_each_once(feed: TopFeed, board: AwayBoard) -> None:
    feed.start(board.facts())
    news: list[TopReading] = []
    eventually(lambda: news.extend(readings(feed)) or len(news) > 3)
    cycles = [report.cycle for reading in news for report in reading.reports]
    assert cycles == list(CYCLES[:-1])


def test_the_chain_that_is_seen_and_each_build_up_are_read(feed: TopFeed, board: AwayBoard) -> None:
    feed.chain_of = "NIFTY"
    feed.start(board.facts())
    news: list[TopReading] = []
    eventually(lambda: news.extend(readings(feed)) or len(news) > 4)
    assert news[-1].strikes
    assert news[-1].cycle == CYCLES[-1]
    asked = {reading.build_up[0] for reading in news if reading.build_up is not None}
    assert asked == {"NIFTY", "BANKNIFTY"}


def test_the_words_of_the_stored_cycle_that_is_seen_are_read_once(
    feed: TopFeed, board: AwayBoard
) -> None:
    feed.seen_at = CYCLES[1]
    feed.start(board.facts())
    news: list[TopReading] = []
    eventually(lambda: news.extend(readings(feed)) or len(news) > 4)
    past = [reading.past for reading in news if reading.past]
    words = {index: board.build_up(index, CYCLES[1]) for index in ("NIFTY", "BANKNIFTY")}
    assert past == [{CYCLES[1]: words}]


def test_a_redis_that_goes_away_leaves_the_last_state_with_its_trouble(
    feed: TopFeed, board: AwayBoard
) -> None:
    feed.start(board.facts())
    board.away.set()
    news: list[TopReading] = []
    eventually(lambda: news.extend(readings(feed)) or any(each.facts.trouble for each in news))
    facts = news[-1].facts
    assert facts.trouble == "Redis does not answer"
    assert facts.is_stale
    assert facts.report is not None
    board.away.clear()
    eventually(lambda: any(not reading.facts.trouble for reading in readings(feed)))
