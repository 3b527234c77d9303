"""One provider, several adapters: listings, quotes and what is told of the source have one shape whoever answers.

Another adapter joins with a builder of its own below: it must know NIFTY at the instant AT.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from g6.adapters.memory.limiter import MemoryLimiter
from g6.adapters.parquet import ParquetStore
from g6.adapters.replay import Recording, Replay
from g6.bootstrap.quote_sources.guarding import guarded, shared_state
from g6.bootstrap.wiring import wire_if_running
from g6.config import calendar, load
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import DEPTH_FIELDS, QUOTE_FIELDS, Quotes
from g6.domain.schema.underlying import Underlying
from g6.errors import ProviderRefused
from g6.ports import Provider
from g6.simulation import SimulatedMarket
from tests.worlds.guards import UNSPACED
from tests.worlds.kite import kite_server
from tests.worlds.pipeline import FIRST, World

AT = parse_z(FIRST)
INDEX = "NIFTY"
QUANTITIES = (
    "bid_quantity",
    "ask_quantity",
    "volume",
    "oi",
    "oi_prev",
    "oi_day_high",
    "oi_day_low",
)
PRICES = ("last", "bid", "ask", "open", "high", "low", "close", "average_price")
SECRETS = ("secret", "token", "password", "api_key", "enctoken", "access")


def simulated(_: Path) -> Provider:
    return SimulatedMarket(calendar())


def replayed(directory: Path) -> Provider:
    world = World(store=ParquetStore(directory))
    world.cycle(FIRST)
    return Replay(Recording.open(directory))


@contextmanager
def broker(directory: Path) -> Iterator[Provider]:
    """A broker's provider over a look-alike whose clock stands at AT."""
    with kite_server(start=FIRST, speed=0.0, in_thread=True) as kite:
        kite.limits(quote=0, historical=0, other=0)
        settings = load("", {
            "provider.name": "kite", "provider.root": kite.root, "provider.token_provider": "fake", "market.start": FIRST,
            "market.origin": time.time() + 3600, "demo_dir": str(directory), "interval": 3600, "ticker.enabled": False,
        }, {})  # fmt: skip
        wiring = wire_if_running(settings)
        shared = replace(shared_state(wiring), limiter=lambda _: MemoryLimiter(spacings=UNSPACED))
        yield guarded(wiring, shared, "kite", kite.root, "kite")


BUILDERS: dict[str, Callable[[Path], Provider]] = {"market": simulated, "replay": replayed}
SERVED: dict[str, Callable[[Path], AbstractContextManager[Provider]]] = {"kite": broker}
"""Adapters that need something to run beside them."""


@pytest.fixture(scope="module", params=[*BUILDERS, *SERVED])
def provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Provider]:
    directory = tmp_path_factory.mktemp(request.param)
    if request.param in BUILDERS:
        yield BUILDERS[request.param](directory)
        return
    with SERVED[request.param](directory) as made:
        yield made


@pytest.fixture
def listing(provider: Provider) -> Listing:
    return provider.listing(INDEX, AT)


@pytest.fixture
def contracts(listing: Listing) -> Contracts:
    """The strikes around the middle of the nearest two expiries."""
    chosen = [
        np.flatnonzero(listing.contracts.expiry == np.datetime64(each, "D"))
        for each in listing.contracts.expiries[:2]
    ]
    return listing.contracts.take(
        np.concatenate([rows[len(rows) // 2 - 2 : len(rows) // 2 + 3] for rows in chosen])
    )


@pytest.fixture
def quotes(provider: Provider, contracts: Contracts) -> Quotes:
    return provider.quotes(INDEX, contracts, AT)


def test_it_has_a_name_and_can_be_a_key(provider: Provider) -> None:
    assert provider.name
    assert {provider: 1}[provider] == 1


def test_a_listing_is_sorted_by_expiry_and_strike_and_holds_no_expired_contract(
    listing: Listing,
) -> None:
    found = listing.contracts
    order = np.lexsort((found.strike, found.expiry))
    assert np.array_equal(order, np.arange(len(found)))
    assert len(
        np.unique(
            np.stack([found.expiry.astype(np.int64), found.strike.astype(np.int64)]), axis=1
        ).T
    ) == len(found)
    assert (listing.underlying, listing.on) == (INDEX, AT.date())
    assert found.expiries[0] >= listing.on


def test_a_listings_columns_have_their_shapes(listing: Listing) -> None:
    found, n = listing.contracts, len(listing.contracts)
    for one in (found.expiry, found.strike, found.lot_size, found.tick_size):
        assert one.shape == (n,)
    assert found.symbol.shape == found.token.shape == (2, n)
    assert (found.lot_size > 0).all()
    assert (found.tick_size > 0).all()
    assert (found.strike > 0).all()


def test_symbols_are_given_once_and_a_side_without_one_has_no_token(listing: Listing) -> None:
    listed = listing.contracts.symbol != ""
    symbols = listing.contracts.symbol[listed]
    assert len(set(symbols)) == len(symbols)
    assert (listing.contracts.token[~listed] == 0).all()
    assert listed.any(axis=0).all()


def test_futures_are_sorted_and_belong_to_the_index(listing: Listing) -> None:
    days = [future.expiry for future in listing.futures]
    assert days == sorted(days)
    assert all(
        future.symbol.startswith(INDEX) and future.lot_size > 0 for future in listing.futures
    )


def test_the_underlying_is_known_with_its_time_and_how_it_is_known(provider: Provider) -> None:
    seen = provider.underlying(INDEX, AT)
    assert isinstance(seen, Underlying)
    assert seen.spot > 0
    assert seen.spot_source in ("live", "frozen", "stale")
    assert not seen.spot_time > AT.timestamp()
    assert seen.future_expiry is None or seen.future_expiry >= day_of(AT)


def test_quotes_have_every_field_as_two_rows_of_numbers(
    quotes: Quotes, contracts: Contracts
) -> None:
    assert set(quotes.values) - set(DEPTH_FIELDS) == set(QUOTE_FIELDS)
    for name in quotes.values:
        assert quotes.values[name].shape == (2, len(contracts))
        assert quotes.values[name].dtype == np.float64
    assert quotes.source.shape == (2, len(contracts))


def test_quotes_come_in_the_order_they_were_asked_for(
    provider: Provider, contracts: Contracts, quotes: Quotes
) -> None:
    backwards = provider.quotes(INDEX, contracts.take(np.arange(len(contracts))[::-1]), AT)
    assert np.array_equal(backwards.strike, contracts.strike[::-1])
    assert np.array_equal(backwards.symbol, contracts.symbol[:, ::-1])
    for name in quotes.values:
        assert np.array_equal(backwards.values[name], quotes.values[name][:, ::-1], equal_nan=True)


def test_asked_again_it_answers_the_same(
    provider: Provider, contracts: Contracts, quotes: Quotes
) -> None:
    again = provider.quotes(INDEX, contracts, AT)
    assert all(
        np.array_equal(again.values[name], quotes.values[name], equal_nan=True)
        for name in quotes.values
    )
    assert all(
        getattr(again.market, each.name) == getattr(quotes.market, each.name)
        or each.type == "float"
        for each in fields(Underlying)
    )


def test_the_underlying_comes_with_the_quotes(quotes: Quotes) -> None:
    assert quotes.contracts.underlying == INDEX
    assert quotes.market.spot > 0
    assert np.isfinite(quotes.observed_at)


def test_a_key_without_an_answer_is_nan_throughout(
    provider: Provider, contracts: Contracts
) -> None:
    symbol, token = contracts.symbol.copy(), contracts.token.copy()
    symbol[:, 0], token[:, 0] = ["NIFTY99JAN1CE", "NIFTY99JAN1PE"], [1, 2]
    strike = contracts.strike.copy()
    strike[0] = 1.0
    absent = Contracts(
        INDEX, contracts.expiry, strike, contracts.lot_size, contracts.tick_size, symbol, token
    )
    found = provider.quotes(INDEX, absent, AT)
    assert all(np.isnan(found.values[name][:, 0]).all() for name in found.values)
    assert np.isfinite(found.values["last"][:, 1:]).any()


def test_a_side_that_is_not_listed_has_no_answer_and_no_source(
    provider: Provider, contracts: Contracts
) -> None:
    symbol, token = contracts.symbol.copy(), contracts.token.copy()
    symbol[1, 2], token[1, 2] = "", 0
    lone = Contracts(
        INDEX,
        contracts.expiry,
        contracts.strike,
        contracts.lot_size,
        contracts.tick_size,
        symbol,
        token,
    )
    found = provider.quotes(INDEX, lone, AT)
    assert all(np.isnan(found.values[name][1, 2]) for name in found.values)
    assert found.source[1, 2] == ""
    assert np.isfinite(found.values["last"][0, 2])


def test_nothing_asked_is_nothing_answered(provider: Provider, contracts: Contracts) -> None:
    found = provider.quotes(INDEX, contracts.take(slice(0, 0)), AT)
    assert len(found) == 0
    assert all(found.values[name].shape == (2, 0) for name in QUOTE_FIELDS)


def test_quantities_are_whole_units_of_the_lot(quotes: Quotes) -> None:
    for name in QUANTITIES:
        known = np.isfinite(quotes.values[name])
        lots = (quotes.values[name] / quotes.lot_size)[known]
        assert np.array_equal(lots, np.round(lots))
        assert (lots >= 0).all()


def test_prices_are_points_or_absent_and_never_below_zero(quotes: Quotes) -> None:
    for name in PRICES:
        known = quotes.values[name][np.isfinite(quotes.values[name])]
        assert (known >= 0).all()
    assert (quotes.last[np.isfinite(quotes.last)] < quotes.market.spot).all()


def test_no_quote_is_newer_than_its_receipt(quotes: Quotes) -> None:
    for name in ("quote_time", "last_trade_time"):
        known = quotes.values[name][np.isfinite(quotes.values[name])]
        assert (known <= quotes.observed_at).all()


def test_previous_interest_has_the_shape_of_the_contracts_and_is_missing_where_unknown(
    provider: Provider, contracts: Contracts
) -> None:
    found = provider.previous_oi(INDEX, contracts, AT)
    assert found.shape == (2, len(contracts))
    assert (found[np.isfinite(found)] >= 0).all()
    assert np.isnan(found[contracts.symbol == ""]).all()


def test_what_it_tells_of_itself_names_mode_and_source_and_no_secret(provider: Provider) -> None:
    told = provider.describe().to_json()
    assert told["mode"] in ("live", "sim", "replay")
    assert told["source"]
    text = json.dumps(dict(told), default=str).lower()
    assert not [word for word in SECRETS if word in text]


def test_an_index_it_does_not_know_is_refused(provider: Provider, contracts: Contracts) -> None:
    for ask in (
        lambda: provider.listing("DAX", AT),
        lambda: provider.underlying("DAX", AT),
        lambda: provider.quotes("DAX", contracts, AT),
    ):
        with pytest.raises(ProviderRefused):
            ask()


def test_a_book_of_several_levels_gets_worse_level_by_level_and_its_sums_hold_them_all(
    quotes: Quotes,
) -> None:
    """A source that gives one level has no sums and no deeper levels."""
    if not set(quotes.values) & set(DEPTH_FIELDS):
        assert np.isnan(quotes.values["bid_depth"]).all()
        assert np.isnan(quotes.values["ask_depth"]).all()
        return
    for side, sign in (("bid", -1), ("ask", 1)):
        levels = np.stack(
            [quotes.values[side], *(quotes.values[f"{side}_{n}"] for n in range(2, 6))]
        )
        sizes = np.stack(
            [
                quotes.values[f"{side}_quantity"],
                *(quotes.values[f"{side}_quantity_{n}"] for n in range(2, 6)),
            ]
        )
        steps = sign * np.diff(levels, axis=0)
        assert np.isfinite(steps).any()
        assert (steps[np.isfinite(steps)] > 0).all()
        answered = np.isfinite(quotes.values[f"{side}_depth"])
        assert answered.any()
        assert np.array_equal(
            np.nansum(sizes, axis=0)[answered], quotes.values[f"{side}_depth"][answered]
        )
