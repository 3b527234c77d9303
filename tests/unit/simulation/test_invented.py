"""Invented roots: answered for by name, listed by nobody, of the sizes that a measurement wants."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from g6.bootstrap.settings_checks.settings_lint import refusals
from g6.config import calendar, load
from g6.config.identity import config_id
from g6.domain.market.instrument import INDICES, INVENTED
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS, WIDE

NOON = datetime(2026, 11, 18, 6, 30, tzinfo=UTC)


def test_nobody_lists_them_and_each_has_its_index_and_its_root() -> None:
    assert not set(INVENTED) & set(INDICES)
    assert not set(INVENTED) & set(ROOTS)
    for name in INVENTED:
        assert INDICES[name].name == ROOTS[name].name == name
    assert "S61" not in INDICES
    assert "S61" not in ROOTS


@pytest.mark.parametrize(("name", "least"), [("S01", 60), ("S07", 60), (min(WIDE), 1_000)])
def test_its_nearest_expiries_have_strikes_enough(name: str, least: int) -> None:
    contracts = SimulatedMarket(calendar()).listing(name, NOON).contracts
    for day in contracts.expiries[:5]:
        assert len(contracts.of(day)) >= least


def test_their_tokens_are_their_own() -> None:
    market = SimulatedMarket(calendar())
    tokens = [market.listing(name, NOON).contracts.token for name in ("S01", "S02", "NIFTY")]
    every = np.concatenate([token[token > 0] for token in tokens])
    assert len(np.unique(every)) == len(every)


def test_their_options_have_prices() -> None:
    market = SimulatedMarket(calendar())
    nearest = market.listing("S01", NOON).contracts
    nearest = nearest.of(nearest.expiries[0])
    quotes = market.quotes("S01", nearest, NOON)
    near = np.abs(nearest.strike / quotes.market.spot - 1) < 0.02
    assert np.isfinite(quotes.bid[:, near]).all()


def test_a_configuration_with_one_has_a_name_of_its_own() -> None:
    settings = load("", {"index_params.S01.enabled": True}, {})
    assert settings.indices[-1] == "S01"
    assert config_id(settings) != config_id(load("", {}, {}))
    assert [refusal.sentence for refusal in refusals(settings)] == []


def test_another_source_than_the_simulated_market_refuses_it() -> None:
    settings = load("", {"index_params.S02.enabled": True, "provider.name": "kite"}, {})
    (refusal,) = [one for one in refusals(settings) if "S02" in one.sentence]
    assert "provider.name=sim" in refusal.fix
