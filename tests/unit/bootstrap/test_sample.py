"""Samples: whole simulated days, skipped where they are, and kept apart from everything else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import g6
from g6.adapters.parquet.maintenance.whole_days import put_overview_day
from g6.bootstrap.sample import last_sessions, sample_plan, sample_settings, write_sample
from g6.config import Settings
from g6.entrypoints.cli import main
from g6.errors import BadConfig, BadInput, Unavailable, UserError

HOURS = 3600
"""Seventeen times fewer cycles than a minute's: seven a day."""


def hourly(directory: Path, *indices: str, seed: int | None = None) -> Settings:
    return sample_settings(
        indices=indices or ("NIFTY",), interval=HOURS, seed=seed, directory=directory
    )


def written(settings: Settings, days: int, processes: int = 1) -> list[tuple[str, str, int]]:
    """Write a sample, and return index, day and rows of each day that was made."""
    plan = sample_plan(settings, last_sessions(settings, days))
    steps = write_sample(settings, plan, processes=processes)
    return [(step.index, step.day.isoformat(), step.rows) for step in steps if step.statuses]


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and "configs" not in path.parts
    }


def test_weekends_and_holidays_are_left_out(tmp_path: Path) -> None:
    settings = hourly(tmp_path)
    days = last_sessions(settings, 7, date(2026, 11, 17))
    assert days[-1] == date(2026, 11, 17)
    # The 10th was Diwali's Balipratipada, and on the Sunday of Diwali there was an hour of trading.
    assert [f"{day:%d}" for day in days] == ["08", "09", "11", "12", "13", "16", "17"]


def test_a_sample_ends_where_the_demo_begins(tmp_path: Path) -> None:
    settings = hourly(tmp_path)
    assert settings.market.start.date() == date(2026, 11, 18)
    assert last_sessions(settings, 1) == (date(2026, 11, 17),)


def test_days_that_are_there_are_skipped_and_an_interrupted_one_is_made_again(
    tmp_path: Path,
) -> None:
    settings = hourly(tmp_path)
    assert [day for _, day, _ in written(settings, 2)] == ["2026-11-16", "2026-11-17"]
    whole = contents(tmp_path)
    plan = sample_plan(settings, last_sessions(settings, 2))
    assert (plan.waiting, len(plan.there)) == ((), 2)
    # The overview comes last: without it the making of a day was interrupted.
    (tmp_path / "overview/date=2026-11-17/day.parquet").unlink()
    assert [day for _, day, _ in written(settings, 2)] == ["2026-11-17"]
    assert contents(tmp_path) == whole


def test_an_index_that_is_added_later_stands_beside_the_first(tmp_path: Path) -> None:
    written(hourly(tmp_path), 1)
    written(hourly(tmp_path, "SENSEX"), 1)
    rows = g6.load("*", kind="overview", engine="arrow", data_dir=tmp_path)
    assert rows.column("underlying").to_pylist() == ["NIFTY", "SENSEX"] * 7
    assert set(rows.column("status").to_pylist()) == {"OK"}


def test_days_of_another_seed_or_of_a_run_that_saw_a_part_are_left_as_they_are(
    tmp_path: Path,
) -> None:
    written(hourly(tmp_path), 1)
    before = contents(tmp_path)
    other = sample_plan(hourly(tmp_path, seed=8), (date(2026, 11, 17),))
    assert ["another configuration" in lot.obstacle for lot in other.obstructed] == [True]
    day = tmp_path / "chain/underlying=NIFTY/date=2026-11-17"
    (day / "day.parquet").rename(day / "040000Z.parquet")
    plan = sample_plan(hourly(tmp_path), (date(2026, 11, 17),))
    assert ["in part" in lot.obstacle for lot in plan.obstructed] == [True]
    (day / "040000Z.parquet").rename(day / "day.parquet")
    assert contents(tmp_path) == before


def test_a_directory_of_live_rows_is_refused_before_the_first_cycle(tmp_path: Path) -> None:
    (tmp_path / ".kind").write_text("live\n")
    with pytest.raises(Unavailable, match="holds rows of a live market"):
        written(hourly(tmp_path), 1)
    assert not (tmp_path / "chain").exists()


def test_a_live_source_and_a_short_interval_are_refused(tmp_path: Path) -> None:
    live = hourly(tmp_path).model_copy(
        update={"provider": hourly(tmp_path).provider.model_copy(update={"name": "kite"})}
    )
    with pytest.raises(BadConfig, match="simulated market"):
        sample_plan(live, ())
    with pytest.raises(UserError, match="a day in memory"):
        sample_plan(sample_settings(indices=["NIFTY"], interval=1), ())


@pytest.mark.timeout(300)
def test_several_processes_write_what_one_writes(tmp_path: Path) -> None:
    alone = written(hourly(tmp_path / "one", "NIFTY", "SENSEX"), 2)
    together = written(hourly(tmp_path / "two", "NIFTY", "SENSEX"), 2, processes=4)
    assert sorted(together) == sorted(alone)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_a_notebook_makes_its_days_in_a_line(tmp_path: Path) -> None:
    place = g6.sample(1, "NIFTY", interval=HOURS, data_dir=tmp_path / "days", processes=1)
    assert place == tmp_path / "days"
    assert g6.days(data_dir=place) == [date(2026, 11, 17)]
    with pytest.raises(UserError, match="NFTY"):
        g6.sample(1, "NFTY", data_dir=place)


def test_an_index_that_is_added_to_a_certified_day_makes_a_new_version(tmp_path: Path) -> None:
    written(hourly(tmp_path), 1)
    where = ("--data-dir", str(tmp_path))
    assert main(["data", "compact", *where]) == 0
    written(hourly(tmp_path, "SENSEX"), 1)
    names = sorted(path.name for path in (tmp_path / "certificates/date=2026-11-17").iterdir())
    assert names == ["v1.json", "v2.json"]
    assert main(["certificate", "2026-11-17", "--verify", *where]) == 0


def test_rows_of_others_in_a_damaged_overview_are_not_taken_for_none(tmp_path: Path) -> None:
    written(hourly(tmp_path), 1)
    path = tmp_path / "overview/date=2026-11-17/day.parquet"
    damaged = path.read_bytes()[:-9]
    path.write_bytes(damaged)
    with pytest.raises(BadInput):
        put_overview_day(tmp_path, date(2026, 11, 17), [])
    assert path.read_bytes() == damaged
