"""What a configuration is."""

from __future__ import annotations

from typing import Any

import pytest

from g6.config import Settings, build, config_id, hashes, load, nested
from g6.masking import mask_setting


def settings(**overrides: Any) -> Settings:
    return load("", {path.replace("__", "."): value for path, value in overrides.items()}, {})


@pytest.mark.parametrize(
    "changes",
    [
        {"interval": 30},
        {"greeks.risk_free_rate": 0.06},
        {"quality.max_quote_age": 20},
        {"collection.scope": "window"},
        {"market.seed": 8},
        {"index_params.NIFTY.expiries": ["this_week"]},
        {"index_params.BANKEX.enabled": False},
    ],
)
def test_what_influences_rows_changes_the_config_id(changes: dict[str, Any]) -> None:
    assert config_id(settings(**changes)) != config_id(settings())


@pytest.mark.parametrize(
    "changes",
    [
        {"serve.metrics_port": 0},
        {"log.level": "DEBUG"},
        {"data_dir": "/elsewhere"},
        {"redis.broker_url": "redis://host/0"},
        {"workers.closing": 4},
        {"market.start": "2026-11-18T06:30:00Z"},
        {"collection.scope": "chain"},
        {"market.speed": 2},
    ],
)
def test_what_does_not_leaves_it(changes: dict[str, Any]) -> None:
    assert config_id(settings(**changes)) == config_id(settings())


def test_the_seed_counts_only_on_the_simulated_market() -> None:
    replay = {"provider.name": "replay"}
    assert config_id(settings(**replay, **{"market.seed": 8})) == config_id(settings(**replay))


def test_the_order_of_indices_in_a_file_changes_nothing() -> None:
    names = ["NIFTY", "SENSEX"]
    ids = {config_id(build(nested({f"index_params.{name}.strikes_itm": 5 for name in each}))) for each in (names, names[::-1])}
    assert len(ids) == 1


def test_two_equal_starts_have_equal_hashes_and_a_change_shows_in_its_section() -> None:
    first, same, other = hashes(settings()), hashes(settings()), hashes(settings(greeks__enabled=False))
    assert first == same
    assert {name for name in first if first[name] != other[name]} == {"greeks", "all"}


@pytest.mark.parametrize(
    "url", ["redis://:hunter2@host:6379/0", "redis://user:hunter2@host/0", "sentinel://:hunter2@a;sentinel://:hunter2@b"]
)
def test_passwords_are_masked(url: str) -> None:
    assert "hunter2" not in str(mask_setting({"redis": {"broker_url": url}}))
    assert "host" in mask_setting("redis://:hunter2@host/0")
