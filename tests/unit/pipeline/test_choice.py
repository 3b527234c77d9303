"""What a cycle asks for: of contracts that can be believed, in windows as wide as the market moves, into the next year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from math import isnan
from typing import Any

import numpy as np
import pytest

from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.market.instrument import CE, Contracts, Listing
from g6.domain.pricing.black76 import PHI, price
from g6.domain.quotes.quotes import Quotes
from g6.errors import UncoveredYear
from g6.pipeline.choice import choose
from tests.worlds.pipeline import BANKNIFTY, FIRST, NIFTY, SECOND, World
from tests.worlds.providers import MARKET, CountingMarket

WEEKLY = date(2026, 11, 23)


class Mislabelled(CountingMarket):
    """The market with one call of the listing's third expiry written under the first."""

    def listing(self, index: str, at: datetime) -> Listing:
        true = MARKET.listing(index, at)
        first, *_, third = true.contracts.expiries[:3]
        wrong = true.contracts.of(third).take(slice(0, 1))
        columns = {
            name: getattr(wrong, name)
            for name in ("strike", "lot_size", "tick_size", "symbol", "token")
        }
        columns["symbol"] = np.array([wrong.symbol[CE], [""]], dtype=object)
        moved = Contracts(
            index,
            np.array([first], dtype="datetime64[D]"),
            **{**columns, "strike": np.array([99_950.0])},
        )
        # As a dump would have it: the strike fits the symbol, the expiry does not.
        moved.symbol[CE, 0] = str(wrong.symbol[CE, 0]).replace(
            f"{wrong.strike[0]:.0f}CE", "99950CE"
        )
        return replace(true, contracts=_joined(true.contracts, moved))


def _joined(one: Contracts, other: Contracts) -> Contracts:
    plain = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("expiry", "strike", "lot_size", "tick_size")
    }
    sides = {
        name: np.hstack([getattr(one, name), getattr(other, name)]) for name in ("symbol", "token")
    }
    order = np.lexsort((plain["strike"], plain["expiry"]))
    return Contracts(
        one.underlying, **{k: v[order] for k, v in plain.items()}, **{k: v[:, order] for k, v in sides.items()}
    )  # fmt: skip


class Priced(CountingMarket):
    """The market at one volatility throughout."""

    sigma = 0.12

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        seen = MARKET.quotes(index, contracts, at)
        years = (
            np.maximum((contracts.expiry - np.datetime64("2026-11-18")).astype(float), 0.5) / 365
        )
        fair = price(self.sigma, seen.market.spot, contracts.strike, years, 0.055, PHI)
        for name in ("last", "bid", "ask"):
            seen.values[name][:] = fair
        return seen


class Outlived(CountingMarket):
    """The market whose newest listing still has an expiry of the week before."""

    def listing(self, index: str, at: datetime) -> Listing:
        true = MARKET.listing(index, at)
        near = true.contracts.of(true.contracts.expiries[0])
        old = replace(near, expiry=np.full(len(near), "2026-11-17", dtype="datetime64[D]"))
        for side, row in np.ndindex(old.symbol.shape):
            old.symbol[side, row] = f"OLD{side}{row}" if old.symbol[side, row] else ""
        return replace(true, contracts=_joined(old, true.contracts))


def counts(world: World, cycle: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        report["counts"]
        for report in world.reports("unit.report")
        if (report["cycle"], report["stage"]) == (cycle, "collect")
    )
    return found


def test_a_contract_of_the_wrong_expiry_is_not_asked_for_and_counted() -> None:
    world = World(provider=Mislabelled())
    world.settle_on(collection__scope="chain")
    world.run(NIFTY, "collect", "analyse")
    assert counts(world, FIRST)["left_out"] == {"wrong_expiry": 1}
    strike = world.frames.get(NIFTY, "chain").columns["strike"]
    assert 99_950.0 not in strike
    assert set(world.frames.get(NIFTY, "chain").columns["expiry"].astype(str)) >= {"2026-11-23"}


def test_contracts_that_had_expired_are_not_asked_for_but_counted_and_named() -> None:
    world = World(provider=Outlived())
    world.settle_on(collection__scope="chain")
    world.run(NIFTY, "collect", "analyse")
    told = counts(world, FIRST)
    assert list(told["expired"]) == ["2026-11-17"]
    assert told["left_out"] == {"expired": told["expired"]["2026-11-17"]}
    assert "2026-11-17" not in set(world.frames.get(NIFTY, "chain").columns["expiry"].astype(str))


def test_it_is_salvaged_where_that_is_asked_for() -> None:
    world = World(provider=Mislabelled())
    world.settle_on(collection__scope="chain", collection__salvage=True)
    world.run(NIFTY, "collect")
    assert counts(world, FIRST)["salvaged"] == 1
    assert "left_out" not in counts(world, FIRST)


def test_a_listing_without_faults_tells_of_none(world: World) -> None:
    world.run(NIFTY, "collect")
    assert not {"left_out", "salvaged", "reach"} & set(counts(world, FIRST))


def widths(sigma: float, most: int = 60) -> tuple[int, Mapping[str, int]]:
    """Strikes of the nearest window in the second cycle at a volatility, and what the report tells of them."""
    world = World(provider=Priced())
    world.provider.sigma = sigma
    world.settle_on(collection__reach=1.5, collection__most_strikes=most)
    world.run(NIFTY, "collect", "analyse")
    world.later(60.0)
    unit = Unit(SECOND, "NIFTY")
    world.run(unit, "collect")
    expiry = world.frames.get(unit, "quotes").columns["expiry"]
    return int((expiry == np.datetime64(WEEKLY)).sum()), counts(world, SECOND)["reach"]


def test_twice_the_volatility_widens_the_window_and_the_report_says_by_how_much() -> None:
    (calm, told), (lively, told_too) = widths(0.10), widths(0.20)
    assert calm == 2 * told[WEEKLY.isoformat()] + 1 > 5
    assert lively == 2 * told_too[WEEKLY.isoformat()] + 1
    assert lively - 1 == pytest.approx(2 * (calm - 1), abs=2)


def test_no_window_is_wider_than_the_most() -> None:
    assert widths(0.40, most=6)[0] == 13


def test_a_fixed_window_remembers_no_deviation(world: World) -> None:
    world.run(NIFTY, "collect", "analyse")
    assert isnan(world.ledger.recall_levels("NIFTY", date(2026, 11, 18))[WEEKLY].deviation)


# From this day on the month after next lies in a year whose holidays nobody has published.
NOVEMBER_25 = datetime.fromisoformat("2026-11-25T05:30:00+00:00")
SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
NSE = SIX[:4]


@pytest.fixture(scope="module")
def next_year() -> World:
    world = World()
    world.settle_on(**{f"index_params__{name}__enabled": True for name in SIX}, **{
        f"index_params__{name}__strikes_{side}": 2 for name in SIX for side in ("itm", "otm")
    })  # fmt: skip
    world.cycle(isoformat_z(NOVEMBER_25))
    return world


@pytest.mark.parametrize("index", NSE)
def test_the_next_month_lies_in_a_year_without_a_calendar_and_is_collected(
    next_year: World, index: str
) -> None:
    cycle = isoformat_z(NOVEMBER_25)
    resolved = choose(next_year.runtime, index, NOVEMBER_25).resolved
    assert resolved.buckets["this_month"].year == 2026
    assert (resolved.buckets["next_month"].year, resolved.buckets["next_month"].month) == (2027, 1)
    assert next_year.ends(cycle)[index] == ("OK", "")
    assert next_year.rows(cycle)[index]["missing_mask"] == 0
    columns = next_year.store.read_chain(Unit(cycle, index)).columns  # type: ignore[union-attr]
    mine = columns["expiry"] == np.datetime64(resolved.buckets["next_month"])
    assert mine.any()
    assert np.isfinite(columns["years_to_expiry"][mine]).all()
    assert np.isfinite(columns["ce_iv"][mine]).any()


def test_a_session_of_that_year_is_what_cannot_be_told(next_year: World) -> None:
    with pytest.raises(UncoveredYear, match=r"sessions\.local\.toml"):
        next_year.runtime.calendar.session("NSE", date(2027, 1, 25))


def test_an_expiry_asked_for_by_date_or_number_that_is_not_listed_is_told_once_a_day() -> None:
    world = World()
    world.settle_on(
        index_params__NIFTY__expiries=["this_week", "2026-12-30", "2026-12-29", "nth:60"]
    )
    world.run(NIFTY, "collect", "analyse")
    assert counts(world, FIRST)["not_listed"] == ["2026-12-30", "nth_60"]
    world.later(60.0)
    world.run(Unit(SECOND, "NIFTY"), "collect", "analyse")
    [alert] = world.reports("alert")
    assert (
        alert["sentence"]
        == "NIFTY: the configured expiry 2026-12-30, nth:60 is not listed and is not collected"
    )
    assert alert["fix"].startswith("g6 expiries NIFTY")
    assert {"2026-12-29"} <= set(
        world.frames.get(Unit(SECOND, "NIFTY"), "chain").columns["expiry"].astype(str)
    )


def test_a_bucket_that_an_index_does_not_have_is_no_trouble(world: World) -> None:
    world.run(BANKNIFTY, "collect")
    assert "not_listed" not in next(iter(world.reports("unit.report")))["counts"]
    assert world.reports("alert") == []
