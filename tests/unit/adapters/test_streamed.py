"""A provider over the quote cache: what is true now is read, the rest is asked for, and each row says which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from g6.adapters.memory.clock import StoppedClock
from g6.adapters.memory.quote_cache import MemoryQuoteCache
from g6.adapters.wrapping.streamed import Streamed
from g6.config import calendar
from g6.domain.cycles.plan import Quality
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import VIX, Contracts
from g6.domain.pricing.quality import Flag, prices
from g6.domain.quotes.quotes import DEPTH_FIELDS, Quotes
from g6.domain.quotes.tick import REST, STREAM, Feed, blank
from g6.domain.reports import ProviderFacts
from g6.domain.schema.underlying import Underlying
from g6.errors import ProviderBusy, RedisDown
from g6.simulation import SimulatedMarket

AT = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
NOW = AT.timestamp()
DAY = day_of(AT)
SPOT = "NSE:NIFTY 50"
TOKENS = {SPOT: 256265, VIX: 264969}
MARKET = SimulatedMarket(calendar())
LISTING = MARKET.listing("NIFTY", AT)
CHAIN = LISTING.contracts.of(LISTING.contracts.expiries[0])
CONTRACTS = CHAIN.take(slice(20, 26))
FUTURE = LISTING.futures[0].symbol
SYMBOLS = CONTRACTS.symbol.reshape(-1).tolist()


@dataclass(eq=False)
class Asked:
    """The simulated market as a broker's REST side, counting questions; `gone` symbols get no answer."""

    name: str = "kite"
    questions: list[int] = field(default_factory=list)
    spots: int = 0
    fails: Exception | None = None
    gone: set[str] = field(default_factory=set)
    levels: bool = False

    def listing(self, index: str, at: datetime) -> Any:
        return MARKET.listing(index, at)

    def underlying(self, index: str, at: datetime) -> Underlying:
        self.spots += 1
        return MARKET.underlying(index, at)

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        self.questions.append(len(contracts))
        if self.fails:
            raise self.fails
        found = MARKET.quotes(index, contracts, at)
        found.source[:] = "rest"
        if self.levels:
            deeper = {name: np.full(found.bid.shape, 7.0) for name in DEPTH_FIELDS}
            found = replace(
                found,
                values={**found.values, **deeper, "bid_depth": np.full(found.bid.shape, 21.0)},
            )
        for values in found.values.values():
            values[np.isin(found.symbol, list(self.gone))] = np.nan
        return found

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> Any:
        return MARKET.previous_oi(index, contracts, at)

    def describe(self) -> ProviderFacts:
        return ProviderFacts.from_json({"mode": "live", "source": "rest"})


def standing() -> StoppedClock:
    """Return a clock that stands at the first instant."""
    return StoppedClock(NOW, NOW)


@dataclass
class World:
    rest: Asked = field(default_factory=Asked)
    cache: MemoryQuoteCache = field(default_factory=MemoryQuoteCache)
    clock: StoppedClock = field(default_factory=standing)

    def __post_init__(self) -> None:
        self.provider = Streamed(self.rest, self.cache, self.clock, calendar(), TOKENS)

    def tick(
        self,
        *symbols: str,
        last: float = 50.0,
        received: float = NOW - 1,
        quoted: float = NOW - 2,
        feed: int = 0,
    ) -> None:
        rows = blank(len(symbols))
        rows["feed"], rows["source"], rows["received"], rows["quote_time"] = (
            feed,
            STREAM,
            received,
            quoted,
        )
        rows["last"], rows["bid"][:, 0], rows["ask"][:, 0], rows["bid_quantity"][:, 0] = (
            last,
            last - 0.05,
            last + 0.05,
            130,
        )
        self.cache.put(DAY, {"NIFTY": (symbols, rows)})

    def stream(
        self, *, since: float = NOW - 100, last_frame: float = NOW - 0.5, state: str = "open"
    ) -> None:
        self.cache.put_feeds(
            {0: Feed(state, since, last_frame, NOW, 14, 12.0, NOW - 2, {"mute": 1})}
        )

    def ask(self) -> Quotes:
        return self.provider.quotes("NIFTY", CONTRACTS, AT)


@pytest.fixture
def world() -> World:
    made = World()
    made.stream()
    made.tick(*SYMBOLS)
    made.tick(SPOT, last=25_000.0)
    made.tick(VIX, last=13.5)
    made.tick(FUTURE, last=25_100.0)
    return made


def test_a_streamed_chain_asks_for_nothing(world: World) -> None:
    found = world.ask()
    assert (found.source == "stream").all()
    assert (found.last == 50.0).all()
    assert (found.bid == 49.95).all()
    assert (found.values["bid_quantity"] == 130).all()
    assert (world.rest.questions, world.rest.spots) == ([], 0)


def test_five_levels_of_a_streamed_book_are_read(world: World) -> None:
    rows = blank(1)
    rows["feed"], rows["source"], rows["received"], rows["quote_time"], rows["last"] = (
        0,
        STREAM,
        NOW - 1,
        NOW - 2,
        50.0,
    )
    rows["bid"], rows["bid_quantity"] = 49.95 - 0.05 * np.arange(5), 65 * np.arange(1, 6)
    rows["ask"][:, :2], rows["ask_quantity"][:, :2] = [50.05, 50.1], [130, 195]
    world.cache.put(DAY, {"NIFTY": (SYMBOLS[:1], rows)})
    values = {name: values[0, 0] for name, values in world.ask().values.items()}
    assert [values[f"bid{n}"] for n in ("", "_2", "_3", "_4", "_5")] == rows["bid"][0].tolist()
    assert [values[f"ask_quantity{n}"] for n in ("", "_2", "_3", "_4", "_5")] == [130, 195, 0, 0, 0]
    assert np.isnan(values["ask_3"])
    assert (values["bid_depth"], values["ask_depth"]) == (65 * 15, 325)


def test_levels_that_were_asked_for_stand_in_the_cache_too(world: World) -> None:
    world.rest.levels = True
    world.cache.put(DAY, {"NIFTY": (SYMBOLS[:1], blank(1))})
    first, then = world.ask(), world.ask()
    assert first.source[0, 0] == "rest"
    assert (first.values["bid_3"][0, 0], first.values["bid_depth"][0, 0]) == (7.0, 21.0)
    assert (then.values["bid_3"][0, 0], len(world.rest.questions)) == (7.0, 1)


def test_a_quote_keeps_the_exchanges_own_time(world: World) -> None:
    assert (world.ask().quote_time == NOW - 2).all()


def test_index_future_and_vix_come_with_the_chain(world: World) -> None:
    seen = world.ask().market
    assert (seen.spot, seen.future, seen.vix, seen.spot_source) == (
        25_000.0,
        25_100.0,
        13.5,
        "live",
    )
    assert seen.future_expiry == LISTING.futures[0].expiry


def test_yesterdays_vix_that_comes_upon_subscribing_is_not_todays(world: World) -> None:
    world.tick(VIX, last=13.5, quoted=NOW - 70_000)
    assert np.isnan(world.ask().market.vix)


def test_vix_and_future_that_the_stream_does_not_know_are_taken_from_an_answer(
    world: World,
) -> None:
    world.cache.put(DAY, {"NIFTY": ((VIX, FUTURE, SYMBOLS[2]), blank(3))})
    seen, asked = world.ask().market, MARKET.underlying("NIFTY", AT)
    assert (seen.spot, seen.vix, seen.future, seen.future_expiry) == (
        25_000.0,
        asked.vix,
        asked.future,
        asked.future_expiry,
    )


def test_what_did_not_change_for_long_is_true_while_its_connection_lives(world: World) -> None:
    world.tick(*SYMBOLS, received=NOW - 90, quoted=NOW - 91)
    found = world.ask()
    assert world.rest.questions == []
    assert (found.quote_time == NOW - 91).all()


def test_an_unchanged_quote_on_a_living_connection_is_not_stale(world: World) -> None:
    world.tick(*SYMBOLS[:6], received=NOW - 90, quoted=NOW - 91)
    priced = prices(world.ask(), NOW, Quality())
    assert not (priced.flags & Flag.STALE).any()
    assert (priced.source == "mid").all()


def test_a_quote_that_was_old_when_it_came_is_stale(world: World) -> None:
    world.tick(*SYMBOLS[:6], received=NOW - 90, quoted=NOW - 700)
    priced = prices(world.ask(), NOW, Quality())
    assert (priced.flags & Flag.STALE > 0).tolist() == [[True] * 6, [False] * 6]
    assert (priced.source == "mid").tolist() == [[False] * 6, [True] * 6]


def test_all_quotes_of_a_halted_market_are_stale_though_the_connection_lives(world: World) -> None:
    world.tick(*SYMBOLS, received=NOW - 90, quoted=NOW - 91)
    assert (prices(world.ask(), NOW, Quality()).flags & Flag.STALE > 0).all()


def test_a_quotes_lateness_is_told_by_the_wall_where_the_market_runs_faster(world: World) -> None:
    world.clock.speed = 60.0
    world.tick(*SYMBOLS[:6], received=NOW - 90, quoted=NOW - 60 * 91)
    world.tick(*SYMBOLS[6:], received=NOW - 1, quoted=NOW - 60 * 2)
    assert (world.ask().quote_time == NOW - 60 * 2).all()


def test_what_came_before_the_connection_subscribed_is_asked_for(world: World) -> None:
    world.stream(since=NOW - 0.8)
    world.tick(SPOT, received=NOW - 0.7)
    world.tick(*SYMBOLS[:6], received=NOW - 0.7)
    world.tick(*SYMBOLS[6:], received=NOW - 90)
    assert world.ask().source.tolist() == [["stream"] * 6, ["rest"] * 6]


def test_a_silent_connection_is_bridged(world: World) -> None:
    world.stream(last_frame=NOW - 6)
    world.tick(*SYMBOLS, received=NOW - 6)
    world.tick(SPOT, received=NOW - 6)
    found = world.ask()
    assert (found.source == "rest").all()
    assert world.rest.questions == [6]
    assert found.market.spot == MARKET.underlying("NIFTY", AT).spot


def test_a_dead_ticker_is_bridged(world: World) -> None:
    world.clock.now += 60
    world.cache.put_feeds({})
    found = world.provider.quotes("NIFTY", CONTRACTS, world.clock.market())
    assert (found.source == "rest").all()


def test_only_what_is_stale_is_asked_for(world: World) -> None:
    world.cache.put(DAY, {"NIFTY": (SYMBOLS[2:3], blank(1))})
    found = world.ask()
    assert world.rest.questions == [1]
    assert found.source[0].tolist() == ["stream", "stream", "rest", "stream", "stream", "stream"]
    assert (found.source[1] == "stream").all()


def test_an_answer_is_true_as_long_as_its_streamed_contract_is_silent(world: World) -> None:
    row = blank(1)
    row["feed"] = 0
    world.cache.put(DAY, {"NIFTY": (SYMBOLS[2:3], row)})
    world.ask()
    world.clock.now += 60
    world.stream(last_frame=world.clock.now)
    again = world.ask()
    assert world.rest.questions == [1]
    assert again.source[0, 2] == "rest"


def test_an_answer_about_what_nobody_streams_is_soon_old(world: World) -> None:
    world.cache.put(DAY, {"NIFTY": (SYMBOLS[2:3], blank(1))})
    world.ask()
    world.clock.now += 60
    world.stream(last_frame=world.clock.now)
    world.ask()
    assert world.rest.questions == [1, 1]


def test_a_streamed_contract_without_any_answer_is_not_asked_for_every_cycle(world: World) -> None:
    row = blank(1)
    row["feed"] = 0
    world.cache.put(DAY, {"NIFTY": (SYMBOLS[2:3], row)})
    world.rest.gone = {SYMBOLS[2]}
    for _ in range(3):
        found = world.ask()
    assert world.rest.questions == [1]
    assert np.isnan(found.last[0, 2])
    assert found.source[0, 2] == ""


def test_where_nobody_answers_the_fresh_part_stands(world: World) -> None:
    world.cache.put(DAY, {"NIFTY": (SYMBOLS[2:3], blank(1))})
    world.rest.fails = ProviderBusy("429")
    found = world.ask()
    assert np.isnan(found.last[0, 2])
    assert (found.source == "stream").sum() == 11


def test_without_a_fresh_row_the_failure_stands(world: World) -> None:
    world.cache.put_feeds({})
    world.clock.now += 60
    world.rest.fails = ProviderBusy("429")
    with pytest.raises(ProviderBusy):
        world.ask()


def test_a_frozen_index_is_known_while_its_connection_lives(world: World) -> None:
    at = datetime(2026, 11, 18, 9, 50, tzinfo=UTC)  # 15:20 in India
    world.clock.now = at.timestamp()
    world.stream(last_frame=world.clock.now - 1)
    seen = world.provider.underlying("NIFTY", at)
    assert (seen.spot, seen.spot_source) == (25_000.0, "frozen")
    assert world.rest.spots == 0


def test_an_unknown_index_is_asked_for(world: World) -> None:
    world.cache.put(DAY, {"NIFTY": ((SPOT,), blank(1))})
    found = world.ask()
    assert (world.rest.spots, world.rest.questions) == (1, [])
    assert found.market.spot == MARKET.underlying("NIFTY", AT).spot


def test_the_stream_is_told_what_to_follow_once(world: World) -> None:
    world.ask()
    wanted = world.cache.subscriptions(DAY)["NIFTY"]
    tokens = dict(zip(SYMBOLS, CONTRACTS.token.reshape(-1).tolist(), strict=True))
    assert wanted == tokens | TOKENS | {FUTURE: LISTING.futures[0].token}
    world.cache.subscribe = pytest.fail  # type: ignore[method-assign,assignment]
    world.ask()


def test_a_strike_once_followed_stays_for_the_day(world: World) -> None:
    world.ask()
    world.provider.quotes("NIFTY", CHAIN.take(slice(30, 32)), AT)
    assert set(SYMBOLS) < set(world.cache.subscriptions(DAY)["NIFTY"])


def test_a_price_that_swings_between_two_windows_is_followed_into_each_once(world: World) -> None:
    news: list[int] = []
    subscribe = world.cache.subscribe
    world.cache.subscribe = lambda day, index, tokens: (
        news.append(len(tokens)),
        subscribe(day, index, tokens),
    )  # type: ignore[method-assign,assignment,func-returns-value]
    for _ in range(10):
        world.provider.quotes("NIFTY", CHAIN.take(slice(20, 26)), AT)
        world.provider.quotes("NIFTY", CHAIN.take(slice(21, 27)), AT)
    assert news == [12 + 3, 2]


def test_a_cache_that_is_away_leaves_the_other_way(world: World) -> None:
    class Away(MemoryQuoteCache):
        def get(self, *_: Any) -> tuple[NDArray[Any], Mapping[int, Feed]]:
            raise RedisDown("away")

        subscribe = bridge = feeds = get  # type: ignore[assignment]

    provider = Streamed(world.rest, Away(), world.clock, calendar(), TOKENS)
    assert (provider.quotes("NIFTY", CONTRACTS, AT).source == "rest").all()
    assert provider.describe() == world.rest.describe()


def test_the_answer_was_seen_when_its_newest_row_was(world: World) -> None:
    assert world.ask().observed_at == NOW - 1


def test_people_read_where_quotes_come_from(world: World) -> None:
    facts = world.provider.describe().to_json()
    assert (facts["source"], facts["ticker"]["tokens"]) == ("stream", 14)
    assert facts["ticker"]["connections"]["0"]["reconnects"] == {"mute": 1}
    world.clock.now += 20
    dead = world.provider.describe().to_json()
    assert (dead["source"], dead["ticker"]["connections"]["0"]["state"]) == ("rest", "dead")


def test_what_was_bridged_is_in_the_cache_for_others(world: World) -> None:
    world.cache.put(DAY, {"NIFTY": (SYMBOLS[2:3], blank(1))})
    found = world.ask()
    rows, _ = world.cache.get(DAY, "NIFTY", SYMBOLS[2:3])
    assert (rows["source"][0], rows["last"][0], rows["bid"][0, 0]) == (
        REST,
        found.last[0, 2],
        found.bid[0, 2],
    )
