"""The traps of the broker's data, each by its number (A4: the dump, A7: errors, E1 to E14: quotes) and what it must become.

A raw answer goes the whole way here: read, judged, priced. What must come out is a flag, a NaN or a word, never a made-up number.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.kite.dump_parsing import parse_dump
from g6.adapters.kite.quote_parsing import parse_quotes, parse_underlying
from g6.adapters.kite.rest_client import ask_quotes, make_client
from g6.adapters.memory.limiter import MemoryLimiter
from g6.bootstrap.quote_sources.guarding import guarded, shared_state
from g6.bootstrap.wiring import wire_if_running
from g6.config import calendar, load
from g6.domain.cycles.plan import Pricing, Quality
from g6.domain.figures import overview
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import CE, PE, VIX, Contracts, listing
from g6.domain.market.slot import Slot
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.black76 import PHI, price
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.pricing.quality import Flag
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp
from g6.errors import BadInput, ProviderBusy, ProviderRefused, TokenDead
from g6.ports import Provider
from tests.unit.adapters.kite.test_dump import CALL, FUTURE, HEADER, PUT, dump
from tests.worlds.guards import UNSPACED
from tests.worlds.kite import Kite, kite_server

AT = datetime(2026, 11, 26, 11, 0, tzinfo=IST)
EXPIRY = date(2026, 12, 1)
SPOT, FORWARD, SIGMA, RATE = 26_000.0, 26_015.0, 0.12, 0.055
STRIKES = FORWARD // 50 * 50 + 50.0 * np.arange(-20, 21)
INDEX_KEY = "NSE:NIFTY 50"
LEVEL = {"price": 0, "quantity": 0, "orders": 0}


def clock(at: datetime) -> str:
    """An instant as the broker writes it: naive, in India."""
    return at.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")


def symbol(side: int, strike: float) -> str:
    return f"NIFTY26D01{strike:.0f}{'CP'[side]}E"


def book(bid: float, ask: float) -> dict[str, Any]:
    """Five levels a side, the worse ones empty as the broker writes them."""
    return {
        side: [{"price": at, "quantity": 65, "orders": 1}, *[LEVEL] * 4]
        for side, at in (("buy", bid), ("sell", ask))
    }


@dataclass
class Market:
    """Raw answers of a sound market; a test spoils one and looks at the chain that comes of it."""

    at: datetime = AT
    quality: Quality = field(default_factory=Quality)
    answers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for side, strike, fair in self._fair():
            self.answers[f"NFO:{symbol(side, strike)}"] = {
                "instrument_token": 1, "timestamp": clock(self.at), "last_trade_time": clock(self.at - timedelta(seconds=5)),
                "last_price": fair, "last_quantity": 65, "buy_quantity": 6500, "sell_quantity": 6500, "volume": 65_000,
                "average_price": fair * 1.3, "oi": 130_000, "oi_day_high": 0, "oi_day_low": 0, "net_change": 0,
                "lower_circuit_limit": 0.05, "upper_circuit_limit": 5000.0,
                "ohlc": {"open": fair, "high": fair, "low": fair, "close": fair}, "depth": book(fair - 0.05, fair + 0.05),
            }  # fmt: skip
        index = {
            "timestamp": clock(self.at),
            "last_trade_time": "",
            "last_price": SPOT,
            "net_change": 1.2e38,
            "ohlc": {"open": 25_950, "high": 26_120, "low": 25_880.1, "close": 25_900},
            "depth": {"buy": None, "sell": None},
        }
        self.answers[INDEX_KEY], self.answers[VIX] = index, {"last_price": 12.5}

    def _fair(self) -> Iterator[tuple[int, float, float]]:
        fix = calendar().settlement_fix("NSE", EXPIRY)
        years = max((fix - self.at).total_seconds(), 60.0) / (365 * 86_400)
        values = price(SIGMA, FORWARD, STRIKES, years, RATE, PHI)
        for side in (CE, PE):
            yield from (
                (side, strike, round(float(value) / 0.05) * 0.05 + 0.2)
                for strike, value in zip(STRIKES.tolist(), values[side], strict=True)
            )

    def spoil(self, side: int, strike: float, **changes: Any) -> tuple[int, int]:
        """Change one option's answer; return its place in the arrays."""
        self.answers[f"NFO:{symbol(side, strike)}"] |= changes
        return side, self.place(strike)

    @staticmethod
    def place(strike: float) -> int:
        return int(np.flatnonzero(strike == STRIKES)[0])

    def quotes(self) -> Quotes:
        n = len(STRIKES)
        symbols = np.array(
            [[symbol(side, strike) for strike in STRIKES] for side in (CE, PE)], dtype=object
        )
        contracts = Contracts(
            "NIFTY", np.full(n, EXPIRY, dtype="datetime64[D]"), STRIKES, np.full(n, 65), np.full(n, 0.05), symbols,
            np.arange(2 * n).reshape(2, n),
        )  # fmt: skip
        seen = parse_underlying(self.answers, INDEX_KEY, VIX, "", None)
        return Quotes(
            contracts, np.full((2, n), "rest", dtype=object), parse_quotes(self.answers, contracts, "NFO"), seen, self.at.timestamp(),
        )  # fmt: skip

    def chain(self) -> PricedChain:
        fix, close = calendar().settlement_fix("NSE", EXPIRY), calendar().close_of("NSE", EXPIRY)
        stamp = Stamp(
            self.at, "NIFTY", "c1", Pricing(risk_free_rate=RATE), self.quality,
            (Slot(EXPIRY, "this_week", 1, fix, close, requested=len(STRIKES)),), {"this_week": EXPIRY}, 1,
        )  # fmt: skip
        return assemble(self.quotes(), stamp)


@pytest.fixture
def market() -> Market:
    return Market()


ATM, FAR_CALL, DEEP_CALL = 26_000.0, 26_900.0, 25_100.0


def test_a_sound_market_has_a_volatility_for_every_option_near_the_money(market: Market) -> None:
    chain = market.chain()
    near = np.abs(STRIKES - ATM) <= 300
    assert np.isin(chain.vol.status[:, near], ["ok", "shared"]).all()
    assert not chain.flags[:, near].any()


# --- A4: the instrument dump


def test_a4_a_blank_strike_of_a_future_is_zero_and_costs_no_dump() -> None:
    assert parse_dump(
        dump(FUTURE.replace("11-23,0,", "11-23,,"), CALL), "NFO", date(2026, 11, 20)
    ).columns["strike"] == [
        0.0,
        26_000.0,
    ]


def test_a4_a_lot_of_one_point_nothing_is_read() -> None:
    assert parse_dump(dump(CALL.replace(",65,", ",1.0,")), "NFO", date(2026, 11, 20)).columns[
        "lot_size"
    ] == [1]


def test_a4_an_expiry_that_is_no_date_costs_its_row_alone_and_names_its_line() -> None:
    read = parse_dump(
        dump(CALL, PUT.replace("2026-11-23", "23-11-2026x")), "NFO", date(2026, 11, 20)
    )
    assert (len(read.columns["symbol"]), read.left_out[0][0]) == (1, 3)


def test_a4_a_name_in_quotation_marks_is_the_same_root() -> None:
    plain, quoted = (
        parse_dump(dump(row), "NFO", date(2026, 11, 20))
        for row in (PUT, PUT.replace(",NIFTY,", ',"NIFTY",'))
    )
    assert plain == quoted


def test_a4_a_dump_without_names_is_refused_and_not_guessed_at() -> None:
    with pytest.raises(BadInput, match="no option of any known index"):
        parse_dump(
            dump(CALL.replace('"NIFTY"', ""), PUT.replace(",NIFTY,", ",,")),
            "NFO",
            date(2026, 11, 20),
        )


def test_a4_an_index_row_is_no_contract() -> None:
    index = "256265,1001,NIFTY 50,NIFTY 50,0,,0,0,0,EQ,INDICES,NSE"
    fund = "5555,21,NIFTYBEES,NIFTY,0,,0,0.01,1,EQ,NSE,NSE"
    assert parse_dump(dump(index, fund, CALL), "NFO", date(2026, 11, 20)).columns["symbol"] == [
        "NIFTY26NOV26000CE"
    ]


def test_a4_a_token_that_is_given_out_again_belongs_to_its_day_alone() -> None:
    again = (
        CALL.replace("NIFTY26NOV26000CE", "NIFTY26DEC27000CE")
        .replace("2026-11-23", "2026-12-29")
        .replace("26000", "27000")
    )
    first, second = (
        listing("NIFTY", parse_dump(dump(row), "NFO", day).columns, day)
        for row, day in ((CALL, date(2026, 11, 20)), (again, date(2026, 11, 25)))
    )
    assert first.contracts.token[CE, 0] == second.contracts.token[CE, 0]
    assert first.contracts.symbol[CE, 0] != second.contracts.symbol[CE, 0]


def test_a4_a_last_price_of_the_dump_is_never_read() -> None:
    priced = CALL.replace(",0,2026", ",123.45,2026")
    assert parse_dump(dump(priced), "NFO", date(2026, 11, 20)) == parse_dump(
        dump(CALL), "NFO", date(2026, 11, 20)
    )


def test_a4_another_order_of_columns_is_refused() -> None:
    with pytest.raises(BadInput, match="not those of a dump"):
        parse_dump(
            "\n".join([",".join(reversed(HEADER.split(","))), CALL]).encode(),
            "NFO",
            date(2026, 11, 20),
        )


# --- A7: what the server answers instead, through the broker's own client


@pytest.fixture(scope="module")
def kite() -> Iterator[Kite]:
    with kite_server(start=AT.astimezone(UTC).isoformat(), speed=0.0, in_thread=True) as running:
        running.limits(quote=0, historical=0, other=0)
        yield running


@pytest.fixture
def provider(kite: Kite, tmp_path: Path) -> Iterator[Provider]:
    """The broker's provider over the look-alike, whose clock stands at AT."""
    kite.clear_faults()
    settings = load("", {
        "provider.name": "kite", "provider.root": kite.root, "provider.token_provider": "fake", "provider.retry_base": 0.001,
        "market.start": AT.isoformat(), "market.origin": time.time() + 3600, "demo_dir": str(tmp_path), "interval": 3600,
        "ticker.enabled": False,
    }, {})  # fmt: skip
    wiring = wire_if_running(settings)
    shared = replace(shared_state(wiring), limiter=lambda _: MemoryLimiter(spacings=UNSPACED))
    yield guarded(wiring, shared, "kite", kite.root, "kite")
    kite.clear_faults()


A7 = [
    ({"name": "403"}, TokenDead, ""),
    ({"name": "error", "value": "403", "error_type": "PermissionException"}, ProviderRefused, ""),
    ({"name": "error", "value": "403", "error_type": "UserException"}, ProviderRefused, ""),
    ({"name": "error", "value": "400", "error_type": "InputException"}, ProviderRefused, ""),
    ({"name": "error", "value": "400", "error_type": "MarginException"}, ProviderRefused, ""),
    ({"name": "429"}, ProviderBusy, "rate_limit"),
    ({"name": "error", "value": "503", "error_type": "NetworkException"}, ProviderBusy, "server"),
    ({"name": "error", "value": "504", "error_type": "DataException"}, ProviderBusy, "server"),
    ({"name": "error", "value": "500"}, ProviderBusy, "server"),
    ({"name": "error", "value": "500", "error_type": "UnheardOfException"}, ProviderBusy, "server"),
    ({"name": "html"}, ProviderBusy, "server"),
    ({"name": "truncated"}, ProviderBusy, "server"),
    ({"name": "no_error_type"}, ProviderBusy, "server"),
    ({"name": "no_content_type"}, ProviderBusy, "server"),
    ({"name": "reset"}, ProviderBusy, "network"),
]


@pytest.mark.parametrize(("told", "ours", "kind"), A7, ids=lambda each: str(each)[:60])
def test_a7_a_bad_answer_becomes_one_of_our_errors(
    kite: Kite, told: dict[str, str], ours: type[Exception], kind: str
) -> None:
    client = make_client("demo", "demo", root=kite.root)
    kite.fault(**told, count=1)
    with pytest.raises(ours) as raised:
        ask_quotes(client, [INDEX_KEY])
    assert getattr(raised.value, "kind", "") == kind
    assert list(ask_quotes(client, [INDEX_KEY])) == [INDEX_KEY]
    client.reqsession.close()


def test_a7_an_unknown_instrument_is_a_key_that_does_not_come(kite: Kite) -> None:
    client = make_client("demo", "demo", root=kite.root)
    assert list(ask_quotes(client, ["NSE:NIFTY", INDEX_KEY, "NFO:NIFTY26D0199999CE"])) == [
        INDEX_KEY
    ]
    client.reqsession.close()


# --- E: quotes


def test_e1_untraded_today_is_flagged_and_its_old_price_not_taken(market: Market) -> None:
    nothing = {"open": 0, "high": 0, "low": 0, "close": 41.0}
    yesterday = clock(AT - timedelta(days=1))
    at = market.spoil(
        CE,
        FAR_CALL,
        volume=0,
        average_price=0,
        ohlc=nothing,
        last_trade_time=yesterday,
        depth={"buy": [], "sell": []},
    )
    chain = market.chain()
    assert chain.flags[at] & Flag.UNTRADED
    assert all(
        isnan(chain.quotes.values[name][at]) for name in ("open", "high", "low", "average_price")
    )
    assert isnan(chain.prices.price[at])
    assert (isnan(chain.vol.iv[at]), chain.vol.status[at]) == (True, "no_price")


def test_e1_volume_without_a_recent_trade_is_stale_not_a_price(market: Market) -> None:
    at = market.spoil(
        CE, FAR_CALL, last_trade_time=clock(AT - timedelta(days=1)), depth={"buy": [], "sell": []}
    )
    chain = market.chain()
    assert chain.flags[at] & Flag.STALE
    assert (isnan(chain.vol.iv[at]), chain.vol.status[at]) == (True, "stale")


def test_e2_a_settlement_price_from_before_the_open_is_in_no_volatility(market: Market) -> None:
    before = clock(AT.replace(hour=8, minute=0))
    for side in (CE, PE):
        for strike in STRIKES.tolist():
            market.spoil(
                side,
                strike,
                volume=0,
                last_price=77.7,
                last_trade_time=before,
                depth={"buy": [], "sell": []},
            )
    chain = market.chain()
    assert (chain.flags & Flag.UNTRADED).all()
    assert np.isnan(chain.prices.price).all()
    assert np.isnan(chain.vol.iv).all()


def test_e3_a_cached_tick_of_hours_ago_is_stale(market: Market) -> None:
    at = market.spoil(
        CE,
        ATM,
        timestamp=clock(AT - timedelta(hours=3)),
        last_trade_time=clock(AT - timedelta(hours=3)),
    )
    chain = market.chain()
    assert chain.flags[at] & Flag.STALE
    assert isnan(chain.prices.price[at])


def test_e3_a_quote_without_any_time_says_that_its_age_is_unknown(market: Market) -> None:
    at = market.spoil(CE, ATM, timestamp=None, last_trade_time="1970-01-01 05:30:00")
    chain = market.chain()
    assert chain.flags[at] & Flag.AGE_UNKNOWN
    assert isnan(chain.prices.age_seconds[at])


def test_e4_each_instrument_keeps_its_own_time(market: Market) -> None:
    at = market.spoil(CE, ATM, timestamp=clock(AT - timedelta(seconds=20)))
    ages = market.chain().prices.age_seconds
    assert (ages[at], ages[PE, at[1]]) == (20.0, 0.0)


def test_e4_index_future_and_strikes_near_the_money_are_asked_for_in_one_request(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def recording(_: Any, keys: list[str]) -> dict[str, Any]:
        asked.append(keys)
        return {INDEX_KEY: {"last_price": SPOT, "timestamp": clock(AT)}}

    monkeypatch.setattr("g6.adapters.kite.authorized_requests.ask_quotes", recording)
    whole = provider.listing("NIFTY", AT).contracts
    provider.quotes("NIFTY", whole, AT)
    del asked[:]
    answered = provider.quotes("NIFTY", whole, AT)
    first, *more = asked
    nearest = np.argsort(np.abs(whole.strike - answered.market.spot), kind="stable")[:100]
    assert {INDEX_KEY, VIX, f"NFO:{provider.listing('NIFTY', AT).futures[0].symbol}"} < set(first)
    assert {f"NFO:{each}" for each in whole.symbol[:, nearest].reshape(-1) if each} < set(first)
    assert more
    assert max(map(len, asked)) <= 500


def test_e5_a_key_that_did_not_come_is_asked_for_once_more(kite: Kite, provider: Provider) -> None:
    contracts = provider.listing("NIFTY", AT).contracts.of(EXPIRY)
    kite.fault("missing_keys", value="0.2", count=1)
    begun = len(kite.arrivals("quote"))
    answered = provider.quotes("NIFTY", contracts, AT)
    assert len(kite.arrivals("quote")) - begun == 2
    assert np.isfinite(answered.quote_time).all()


def test_e5_a_key_that_does_not_come_twice_is_missing_and_not_asked_for_a_third_time(
    kite: Kite, provider: Provider
) -> None:
    contracts = provider.listing("NIFTY", AT).contracts.of(EXPIRY)
    kite.fault("missing_keys", value="1")
    begun = len(kite.arrivals("quote"))
    answered = provider.quotes("NIFTY", contracts, AT)
    again = len(kite.arrivals("quote")) - begun
    assert again == 2
    assert all(np.isnan(values).all() for values in answered.values.values())
    provider.quotes("NIFTY", contracts, AT)
    assert len(kite.arrivals("quote")) - begun == 3


def test_e5_a_missing_key_is_missing_throughout(market: Market) -> None:
    del market.answers[f"NFO:{symbol(CE, ATM)}"]
    chain = market.chain()
    at = (CE, market.place(ATM))
    assert chain.flags[at] == Flag.MISSING
    assert all(isnan(values[at]) for values in chain.quotes.values.values())
    assert [expiry.collected for expiry in chain.expiries] == [len(STRIKES) - 1]


@pytest.mark.parametrize(
    "depth",
    [
        None,
        {"buy": None, "sell": None},
        {"buy": [], "sell": []},
        {"buy": [LEVEL] * 5, "sell": [LEVEL] * 5},
    ],
)
def test_e6_an_empty_book_however_written_has_no_mid(market: Market, depth: Any) -> None:
    at = market.spoil(CE, ATM, depth=depth)
    chain = market.chain()
    assert chain.flags[at] & Flag.NO_BOOK
    assert chain.prices.source[at] == "last"


def test_e6_an_old_empty_level_of_minus_one_paisa_is_no_price(market: Market) -> None:
    at = market.spoil(CE, ATM, depth=book(-0.01, 120.0))
    chain = market.chain()
    assert chain.flags[at] & Flag.NO_BOOK
    assert isnan(chain.prices.bid[at])


def test_e6_a_crossed_book_has_no_mid_no_bid_and_no_ask(market: Market) -> None:
    at = market.spoil(CE, ATM, depth=book(140.0, 120.0))
    chain = market.chain()
    assert chain.flags[at] & Flag.CROSSED
    assert (chain.prices.source[at], isnan(chain.prices.bid[at]), isnan(chain.prices.ask[at])) == (
        "last",
        True,
        True,
    )


def test_e6_a_locked_book_is_a_mid(market: Market) -> None:
    fair = market.answers[f"NFO:{symbol(CE, ATM)}"]["last_price"]
    at = market.spoil(CE, ATM, depth=book(fair, fair))
    chain = market.chain()
    assert (chain.prices.source[at], chain.flags[at]) == ("mid", 0)


def test_e6_a_wide_book_of_a_deep_option_is_not_believed(market: Market) -> None:
    fair = market.answers[f"NFO:{symbol(CE, DEEP_CALL)}"]["last_price"]
    at = market.spoil(CE, DEEP_CALL, depth=book(fair - 100, fair + 100))
    assert market.chain().flags[at] & Flag.WIDE


def test_e7_open_interest_of_nothing_is_not_missing_open_interest(market: Market) -> None:
    new, unknown = market.spoil(CE, ATM, oi=0), market.spoil(PE, ATM, oi=None)
    oi = market.chain().oi
    assert oi[new] == 0
    assert isnan(oi[unknown])


def test_e7_yesterdays_open_interest_is_not_in_a_quote(market: Market) -> None:
    assert np.isnan(market.chain().quotes.oi_prev).all()


def test_e7_impossible_open_interest_is_flagged_and_in_no_sum(market: Market) -> None:
    at = market.spoil(CE, ATM, oi=-65)
    chain = market.chain()
    assert chain.flags[at] & Flag.BAD_OI
    assert isnan(chain.oi[at])


@pytest.mark.parametrize("net_change", [0, 1.2e38])
def test_e8_the_change_of_the_index_comes_from_its_previous_close(
    market: Market, net_change: float
) -> None:
    market.answers[INDEX_KEY]["net_change"] = net_change
    assert overview.summarise(market.chain())["change_pct"] == pytest.approx(
        100 * (26_000 / 25_900 - 1)
    )


def test_e9_the_days_average_is_never_a_price(market: Market) -> None:
    at = market.spoil(CE, FAR_CALL, depth={"buy": [], "sell": []}, last_price=0, average_price=55.0)
    chain = market.chain()
    assert isnan(chain.prices.price[at])
    assert chain.quotes.values["average_price"][at] == 55.0


def test_e10_an_answer_after_hours_opens_no_market() -> None:
    evening = datetime(2026, 11, 26, 19, 0, tzinfo=IST)
    assert calendar().phase("NSE", evening) == "closed"
    assert calendar().next_cycle("NSE", evening, 60).astimezone(IST) == datetime(
        2026, 11, 27, 9, 15, tzinfo=IST
    )


def test_e10_values_of_the_close_are_stale_in_the_evening(market: Market) -> None:
    closing = clock(AT - timedelta(hours=4))
    for side in (CE, PE):
        for strike in STRIKES.tolist():
            market.spoil(side, strike, timestamp=closing, last_trade_time=closing)
    assert (market.chain().flags & Flag.STALE).all()


def test_e11_a_volume_of_four_thousand_million_is_itself(market: Market) -> None:
    at = market.spoil(CE, ATM, volume=2**32 - 1)
    assert market.chain().volume[at] == 2**32 - 1


def test_e11_an_index_without_volume_is_an_index(market: Market) -> None:
    assert "volume" not in market.answers[INDEX_KEY]
    assert market.chain().quotes.market.spot == SPOT


def test_e12_a_deep_call_below_its_intrinsic_value_has_no_volatility_of_its_own(
    market: Market,
) -> None:
    at = market.spoil(
        CE, DEEP_CALL, last_price=FORWARD - DEEP_CALL - 30, depth={"buy": [], "sell": []}
    )
    chain = market.chain()
    assert chain.flags[at] & Flag.BELOW_INTRINSIC
    assert chain.prices.price[at] == FORWARD - DEEP_CALL - 30
    assert chain.vol.status[at] in ("shared", "below_intrinsic")
    assert chain.vol.iv[at] == chain.vol.iv[PE, at[1]] or isnan(chain.vol.iv[at])


def test_e12_without_its_other_side_the_reason_stands_in_place_of_a_volatility(
    market: Market,
) -> None:
    at = market.spoil(
        CE, DEEP_CALL, last_price=FORWARD - DEEP_CALL - 30, depth={"buy": [], "sell": []}
    )
    market.spoil(PE, DEEP_CALL, last_price=0, depth={"buy": [], "sell": []})
    chain = market.chain()
    assert isnan(chain.vol.iv[at])
    assert isnan(chain.vol.greeks.delta[at])
    assert chain.vol.status[at] in ("below_intrinsic", "no_price")


def test_e12_a_price_above_the_forward_has_no_volatility(market: Market) -> None:
    at = market.spoil(CE, FAR_CALL, last_price=30_000.0, depth=book(29_990.0, 30_010.0))
    chain = market.chain()
    assert (isnan(chain.vol.iv[at]), chain.vol.status[at]) == (True, "above_bound")


def test_e13_a_price_under_half_a_tick_of_time_value_has_no_volatility(market: Market) -> None:
    at = market.spoil(CE, FAR_CALL, last_price=0.02, depth={"buy": [], "sell": []})
    chain = market.chain()
    assert (isnan(chain.vol.iv[at]), chain.vol.status[at]) == (True, "sub_tick")


def test_e13_an_option_of_one_tick_has_a_volatility_between_those_of_its_bid_and_its_ask(
    market: Market,
) -> None:
    at = market.spoil(CE, FAR_CALL, last_price=0.05, depth=book(0.05, 0.15))
    vol = market.chain().vol
    assert vol.iv_bid[at] < vol.iv[at] < vol.iv_ask[at]


def test_e14_time_runs_in_seconds_to_the_fix_on_expiry_day() -> None:
    chain = Market(datetime(2026, 12, 1, 14, 30, tzinfo=IST)).chain()
    assert [expiry.years for expiry in chain.expiries] == [3600 / (365 * 86_400)]
    assert [expiry.dte for expiry in chain.expiries] == [0]


def test_e14_between_fix_and_close_the_expiring_series_is_collected_and_not_priced() -> None:
    chain = Market(datetime(2026, 12, 1, 15, 36, tzinfo=IST)).chain()
    assert np.isnan(chain.vol.iv).all()
    assert set(chain.vol.status.reshape(-1).tolist()) == {"expired"}
    assert [expiry.collected for expiry in chain.expiries] == [len(STRIKES)]
