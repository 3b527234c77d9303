"""What a configuration is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from g6.bootstrap.quote_sources.simulated_source import simulated_market
from g6.config import Settings, build, config_id, hashes, influences, load, nested, plan, record
from g6.config.keys import Key, keys
from g6.domain.cycles.plan import Plan
from g6.errors import UserError
from g6.errors.masking import mask_setting


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


def test_the_layout_of_a_replayed_table_counts_by_its_content(tmp_path: Path) -> None:
    def of_layout(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return config_id(settings(**{"provider.name": "replay", "provider.layout": str(path)}))

    paise = of_layout("paise.toml", "[scale]\nltp = 0.01\n")
    assert paise == of_layout("elsewhere.toml", "[scale]\nltp = 0.01\n")
    assert paise != of_layout("points.toml", "[scale]\nltp = 1.0\n")
    assert paise != config_id(settings(**{"provider.name": "replay"}))


def test_the_layout_of_a_table_counts_for_no_other_source(tmp_path: Path) -> None:
    assert config_id(settings(**{"provider.layout": str(tmp_path / "no.toml")})) == config_id(
        settings()
    )


def test_the_seed_counts_only_on_the_simulated_market() -> None:
    replay = {"provider.name": "replay"}
    assert config_id(settings(**replay, **{"market.seed": 8})) == config_id(settings(**replay))


def test_the_order_of_indices_in_a_file_changes_nothing() -> None:
    names = ["NIFTY", "SENSEX"]
    ids = {
        config_id(build(nested({f"index_params.{name}.strikes_itm": 5 for name in each})))
        for each in (names, names[::-1])
    }
    assert len(ids) == 1


def test_two_equal_starts_have_equal_hashes_and_a_change_shows_in_its_section() -> None:
    first, same, other = (
        hashes(settings()),
        hashes(settings()),
        hashes(settings(greeks__enabled=False)),
    )
    assert first == same
    assert {name for name in first if first[name] != other[name]} == {"greeks", "all"}


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2@host:6379/0",
        "redis://user:hunter2@host/0",
        "sentinel://:hunter2@a;sentinel://:hunter2@b",
    ],
)
def test_passwords_are_masked(url: str) -> None:
    assert "hunter2" not in str(mask_setting({"redis": {"broker_url": url}}))
    assert "host" in mask_setting("redis://:hunter2@host/0")


def other_values(key: Key) -> Iterator[Any]:
    """Yield values that a setting may have instead of its default, whatever its type."""
    default, kinds = key.default, (key.field.annotation, *get_args(key.field.annotation))
    if isinstance(default, bool):
        yield not default
    yield from (
        word
        for kind in kinds
        for word in get_args(kind) or (kind,)
        if isinstance(word, str) and word != default
    )
    if isinstance(default, int | float):
        yield from (default + 1, default - 1, default * 2, default / 2, 0.5, 7200)
    if isinstance(default, list):
        yield default[:1]
    yield from (
        0.25,
        50,
        7200,
        "delay:2",
        "word",
        "redis://host:6379/1",
        "http://host:4318/v1/traces",
        "2026-11-18T06:30:00Z",
        "k" * 20,
        "12mb",
        "10.0.0.0/8",
        "g6=DEBUG",
    )


def changes() -> dict[str, Settings]:
    """Return for every key of the model the settings with just that key changed."""
    made: dict[str, Settings] = {}
    for key in keys():
        path = key.path.replace("<INDEX>", "NIFTY")
        for value in other_values(key):
            try:
                changed = settings(**{path: value})
            except UserError:
                continue
            if changed.model_dump() != settings().model_dump():
                made[path] = changed
                break
    return made


def what_use_cases_read(chosen: Settings) -> tuple[Plan, Any]:
    """Return everything of a configuration that decides what a use case writes, its id apart."""
    market = simulated_market(chosen)
    return replace(plan(chosen), config_id=""), (
        market.seed,
        market.faults,
        market.world.skew,
        market.world.event,
    )


def test_every_setting_that_a_use_case_reads_changes_the_config_id_and_no_other_does() -> None:
    made = changes()
    assert {key.path.replace("<INDEX>", "NIFTY") for key in keys()} - set(made) == set(), (
        "no other value was found for these"
    )
    usual = what_use_cases_read(settings())
    read = {path for path, chosen in made.items() if what_use_cases_read(chosen) != usual}
    assert {
        "collection.reach",
        "collection.most_strikes",
        "collection.salvage",
        "market.skew",
        "interval",
    } <= read
    named = {path for path, chosen in made.items() if config_id(chosen) != config_id(settings())}
    assert read - named == set()
    assert named - read == {"provider.name", "provider.fallback"}


def test_the_stream_counts_only_where_there_is_one() -> None:
    kite = {"provider.name": "kite"}
    assert config_id(settings(**kite, **{"ticker.max_age": 6})) != config_id(settings(**kite))
    assert config_id(settings(**{"ticker.max_age": 6})) == config_id(settings())


def test_a_setting_at_its_default_does_not_enter_so_that_a_new_one_keeps_the_id() -> None:
    assert influences(settings()) == {}
    assert config_id(settings(**{"collection.reach": 0.0, "greeks.iv_max": 5})) == config_id(
        settings()
    )


def test_the_id_hangs_on_published_names_and_values_alone() -> None:
    chosen = settings(
        **{"collection.reach": 2.5, "index_params.SENSEX.enabled": False, "interval": 1}
    )
    assert influences(chosen) == {
        "interval": 1,
        "collection.reach": 2.5,
        "index_params.SENSEX.enabled": False,
    }


def test_parameters_of_an_index_that_is_not_collected_do_not_enter() -> None:
    without = {"index_params.SENSEX.enabled": False}
    assert config_id(settings(**without, **{"index_params.SENSEX.strikes_itm": 3})) == config_id(
        settings(**without)
    )


def test_a_configuration_is_written_down_with_its_id_and_without_its_secrets() -> None:
    chosen = settings(**{
        "redis.broker_url": "redis://:hunter2@host:6379/0", "serve.token": "hunter2-hunter2-hunter2", "provider.api_key": "hunter2",
        "interval": 30,
    })  # fmt: skip
    written = json.dumps(record(chosen))
    assert "hunter2" not in written
    assert json.loads(written)["config_id"] == config_id(chosen)
    assert json.loads(written)["settings"]["interval"] == 30
