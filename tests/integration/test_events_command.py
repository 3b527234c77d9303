"""`g6 events` beside a real Redis: it resumes, chooses by type and key, and survives a kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.domain.reports import parse_report
from g6.entrypoints.cli import main

READER = """
import os, signal, sys
from g6.adapters.clocks import WallClock
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import connect
from g6.pipeline.subscription import Subscription

url, how = sys.argv[1:]
subscription = Subscription(RedisBus(connect(url)), WallClock(), "audit", since=0.0)
page = subscription.read(count=3)
for event in page.events:
    print(event.id, flush=True)
if how == "dies":
    os.kill(os.getpid(), signal.SIGKILL)
subscription.acknowledge(page)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as server:
        yield server.url


@pytest.fixture
def bus(url: str) -> Iterator[RedisBus]:
    with connect(url) as client:
        client.flushdb()
        yield RedisBus(client)


def publish(bus: RedisBus) -> None:
    for index in ("NIFTY", "SENSEX"):
        unit = {"cycle": "2026-11-20T05:30:00Z", "index": index, "stage": "collect"}
        bus.publish(parse_report("unit.report", unit | {"status": "OK"}), key=index)
    bus.publish(parse_report("storage.sizes", {"kinds": {}}))


def keys(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], *words: str
) -> list[tuple[str, str]]:
    common = ["--data-dir", str(tmp_path), "--set", f"redis.broker_url={url}", "--json"]
    assert main(["events", *words, *common]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(line["type"], line["key"]) for line in lines]


def test_it_shows_some_events_by_type_and_key(
    url: str, bus: RedisBus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(bus)
    assert keys(url, tmp_path, capsys, "--type", "unit.report", "--key", "SENSEX") == [
        ("unit.report", "SENSEX")
    ]
    assert len(keys(url, tmp_path, capsys)) == 3


def test_a_subscriber_with_a_name_goes_on_where_it_stopped(
    url: str, bus: RedisBus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(bus)
    words = ["--as", "audit", "--type", "storage.sizes"]
    assert len(keys(url, tmp_path, capsys, *words)) == 1
    # What it passed by is told as an event of its own, which it passes by too.
    assert keys(url, tmp_path, capsys, *words) == []
    publish(bus)
    assert len(keys(url, tmp_path, capsys, *words)) == 1
    main(["events", "--as", "audit", "--forget", "--set", f"redis.broker_url={url}"])
    assert dict(bus.positions()) == {}


def test_a_person_sees_what_matters_and_how_much_is_beside(
    url: str, bus: RedisBus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(bus)
    refused = {"cycle": "2026-11-20T05:30:00Z", "index": "NIFTY", "stage": "persist"}
    for _ in range(3):
        bus.publish(parse_report("store.refused", refused | {"errors": {"parquet": "full"}}))
    place = ["--data-dir", str(tmp_path), "--set", f"redis.broker_url={url}"]
    assert main(["events", *place]) == 0
    shown = capsys.readouterr()
    assert [line.split()[1] for line in shown.out.splitlines()] == ["store.refused"]
    assert "not stored: full" in shown.out
    assert shown.err.startswith("5 events beside")
    assert main(["events", "--all", *place]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 6


def test_a_type_that_there_is_not_is_named_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["events", "--type", "unit.reports", "--data-dir", str(tmp_path)]) == 2
    assert "did you mean unit.report?" in capsys.readouterr().err


def test_a_reader_that_is_killed_before_it_acknowledges_gets_its_page_again(
    url: str, bus: RedisBus
) -> None:
    publish(bus)

    def read(how: str) -> tuple[int, list[str]]:
        answer = subprocess.run(
            [sys.executable, "-c", READER, url, how],
            capture_output=True, text=True, check=False, timeout=90, env=os.environ,
        )  # fmt: skip
        return answer.returncode, answer.stdout.split()

    code, first = read("dies")
    assert (code, len(first)) == (-9, 3)
    assert read("lives") == (0, first)
    assert read("lives") == (0, [])
