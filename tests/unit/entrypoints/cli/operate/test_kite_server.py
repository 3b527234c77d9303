"""The command that starts the look-alike."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from g6.bootstrap.quote_sources import sources
from g6.bootstrap.wiring import live_clock
from g6.config import load
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.entrypoints.cli.operate.kite_server import _stored_day, pointing_lines
from g6.kite_server import ServerAddresses
from g6.kite_server.movable_clock import ClockOrigin
from tests.worlds.kite import kite_server

Run = Callable[..., Any]


@pytest.mark.timeout(300)
def test_it_serves_until_it_is_ended() -> None:
    with kite_server(
        start="2026-11-20T10:00:00", speed=0, fault=["429,count=1,family=quote"]
    ) as kite:
        headers = {"Authorization": "token demo:demo"}
        answers = [
            httpx.get(f"{kite.root}{path}", headers=headers, trust_env=False, timeout=90)
            for path in ("/user/profile", "/quote/ltp?i=NSE:NIFTY+50")
        ]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert kite.state()["ist"] == "2026-11-20 10:00:00"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{kite.root}/user/profile", trust_env=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--start", "noon"), "no instant"),
        (("--flush-at", "dawn"), "no time of day"),
        (("--fault", "garbge"), "did you mean garbage"),
        (("--host", "0.0.0.0"), "--credentials"),  # noqa: S104 - it is refused
        (("--index-depth", "deep"), "no shape"),
        (("--dump", "nowhere.csv"), "nowhere.csv"),
        (("--credentials", "nowhere.json"), "nowhere.json"),
        (("--recording", "nowhere.parquet"), "nowhere.parquet"),
    ],
)
def test_what_cannot_be_served_is_said(g6: Run, arguments: tuple[str, ...], said: str) -> None:
    answer = g6("kite-server", *arguments)
    assert answer.code == 2
    assert said in answer.err


@pytest.mark.usefixtures("covered_today")
def test_a_port_that_is_taken_is_named(g6: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = g6("kite-server", "--port", str(port))
    assert answer.code == 2
    assert f"port {port}" in answer.err


def test_rows_that_are_no_dump_are_named(g6: Run, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n1,2\n")
    answer = g6("kite-server", "--dump", str(file))
    assert answer.code == 2
    assert "columns of an instrument dump" in answer.err


def test_pointing_g6_at_it_takes_the_variables_that_it_prints() -> None:
    origin = ClockOrigin(1795150800.25, parse_z("2026-11-20T05:30:00Z"), 12.0)
    running = ServerAddresses("http://127.0.0.1:8787", "ws://127.0.0.1:8788", origin)
    lines = pointing_lines(running, keyless=True).splitlines()
    variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    settings = load("", None, variables)
    assert settings.lookalike
    assert settings.provider.ws_root == "ws://127.0.0.1:8788"
    clock = live_clock(settings)
    assert clock.wall_of(parse_z("2026-11-20T05:31:00Z")) == pytest.approx(1795150805.25)
    assert "demo" not in pointing_lines(running, keyless=False)


def test_nothing_collects_from_a_clock_that_stands(g6: Run) -> None:
    answer = g6("kite-server", "--print-env", "--speed", "0")
    assert answer.code == 2
    assert "no cycle becomes due" in answer.err


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        ("11:02", "2026-11-17T05:32:00Z"),
        (None, "2026-11-17T03:45:00Z"),
        ("2026-11-18 11:02", "2026-11-18T05:32:00Z"),
    ],
)
def test_a_start_without_a_day_is_of_the_stored_day_that_is_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, start: str | None, begins: str
) -> None:
    cycles = [parse_z("2026-11-17T03:45:00Z")]
    market = SimpleNamespace(recording=SimpleNamespace(cycles=lambda: cycles))
    monkeypatch.setattr(sources, "stored_market", lambda *_: market)
    _, instant, certificate = _stored_day("2026-11-17", tmp_path, start)
    assert (isoformat_z(instant), certificate) == (begins, "")
