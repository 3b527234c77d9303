"""The three stages of a unit: what each leaves behind, and how a unit ends that cannot go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest

from g6 import pipeline
from g6.domain.cycles.cycle import Unit
from g6.domain.market.instrument import Contracts
from g6.domain.quotes import stamp as quote
from g6.domain.quotes.quotes import Quotes
from g6.domain.reports import ProviderFacts
from g6.domain.schema.words import Reason, Stage, Status
from g6.errors import FrameMissing, ProviderBusy, ProviderRefused, RedisDown
from g6.pipeline.gathering import stored_close
from g6.pipeline.runtime import Watch
from g6.pipeline.stages import end
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, SECOND, World, after
from tests.worlds.providers import MARKET, AlteredMarket


def test_a_unit_goes_through_its_three_stages(world: World) -> None:
    assert world.run(NIFTY) == [True, True, True]
    stored = world.store.read_chain(NIFTY)
    assert stored is not None
    assert (stored.columns["offset"] == 0).sum() == len(set(stored.columns["expiry"].tolist()))


def test_each_stage_leaves_one_report_with_its_parts_and_their_total(world: World) -> None:
    world.run(NIFTY)
    reports = world.reports("unit.report")
    assert [report["stage"] for report in reports] == ["collect", "analyse", "persist"]
    for report in reports:
        parts = dict(report["seconds"])
        total = parts.pop("total")
        assert sum(parts.values()) == pytest.approx(total)


def test_a_twin_is_ignored_and_asks_the_provider_nothing(world: World) -> None:
    world.run(NIFTY, "collect", task="one")
    assert world.run(NIFTY, "collect", task="two") == [False]
    assert world.provider.count == 1


def test_a_redelivered_collect_goes_on_without_fetching_again(world: World) -> None:
    world.run(NIFTY, "collect", task="one")
    assert world.run(NIFTY, "collect", task="one") == [True]
    assert world.provider.count == 1


def test_a_redelivered_message_of_a_killed_child_runs(world: World) -> None:
    world.begin(NIFTY, "collect", task="one")
    assert world.run(NIFTY, "collect", task="one") == [True]


def test_analysing_twice_leaves_the_same_chain(world: World) -> None:
    world.run(NIFTY, "collect", "analyse")
    first = world.frames.get(NIFTY, "chain")
    assert world.run(NIFTY, "analyse", task="again") == [True]
    assert all(np.array_equal(first.columns[name], column, equal_nan=column.dtype.kind == "f")
               for name, column in world.frames.get(NIFTY, "chain").columns.items())  # fmt: skip


def test_persisting_twice_writes_once(world: World) -> None:
    world.run(NIFTY)
    world.run(NIFTY, "persist", task="again")
    assert [report["stage"] for report in world.reports("unit.report")].count("persist") == 1


@pytest.mark.parametrize("error", [ProviderBusy("slow"), ProviderRefused("no token")])
def test_a_provider_that_fails_for_one_index_costs_that_index_alone(
    world: World, error: Exception
) -> None:
    world.provider.errors = {"BANKNIFTY": error}
    world.cycle()
    assert world.ends() == {"NIFTY": ("OK", ""), "BANKNIFTY": ("MISSING", "provider")}
    assert world.reports("cycle.report")[0]["status"] == "PARTIAL"


def test_a_paused_index_is_skipped_and_the_other_is_not(world: World) -> None:
    world.controls.set("paused", {"NIFTY": "by hand"})
    world.cycle()
    assert world.ends() == {"NIFTY": ("SKIPPED", "paused"), "BANKNIFTY": ("OK", "")}


def test_everything_paused_makes_a_skipped_cycle(world: World) -> None:
    world.controls.set("paused", {"*": "by hand"})
    world.cycle()
    assert world.reports("cycle.report")[0]["status"] == "SKIPPED"
    assert world.provider.count == 0


def test_a_cycle_whose_predecessor_is_still_being_collected_is_skipped(world: World) -> None:
    """A collection that began late and renews its lease overruns, also after the sweep closed its unit at the deadline."""
    world.later(29.0)
    world.begin(NIFTY, "collect", task="slow")
    world.run(BANKNIFTY)
    world.later(30.5)
    pipeline.sweep(world.runtime)
    world.drain()
    assert world.ends(FIRST)["NIFTY"] == ("MISSING", "provider")
    assert world.ledger.renew(NIFTY, "collect", "slow", world.clock.now + 5.0, world.clock.now)
    world.cycle(SECOND)
    assert world.ends(SECOND) == {"NIFTY": ("SKIPPED", "overrun"), "BANKNIFTY": ("OK", "")}
    world.cycle(after(SECOND, 60))
    assert world.ends(after(SECOND, 60)) == {"NIFTY": ("OK", ""), "BANKNIFTY": ("OK", "")}


def test_a_predecessor_that_died_while_it_was_collected_costs_no_further_cycle(
    world: World,
) -> None:
    world.later(29.0)
    world.begin(NIFTY, "collect", task="dead")
    world.cycle(SECOND)
    assert world.ends(SECOND) == {"NIFTY": ("OK", ""), "BANKNIFTY": ("OK", "")}


@pytest.mark.parametrize(
    ("who", "answer"), [("overtaken", "overrun"), ("collects", "run")], ids=["overtaken", "holder"]
)
def test_who_gives_up_collecting_frees_the_index_that_it_holds_itself(
    world: World, who: str, answer: str
) -> None:
    """In an emptied Redis another collects the unit: the next cycle was collected beside that one."""
    world.begin(NIFTY, "collect", task="overtaken")
    world.later(world.runtime.timing.lease + 0.1)
    assert world.begin(NIFTY, "collect", task="collects") == "again"
    end(world.runtime, NIFTY, Status.MISSING, Reason.PROVIDER, Watch(world.clock), task=who)
    world.ledger.renew(NIFTY, Stage.COLLECT, "collects", world.clock.now + 60.0, world.clock.now)
    assert world.begin(Unit(SECOND, "NIFTY"), "collect", task="next") == answer


def test_a_cycle_that_ends_with_an_overrun_is_closed_too(world: World) -> None:
    world.later(57.0)
    world.begin(NIFTY, "collect")
    world.later(3.0)
    world.run(Unit(SECOND, "BANKNIFTY"))
    world.run(Unit(SECOND, "NIFTY"), "collect")
    world.drain()
    assert world.ends(SECOND)["NIFTY"] == ("SKIPPED", "overrun")


def test_a_collect_that_starts_more_than_half_an_interval_late_is_expired(world: World) -> None:
    world.later(30.1)
    assert world.run(NIFTY, "collect") == [False]
    world.run(BANKNIFTY, "collect")
    world.drain()
    assert world.ends() == {"NIFTY": ("MISSING", "expired"), "BANKNIFTY": ("MISSING", "expired")}


def test_a_collect_that_began_in_time_and_failed_may_be_done_again_until_the_deadline(
    world: World,
) -> None:
    world.begin(NIFTY, "collect")
    world.later(40.0)
    assert world.run(NIFTY, "collect") == [True]


def test_a_broker_that_blinks_costs_no_unit(world: World) -> None:
    world.provider.errors = {"NIFTY": RedisDown("Redis: away")}
    with pytest.raises(RedisDown):
        world.run(NIFTY, "collect")
    world.provider.errors = {}
    world.later(1.0)
    assert world.run(NIFTY, "collect", "analyse") == [True, True]


def test_an_analysis_after_the_deadline_is_expired(world: World) -> None:
    world.run(NIFTY, "collect")
    world.later(48.1)
    assert world.run(NIFTY, "analyse") == [False]
    assert world.ledger.record(FIRST).units["NIFTY"].reason == "expired"  # type: ignore[union-attr]


def test_a_frame_that_is_gone_ends_the_unit_with_a_reason(world: World) -> None:
    world.run(NIFTY, "collect")
    world.frames.expire(NIFTY, "quotes", 0.0)
    assert world.run(NIFTY, "analyse") == [False]
    unit = world.ledger.record(FIRST).units["NIFTY"]  # type: ignore[union-attr]
    assert (unit.status, unit.reason) == ("MISSING", "frame_missing")


def test_a_chain_that_is_gone_before_it_is_stored_is_made_again_from_its_quotes(
    world: World,
) -> None:
    world.run(NIFTY, "collect", "analyse")
    expected = world.frames.get(NIFTY, "chain")
    world.frames.expire(NIFTY, "chain", 0.0)
    world.run(NIFTY, "persist")
    stored = world.store.read_chain(NIFTY)
    assert stored is not None
    np.testing.assert_array_equal(stored.columns["strike"], expected.columns["strike"])
    np.testing.assert_array_equal(stored.columns["ce_iv"], expected.columns["ce_iv"])


def test_a_chain_that_is_gone_with_its_quotes_before_it_is_stored_is_reported(world: World) -> None:
    world.run(NIFTY, "collect", "analyse")
    for stage in ("quotes", "chain"):
        world.frames.expire(NIFTY, stage, 0.0)
    world.run(NIFTY, "persist")
    report = world.reports("unit.report")[-1]
    assert (report["stage"], report["status"], report["reason"]) == (
        "persist",
        "MISSING",
        "frame_missing",
    )


def test_a_unit_collected_under_another_configuration_is_partial(world: World) -> None:
    world.run(NIFTY)
    world.settle_on(greeks__risk_free_rate=0.1)
    world.run(BANKNIFTY)
    world.drain()
    assert world.ends() == {"NIFTY": ("OK", ""), "BANKNIFTY": ("PARTIAL", "config")}


def test_greeks_switched_off_are_stamped_into_the_frame_and_hold_to_the_end(world: World) -> None:
    world.controls.set("greeks", False)
    world.run(NIFTY, "collect")
    world.controls.set("greeks", None)
    world.run(NIFTY, "analyse", "persist")
    chain = world.store.read_chain(NIFTY)
    assert chain is not None
    assert np.isnan(chain.columns["ce_iv"]).all()
    assert np.isfinite(chain.columns["ce_last"]).any()


def test_the_frame_says_everything_that_analysis_reads(world: World) -> None:
    world.run(NIFTY, "collect")
    _, stamp = quote.from_frame(world.frames.get(NIFTY, "quotes"))
    assert stamp.config_id == world.runtime.plan.config_id
    assert stamp.pricing == world.runtime.plan.pricing
    assert stamp.oi_prev_source == world.provider.name


@pytest.mark.parametrize(
    ("stored", "counts"),
    [
        ("2026-11-17T10:05:00Z", True),
        ("2026-11-17T09:40:00Z", True),
        ("2026-11-17T09:39:00Z", False),
        ("2026-11-17T06:30:00Z", False),
        ("2026-11-16T10:10:00Z", False),
        ("2025-11-18T10:10:00Z", False),
    ],
)
def test_stored_open_interest_counts_if_it_is_of_the_close_before(
    stored: str, counts: bool
) -> None:
    world = World()
    world.run(NIFTY)
    chain = world.store.read_chain(NIFTY)
    assert chain is not None
    later = World()
    later.store.write_chain(Unit(stored, "NIFTY"), chain)
    later.run(NIFTY, "collect")
    _, stamp = quote.from_frame(later.frames.get(NIFTY, "quotes"))
    assert stamp.oi_prev_source == ("store" if counts else later.provider.name)


def test_a_monday_of_a_year_without_a_calendar_counts_from_friday() -> None:
    world = World()
    world.run(NIFTY)
    chain = world.store.read_chain(NIFTY)
    assert chain is not None
    later = World()
    later.store.write_chain(Unit("2019-11-15T09:55:00Z", "NIFTY"), chain)
    assert stored_close(later.runtime, "NIFTY", date(2019, 11, 18)) is not None
    assert stored_close(later.runtime, "NIFTY", date(2019, 11, 19)) is None


def test_atm_of_the_latest_cycle_is_what_the_next_frame_carries(world: World) -> None:
    world.run(NIFTY, "collect", "analyse")
    world.later(60.0)
    world.run(Unit(SECOND, "NIFTY"), "collect")
    _, stamp = quote.from_frame(world.frames.get(Unit(SECOND, "NIFTY"), "quotes"))
    recalled = world.ledger.recall_levels("NIFTY", date(2026, 11, 18))
    levels = {slot.expiry: slot.atm for slot in stamp.slots}
    assert levels == {expiry: own.atm for expiry, own in recalled.items()}
    assert levels


def test_the_last_unit_sends_the_aggregate_and_only_it(world: World) -> None:
    world.run(NIFTY)
    assert world.sender.sent == []
    world.run(BANKNIFTY)
    assert world.sender.sent == [("aggregate", FIRST)]


def test_raw_quotes_live_shorter_once_the_unit_is_stored(world: World) -> None:
    world.run(NIFTY)
    world.later(world.runtime.persisted_seconds + 1.0)
    with pytest.raises(FrameMissing):
        world.frames.get(NIFTY, "quotes")


def test_a_stage_without_its_cycle_does_nothing(world: World) -> None:
    assert world.run(NIFTY, "analyse", "persist") == [False, False]


def test_a_cycle_sent_too_early_waits_for_its_instant(world: World) -> None:
    world.later(-1.25)
    assert world.run(NIFTY, "collect") == [True]
    assert world.clock.now == NIFTY.instant.timestamp()


def test_a_cycle_sent_half_an_interval_too_early_is_left_to_who_sends_it_in_time(
    world: World,
) -> None:
    """A beat 90 s ahead had each unit claimed, and a right one beside it found it taken."""
    world.later(-90.0)
    assert world.run(NIFTY, "collect") == [False]
    assert world.ledger.record(FIRST) is None
    world.later(90.0)
    assert world.run(NIFTY, "collect", task="in time") == [True]


class Waiting(AlteredMarket):
    """The simulated market behind a budget: an answer takes two seconds, of which `waited` went by before the request."""

    name = "kite"

    def __init__(self, world: World, waited: float) -> None:
        self.world, self.waited = world, waited

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        self.world.clock.now += 2.0
        return MARKET.quotes(index, contracts, at)

    def describe(self) -> ProviderFacts:
        return ProviderFacts.from_json({"wait": {"quote": self.waited, "ltp": 9.0}})


@pytest.mark.parametrize(("waited", "booked"), [(1.5, 1.5), (0.0, 0.0), (30.0, 2.0)])
def test_the_wait_for_a_request_slot_is_told_apart_from_the_providers_time(
    world: World, waited: float, booked: float
) -> None:
    runtime = replace(world.runtime, provider=Waiting(world, waited))
    assert pipeline.collect(runtime, NIFTY, "task")
    parts = dict(world.bus.read("0")[-1].document["seconds"])
    total = parts.pop("total")
    assert (parts.get("rate_wait", 0.0), parts["quotes"]) == pytest.approx((booked, 2.0 - booked))
    assert sum(parts.values()) == pytest.approx(total)
