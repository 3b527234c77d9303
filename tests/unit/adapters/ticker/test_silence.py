"""When an open connection counts as silent."""

from __future__ import annotations

import pytest

from g6.adapters.kite.ticker.silence import LONGEST_SECONDS, WATCH_SECONDS, Silence
from g6.config import load

OPEN = 0.0


@pytest.fixture
def silence() -> Silence:
    made = Silence(8.0, contracts=2900)
    made.opened(1000.0)
    made.received(1000.0, 500.0)
    return made


def test_a_connection_that_is_heard_of_is_well(silence: Silence) -> None:
    silence.received(1007.0, 507.0)
    assert silence.verdict(1010.0, OPEN) == ""


def test_no_frame_at_all_is_mute(silence: Silence) -> None:
    assert silence.verdict(1008.5, OPEN) == "mute"


def test_a_mute_connection_is_told_of_within_ten_seconds_by_default() -> None:
    assert load("", {}, {}).ticker.silent_seconds + WATCH_SECONDS <= 10.0


def test_before_the_open_and_on_holidays_silence_means_nothing(silence: Silence) -> None:
    assert silence.verdict(9000.0, None) == ""


def test_at_the_open_a_connection_has_its_time(silence: Silence) -> None:
    assert silence.verdict(2005.0, 2000.0) == ""
    assert silence.verdict(2009.0, 2000.0) == "mute"


def test_heartbeats_without_ticks_are_quiet(silence: Silence) -> None:
    for now in range(1001, 1009):
        silence.received(float(now), 0.0)
    assert silence.verdict(1008.5, OPEN) == "quiet"


def test_a_last_frame_without_news_does_not_make_a_mute_connection_quiet(silence: Silence) -> None:
    silence.received(1001.0, 500.0)
    assert silence.verdict(1008.6, OPEN) == ""
    assert silence.verdict(1009.5, OPEN) == "mute"


def test_ticks_that_are_not_newer_are_quiet_too(silence: Silence) -> None:
    for now in range(1001, 1009):
        silence.received(float(now), 500.0)
    assert silence.verdict(1008.5, OPEN) == "quiet"


def test_few_contracts_may_pause_longer() -> None:
    silence = Silence(8.0, contracts=10)
    silence.opened(1000.0)
    for now in range(1000, 1150):
        silence.received(float(now), 0.0)
        assert silence.verdict(now + 0.5, OPEN) == (
            "" if now + 0.5 - 1000.0 <= LONGEST_SECONDS else "quiet"
        )


def test_a_halted_market_is_asked_after_ever_more_rarely(silence: Silence) -> None:
    reconnects, now = [], 1000.0
    while now < 1400.0:
        now += 1.0
        silence.received(now, 0.0)
        if silence.verdict(now, OPEN):
            reconnects.append(now - 1000.0)
            silence.opened(now)
    assert reconnects == [9.0, 26.0, 59.0, 124.0, 245.0, 366.0]


def test_new_ticks_make_it_watchful_again(silence: Silence) -> None:
    silence.received(1008.9, 0.0)
    assert silence.verdict(1009.0, OPEN) == "quiet"
    silence.opened(1009.0)
    silence.received(1010.0, 510.0)
    silence.received(1018.4, 0.0)
    assert silence.verdict(1018.5, OPEN) == "quiet"
