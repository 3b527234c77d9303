"""What follows from settings: directories, scope, plan, calendar."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from g6.config import Settings, calendar, config_id, load, plan
from g6.errors import BadInput


def settings(**overrides: Any) -> Settings:
    return load("", {path.replace("__", "."): value for path, value in overrides.items()}, {})


def test_simulated_rows_stay_out_of_the_configured_data_directory() -> None:
    assert settings(data_dir="/live").directory == Path("data/demo")
    assert settings(data_dir="/live", provider__name="replay").directory == Path("data/demo")


def test_another_namespace_has_a_directory_of_its_own() -> None:
    assert settings(namespace="shadow", demo_dir="/rows").directory == Path("/rows/shadow")
    assert settings(namespace="shadow", storage__csv__base_dir="/csv").csv_dir == Path(
        "/csv/shadow"
    )


def test_files_stand_below_the_data_directory() -> None:
    made = settings(demo_dir="/rows")
    assert (made.csv_dir, made.panels_dir) == (Path("/rows/csv"), Path("/rows/panels"))


@pytest.mark.parametrize(
    ("interval", "scope"), [(60, "chain"), (30, "chain"), (15, "window"), (1, "window")]
)
def test_long_intervals_collect_the_whole_chain(interval: int, scope: str) -> None:
    assert settings(interval=interval).scope == scope
    assert plan(settings(interval=interval)).scope == scope


@pytest.mark.parametrize(("speed", "seconds"), [(1, 60.0), (12, 5.0), (120, 1.0), ("max", 60.0)])
def test_the_wall_step_is_interval_by_speed_and_at_least_a_second(
    speed: object, seconds: float
) -> None:
    assert settings(market__speed=speed).wall_interval == seconds


def test_the_plan_says_what_is_collected_and_how_it_is_priced() -> None:
    made = settings(
        **{
            "index_params.NIFTY.expiries": ["this_week", "nth:3", "2026-12-29"],
            "index_params.NIFTY.strikes_otm": 4,
            "greeks.model": "nse",
        }
    )
    known = plan(made)
    assert known.indices["NIFTY"].rules == ("this_week", "nth_3", date(2026, 12, 29))
    assert known.indices["NIFTY"].strikes_otm == 4
    assert known.pricing.model == "nse"
    assert known.config_id == config_id(made)


def test_a_disabled_index_is_not_in_the_plan() -> None:
    assert "BANKEX" not in plan(settings(**{"index_params.BANKEX.enabled": False})).indices


def test_an_index_beyond_the_six_joins_by_configuration_alone() -> None:
    assert "NIFTYNXT50" in plan(settings(**{"index_params.NIFTYNXT50.enabled": True})).indices


def test_a_users_sessions_are_laid_over_the_calendar(tmp_path: Path) -> None:
    local = tmp_path / "sessions.local.toml"
    local.write_text('[holidays]\n"2026-11-18" = "Made up"\n')
    assert calendar(local).session("NSE", date(2026, 11, 18)) is None
    assert calendar(tmp_path / "none.toml").session("NSE", date(2026, 11, 18)) is not None


def test_a_broken_file_of_sessions_is_named(tmp_path: Path) -> None:
    local = tmp_path / "sessions.local.toml"
    local.write_text("[holidays\n")
    with pytest.raises(BadInput, match=r"sessions\.local\.toml: is not TOML"):
        calendar(local)
