"""What holds for any quotes whatever: no exception, no warning, no made-up number."""

from datetime import date, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from g6.domain.cycles.plan import Pricing, Quality
from g6.domain.documents.chain_rows import chain_frame, csv_rows
from g6.domain.figures.overview import summarise
from g6.domain.figures.unit_facts import facts
from g6.domain.market.instrument import Contracts
from g6.domain.market.slot import Slot
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.forward import at_the_money
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.rows import csv_header
from g6.domain.schema.underlying import Underlying

DAYS = ("2026-08-25", "2026-09-01")
LADDER = np.arange(23800.0, 24401.0, 100.0)
K = len(LADDER)

HOSTILE = np.array([np.nan, np.inf, -np.inf, 0.0, -0.01, -5.0, 1e-300, 0.05, 1e9, 1e300])

hostile = st.sampled_from(HOSTILE.tolist())
cycles = st.sampled_from(
    ["2026-08-19T06:00:00Z", "2026-08-25T09:59:59Z", "2026-08-25T10:00:00Z", "2026-08-26T04:00:00Z"]
)
pricings = st.builds(
    Pricing,
    model=st.sampled_from(["black76", "nse", "bse"]),
    fallback_iv=st.sampled_from([None, 0.2]),
)


def _numbers(dice: np.random.Generator, share: float) -> np.ndarray:
    """Premiums of a crude chain, a share of them replaced by numbers no market gives."""
    worth = np.maximum(
        np.array([[1.0], [-1.0]]) * (24100.0 - np.tile(LADDER, 2)), 0.0
    ) + dice.uniform(0.05, 200.0, (2, 2 * K))
    return np.where(dice.random((2, 2 * K)) < share, dice.choice(HOSTILE, (2, 2 * K)), worth)


def slot(day: str, bucket: str, mask: int) -> Slot:
    return Slot(
        date.fromisoformat(day),
        bucket,
        mask,
        fix=datetime.fromisoformat(f"{day}T10:00:00Z"),
        close=datetime.fromisoformat(f"{day}T10:10:00Z"),
        requested=K,
    )


@st.composite
def chains(draw: st.DrawFn) -> PricedChain:
    cycle = draw(cycles)
    stamp = Stamp(
        at=datetime.fromisoformat(cycle), index="NIFTY", config_id="", pricing=draw(pricings), quality=Quality(),
        slots=(slot(DAYS[0], "this_week", 5), slot(DAYS[1], "next_week", 2)),
        buckets={
            name: date.fromisoformat(DAYS[place])
            for name, place in (("this_week", 0), ("next_week", 1), ("this_month", 0))
        },
        expected_mask=7,
    )  # fmt: skip
    now = stamp.at.timestamp()
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    share = draw(st.sampled_from([0.0, 0.1, 0.5]))
    values = {name: np.full((2, 2 * K), np.nan) for name in QUOTE_FIELDS}
    values |= {name: _numbers(dice, share) for name in ("last", "bid", "ask", "oi", "volume")}
    values |= {
        name: now - dice.choice([-5.0, 1.0, 200.0, 1000.0, np.nan], (2, 2 * K))
        for name in ("quote_time", "last_trade_time")
    }
    listed = dice.random((2, 2 * K)) < 0.9
    quotes = Quotes(
        Contracts(
            "NIFTY", np.repeat(np.array(DAYS, dtype="datetime64[D]"), K), np.tile(LADDER, 2), np.full(2 * K, 65),
            np.full(2 * K, 0.05), np.where(listed, "X", "").astype(object), np.zeros((2, 2 * K), dtype=np.int64),
        ),
        np.full((2, 2 * K), "sim", dtype=object), values,
        Underlying(spot=draw(st.one_of(st.just(24050.0), hostile)), future=draw(st.one_of(st.just(24090.0), hostile)),
                   future_expiry=draw(st.sampled_from([None, *map(date.fromisoformat, DAYS)]))), now,
    )  # fmt: skip
    return assemble(quotes, stamp)


@settings(max_examples=60, deadline=None)
@given(chains())
def test_no_volatility_or_greek_without_a_status_that_allows_it(chain: PricedChain) -> None:
    status, greeks = chain.vol.status, chain.greeks
    known = np.isin(status, ["ok", "shared"])
    assert np.array_equal(np.isfinite(chain.vol.iv), known)
    for name in ("delta", "gamma", "theta", "vega", "rho"):
        figure = getattr(greeks, name)
        assert not np.isinf(figure).any()
        assert np.isnan(figure[~known & (status != "fallback")]).all()
    assert np.array_equal(status == "", ~chain.prices.listed)


@settings(max_examples=60, deadline=None)
@given(chains())
def test_a_shared_volatility_is_its_strikes_own(chain: PricedChain) -> None:
    shared = chain.vol.status == "shared"
    assert (chain.vol.status[::-1][shared] == "ok").all()
    assert np.array_equal(chain.vol.iv[shared], chain.vol.iv[::-1][shared])


@settings(max_examples=60, deadline=None)
@given(chains())
def test_rows_lines_and_summary_come_of_any_quotes(chain: PricedChain) -> None:
    row, found = summarise(chain), facts(chain)
    assert (
        row["iv_ok"] + row["iv_unavailable"] + row["iv_failed"] == row["options"] == found.options
    )
    assert row["expected_mask"] == row["collected_mask"] | row["missing_mask"]
    assert row["collected_mask"] & row["missing_mask"] == 0
    frame = chain_frame(chain)
    assert len(frame) == len(chain.quotes)
    assert all(
        len(line.split(",")) == len(csv_header(greeks=True))
        for line in csv_rows(frame, (10, 10)).values()
    )


@settings(max_examples=100, deadline=None)
@given(st.floats(23500.0, 24700.0), st.sampled_from(LADDER.tolist()))
def test_an_atm_is_never_more_than_six_tenths_of_a_step_away_inside_the_strikes(
    forward: float, before: float
) -> None:
    atm = at_the_money(LADDER, forward, before)
    inside = min(max(forward, LADDER[0]), LADDER[-1])
    assert abs(inside - atm) <= 60.0
    if atm != before:
        assert abs(inside - atm) == np.abs(LADDER - inside).min()
