"""`g6 login` and `g6 check` against a look-alike: what is kept, what is said, which exit code."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from g6.adapters.kite.browser_login import Callback, login_url, request_token_of
from g6.errors import ProviderBusy, ProviderRefused, StoreBusy, TokenDead, Unavailable
from tests.worlds.kite import Kite, kite_server

START = "2026-11-20T05:00:00Z"


@pytest.fixture(scope="module")
def kite() -> Iterator[Kite]:
    with kite_server(start=START, speed=0.0, in_thread=True) as running:
        yield running


@pytest.fixture
def broker(kite: Kite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kite:
    """A look-alike that the command line finds in its environment."""
    told = {
        "G6_CONFIG": "", "G6_PROVIDER__NAME": "kite", "G6_PROVIDER__ROOT": kite.root, "G6_MARKET__START": START,
        "G6_MARKET__ORIGIN": str(time.time() + 3600), "G6_DEMO_DIR": str(tmp_path), "KITE_API_KEY": "demo",
        "KITE_API_SECRET": "demo",
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return kite


def test_a_headless_login_keeps_a_token_that_ends_in_the_morning(
    broker: Kite, g6: Any, tmp_path: Path
) -> None:
    ran = g6("login", "--headless")
    assert ran.code == 0, ran.err
    assert "Sat 21 Nov 2026 06:00 IST (in 19 h 30 min)" in ran.out
    assert (tmp_path / ".token").stat().st_mode & 0o777 == 0o600
    checked = g6("check", "kite", "--json")
    assert checked.code == 0, checked.out
    told = {each["what"]: each for each in json.loads(checked.out)["checks"]}
    assert "NIFTY 2" in told["prices"]["seen"]
    assert "quote 5" in told["requests left in the next minute"]["seen"]


def test_a_token_that_was_refused_is_a_cause_with_its_fix(broker: Kite, g6: Any) -> None:
    g6("login", "--headless")
    broker.flush()
    ran = g6("check", "provider")
    assert ran.code == 1
    assert "token: Kite refuses" in ran.out
    assert "fix: g6 login" in ran.out


def test_without_a_token_the_check_says_so_and_asks_nothing(broker: Kite, g6: Any) -> None:
    before = len(broker.arrivals())
    ran = g6("check", "kite")
    assert ran.code == 1
    assert "no access token" in ran.out
    assert len(broker.arrivals()) == before


def test_a_server_that_is_not_there_is_the_network(
    broker: Kite, g6: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("G6_PROVIDER__ROOT", "http://127.0.0.1:9")
    monkeypatch.setenv("KITE_ACCESS_TOKEN", "demo")
    ran = g6("check", "kite")
    assert ran.code == 1
    assert "network" in ran.out


def test_a_login_without_credentials_ends_at_once(
    broker: Kite, g6: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KITE_API_SECRET")
    ran = g6("login", "--headless")
    assert ran.code == 2
    assert "KITE_API_SECRET" in ran.err


def test_a_request_token_that_is_none_is_refused_in_a_sentence(broker: Kite, g6: Any) -> None:
    ran = g6("login", "--request-token", "nonsense")
    assert ran.code == 1
    assert "request token" in ran.err


@pytest.mark.parametrize(
    ("name", "told", "fix"),
    [
        ("KITE_API_KEY", "Kite knows no such API key", "copy KITE_API_KEY"),
        ("KITE_API_SECRET", "Kite refuses the API secret", "copy KITE_API_SECRET"),
    ],
)
def test_a_wrong_key_and_a_wrong_secret_are_told_apart(
    broker: Kite, g6: Any, monkeypatch: pytest.MonkeyPatch, name: str, told: str, fix: str
) -> None:
    monkeypatch.setenv(name, "planted1234")
    ran = g6("login", "--request-token", "abcdef")
    assert ran.code == 1
    assert told in ran.err
    assert f"fix: {fix}" in ran.err
    assert "planted1234" not in ran.err + ran.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://kite.zerodha.com/connect/login?v=3&api_key=k", "carries no request_token"),
        ("http://127.0.0.1:5010/?status=cancelled", "carries no request_token"),
        ("here it is", "neither a request token nor an address"),
        ("http://[", "carries no request_token"),
    ],
)
def test_a_pasted_mistake_is_told_before_anybody_is_asked(
    broker: Kite, g6: Any, text: str, told: str
) -> None:
    before = len(broker.arrivals())
    ran = g6("login", "--request-token", text)
    assert ran.code == 2
    assert told in ran.err
    assert "fix: " in ran.err
    assert len(broker.arrivals()) == before


def test_the_fake_token_provider_asks_nobody(
    broker: Kite, g6: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("G6_TOKEN_PROVIDER", "fake")
    monkeypatch.delenv("KITE_API_SECRET")
    before = broker.state()["exchanges"]
    assert g6("login", "--headless").code == 0
    assert broker.state()["exchanges"] == before


def test_the_simulated_market_can_be_checked_too(g6: Any) -> None:
    ran = g6("check", "sim")
    assert ran.code == 0
    assert "✓ NIFTY" in ran.out


def test_the_browser_is_sent_back_to_a_page_of_ours() -> None:
    with Callback() as callback:
        answers: list[str] = []
        query = {"request_token": "r1", "status": "success", "action": "login"}
        visitor = threading.Thread(
            target=lambda: answers.append(
                httpx.get(callback.url, params=query, trust_env=False, timeout=90).text
            )
        )
        visitor.start()
        assert callback.wait(90) == "r1"
        visitor.join()
    assert "close this page" in answers[0]


def test_a_port_that_is_taken_is_said_with_its_option() -> None:
    with (
        Callback() as callback,
        pytest.raises(Unavailable, match="--port"),
        Callback(callback.port),
    ):
        pass


@pytest.mark.parametrize(
    "text", ["r1", " r1\n", "http://127.0.0.1:5010/?action=login&status=success&request_token=r1"]
)
def test_a_pasted_address_or_token_is_understood(text: str) -> None:
    assert request_token_of(text) == "r1"


def test_the_login_page_names_the_key_and_the_version() -> None:
    assert login_url("abc") == "https://kite.zerodha.com/connect/login?v=3&api_key=abc"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (TokenDead("dead"), "token"),
        (ProviderRefused("no"), "entitlement"),
        (ProviderBusy("x", "network"), "network"),
        (ProviderBusy("x", "timeout"), "network"),
        (ProviderBusy("x", "rate_limit"), "rate limit"),
        (StoreBusy("x"), "store"),
    ],
)
def test_every_failure_has_a_cause_and_a_fix(error: Any, cause: str) -> None:
    from g6.studies.now.provider_answers import cause_of

    assert cause_of(error)[0] == cause
    assert cause_of(error)[1]
