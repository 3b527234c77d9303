"""Whatever leaves the broker's client has a meaning for us."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from kiteconnect import exceptions as foreign

from g6.adapters.kite.rest_client import ERRORS, KINDS, ask_ltp, ask_quotes, translate
from g6.errors import ProviderBusy, ProviderRefused, TokenDead

EXCEPTIONS = [
    each
    for each in vars(foreign).values()
    if isinstance(each, type) and issubclass(each, Exception)
]
REQUESTS = [
    each
    for each in vars(requests.exceptions).values()
    if isinstance(each, type) and issubclass(each, requests.RequestException)
]


@pytest.mark.parametrize("kind", EXCEPTIONS, ids=lambda each: each.__name__)
def test_every_error_that_the_client_knows_stands_in_the_table(kind: type[Exception]) -> None:
    assert kind in ERRORS, f"the client has grown {kind.__name__}: say in ERRORS what it means"


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda each: each.__name__)
def test_every_error_of_a_request_has_a_meaning(kind: type[Exception]) -> None:
    assert any(base in ERRORS for base in kind.__mro__)


def test_the_table_names_no_meaning_that_nobody_reads() -> None:
    assert set(ERRORS.values()) == {"token", "refused", "by code", *KINDS} - {"rate_limit"}


@pytest.mark.parametrize(
    ("error", "ours", "kind"),
    [
        (foreign.TokenException("Incorrect `api_key` or `access_token`.", code=403), TokenDead, ""),
        (foreign.PermissionException("no", code=403), ProviderRefused, ""),
        (
            foreign.InputException("Too many tokens requested. Max permitted is 500.", code=400),
            ProviderRefused,
            "",
        ),
        (foreign.NetworkException("Too many requests", code=429), ProviderBusy, "rate_limit"),
        (foreign.NetworkException("down", code=503), ProviderBusy, "server"),
        (
            foreign.DataException("Unknown Content-Type (text/html) with response: (…)", code=502),
            ProviderBusy,
            "server",
        ),
        (foreign.GeneralException("user is blocked", code=403), ProviderRefused, ""),
        (foreign.GeneralException("oops", code=500), ProviderBusy, "server"),
        (requests.exceptions.ReadTimeout(), ProviderBusy, "timeout"),
        (requests.exceptions.ConnectTimeout(), ProviderBusy, "network"),
        (requests.exceptions.ConnectionError(), ProviderBusy, "network"),
        (requests.exceptions.ChunkedEncodingError(), ProviderBusy, "network"),
        (requests.exceptions.InvalidURL(), ProviderRefused, ""),
        (TypeError("attribute name must be string, not 'NoneType'"), ProviderBusy, "server"),
        (KeyError("content-type"), ProviderBusy, "server"),
    ],
)
def test_an_error_becomes_ours(error: Exception, ours: type[Exception], kind: str) -> None:
    found = translate(error)
    assert type(found) is ours
    assert getattr(found, "kind", "") == kind


def test_a_request_that_was_given_too_little_time_says_how_much_it_had() -> None:
    assert "no answer within 1.2 s (provider.timeout" in str(
        translate(requests.exceptions.ReadTimeout(), 1.2)
    )


def test_a_mistake_of_ours_is_not_hidden() -> None:
    assert translate(ZeroDivisionError()) is None


def test_a_page_of_html_is_quoted_in_part() -> None:
    assert len(str(translate(foreign.DataException("<html>" + "x" * 5000)))) < 200


def test_an_address_with_a_secret_is_not_quoted() -> None:
    error = requests.exceptions.ConnectionError("https://host/session/token?access_token=hunter2")
    assert "hunter2" not in str(translate(error))


@pytest.mark.parametrize("ask", [ask_quotes, ask_ltp])
def test_an_answer_that_is_no_object_is_the_servers_mistake(ask: Any) -> None:
    class Odd:
        def quote(self, *_: str) -> list[int]:
            return []

        ltp = quote

    with pytest.raises(ProviderBusy) as told:
        ask(Odd(), ["NSE:NIFTY 50"])
    assert told.value.kind == "server"
