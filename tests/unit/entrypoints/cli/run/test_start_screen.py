"""The screen of a start says what is collected from where, and no secret; a full disk is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from g6 import __version__
from g6.config import Settings, load
from g6.domain.cycles.sizing import Sizing
from g6.entrypoints.cli.run import start_screen
from g6.entrypoints.cli.shared.following import warn_about_status_file
from g6.errors import Unavailable
from g6.ports.sources import Abilities
from g6.rendering.run_screen import Notice
from g6.studies.market.day_estimate import DayEstimate
from tests.worlds.pipeline import first_instant

BROKER = "redis://user:planted@127.0.0.1:6379/0"
SMALL = {"interval": 5, "workers.cycle": 2, "provider.name": "sim"} | {
    f"index_params.{name}.enabled": False for name in ("FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
}
DAY = date(2026, 11, 18)
CLOSED = Notice("market", "closed: Sunday", "g6 calendar 2026-11", is_trouble=True, key="closed")


def settings_of(tmp_path: Path, **changes: Any) -> Settings:
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return load(None, SMALL | {"demo_dir": tmp_path, "data_dir": tmp_path} | named, {})


def shown(tmp_path: Path, *notices: Notice, serves: bool = True, **changes: Any) -> str:
    console = Console(width=80)
    stack: Any = SimpleNamespace(
        settings=settings_of(tmp_path, **changes),
        broker=BROKER,
        runtime=SimpleNamespace(clock=first_instant()),
    )
    with console.capture() as written:
        start_screen.print_start(console, stack, notices, None, serves=serves)
    return written.get()


def test_it_says_version_indices_interval_provider_market_files_and_pages(tmp_path: Path) -> None:
    text = shown(tmp_path, CLOSED)
    assert f"G6 {__version__}: NIFTY, BANKNIFTY every 5 s" in text
    assert "source    sim, the simulated market of seed 7" in text
    assert "market    closed: Sunday" in text
    assert "fix: g6 calendar 2026-11" in text
    assert str(tmp_path) in text
    assert (
        "http://127.0.0.1:9109/, http://127.0.0.1:9109/status, http://127.0.0.1:9108/metrics"
        in " ".join(text.split())
    )
    assert len(text.splitlines()) <= 24


def test_no_password_is_shown(tmp_path: Path) -> None:
    assert "planted" not in shown(tmp_path)


def test_a_look_alike_is_called_one(tmp_path: Path) -> None:
    root = "http://127.0.0.1:9200"
    text = shown(tmp_path, provider__name="kite", provider__root=root)
    assert f"kite, a look-alike at {root}" in text


@pytest.mark.parametrize(("speed", "told"), [("max", ", speed max"), (0.5, ", speed 0.5"), (1, "")])
def test_every_speed_that_can_be_configured_is_told(
    tmp_path: Path, speed: float | str, told: str
) -> None:
    text = start_screen.source_words(settings_of(tmp_path, market__speed=speed))
    assert text == f"sim, the simulated market of seed 7{told}"


def test_a_recording_is_told_by_its_own_indices_and_pace(tmp_path: Path) -> None:
    start = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    instants = [start + timedelta(seconds=second) for second in (0, 1, 2, 60)]
    recorded = SimpleNamespace(cycles=lambda: instants)
    stack: Any = SimpleNamespace(
        settings=settings_of(tmp_path, provider__name="replay", provider__recording=tmp_path),
        broker=BROKER,
        runtime=SimpleNamespace(
            clock=first_instant(),
            plan=SimpleNamespace(indices={"BANKNIFTY": None}),
            provider=SimpleNamespace(abilities=Abilities(recorded=cast("Any", recorded))),
        ),
    )
    console = Console(width=80)
    with console.capture() as written:
        start_screen.print_start(console, stack, [], None, serves=False)
    assert f"G6 {__version__}: BANKNIFTY every 1 s" in written.get()


def test_addresses_are_those_that_something_answers_at(tmp_path: Path) -> None:
    assert "serve.log" in shown(tmp_path, serve__metrics_port=0, serve__web_port=0)
    assert "http" not in shown(tmp_path, serves=False)


def test_without_a_banner_only_what_keeps_it_from_collecting_is_said(tmp_path: Path) -> None:
    text = shown(tmp_path, CLOSED, Notice("login", "valid"), console__banner=False)
    assert "market: closed: Sunday" in text
    assert "fix: g6 calendar 2026-11" in text
    assert "valid" not in text


def test_a_start_that_cannot_fit_its_own_estimate_on_the_disk_is_refused(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "not" / "there")
    small = DayEstimate(DAY, 10, {}, Sizing(1, 10**6, 10**6, 10**6))
    start_screen.refuse_full_disk(settings, small)
    start_screen.refuse_full_disk(settings, None)
    huge = DayEstimate(DAY, 10, {}, Sizing(1, 10**18, 10**18, 10**18))
    with pytest.raises(Unavailable, match=r"10 cycles will take about .* GB left") as refused:
        start_screen.refuse_full_disk(settings, huge)
    assert "--anyway" in refused.value.fix


@pytest.mark.parametrize(
    ("changes", "serves", "told"),
    [
        ({"status_file": "st.json"}, True, ""),
        ({}, False, ""),
        ({"status_file": "st.json", "features.serve": False}, False, "features.serve is off"),
        ({"status_file": "st.json"}, False, "a bounded run starts none"),
    ],
)
def test_a_status_file_that_nothing_writes_is_told(
    changes: dict[str, Any], serves: bool, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_about_status_file(load(None, SMALL | changes, {}), Console(width=300), serves=serves)
    said = capsys.readouterr().out
    assert told in said
    assert bool(said) is bool(told)
    assert not told or {"status_file", "st.json", "fix:"} <= set(said.split())
