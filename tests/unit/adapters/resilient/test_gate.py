"""One request: its slot, its further tries, its books."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from g6.adapters.memory.clock import StoppedClock
from g6.adapters.wrapping.resilient import FurtherRequests, Patience, RequestGate
from g6.errors import BreakerOpen, ProviderBusy, ProviderRefused, TokenDead
from tests.worlds.guards import UNSPACED, Answers, Guards

DOWN = ProviderBusy("down", "server")
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


def test_an_answer_is_an_answer_and_stands_in_the_books() -> None:
    gate = Guards().gate()
    assert gate.ask("quote", "quote", Answers(7)) == 7
    facts = gate.tally.facts().to_json()
    assert (facts["requests"], facts["retries"]) == ({"quote": {"ok": 1}}, {})
    assert len(facts["seconds"]["quote"]) == 1


def test_the_wait_for_a_slot_stands_in_the_books_beside_the_answers_own_time() -> None:
    gate = Guards(spacings=UNSPACED | {"quote": 0.3}).gate()
    for _ in range(2):
        gate.ask("quote", "quote", Answers(7))
    facts = gate.tally.facts().to_json()
    assert facts["wait"]["quote"] > 0.2
    assert len(facts["seconds"]["quote"]) == 2


def test_two_bad_moments_and_a_good_one_are_one_answer_and_two_further_tries() -> None:
    gate, server = Guards().gate(), Answers(DOWN, DOWN, 7)
    assert gate.ask("quote", "quote", server) == 7
    assert gate.tally.facts().to_json()["retries"] == {"server": 2}
    assert gate.tally.facts().to_json()["requests"] == {"quote": {"busy": 2, "ok": 1}}


@pytest.mark.parametrize("refusal", [TokenDead("dead"), ProviderRefused("no entitlement")])
def test_a_refusal_is_not_tried_again(refusal: Exception) -> None:
    server = Answers(refusal)
    with pytest.raises(type(refusal)):
        Guards().gate().ask("quote", "quote", server)
    assert server.asked == 1


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_tries_are_as_many_as_configured(retries: int) -> None:
    server = Answers(DOWN)
    with pytest.raises(ProviderBusy):
        Guards(failures=100, patience=Patience(retries, 0.001, 0.002)).gate().ask(
            "quote", "quote", server
        )
    assert server.asked == retries + 1


def test_pauses_are_random_up_to_a_bound_that_doubles_to_its_cap() -> None:
    patience = Patience(3, 1.0, 3.0)
    for tries, bound in ((1, 1.0), (2, 2.0), (3, 3.0), (9, 3.0)):
        pauses = [patience.pause(tries) for _ in range(200)]
        assert 0 <= min(pauses) < 0.2 * bound
        assert 0.8 * bound < max(pauses) <= bound


def test_tries_stop_at_the_deadline() -> None:
    gate, server = Guards(patience=Patience(10, 50.0, 60.0)).gate(), Answers(DOWN)
    with pytest.raises(ProviderBusy), gate.until(time.time() + 0.5):
        gate.ask("quote", "quote", server)
    assert server.asked <= 2


def test_a_slot_beyond_the_deadline_is_not_waited_for_and_not_taken_from_others() -> None:
    guards = Guards(spacings=UNSPACED | {"quote": 60.0})
    gate = guards.gate()
    gate.ask("quote", "quote", Answers(1))
    for _ in range(3):
        server = Answers(1)
        with gate.until(time.time() + 5), pytest.raises(ProviderBusy, match="budget"):
            gate.ask("quote", "quote", server)
        assert server.asked == 0
    assert guards.limiter.describe()["quote"]["wait_seconds"] <= 60.0


def test_an_inner_deadline_does_not_outlast_the_outer_one() -> None:
    guards = Guards(spacings=UNSPACED | {"quote": 60.0})
    gate = guards.gate()
    gate.ask("quote", "quote", Answers(1))
    with gate.until(time.time() + 5), gate.until(time.time() + 500):
        assert not gate.reserve_further("quote")
    with gate.until(time.time() + 500):
        assert gate.reserve_further("quote")


def test_day_candles_get_one_try_and_their_failures_open_nothing() -> None:
    guards, server = Guards(failures=2), Answers(DOWN)
    gate = guards.gate()
    for _ in range(4):
        with pytest.raises(ProviderBusy):
            gate.ask("historical", "historical", server)
    assert server.asked == 4
    assert gate.ask("quote", "quote", Answers(7)) == 7


def test_a_request_that_leaves_late_moves_the_next() -> None:
    guards = Guards(spacings=UNSPACED | {"quote": 60.0})
    gate = guards.gate()
    gate.ask("quote", "quote", Answers(1))
    before = guards.limiter.describe()["quote"]["wait_seconds"]
    gate._slot_family = "quote"
    gate._slot_confirmed_at = time.monotonic() - 1.0
    gate.mark_sent()
    assert guards.limiter.describe()["quote"]["wait_seconds"] >= before
    gate.mark_sent()


def test_a_breaker_that_opens_ends_the_tries_of_the_unit_that_opened_it() -> None:
    server = Answers(DOWN)
    gate = Guards(failures=2).gate()
    with pytest.raises(ProviderBusy):
        gate.ask("quote", "quote", server)
    assert server.asked == 2
    with pytest.raises(BreakerOpen):
        gate.ask("quote", "quote", server)
    assert server.asked == 2


def test_a_budget_that_has_ended_says_nothing_of_the_providers_health() -> None:
    guards = Guards(
        spacings=UNSPACED | {"quote": 60.0}, failures=2, patience=Patience(0, 0.001, 0.002)
    )
    gate = guards.gate()
    with pytest.raises(ProviderBusy):
        gate.ask("quote", "quote", Answers(DOWN))
    for _ in range(3):
        with gate.until(time.time() + 1), pytest.raises(ProviderBusy, match="budget"):
            gate.ask("quote", "quote", Answers(1))
    assert guards.storage.counter == 1


def test_a_cycle_makes_no_more_further_tries_than_it_has_room_for_over_all_workers() -> None:
    guards = Guards(failures=100)
    gates = [guards.gate() for _ in range(4)]
    further = FurtherRequests(guards.shelf, "kite", 2, 60.0)
    servers = [Answers(DOWN) for _ in gates]
    for gate, server in zip(gates, servers, strict=True):
        with (
            gate.until(time.time() + 60.0, lambda: further.take(AT)),
            pytest.raises(ProviderBusy, match="down"),
        ):
            gate.ask("quote", "quote", server)
    assert sum(server.asked for server in servers) == len(servers) + 2


def test_every_cycle_has_its_own_further_tries() -> None:
    further = FurtherRequests(Guards().shelf, "kite", 1, 60.0)
    assert [further.take(AT + timedelta(seconds=n)) for n in (0, 0, 30)] == [True, False, True]


def test_keys_asked_for_again_count_as_further_requests() -> None:
    guards = Guards()
    gate, further = guards.gate(), FurtherRequests(guards.shelf, "kite", 1, 60.0)
    with gate.until(time.time() + 60.0, lambda: further.take(AT)):
        assert [gate.reserve_further("quote") for _ in range(2)] == [True, False]
        assert gate.reserve_further("historical")


def test_other_families_are_tried_again_whatever_the_quotes_have_left() -> None:
    gate, server = Guards().gate(), Answers(DOWN, 7)
    with gate.until(time.time() + 60.0, lambda: False):
        assert gate.ask("other", "instruments", server) == 7


def test_the_answer_to_a_late_request_has_less_time() -> None:
    guards = Guards()
    gate = RequestGate(
        guards.limiter, guards.breaker(), guards.patience, StoppedClock(100.0), answer_seconds=1.5
    )
    assert gate.answer_timeout(7.0) == 7.0
    with gate.until(103.0):
        assert gate.answer_timeout(7.0) == 4.5
        assert gate.answer_timeout(2.0) == 2.0
    with gate.until(100.0):
        assert gate.answer_timeout(7.0) == 1.5
