from __future__ import annotations

import io

import pytest
from rich.console import Console

from g6.config import load
from g6.domain.cycles.cycle import isoformat_z
from g6.entrypoints.cli.shared.following import prepare_start
from g6.errors import BadConfig


@pytest.mark.parametrize(
    ("asked", "first", "told"),
    [
        (
            "2026-11-21T05:30:00Z",
            "2026-11-23T03:45:00Z",
            "Sat 21 Nov 2026 11:00 IST lies in no session",
        ),
        (
            "2026-11-18T11:00:00Z",
            "2026-11-19T03:45:00Z",
            "the market starts at Thu 19 Nov 2026 09:15 IST",
        ),
        ("2026-11-18T05:30:20Z", "2026-11-18T05:31:00Z", ""),
        ("2026-11-18T05:30:00Z", "2026-11-18T05:30:00Z", ""),
    ],
)
def test_a_start_outside_sessions_is_moved_and_it_is_said(
    asked: str, first: str, told: str
) -> None:
    said = io.StringIO()
    settings = prepare_start(
        load(None, {"market.start": asked, "interval": 60}, {}), Console(file=said, width=200)
    )
    assert isoformat_z(settings.market.start) == first
    assert told in said.getvalue()
    assert bool(told) == ("lies in no session" in said.getvalue())
    # What a day takes on the disk is not the first thing that a person reads.
    assert "MB of Parquet" not in said.getvalue()


@pytest.mark.parametrize("root", [None, "http://127.0.0.1:9100"])
def test_a_market_with_a_clock_is_refused_full_speed_with_a_fix(root: str | None) -> None:
    source = {"provider.name": "kite", "provider.root": root} if root else {}
    settings = load(None, {"market.speed": "max", **source}, {})
    with pytest.raises(BadConfig, match="speed max is of recordings") as refused:
        prepare_start(settings, Console(file=io.StringIO()))
    assert "--speed 60" in refused.value.fix


def test_full_speed_in_a_file_that_a_replay_shares_stops_no_live_market() -> None:
    settings = load(None, {"market.speed": "max", "provider.name": "kite"}, {})
    assert prepare_start(settings, Console(file=io.StringIO())) == settings
    assert settings.wall_interval == settings.interval
