"""Open interest beyond a window: asked for in turn, within bounds, and told with its age."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from g6.domain.market.instrument import Contracts
from g6.domain.quotes.chain_memory import (
    LEAST_REFRESH,
    REFRESH_SECONDS,
    ROOM_STRIKES,
    ChainMemory,
    beyond,
    oldest_allowed,
    refresh_count,
    refreshed,
    widened,
)
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.domain.schema.underlying import Underlying

DAYS = np.array(["2026-11-23", "2026-12-01"], dtype="datetime64[D]")


def contracts(strikes: int = 100) -> Contracts:
    """Two expiries of so many strikes each."""
    n = 2 * strikes
    names = np.array([[f"{side}{i}" for i in range(n)] for side in "CP"], dtype=object)
    return Contracts(
        "NIFTY", np.repeat(DAYS, strikes), np.tile(20_000.0 + 50.0 * np.arange(strikes), 2), np.full(n, 65), np.full(n, 0.05),
        names, np.zeros((2, n), dtype=np.int64),
    )  # fmt: skip


def answers(asked: Contracts, oi: float) -> Quotes:
    values = {name: np.full((2, len(asked)), oi) for name in QUOTE_FIELDS}
    return Quotes(
        asked, np.full((2, len(asked)), "rest", dtype=object), values, Underlying(), 0.0,
    )  # fmt: skip


def window(listed: Contracts, centre: int = 50, wide: int = 10) -> np.ndarray:
    place = np.tile(np.arange(len(listed) // 2), 2)
    return np.abs(place - centre) <= wide


@given(
    interval=st.sampled_from([1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 60, 300]),
    strikes=st.integers(30, 250),
)
def test_every_strike_beyond_the_window_is_asked_for_in_time(interval: int, strikes: int) -> None:
    listed = contracts(strikes)
    rows = window(listed, strikes // 2)
    memory, left = ChainMemory.blank(listed), int((~rows).sum())
    oldest = oldest_allowed(int(rows.sum()), left, interval)
    turns = int(oldest // interval)
    for n in range(turns):
        at = float(n * interval)
        chosen = refreshed(memory, rows, 22_000.0, interval)
        assert not (chosen & rows).any()
        assert chosen.sum() == refresh_count(int(rows.sum()), left, interval)
        memory = memory.learn(answers(listed.take(rows | chosen), at), rows | chosen, rows, at)
    told = beyond(memory, listed, rows, float((turns - 1) * interval), oldest)
    assert [entry.unasked for entry in told.values()] == [0] * len(told)
    assert all(entry.listed == len(entry) for entry in told.values())
    assert all(0 <= entry.age_seconds <= oldest for entry in told.values())


@given(window=st.integers(1, 2000), left=st.integers(0, 4000), interval=st.integers(1, 3600))
def test_what_a_cycle_asks_for_beside_its_window_is_bounded(
    window: int, left: int, interval: int
) -> None:
    count = refresh_count(window, left, interval)
    assert (count > 0) == (left > 0)
    assert count <= max(LEAST_REFRESH, ROOM_STRIKES - window)
    assert count <= (window + left) * interval / REFRESH_SECONDS + 1


def test_the_nearest_are_asked_for_first_and_then_those_that_waited_longest() -> None:
    listed = contracts()
    rows, memory = window(listed), ChainMemory.blank(contracts())
    first = refreshed(memory, rows, 22_500.0, 5)
    away = np.abs(listed.strike - 22_500.0)
    assert away[first].max() <= away[~rows & ~first].min()
    memory = memory.learn(answers(listed.take(first), 1.0), first, rows, 0.0)
    assert not (refreshed(memory, rows, 22_500.0, 5) & first).any()


def test_an_unanswered_strike_keeps_what_it_had_and_is_not_asked_for_before_its_turn() -> None:
    listed = contracts()
    rows, everything = window(listed), np.ones(200, dtype=np.bool_)
    memory = ChainMemory.blank(listed).learn(answers(listed, 65.0), everything, rows, 0.0)
    silent = memory.learn(answers(listed, np.nan), everything, rows, 60.0)
    assert (silent.oi == 65.0).all()
    assert (silent.answered_at == 0.0).all()
    assert (silent.asked_at == 60.0).all()


def test_what_is_too_old_is_unknown() -> None:
    listed = contracts()
    rows, everything = window(listed), np.ones(200, dtype=np.bool_)
    memory = ChainMemory.blank(listed).learn(answers(listed, 65.0), everything, rows, 0.0)
    for at, answered in ((180.0, 79), (181.0, 0)):
        told = beyond(memory, listed, rows, at, 180.0)
        assert [len(entry) for entry in told.values()] == [answered] * 2
        assert [entry.listed for entry in told.values()] == [79] * 2
        assert told[date(2026, 11, 23)].oi[0].tolist() == [65.0] * answered


def test_what_was_seen_later_than_the_cycle_is_not_known_to_it() -> None:
    listed = contracts()
    memory = ChainMemory.blank(listed).learn(
        answers(listed, 65.0), np.ones(200, dtype=np.bool_), window(listed), 100.0
    )
    earlier = memory.of(listed, 99.0)
    assert np.isnan(earlier.oi).all()
    assert np.isnan(earlier.asked_at).all()
    assert (memory.of(listed, 100.0).oi == 65.0).all()


def test_strikes_that_were_delisted_or_listed_meanwhile_leave_the_others_in_their_places() -> None:
    listed = contracts()
    memory = ChainMemory.blank(listed).learn(
        answers(listed, 65.0), np.ones(200, dtype=np.bool_), window(listed), 0.0
    )
    fewer = memory.of(listed.take(np.arange(200) % 3 > 0), 1.0)
    more = fewer.of(listed, 1.0)
    assert len(fewer) < len(more)
    assert np.isnan(more.oi[0]).sum() == 200 - len(fewer)
    assert (fewer.oi == 65.0).all()


def test_a_window_that_moved_keeps_what_it_had_without_a_hole() -> None:
    listed = contracts()
    before, now = window(listed, 30), window(listed, 70)
    wide = widened(now, listed.expiry, before)
    places = np.flatnonzero(wide[:100])
    assert (places[0], places[-1], len(places)) == (20, 80, 61)
    assert (wide[:100] == wide[100:]).all()


def test_an_expiry_that_nobody_knows_the_centre_of_stays_out() -> None:
    listed = contracts()
    rows = window(listed)
    rows[100:] = False
    assert not widened(rows, listed.expiry, np.ones(200, dtype=np.bool_))[100:].any()
