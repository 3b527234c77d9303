"""Spreads against a slow recount, one option at a time."""

from __future__ import annotations

from math import isnan, nan
from statistics import median, quantiles

import numpy as np
import pytest

from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import book_spreads
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.chain import Chain
from tests.worlds.chains import bare_chain

BOOKS = [(100.0, 100.5), (nan, 3.0), (2.0, nan), (5.0, 4.9), (0.0, 0.1), (-0.01, 1.0), (7.0, 7.0)]


def test_only_a_two_sided_uncrossed_book_has_a_spread():
    bid, ask = np.array(BOOKS).T
    assert book_spreads.spread(bid, ask).tolist() == pytest.approx(
        [0.5, nan, nan, nan, nan, nan, 0.0], nan_ok=True
    )


def books(die, strikes):
    """One expiry's chain of random books, some of them broken."""
    bid = np.where(
        die.random((2, len(strikes))) < 0.3,
        die.choice([nan, 0.0, 50.0], (2, len(strikes))),
        die.uniform(1, 40, (2, 1)),
    )
    ask = bid + np.round(die.exponential(1.0, bid.shape) - 0.1, 2)
    return bare_chain(strikes, {"bid": bid, "ask": ask})


@pytest.mark.parametrize("seed", range(10))
def test_statistics_per_strike_are_recounted_over_cycles(seed):
    die = np.random.default_rng(seed)
    ladder = np.arange(10) * 50.0 + 24000
    chains = [books(die, np.sort(die.choice(ladder, 8, replace=False))) for _ in range(12)]
    found = book_spreads.over_cycles(chains)
    assert found.cycles == 12
    for place, strike in enumerate(found.strike.tolist()):
        for side in (CE, PE):
            told = []
            for chain in chains:
                for at, bid, ask in zip(
                    chain.strike, chain.bid[side], chain.ask[side], strict=True
                ):
                    if at == strike and bid > 0 and ask >= bid:
                        told.append(ask - bid)
            assert found.two_sided[side, place] == len(told)
            if len(told) > 1:
                assert found.median[side, place] == pytest.approx(median(told))
                assert found.p90[side, place] == pytest.approx(
                    quantiles(told, n=10, method="inclusive")[8]
                )
                assert found.worst[side, place] == pytest.approx(max(told))


def test_a_strike_that_never_had_a_book_has_no_statistics():
    unknown = np.full((2, 1), nan)
    chain = bare_chain(np.array([100.0]), {"bid": unknown, "ask": unknown})
    found = book_spreads.over_cycles([chain, chain])
    assert found.two_sided.tolist() == [[0], [0]]
    assert np.isnan([found.median, found.p90, found.worst]).all()


def test_no_chains_have_no_strikes():
    assert len(book_spreads.over_cycles([]).strike) == 0


def test_an_expiry_is_summed_up_whole_and_near_the_money(world):
    row = world.at(24100.0)
    world.put(0, row, bid=200.0, ask=203.0)
    world.put(1, row, bid=np.nan)
    frame = chain_frame(world.chain())
    whole, near = book_spreads.summaries(Chain.of_rows(frame))[:2]
    assert (whole.near, near.near) == (False, True)
    assert (near.options, near.two_sided) == (22, 21)
    assert (whole.options, whole.two_sided) == (82, 81)
    assert whole.median_points == pytest.approx(0.1)
    assert whole.median_ticks == pytest.approx(2.0)
    assert whole.worst_points == pytest.approx(3.0)


def test_the_spread_in_volatility_is_half_the_distance_of_bid_and_ask(world):
    frame = chain_frame(world.chain())
    near = book_spreads.summaries(Chain.of_rows(frame))[1]
    rows = [
        i
        for i in range(len(frame))
        if frame.columns["expiry"][i] == np.datetime64(near.expiry)
        and abs(frame.columns["offset"][i]) <= 5
    ]
    told = []
    for row in rows:
        side = "ce_" if frame.columns["strike"][row] > frame.columns["forward"][row] else "pe_"
        told.append(
            0.5
            * (
                float(frame.columns[f"{side}iv_ask"][row])
                - float(frame.columns[f"{side}iv_bid"][row])
            )
        )
    assert near.median_iv == pytest.approx(median(told))


def test_without_any_book_there_is_nothing_to_say(world):
    world.no_books()
    found = book_spreads.summaries(Chain.of_rows(chain_frame(world.chain())))[0]
    assert found.two_sided == 0
    assert isnan(found.median_points)
    assert isnan(found.worst_points)


def test_the_microprice_leans_to_the_side_with_less_behind_it():
    bid, ask = np.array([100.0, 100.0, 5.0, nan]), np.array([101.0, 101.0, 4.9, 3.0])
    found = book_spreads.microprice(
        bid, ask, np.array([65.0, 195.0, 65.0, 65.0]), np.array([65.0, 65.0, 65.0, 65.0])
    )
    assert found.tolist() == pytest.approx([100.5, 100.75, nan, nan], nan_ok=True)


def test_a_microprice_without_quantities_is_unknown():
    assert isnan(
        book_spreads.microprice(np.array([1.0]), np.array([2.0]), np.array([0.0]), np.array([0.0]))[
            0
        ]
    )


def book_of(bid, ask, volume):
    sides = {"bid": bid, "ask": ask, "volume": volume}
    arrays = {name: np.array(values)[:, None] for name, values in sides.items()}
    return bare_chain(np.array([24000.0]), arrays)


@pytest.mark.parametrize(
    ("bid", "ask", "volume", "score"),
    [
        (99.5, 100.5, 65.0, 1 / 1.1), (95.0, 105.0, 65.0, 0.5), (100.0, 100.0, 65.0, 1.0), (nan, 3.0, 65.0, 0.0),
        (5.0, 4.9, 65.0, 0.0), (99.5, 100.5, 0.0, 0.0), (99.5, 100.5, nan, 0.0),
    ],
)  # fmt: skip
def test_liquidity_halves_at_a_tenth_of_the_mid_and_needs_two_sides_and_a_trade(
    bid, ask, volume, score
):
    found = book_spreads.liquidity(
        np.array([bid, nan]), np.array([ask, nan]), np.array([volume, 0.0])
    )
    assert found.tolist() == pytest.approx([score, 0.0], abs=0.0005)


def test_a_strike_is_illiquid_when_neither_side_is_half_liquid():
    assert not book_spreads.illiquid(book_of((99.5, nan), (100.5, 3.0), (65.0, 65.0)))[0]
    assert book_spreads.illiquid(book_of((90.0, nan), (110.0, 3.0), (65.0, 65.0)))[0]
