"""Tokens: what they cost, how long they live."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, time
from pathlib import Path

import pytest

from g6.domain.market.calendar import IST
from g6.errors import BadInput
from g6.kite_server.logins import AcceptedCredentials, Logins, flush_between
from g6.kite_server.movable_clock import MovableClock
from g6.kite_server.refusal import RequestRefusal


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


def form(name: str, token: str, secret: str = "demo", key: str = "demo") -> dict[str, str]:  # noqa: S107 - no secret of anybody
    return {
        "api_key": key,
        name: token,
        "checksum": hashlib.sha256((key + token + secret).encode()).hexdigest(),
    }


@pytest.fixture
def logins() -> Logins:
    return Logins(AcceptedCredentials(), MovableClock(at("2026-11-20 10:00"), 0))


def test_the_demo_pair_is_good_from_the_start(logins: Logins) -> None:
    assert logins.good("demo", "demo")


def test_another_key_is_not_good(logins: Logins) -> None:
    assert not logins.good("other", "demo")


def test_an_exchange_buys_a_token_and_is_counted(logins: Logins) -> None:
    session = logins.exchange(form("request_token", "demo"))
    assert logins.good("demo", str(session["access_token"]))
    assert session["login_time"] == "2026-11-20 10:00:00"
    assert logins.exchanges == 1


def test_a_token_of_the_login_page_is_good_once(logins: Logins) -> None:
    token = logins.request_token()
    logins.exchange(form("request_token", token))
    with pytest.raises(RequestRefusal, match="expired"):
        logins.exchange(form("request_token", token))


def test_a_token_of_the_login_page_lives_minutes(logins: Logins) -> None:
    token = logins.request_token()
    logins.clock.move(advance=600)
    with pytest.raises(RequestRefusal, match="expired"):
        logins.exchange(form("request_token", token))


def test_a_wrong_secret_is_refused(logins: Logins) -> None:
    with pytest.raises(RequestRefusal, match="checksum") as refused:
        logins.exchange(form("request_token", "demo", secret="guess"))
    assert (refused.value.status, refused.value.kind) == (403, "TokenException")
    assert logins.exchanges == 0


def test_a_form_without_a_token_is_wrong(logins: Logins) -> None:
    with pytest.raises(RequestRefusal, match="request_token") as refused:
        logins.exchange({"api_key": "demo"})
    assert refused.value.status == 400


def test_individuals_get_no_refresh_token(logins: Logins) -> None:
    assert logins.exchange(form("request_token", "demo"))["refresh_token"] == ""


def test_a_refresh_token_of_a_platform_is_good_once() -> None:
    logins = Logins(AcceptedCredentials(), MovableClock(at("2026-11-20 10:00"), 0), renewable=True)
    token = str(logins.exchange(form("request_token", "demo"))["refresh_token"])
    assert logins.good("demo", str(logins.renew(form("refresh_token", token))["access_token"]))
    with pytest.raises(RequestRefusal):
        logins.renew(form("refresh_token", token))


def test_tokens_die_in_the_morning(logins: Logins) -> None:
    logins.clock.move(at=at("2026-11-21 07:14"))
    assert logins.good("demo", "demo")
    logins.clock.move(at=at("2026-11-21 07:15"))
    assert not logins.good("demo", "demo")


def test_a_token_minted_before_the_flush_dies_the_same_morning() -> None:
    logins = Logins(AcceptedCredentials(), MovableClock(at("2026-11-20 05:00"), 0))
    logins.clock.move(at=at("2026-11-20 07:20"))
    assert not logins.good("demo", "demo")


def test_a_flush_on_request_spares_nobody(logins: Logins) -> None:
    logins.flush()
    assert not logins.good("demo", "demo")
    logins.admit("demo")
    assert logins.good("demo", "demo")


def test_an_invalidated_token_is_dead(logins: Logins) -> None:
    assert logins.invalidate("demo", "demo")
    assert not logins.good("demo", "demo")
    with pytest.raises(RequestRefusal):
        logins.invalidate("demo", "demo")


@pytest.mark.parametrize(
    ("earlier", "later", "whether"),
    [
        ("2026-11-20 08:00", "2026-11-20 23:59", False),
        ("2026-11-20 08:00", "2026-11-21 06:59", False),
        ("2026-11-20 08:00", "2026-11-21 07:00", True),
        ("2026-11-20 06:00", "2026-11-20 07:00", True),
        ("2026-11-20 07:00", "2026-11-20 07:00", False),
        ("2026-11-20 08:00", "2026-11-19 08:00", False),
    ],
)
def test_a_flush_lies_between_or_not(earlier: str, later: str, whether: bool) -> None:
    assert flush_between(at(earlier), at(later), time(7)) is whether


def test_a_file_names_what_is_accepted_instead_of_demo(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"api_key": "k", "api_secret": "s"}))
    logins = Logins(AcceptedCredentials.read(file), MovableClock(at("2026-11-20 10:00"), 0))
    assert not logins.good("demo", "demo")
    assert not logins.good("k", "")
    with pytest.raises(RequestRefusal):
        logins.exchange(form("request_token", "demo", secret="s", key="k"))
    session = logins.exchange(form("request_token", logins.request_token(), secret="s", key="k"))
    assert logins.good("k", str(session["access_token"]))


@pytest.mark.parametrize(
    "text", ["", "[]", '{"api_key": "k"}', '{"api_key": "k", "api_secret": "s", "pin": "1"}']
)
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=r"credentials\.json"):
        AcceptedCredentials.read(file)
