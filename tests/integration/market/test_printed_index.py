"""Forward, volatilities and Greeks of the simulated market: true to it, and deaf to the index that is printed beside it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from functools import cache

import numpy as np
import pytest

from g6.config import calendar, load, plan
from g6.domain.market.expiry import resolve
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.black76 import Greeks
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS

MARKET = SimulatedMarket(calendar(), seed=11)
MIDDAY, FROZEN, LAST_MINUTES = (
    "2026-11-18T06:30:00Z",
    "2026-11-18T09:52:00Z",
    "2026-11-17T09:50:00Z",
)
TICK = 0.05


@cache
def unit(index: str, cycle: str) -> tuple[Quotes, Stamp]:
    """Quotes of an index's whole chain at one instant, and the stamp they are analysed under; no ATM is remembered."""
    at, exchange = datetime.fromisoformat(cycle), ROOTS[index].exchange
    decided, days = plan(load(None, {})), calendar()
    contracts = MARKET.listing(index, at).contracts
    found = resolve(
        contracts.expiries, at, days, exchange, decided.indices[index].rules, underlying=index
    )
    wanted = contracts.take(
        np.isin(contracts.expiry, [np.datetime64(slot.expiry, "D") for slot in found.slots])
    )
    slots = tuple(replace(slot, requested=len(wanted.of(slot.expiry))) for slot in found.slots)
    stamp = Stamp(
        at, index, "c1", decided.pricing, decided.quality, slots, found.buckets, found.expected_mask,
    )  # fmt: skip
    return MARKET.quotes(index, wanted, at), stamp


def figures(chain: PricedChain) -> dict[str, bytes]:
    """Everything that must not move with the printed index, to the last bit."""
    found = {
        "forward": np.array([expiry.forward.value for expiry in chain.expiries]),
        "spread": np.array([expiry.forward.spread for expiry in chain.expiries]),
        "atm": np.array([expiry.atm for expiry in chain.expiries]),
        "offset": chain.offset,
        **{name: getattr(chain.vol, name) for name in ("iv", "iv_bid", "iv_ask", "time_value")},
        **{each.name: getattr(chain.greeks, each.name) for each in fields(Greeks)},
    }
    return {name: values.tobytes() for name, values in found.items()} | {
        "status": "|".join(chain.vol.status.ravel()).encode()
    }


def printed(quotes: Quotes, spot: float) -> Quotes:
    """The same market under another printed index."""
    return replace(quotes, market=replace(quotes.market, spot=spot))


def true_forward(chain: PricedChain, i: int) -> float:
    """The forward that the simulated market priced expiry `i` with."""
    root, at = ROOTS[chain.stamp.index], chain.stamp.at
    session = calendar().session(root.exchange, at.date())
    assert session is not None
    second = np.array([int((at - session.open).total_seconds())])
    return float(
        MARKET.world.curve(root, chain.expiries[i].slot.expiry, at.date()).forward[second][0]
    )


@pytest.mark.parametrize(
    "index", ["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX"]
)
@pytest.mark.parametrize("cycle", [MIDDAY, "2026-11-20T08:15:00Z"])
def test_the_parity_forward_is_within_a_tick_of_the_truth(index: str, cycle: str) -> None:
    chain = assemble(*unit(index, cycle))
    assert {expiry.forward.source for expiry in chain.expiries} == {"parity"}
    for i in range(len(chain.expiries)):
        assert abs(chain.expiries[i].forward.value - true_forward(chain, i)) <= TICK
        assert chain.expiries[i].forward.spread <= TICK


@pytest.mark.parametrize("noise", [-5.0, -0.05, 0.05, 5.0])
@pytest.mark.parametrize("index", ["NIFTY", "BANKNIFTY"])
def test_noise_on_the_printed_index_with_ten_minutes_to_go_moves_nothing(
    index: str, noise: float
) -> None:
    quotes, stamp = unit(index, LAST_MINUTES)
    chain = assemble(quotes, stamp)
    assert {expiry.forward.source for expiry in chain.expiries} <= {"parity", "parity_last"}
    assert figures(assemble(printed(quotes, quotes.market.spot + noise), stamp)) == figures(chain)


def test_on_expiry_day_ten_minutes_before_the_fix_greeks_are_finite() -> None:
    chain = assemble(*unit("NIFTY", LAST_MINUTES))
    assert chain.expiries[0].years == pytest.approx(600 / (365 * 86_400))
    solved = np.isfinite(chain.vol.iv)
    assert solved[:, chain.expiries[0].rows].any()
    for each in fields(Greeks):
        assert np.isfinite(getattr(chain.greeks, each.name)[solved]).all()


@pytest.mark.parametrize("index", ["NIFTY", "SENSEX"])
def test_a_frozen_index_moves_nothing(index: str) -> None:
    quotes, stamp = unit(index, FROZEN)
    assert quotes.market.spot_source == "frozen"
    chain = assemble(quotes, stamp)
    before = MARKET.underlying(index, datetime.fromisoformat("2026-11-18T09:44:00Z"))
    assert figures(assemble(printed(quotes, before.spot + 40.0), stamp)) == figures(chain)
    assert abs(chain.expiries[0].forward.value - true_forward(chain, 0)) <= TICK


def test_without_a_printed_index_the_chain_is_the_same() -> None:
    quotes, stamp = unit("NIFTY", MIDDAY)
    assert figures(assemble(printed(quotes, float("nan")), stamp)) == figures(
        assemble(quotes, stamp)
    )


@pytest.mark.parametrize("index", ["NIFTY", "BANKNIFTY", "SENSEX"])
def test_both_sides_of_a_strike_have_one_volatility(index: str) -> None:
    chain = assemble(*unit(index, MIDDAY))
    own = (chain.vol.status == "ok").all(axis=0)
    gap = np.abs(chain.vol.iv[0] - chain.vol.iv[1])[own & (np.abs(chain.offset) <= 10)]
    assert len(gap) > 20
    assert np.median(gap) < 0.0005
    assert np.quantile(gap, 0.9) < 0.002
