"""What is answered of the newest cycle is answered again, byte for byte, once it is past."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.market.instants import instant_in_words
from tests.worlds.pipeline import FIRST
from tests.worlds.web.asked_over_http import StudyClient
from tests.worlds.web.recorded_answers import FORMS, RecordedDay, panel_paths, study_paths

CYCLES = 7


def sampled(number: int, client: StudyClient) -> list[str]:
    """Return what is asked after a cycle: all forms after the first, JSON after every sixth."""
    if number % 6:
        return []
    return [*study_paths(client, FORMS if number == 0 else FORMS[:1]), *panel_paths()]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordedDay:
    directory: Path = tmp_path_factory.mktemp("asked")
    day = RecordedDay(directory)
    assert len(list(day.record(FIRST, CYCLES, sampled))) == CYCLES
    day.compact()
    return day


def test_an_answer_of_today_is_the_same_bytes_once_its_day_is_compacted(
    recorded: RecordedDay,
) -> None:
    assert len(recorded.answers) > 100
    assert sum(body.startswith(b'{"') for body in recorded.answers.values()) > 2 * 15
    assert list(recorded.differing()) == []


def test_nothing_is_asked_of_what_was_not_known_then(recorded: RecordedDay) -> None:
    before_first = isoformat_z(parse_z(FIRST) - timedelta(seconds=1))
    answer = recorded.client.get(f"/v1/chain?index=NIFTY&at={before_first}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    first = parse_z(FIRST)
    last = first + timedelta(minutes=CYCLES - 1)
    sentence = f"the first cycle is {instant_in_words(first)}, the last {instant_in_words(last)}"
    assert sentence in answer.json()["detail"]
    assert "Z" not in answer.json()["detail"].replace(str(recorded.directory), "")
