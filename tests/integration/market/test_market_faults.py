"""Each fault of the simulated market through whole cycles: seen where it belongs in rows, flags and statuses, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from celery import Celery
from numpy.typing import NDArray

from g6.config import calendar
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.pricing.quality import Flag
from g6.domain.schema.frame import Frame
from g6.entrypoints.workers import tasks
from g6.simulation import MarketFaults, SimulatedMarket
from tests.worlds.pipeline import FIRST, World, after

CYCLES = (FIRST, after(FIRST, 60))

Grid = NDArray[Any]


def run(text: str, cycles: tuple[str, ...] = CYCLES[:1]) -> World:
    """Return the world after whole chains of NIFTY and BANKNIFTY in a market with these faults."""
    world = World(provider=SimulatedMarket(calendar(), faults=MarketFaults.parse(text)))
    world.settle_on(collection__scope="chain")
    for cycle in cycles:
        world.cycle(cycle)
    return world


ran = lru_cache(run)


def chain(text: str, index: str = "NIFTY", cycle: str = FIRST) -> Frame:
    found = ran(text).store.read_chain(Unit(cycle, index))
    assert found is not None
    return found


def both(frame: Frame, name: str) -> Grid:
    """Return the two columns of a quantity, `(2, n)`."""
    return np.stack([frame.columns[f"{side}_{name}"] for side in ("ce", "pe")])


def flagged(frame: Frame, flag: Flag) -> NDArray[np.bool_]:
    return np.asarray(both(frame, "quality").astype(np.int64) & int(flag) != 0)


def same(one: Grid, other: Grid) -> NDArray[np.bool_]:
    if one.dtype == object:
        return np.asarray(one == other)
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))


def changed(text: str, names: Mapping[str, str] | tuple[str, ...]) -> dict[str, NDArray[np.bool_]]:
    """Return which options differ from the healthy market's, by column."""
    plain, faulty = chain(""), chain(text)
    return {name: ~same(both(plain, name), both(faulty, name)) for name in names}


def test_a_healthy_market_is_ok_and_has_no_flag_of_a_fault() -> None:
    assert ran("").ends() == {"NIFTY": ("OK", ""), "BANKNIFTY": ("OK", "")}
    for flag in (Flag.CROSSED, Flag.MISSING, Flag.BAD_OI, Flag.BAD_PRICE, Flag.AGE_UNKNOWN):
        assert not flagged(chain(""), flag).any()
    assert flagged(chain(""), Flag.STALE).mean() < 0.05


@pytest.mark.parametrize(
    ("fault", "flag", "fields"),
    [
        ("crossed", Flag.CROSSED, {"bid", "ask"}),
        ("zero", Flag.BAD_PRICE, {"last"}),
        ("negative", Flag.BAD_OI, {"oi"}),
        ("stale", Flag.STALE, {"age_seconds", "last_trade_time"}),
        (
            "missing",
            Flag.MISSING,
            {"last", "bid", "ask", "volume", "oi", "age_seconds", "last_trade_time"},
        ),
    ],
)
def test_every_bad_quote_carries_its_own_flag_and_no_good_one_does(
    fault: str, flag: Flag, fields: set[str]
) -> None:
    text = f"{fault}:0.04"
    columns = ("last", "bid", "ask", "volume", "oi", "age_seconds", "last_trade_time")
    differing = changed(text, columns)
    assert {name for name, where in differing.items() if where.any()} == fields
    struck = np.any(list(differing.values()), axis=0)
    new = flagged(chain(text), flag) & ~flagged(chain(""), flag)
    assert new.any()
    assert not (new & ~struck).any()
    assert flagged(chain(text), flag)[struck].all() or fault == "stale"
    others = both(chain(text), "quality")[~struck] == both(chain(""), "quality")[~struck]
    assert others.mean() > 0.99


@pytest.mark.parametrize("fault", ["crossed", "zero", "negative", "spike"])
def test_a_few_bad_quotes_leave_the_cycle_ok_and_the_others_volatilities_as_they_were(
    fault: str,
) -> None:
    world = ran(f"{fault}:0.04")
    assert set(world.ends().values()) == {("OK", "")}
    moved = changed(f"{fault}:0.04", ("price", "iv"))
    struck = np.any(list(changed(f"{fault}:0.04", ("last", "bid", "ask", "oi")).values()), axis=0)
    pair = struck.any(axis=0)
    assert not moved["price"][:, ~pair].any()
    plain, faulty = (both(chain(text), "iv")[:, ~pair] for text in ("", f"{fault}:0.04"))
    assert np.nanmax(np.abs(plain - faulty)) < 0.002


def test_a_crossed_book_gives_no_price_and_a_recent_trade_does() -> None:
    frame = chain("crossed:0.04")
    sources = both(frame, "price_source")[flagged(frame, Flag.CROSSED)]
    assert set(sources) <= {"last", ""}
    assert "last" in set(sources)


def test_a_spike_is_kept_as_it_came_and_moves_nothing_that_has_a_book() -> None:
    struck = changed("spike:0.04", ("last", "price"))
    assert struck["last"].any()
    booked = both(chain("spike:0.04"), "price_source") == "mid"
    assert not (struck["price"] & booked).any()
    plain, faulty = (ran(text).rows()["NIFTY"] for text in ("", "spike:0.04"))
    assert abs(plain["forward"] - faulty["forward"]) < 0.1


def test_impossible_interest_is_kept_as_it_came_and_in_no_sum() -> None:
    plain, faulty = (ran(text).rows()["NIFTY"] for text in ("", "negative:0.04"))
    lost = both(chain(""), "oi")[flagged(chain("negative:0.04"), Flag.BAD_OI)]
    assert (
        plain["oi_calls"] + plain["oi_puts"] - faulty["oi_calls"] - faulty["oi_puts"]
        <= lost.sum() + 1
    )
    assert faulty["oi_calls"] > 0.5 * plain["oi_calls"]
    assert (both(chain("negative:0.04"), "oi") < 0).any()


def test_stale_quotes_say_so_in_place_of_a_volatility() -> None:
    frame = chain("stale:0.04")
    new = flagged(frame, Flag.STALE) & ~flagged(chain(""), Flag.STALE)
    assert set(both(frame, "iv_status")[new]) <= {"stale", "shared"}
    assert np.nanmin(both(frame, "age_seconds")[new]) > 500


def test_a_few_missing_strikes_are_counted_and_many_make_the_row_partial() -> None:
    few, many = ran("missing:0.02").rows()["NIFTY"], ran("missing:0.15").rows()["NIFTY"]
    assert (few["status"], many["status"], many["reason"]) == ("OK", "PARTIAL", "strikes_missing")
    assert few["rejected"] == flagged(chain("missing:0.02"), Flag.MISSING).sum() > 0
    gone = flagged(chain("missing:0.15"), Flag.MISSING)
    assert set(both(chain("missing:0.15"), "iv_status")[gone]) <= {"no_price", "shared"}
    assert np.isnan(both(chain("missing:0.15"), "last")[gone]).all()


def test_a_dropped_bucket_loses_its_bit() -> None:
    row = ran("drop:next_week").rows()["NIFTY"]
    assert (row["status"], row["reason"]) == ("PARTIAL", "expiry_missing")
    assert (row["expected_mask"], row["collected_mask"], row["missing_mask"]) == (15, 13, 2)
    assert ran("drop:next_week").ends()["BANKNIFTY"] == ("OK", "")


@pytest.mark.parametrize(
    ("fault", "struck"),
    [("halt:10:50-11:10", {"NIFTY", "BANKNIFTY"}), ("freeze:NIFTY@10:50-11:10", {"NIFTY"})],
)
def test_a_market_that_does_not_tick_is_stale_from_the_index_to_the_last_option(
    fault: str, struck: set[str]
) -> None:
    for index in ("NIFTY", "BANKNIFTY"):
        frame, row = chain(fault, index), ran(fault).rows()[index]
        listed = both(frame, "symbol") != ""
        stale = flagged(frame, Flag.STALE)[listed]
        assert row["spot_source"] == ("stale" if index in struck else "live")
        assert row["spot_age_seconds"] == (600 if index in struck else 0)
        assert stale.all() if index in struck else stale.mean() < 0.1
        if index in struck:
            assert set(both(frame, "iv_status")[listed]) == {"stale"}


def test_after_a_halt_all_is_well_again() -> None:
    world = run("halt:10:58-11:00", (FIRST, CYCLES[1]))
    assert [world.rows(cycle)["NIFTY"]["spot_source"] for cycle in CYCLES] == ["stale", "live"]
    assert world.rows(CYCLES[1])["NIFTY"]["iv_ok"] > 500


def test_a_failing_provider_is_a_gap_of_one_index() -> None:
    world = run("fail:BANKNIFTY", CYCLES)
    assert [world.ends(cycle) for cycle in CYCLES] == [
        {"NIFTY": ("OK", ""), "BANKNIFTY": ("MISSING", "provider")}
    ] * 2
    assert world.store.read_chain(Unit(FIRST, "BANKNIFTY")) is None
    gaps = world.reports("gap.opened")
    assert [(gap["index"], gap["reason"]) for gap in gaps] == [("BANKNIFTY", "provider")]


@pytest.mark.parametrize(("seconds", "end"), [(2, ("OK", "")), (100, ("MISSING", "time_limit"))])
def test_a_slow_provider_changes_nothing_until_the_time_limit_of_its_stage(
    seconds: int, end: tuple[str, str]
) -> None:
    def sleep(wanted: float) -> None:
        """Sleep as a pool process does: Celery's soft limit ends it."""
        world.later(min(wanted, world.runtime.timing.soft))
        if wanted > world.runtime.timing.soft:
            raise SoftTimeLimitExceeded

    faults = MarketFaults.parse(f"delay:{seconds}")
    world = World(provider=SimulatedMarket(calendar(), faults=faults, sleep=sleep))
    world.settle_on(collection__scope="chain")
    app = Celery("slow", set_as_current=False)
    tasks.register(app)
    app.runtime = world.runtime
    for index in world.runtime.plan.indices:
        world.clock.now = parse_z(FIRST).timestamp()
        app.tasks["g6.collect"].apply(args=(FIRST, index))
        app.tasks["g6.analyse"].apply(args=([FIRST, index],))
        app.tasks["g6.persist"].apply(args=([FIRST, index],))
    world.drain()
    assert set(world.ends().values()) == {end}
    stored = world.store.read_chain(Unit(FIRST, "NIFTY"))
    assert (stored is None) == (end[0] == "MISSING")
    assert stored is None or not any(
        (~same(both(chain(""), name), both(stored, name))).any() for name in ("bid", "last", "iv")
    )
