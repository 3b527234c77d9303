"""One masking for the house: no password leaves, however it is written, and what is no secret stays."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from g6.config import load
from g6.errors.masking import mask, mask_address, mask_setting, resembles_a_secret

FIRST, LAST = "Zq1v", "9jXw"
"""A password's ends. Neither occurs in what stands around it, so each shows a part that leaked."""


# On a loaded machine the table of Unicode's categories alone takes two seconds, once.
settings.register_profile("masking", deadline=None, suppress_health_check=[HealthCheck.too_slow])
PATIENT = settings.get_profile("masking")


def passwords(least: int = 0) -> st.SearchStrategy[str]:
    awkward = st.sampled_from(
        [
            "/",
            "@",
            "#",
            "[",
            "]",
            "%",
            " ",
            "?",
            "&",
            ":",
            ";",
            "=",
            "\\",
            '"',
            "'",
            "+",
            "://",
            "%zz",
            "\n",
        ]
    )
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    return st.lists(awkward | anything, min_size=least, max_size=6).map(
        lambda parts: FIRST + "".join(parts) + LAST
    )


SCHEMES = st.sampled_from(
    ["redis", "rediss", "sentinel", "http", "https", "wss", "socks5", "redis+sentinel"]
)
HOSTS = st.sampled_from(
    ["host", "host:6379", "127.0.0.1:6379", "[::1]:6379", "redis.example.org", "a.b.c:1"]
)
USERS = st.sampled_from(["", "user", "svc.g6", "first-last", "u%40v"])
TAILS = st.sampled_from(["", "/0", "/0?db=1", "/?ssl_cert_reqs=none"])


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """Draw an address with a password in it: before the host, or among the options."""
    password = draw(passwords() | passwords().map(lambda text: quote(text, safe="")))
    if draw(st.booleans()):
        return f"{draw(SCHEMES)}://{draw(USERS)}:{password}@{draw(HOSTS)}{draw(TAILS)}"
    where = draw(
        st.sampled_from(
            ["unix:///run/redis.sock", "redis://host:6379/0", "rediss://127.0.0.1:6379"]
        )
    )
    name = draw(st.sampled_from(["password", "sentinel_password", "ssl_password"]))
    more = draw(st.sampled_from(["", "&db=2", "&ssl_ca_certs=/etc/ca.pem"]))
    return f"{where}?{draw(st.sampled_from(['', 'username=me&']))}{name}={password}{more}"


def leaks(text: str) -> bool:
    return FIRST in text or LAST in text


@PATIENT
@given(addresses())
@example(f"redis://:{FIRST}/x@y#[%{LAST}@host:6379/0")
@example(f"unix:///run/redis.sock?password={FIRST}@ &{LAST}&db=1")
@example(f"redis://:a?password={FIRST}@{LAST}@host")
def test_no_address_shows_a_part_of_its_password(address: str) -> None:
    assert not leaks(mask_address(address))
    assert not leaks(json.dumps(mask_setting({"redis": {"broker_url": address}})))


@PATIENT
@given(
    addresses(),
    st.sampled_from(
        ["{} is no Redis address", "cannot reach {}: refused\nsee the log", "('{}', 1)", "{}"]
    ),
)
@example(f"redis://user:12 {FIRST}{LAST}@host", "{} is away")
def test_no_sentence_shows_a_part_of_an_addresss_password(address: str, sentence: str) -> None:
    assume(
        "\n" not in address
    )  # in a sentence nothing tells that the next line is the password's too
    assert not leaks(mask(sentence.format(address)))


def test_a_sentence_may_be_broken_inside_a_password() -> None:
    assert not leaks(mask(f"cannot reach redis://:{FIRST}\n{LAST}@host: refused"))


@PATIENT
@given(passwords())
def test_the_settings_show_no_password_of_any_address(password: str) -> None:
    for scheme in ("redis://", "rediss://user", "sentinel://", "redis:/", ""):
        address = f"{scheme}:{password}@host:6379/0"
        loaded = load(
            "",
            {"redis.broker_url": address, "redis.cache_url": address, "provider.root": address},
            {},
        )
        shown = mask_setting(loaded.model_dump(mode="json", by_alias=True))
        assert not leaks(json.dumps(shown))


@PATIENT
@given(
    passwords(),
    st.sampled_from(['"password": {}', "password={}", "api_secret: {}", "'access_token': {}"]),
)
def test_a_quoted_secret_is_masked_to_its_closing_quote(password: str, form: str) -> None:
    assert not leaks(mask(form.format(json.dumps(password))))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:s3cret@host/0", "redis://***@host/0"),
        ("redis://s3cret@host/0", "redis://***@host/0"),
        ("rediss://user:s3@cret@host:6380", "rediss://***@host:6380"),
        ("sentinel://:s3cret@a:26379;sentinel://:s3cret@b:26379", "sentinel://***@b:26379"),
        ("unix:///run/redis.sock?password=s3cret&db=1", "unix:///run/redis.sock?password=***&db=1"),
        (
            "unix:///run/redis.sock?password=s3@cret&db=1",
            "unix:///run/redis.sock?password=***&db=1",
        ),
        ("user:s3cret@host:6379", "***@host:6379"),
        ("/srv/g6@home/data", "/srv/g6@home/data"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert mask_address(address) == shown


@pytest.mark.parametrize(
    "harmless",
    [
        "the broker at redis://127.0.0.1:6379/0 is away; worker cycle@box waits",
        "redis://***@host:6379/0 is away; worker cycle@box waits",
        "no Redis at unix:///run/redis.sock?password=***&db=1 answers",
        "go to https://kite.trade/docs/connect, then ask support@example.org",
        "set serve.token (export G6_SERVE__TOKEN=$(openssl rand -hex 16)), or leave serve.host at 127.0.0.1",
        "write KITE_API_KEY=… and KITE_API_SECRET=… into it",
        "export KITE_ACCESS_TOKEN=<token>",
        "g6 login --request-token TOKEN",
        "redis://host:6379/0",
        "first line redis://host:6379/0\nsecond line, worker cycle@box",
    ],
)
def test_what_is_no_secret_stays(harmless: str) -> None:
    assert mask(harmless) == harmless


def test_names_that_may_be_a_misspelt_secret_are_told() -> None:
    assert all(
        resembles_a_secret(name)
        for name in ("api_secrt", "tokens", "acess_token", "G6_REDIS__PASSWD", "apikey")
    )
    assert not any(
        resembles_a_secret(name) for name in ("interval", "max_quote_aeg", "strikes_itm")
    )
