"""The stream's process ends as its supervisor must know it; a reactor runs once in a process, so each test has one of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import sys
from datetime import UTC, datetime
from twisted.internet import reactor
from g6.adapters.kite.ticker.stream_client import route
from g6.adapters.kite.ticker.feeds import Ticker
from g6.adapters.memory.quote_cache import MemoryQuoteCache
ticker = Ticker(MemoryQuoteCache(), lambda: datetime.now(UTC), lambda: None, lambda: None, lambda *_: None, route=route("ws://127.0.0.1:9"))
reactor.callLater(0.1, {end})
sys.exit(ticker.run())
"""


def ends(end: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(end=end)], cwd=ROOT, timeout=100, check=False
    ).returncode


def test_a_reactor_that_stopped_by_itself_ends_the_process_for_a_new_start() -> None:
    assert ends("reactor.stop") == 1


def test_a_ticker_that_was_told_to_stop_ends_well() -> None:
    assert ends("ticker.stop") == 0


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--set", "provider.name=sim"], "has no stream"),
    (["--set", "provider.name=kite", "--set", "provider.token_provider=fake"], "no G6 runs on"),
])  # fmt: skip
def test_what_cannot_run_says_why_and_what_to_do(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "g6.entrypoints.cli",
        "ticker",
        "--data-dir",
        str(tmp_path),
        *arguments,
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "fix:" in done.stderr


def test_a_ticker_whose_thread_died_ends_for_a_new_start() -> None:
    assert ends("lambda: setattr(ticker, '_read_login', None)") == 1
