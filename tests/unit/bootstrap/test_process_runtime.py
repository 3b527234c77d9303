"""What a process is built with: its clock, and how other terminals find its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from g6.bootstrap.processes.process_runtime import build_runtime
from g6.bootstrap.wiring import wire
from g6.config import load
from g6.pipeline import Runtime

NOBODY = "redis://127.0.0.1:1/0"


def runtime(**values: Any) -> Runtime:
    return build_runtime(wire(load("", {"redis.broker_url": NOBODY, **values}, {}), NOBODY))


def test_the_default_directory_needs_no_name() -> None:
    assert runtime().data_option == ""


@pytest.mark.parametrize("name", ["/rows", "/my rows"])
def test_another_directory_is_named_as_a_shell_reads_it(name: str) -> None:
    option = runtime(data_dir=name, demo_dir=name).data_option
    assert option in {"--data-dir /rows", "--data-dir '/my rows'"}
    assert name in option


def test_a_relative_directory_is_named_from_the_root() -> None:
    assert runtime(demo_dir="rows").data_option == f"--data-dir {Path.cwd() / 'rows'}"


@pytest.mark.parametrize(
    ("interval", "seconds"), [(1, 300.0), (5, 300.0), (30, 1800.0), (60, 3600.0), (300, 3600.0)]
)
def test_stored_quotes_stay_for_sixty_cycles_and_an_hour_at_most(
    interval: int, seconds: float
) -> None:
    assert runtime(interval=interval).persisted_seconds == seconds


def test_stored_quotes_stay_as_long_as_somebody_says_and_where_nothing_else_has_the_chain() -> None:
    assert runtime(interval=5, **{"frames.persisted_seconds": 20.0}).persisted_seconds == 20.0
    csv_alone = {"storage.parquet.enabled": False}
    assert runtime(interval=5, **csv_alone).persisted_seconds == 3600.0


def test_a_simulated_market_is_started_and_a_live_one_is_not() -> None:
    assert runtime().market_start is not None
    assert runtime().instant_feed is None
