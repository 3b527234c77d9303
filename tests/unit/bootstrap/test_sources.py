"""A broker put together from settings: its secrets, its name, a provider that somebody else wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from g6.adapters.clocks import ScaledClock, WallClock
from g6.adapters.wrapping.resilient import Resilient
from g6.bootstrap.quote_sources.sources import provider
from g6.bootstrap.settings_checks.credentials import credentials
from g6.bootstrap.settings_checks.rest_budget import request_seconds
from g6.bootstrap.wiring import live_clock, wire_if_running
from g6.config import Settings, environment, hashes, load, values
from g6.errors import BadConfig

THIRD_PARTY = """
from datetime import UTC, datetime

from g6.simulation import SimulatedMarket
from g6.bootstrap.settings_checks.rest_budget import request_seconds
from g6.config import calendar
from g6.ports.sources import Source
from g6.domain.reports import ProviderFacts


# The calendar need not cover the day on which the tests run.
SESSION = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)


class Tiny:
    name = "tiny"

    def __init__(self, gate):
        self._gate, self._market = gate, SimulatedMarket(calendar())

    def listing(self, index, at):
        return self._market.listing(index, at)

    def underlying(self, index, at):
        return self._gate.ask("quote", "quote", lambda: self._market.underlying(index, SESSION))

    def quotes(self, index, contracts, at):
        return self._gate.ask("quote", "quote", lambda: self._market.quotes(index, contracts, at))

    def previous_oi(self, index, contracts, at):
        return self._market.previous_oi(index, contracts, at)

    def describe(self):
        return ProviderFacts("live", "tiny")


def provider(settings, surroundings):
    return Tiny(surroundings.gate)


SOURCE = Source("tiny", provider)
"""


def configured(environ: dict[str, str] | None = None, **given: Any) -> Settings:
    return load(
        "", {path.replace("__", "."): value for path, value in given.items()}, environ or {}
    )


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another distribution, installed."""
    (tmp_path / "tiny_provider.py").write_text(THIRD_PARTY, "utf-8")
    info = tmp_path / "tiny_provider-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: tiny-provider\nVersion: 1.0\n", "utf-8"
    )
    (info / "entry_points.txt").write_text("[g6.providers]\ntiny = tiny_provider:SOURCE\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("plugged")
def test_a_provider_of_somebody_elses_plugs_in_by_its_entry_point(tmp_path: Path) -> None:
    settings = configured(provider__name="tiny", data_dir=str(tmp_path), ticker__enabled=False)
    source = provider(wire_if_running(settings))
    assert isinstance(source, Resilient)
    assert source.underlying("NIFTY", datetime.now(UTC)).spot > 0
    assert source.describe().to_json()["requests"] == {"quote": {"ok": 1}}
    assert source.describe().to_json()["source"] == "tiny"


def test_a_provider_that_is_not_there_is_a_sentence_with_those_there_are() -> None:
    with pytest.raises(BadConfig, match="sim, replay, kite"):
        provider(wire_if_running(configured(provider__name="nobody")))


def test_secrets_come_from_the_environment_under_the_brokers_names() -> None:
    found = credentials(
        configured(
            {
                "KITE_API_KEY": "k",
                "KITE_API_SECRET": "s",
                "KITE_ACCESS_TOKEN": "a",
                "KITE_REQUEST_TOKEN": "r",
            }
        )
    )
    assert (found.api_key, found.api_secret, found.access_token, found.request_token) == (
        "k",
        "s",
        "a",
        "r",
    )


def test_a_secrets_file_fills_what_is_not_set(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("# mine\nexport KITE_API_KEY='k'\nKITE_API_SECRET=\"s=1\"\n\n", "utf-8")
    found = credentials(configured({"KITE_API_KEY": "other"}, provider__secrets_file=str(path)))
    assert (found.api_key, found.api_secret, found.access_token) == ("other", "s=1", "")


def test_a_secrets_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="secrets file"):
        credentials(configured(provider__secrets_file=str(tmp_path / "none")))


def test_a_child_is_given_the_secrets_and_nobody_else_sees_them() -> None:
    settings = configured({"KITE_API_SECRET": "hunter2"}, provider__name="kite")
    assert environment(settings)["G6_PROVIDER__API_SECRET"] == "hunter2"
    assert credentials(load(None, {}, environment(settings))).api_secret == "hunter2"
    assert "hunter2" not in json.dumps(values(settings)) + repr(settings) + json.dumps(
        hashes(settings)
    )


def test_the_token_of_the_web_pages_reaches_a_child_and_no_eye() -> None:
    settings = configured({"G6_SERVE__TOKEN": "sesame-sesame-sesame"})
    found = load(None, {}, environment(settings)).serve.token
    assert found is not None
    assert found.get_secret_value() == "sesame-sesame-sesame"
    assert "sesame" not in json.dumps(values(settings)) + repr(settings) + json.dumps(
        hashes(settings)
    )


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        (None, "live"),
        ("https://api.kite.trade", "live"),
        ("http://127.0.0.1:8000", "sim"),
        ("http://localhost:1", "sim"),
    ],
)
def test_rows_of_a_look_alike_never_mix_with_live_ones(root: str | None, kind: str) -> None:
    settings = configured(provider__name="kite", provider__root=root)
    assert settings.kind == kind
    assert settings.directory == (settings.demo_dir if kind == "sim" else settings.data_dir)


def test_a_look_alikes_clock_is_followed_and_a_brokers_is_the_walls() -> None:
    alike = configured(
        provider__name="kite", provider__root="http://127.0.0.1:8000", market__origin=1000.0
    )
    assert isinstance(live_clock(alike), ScaledClock)
    assert isinstance(
        live_clock(configured(provider__name="kite", market__origin=1000.0)), WallClock
    )


@pytest.mark.parametrize(("interval", "seconds"), [(60, 7.0), (10, 2.4), (1, 0.24)])
def test_a_request_lasts_less_than_a_quarter_of_the_interval(interval: int, seconds: float) -> None:
    settings = configured(provider__name="kite", interval=interval)
    assert request_seconds(settings) == pytest.approx(seconds)


def test_what_no_simulated_cycle_stands_on_is_not_imported_by_its_processes() -> None:
    seldom = "{'kiteconnect', 'requests', 'jsonschema'} & {*sys.modules}"
    script = f"import sys, g6.entrypoints.workers.app, g6.entrypoints.cli.run.bounded; sys.exit(bool({seldom}))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("name", ["root", "ws_root", "fallback_root", "login_url"])
@pytest.mark.parametrize(("scheme", "host", "refused"), [
    ("http", "kite.example", True), ("ws", "10.0.0.7:8080", True), ("https", "kite.example", False), ("wss", "kite.example", False),
    ("http", "127.0.0.1:9", False), ("ws", "localhost:9", False), ("http", "[::1]:9", False),
])  # fmt: skip
def test_secrets_go_to_no_address_without_tls_beyond_this_machine(
    name: str, scheme: str, host: str, refused: bool
) -> None:
    given = {
        "provider.name": "kite",
        "provider.api_key": "k",
        f"provider.{name}": f"{scheme}://user:s3cret@{host}",
    }
    settings = load("", given, {})
    if not refused:
        assert credentials(settings).api_key == "k"
        return
    with pytest.raises(BadConfig, match=f"provider.{name} = {scheme}://.*would carry") as caught:
        credentials(settings)
    assert "s3cret" not in str(caught.value)
    assert credentials(load("", given | {"provider.token_provider": "fake"}, {})).api_key == "demo"
