"""Five failures open it for all workers; one probe at a time tries whether it may close."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from g6.adapters.wrapping.resilient import Breaker
from g6.errors import BreakerOpen, ProviderBusy, ProviderRefused
from tests.worlds.guards import Answers, Guards

DOWN = ProviderBusy("down", "server")


def fails(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ProviderBusy):
            breaker.call(Answers(DOWN))


def ripen(guards: Guards) -> None:
    """Let the time of being left alone be over."""
    guards.storage._opened_at = datetime.now(UTC) - timedelta(seconds=guards.seconds + 1)


def test_five_failures_in_a_row_open_it_for_every_worker() -> None:
    guards = Guards()
    fails(guards.breaker(), 5)
    server = Answers(1)
    with pytest.raises(BreakerOpen, match="5 times"):
        guards.breaker().call(server)
    assert server.asked == 0
    assert guards.breaker().state() == "open"
    assert guards.breaker().refuses()


def test_four_failures_and_an_answer_open_nothing() -> None:
    guards = Guards()
    breaker = guards.breaker()
    fails(breaker, 4)
    breaker.call(Answers(1))
    fails(breaker, 4)
    assert breaker.state() == "closed"


@pytest.mark.parametrize("error", [ProviderRefused("no"), ProviderBusy("too many", "rate_limit")])
def test_refusals_and_rate_limits_say_nothing_of_the_providers_health(error: Exception) -> None:
    guards = Guards()
    for _ in range(9):
        with pytest.raises(type(error)):
            guards.breaker().call(Answers(error))
    assert guards.breaker().state() == "closed"


def test_after_a_while_one_probe_closes_it() -> None:
    guards = Guards()
    fails(guards.breaker(), 5)
    ripen(guards)
    assert guards.breaker().call(Answers(7)) == 7
    assert guards.breaker().state() == "closed"
    assert [each.facts.breaker for each in guards.told] == ["open", "closed"]


def test_a_failed_probe_leaves_it_open_and_tells_nothing_new() -> None:
    guards = Guards()
    fails(guards.breaker(), 5)
    ripen(guards)
    fails(guards.breaker(), 1)
    assert guards.breaker().refuses()
    assert len(guards.told) == 1


def test_while_one_probes_the_others_are_refused() -> None:
    guards = Guards()
    fails(guards.breaker(), 5)
    ripen(guards)
    other = Answers(1)

    def probe() -> int:
        with pytest.raises(BreakerOpen):
            guards.breaker().call(other)
        return 7

    assert guards.breaker().call(probe) == 7
    assert other.asked == 0
