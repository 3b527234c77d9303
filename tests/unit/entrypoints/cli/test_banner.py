"""The banner of a start says version, indices, interval, provider and health, and no secret."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from g6 import __version__
from g6.config import load
from g6.domain.reports import ProviderFacts
from g6.entrypoints.cli.shared import banner
from g6.entrypoints.cli.shared.following import warn_about_status_file

BROKER = "redis://user:planted@127.0.0.1:6379/0"
SMALL = {"interval": 5, "workers.cycle": 2, "provider.name": "sim"} | {
    f"index_params.{name}.enabled": False for name in ("FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
}


def shown(provider: dict[str, Any], *, serves: bool = True, **changes: Any) -> str:
    settings = load(
        None, SMALL | {name.replace("__", "."): value for name, value in changes.items()}, {}
    )
    return "\n".join(
        banner.lines(
            settings, BROKER, ProviderFacts.from_json(provider), 12_300_000_000, serves=serves
        )
    )


def test_it_says_version_indices_interval_provider_and_health() -> None:
    text = shown({})
    assert f"G6 {__version__}: NIFTY, BANKNIFTY every 5 s from sim" in text
    assert "worker processes ready; Redis answers at" in text
    assert "12.3 GB free" in text
    assert len(text.splitlines()) <= 24


def test_no_password_is_shown() -> None:
    assert "planted" not in shown({})


@pytest.mark.parametrize(
    ("login", "told"),
    [
        ({"state": "valid", "seconds_left": 3600.0 * 3}, "access token valid, ends in 3 h 00 min"),
        ({"state": "expired", "seconds_left": 0.0}, "access token expired, run g6 login"),
        ({"state": "missing"}, "access token missing, run g6 login"),
    ],
)
def test_the_state_of_a_token_is_part_of_health(login: dict[str, Any], told: str) -> None:
    assert told in shown({"login": login})


def test_addresses_are_those_that_something_answers_at() -> None:
    assert "http://127.0.0.1:9108/metrics, http://127.0.0.1:9109/status" in shown({})
    assert "serve.log" in shown({}, serve__metrics_port=0, serve__web_port=0)
    assert "http" not in shown({}, serves=False)


@pytest.mark.parametrize("wanted", [True, False])
def test_it_can_be_left_out(
    wanted: bool, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(None, SMALL | {"console.banner": wanted, "demo_dir": tmp_path}, {})
    provider = SimpleNamespace(describe=ProviderFacts)
    stack: Any = SimpleNamespace(
        settings=settings, broker=BROKER, runtime=SimpleNamespace(provider=provider)
    )
    banner.print_banner(Console(), stack, serves=True)
    assert bool(capsys.readouterr().out) is wanted


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
