"""Faults: how they are told, whom they strike, when they end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from g6.errors import BadConfig
from g6.kite_server.server_faults import FAULTS, HTTP, Fault, ServerFaults, fault, parse

NOW = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)


def on(**told: Any) -> ServerFaults:
    faults = ServerFaults()
    faults.add(fault(told), NOW)
    return faults


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("429", Fault("429")),
        ("delay=0.5,share=0.1,family=quote", Fault("delay", "0.5", share=0.1, family="quote")),
        ("html=503,count=2,seconds=9.5", Fault("html", "503", count=2, seconds=9.5)),
        ("freeze=NIFTY", Fault("freeze", "NIFTY")),
        ("error=400,error_type=InputException", Fault("error", "400", error_type="InputException")),
    ],
)
def test_an_option_tells_a_fault(text: str, expected: Fault) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "delai", "429,count=x", "429,colour=red", "delay=long"])
def test_a_fault_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadConfig):
        parse(text)


def test_a_slip_names_what_was_meant() -> None:
    with pytest.raises(BadConfig, match="did you mean garbage"):
        parse("garbge")


def test_a_counted_fault_strikes_so_often() -> None:
    faults = on(name="429", count=2)
    assert [bool(faults.strikes("quote", "/quote")) for _ in range(3)] == [True, True, False]


def test_a_fault_of_a_family_spares_the_others() -> None:
    faults = on(name="429", family="quote", count=1)
    assert not faults.strikes("other", "/user/profile")
    assert faults.strikes("quote", "/quote")


def test_a_fault_of_a_path_spares_the_others() -> None:
    faults = on(name="html", path="/instruments")
    assert not faults.strikes("quote", "/quote")
    assert faults.strikes("other", "/instruments/NFO")


def test_a_fault_ends_with_its_time() -> None:
    faults = on(name="mute", seconds=0)
    assert not faults.active("mute")


def test_a_share_strikes_some() -> None:
    faults = on(name="429", share=0.5)
    struck = sum(bool(faults.strikes("quote", "/quote")) for _ in range(200))
    assert 60 < struck < 140


def test_looking_does_not_use_a_fault_up() -> None:
    faults = on(name="mute", count=1)
    assert faults.active("mute")
    assert faults.active("mute")


def test_clearing_ends_those_of_a_name_or_all() -> None:
    faults = on(name="mute")
    faults.add(fault({"name": "429"}), NOW)
    faults.clear("429")
    assert [each.name for each in faults.on] == ["mute"]
    faults.clear()
    assert faults.on == []


def test_every_fault_of_requests_is_explained() -> None:
    assert set(HTTP) <= FAULTS.keys()
