"""What is answered of the newest cycle is answered again, byte for byte, once it is past."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from g6.adapters.parquet import ParquetStore
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.domain.cycles.cycle import isoformat_z, parse_z
from tests.worlds.pipeline import FIRST, World
from tests.worlds.web.asked_over_http import StudyClient, client_of

CYCLES = 7
DAY = date(2026, 11, 18)
FORMS = ("json", "ndjson", "csv", "html", "arrow", "xlsx")
Bytes = dict[tuple[str, str], bytes]
"""Bodies by path and cycle."""


class Recorded(NamedTuple):
    """What was answered while each cycle was the newest, and a client once the day is folded."""

    answers: Bytes
    client: StudyClient


def paths(client: StudyClient, forms: Sequence[str]) -> list[str]:
    """Return the addresses of every study that takes an instant and an index."""
    studies = client.get("/v1").json()["studies"]
    names = [
        study["name"]
        for study in studies
        if {"at", "index"} <= {parameter["name"] for parameter in study["parameters"]}
    ]
    return [f"/v1/{name}.{form}?index=NIFTY" for name in names for form in forms]


def body(client: StudyClient, path: str) -> bytes:
    """Return the body of an answer without the instant at which it was answered."""
    answer = client.get(path)
    if not path.split("?", maxsplit=1)[0].endswith(".json") or answer.status_code != 200:
        return str(answer.status_code).encode() + answer.content
    document = json.loads(answer.content)
    stamp = f'"answered_at":"{document["answered_at"]}",'.encode()
    assert stamp in answer.content
    return answer.content.replace(stamp, b"")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    directory: Path = tmp_path_factory.mktemp("asked")
    world = World(store=ParquetStore(directory))  # type: ignore[arg-type]
    client = client_of(directory)
    answers: Bytes = {}
    for number in range(CYCLES):
        cycle = isoformat_z(parse_z(FIRST) + timedelta(minutes=number))
        world.cycle(cycle)
        if number % 3 == 0:
            forms = FORMS if number == 0 else FORMS[:1]
            answers |= {(path, cycle): body(client, path) for path in paths(client, forms)}
    history = ParquetHistory(directory)
    for name in history.names():
        history.compact(name, DAY)
    return Recorded(answers, client)


@pytest.mark.timeout(120)
def test_an_answer_of_today_is_the_same_bytes_once_its_day_is_compacted(
    recorded: Recorded,
) -> None:
    assert len(recorded.answers) > 8 * 10
    for (path, cycle), before in recorded.answers.items():
        after = body(recorded.client, f"{path}&at={cycle}")
        assert _plain(after) == _plain(before), (path, cycle)


def test_nothing_is_asked_of_what_was_not_known_then(recorded: Recorded) -> None:
    before_first = isoformat_z(parse_z(FIRST) - timedelta(seconds=1))
    answer = recorded.client.get(f"/v1/chain?index=NIFTY&at={before_first}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def _plain(body: bytes) -> bytes:
    """Return a page without the addresses of itself, which name the instant that was asked for."""
    return body.partition(b"<h2>The same rows elsewhere</h2>")[0]
