"""Stored days computed again: the same bytes under the same settings, whatever their outputs were before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import g6
from g6 import pipeline
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.plan import Pricing
from g6.domain.documents.chain_rows import COMPUTED
from g6.domain.schema.rows import CHAIN, OVERVIEW
from g6.errors import BadInput, NothingToDo
from g6.pipeline.recompute import RAW
from tests.worlds.pipeline import FIRST, SECOND, World

DAY = "2026-11-18"


@pytest.fixture
def stored(world: World, tmp_path: Path) -> World:
    """Two cycles of two indices in files, compacted."""
    world.runtime = replace(
        world.runtime, store=ParquetStore(tmp_path), history=ParquetHistory(tmp_path)
    )
    for cycle in (FIRST, SECOND):
        world.cycle(cycle)
    for name in ("NIFTY", "BANKNIFTY", "overview"):
        ParquetHistory(tmp_path).compact(name, date(2026, 11, 18))
    return world


def priced(stored: World, **changes: Any) -> Pricing:
    """Return how the stored chains are priced, but for some settings."""
    return replace(stored.runtime.plan.pricing, **changes)


def files(directory: Path) -> Mapping[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("day.parquet")}


def load(directory: Path, column: str, kind: str = "chain") -> list[Any]:
    found: list[Any] = (
        g6.load("NIFTY", DAY, kind, engine="arrow", columns=[column], data_dir=directory)
        .column(column)
        .to_pylist()
    )  # type: ignore[arg-type]
    return found


def test_what_is_made_depends_on_what_is_read_alone(stored: World, tmp_path: Path) -> None:
    made = {name: load(tmp_path, name) for name in COMPUTED}
    for path in (tmp_path / "chain").rglob("day.parquet"):
        table = pq.ParquetFile(path).read()
        for place, field in enumerate(table.schema):
            if field.name not in {*RAW, "timestamp"}:
                table = table.set_column(place, field, pa.nulls(len(table), field.type))
        pq.write_table(table, path)
    assert set(load(tmp_path, "ce_open")) == set(load(tmp_path, "ce_iv")) == {None}
    assert pipeline.recompute(stored.runtime, DAY, "NIFTY").changed
    assert {name: load(tmp_path, name) for name in COMPUTED} == made
    assert not {*RAW} & {*COMPUTED}


def test_nothing_changed_leaves_every_byte(stored: World, tmp_path: Path) -> None:
    before = files(tmp_path)
    done = [pipeline.recompute(stored.runtime, DAY, index) for index in ("NIFTY", "BANKNIFTY")]
    assert [each.changed for each in done] == [False, False]
    assert done[0].units == 2
    assert files(tmp_path) == before


def test_outputs_that_were_deleted_are_made_again_to_the_byte(
    stored: World, tmp_path: Path
) -> None:
    before = files(tmp_path)
    for path in before:
        table, metadata = pq.ParquetFile(path).read(), pq.read_metadata(path).metadata
        gone = (
            set(COMPUTED)
            if "chain" in path.parts
            else {c.name for c in OVERVIEW} - {"timestamp", "underlying", "status", "reason"}
        )
        for name in gone & {*table.column_names}:
            place = table.column_names.index(name)
            table = table.set_column(
                place, table.schema.field(name), pa.nulls(len(table), table.schema.field(name).type)
            )
        pq.write_table(table.replace_schema_metadata(metadata), path)
    assert set(load(tmp_path, "ce_iv")) == {None}
    for index in ("NIFTY", "BANKNIFTY"):
        assert pipeline.recompute(stored.runtime, DAY, index).changed
    assert files(tmp_path) == before


def test_another_rate_changes_analytics_and_no_quote(stored: World, tmp_path: Path) -> None:
    before = {name: load(tmp_path, name) for name in ("ce_last", "ce_rho", "rate", "pe_oi")}
    done = pipeline.recompute(stored.runtime, DAY, "NIFTY", priced(stored, risk_free_rate=0.12))
    after = {name: load(tmp_path, name) for name in before}
    assert done.changed
    assert [after[name] == before[name] for name in before] == [True, False, False, True]
    assert set(after["rate"]) == {0.12}
    assert (
        pq.read_metadata(next((tmp_path / "chain/underlying=NIFTY").rglob("*.parquet"))).metadata[
            b"g6.rate"
        ]
        == b"0.12"
    )


def test_the_same_rows_under_other_settings_are_not_changed_rows(
    stored: World, tmp_path: Path
) -> None:
    before = load(tmp_path, "ce_iv")
    runtime = replace(stored.runtime, plan=replace(stored.runtime.plan, config_id="other"))
    done = pipeline.recompute(runtime, DAY, "NIFTY")
    assert (done.changed, done.reconfigured) == (False, True)
    assert set(load(tmp_path, "config_id")) == {"other"}
    assert load(tmp_path, "ce_iv") == before
    again = pipeline.recompute(runtime, DAY, "NIFTY")
    assert (again.changed, again.reconfigured) == (False, False)
    other = pipeline.recompute(stored.runtime, DAY, "NIFTY", priced(stored, risk_free_rate=0.12))
    assert (other.changed, other.reconfigured) == (True, False)


def test_the_model_stands_in_rows_and_overview_follows(stored: World, tmp_path: Path) -> None:
    before = load(tmp_path, "atm_iv_this_week", "overview")
    pipeline.recompute(stored.runtime, DAY, "NIFTY", priced(stored, model="nse"))
    assert set(load(tmp_path, "model")) == {"nse"}
    assert load(tmp_path, "atm_iv_this_week", "overview") != before
    assert load(tmp_path, "status", "overview") == ["OK", "OK"]


def test_back_to_the_first_settings_the_first_bytes_are_back(stored: World, tmp_path: Path) -> None:
    before = files(tmp_path)
    pipeline.recompute(stored.runtime, DAY, "NIFTY", priced(stored, risk_free_rate=0.12))
    pipeline.recompute(stored.runtime, DAY, "NIFTY")
    assert files(tmp_path) == before


def test_a_unit_that_was_missing_keeps_its_status_and_reason(stored: World, tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    gone = {
        "timestamp": "2026-11-18T05:32:00Z",
        "underlying": "NIFTY",
        "status": "MISSING",
        "reason": "provider",
    }
    store.write_overview(gone["timestamp"], [gone])
    pipeline.recompute(stored.runtime, DAY, "NIFTY", priced(stored, risk_free_rate=0.12))
    assert load(tmp_path, "reason", "overview") == ["", "", "provider"]


def test_loose_days_are_compacted_first(stored: World, tmp_path: Path) -> None:
    stored.cycle("2026-11-18T05:32:00Z")
    assert pipeline.recompute(stored.runtime, DAY, "NIFTY").units == 3


def test_it_is_the_same_as_a_rerun(stored: World, tmp_path: Path) -> None:
    pipeline.recompute(stored.runtime, DAY, "NIFTY", priced(stored, risk_free_rate=0.12))
    recomputed = {
        column.name: load(tmp_path, column.name) for column in CHAIN if column.name != "config_id"
    }
    stored.forget()
    runtime = stored.runtime
    stored.settle_on(greeks__risk_free_rate=0.12)
    stored.runtime = replace(stored.runtime, store=runtime.store, history=runtime.history)
    for cycle in (FIRST, SECOND):
        pipeline.rerun(stored.runtime, Unit(cycle, "NIFTY"))
        stored.drain()
    for name, values in recomputed.items():
        np.testing.assert_array_equal(
            np.array(load(tmp_path, name), dtype=object),
            np.array(values, dtype=object),
            err_msg=name,
        )


def test_a_report_goes_to_the_bus(stored: World) -> None:
    pipeline.recompute(stored.runtime, DAY, "NIFTY")
    (report,) = stored.reports("job.report")
    assert (report["job"], report["index"], report["units"], report["changed"]) == (
        "recompute",
        "NIFTY",
        2,
        False,
    )
    assert json.dumps(report)


def test_a_refusal_goes_to_the_bus_too_so_that_nobody_waits_for_it(
    stored: World, tmp_path: Path
) -> None:
    path = tmp_path / "chain" / "underlying=NIFTY" / f"date={DAY}" / "day.parquet"
    table = pq.ParquetFile(path).read()
    pq.write_table(table.append_column("of_tomorrow", pa.array([1.0] * table.num_rows)), path)
    with pytest.raises(BadInput, match="of_tomorrow"):
        pipeline.recompute(stored.runtime, DAY, "NIFTY")
    report = next(
        event.document for event in stored.runtime.bus.read("0") if event.type == "job.report"
    )
    assert (report["job"], report["index"], report["day"]) == ("recompute", "NIFTY", DAY)
    assert "of_tomorrow" in report["error"]


def test_a_day_that_is_not_stored_is_said(stored: World) -> None:
    with pytest.raises(NothingToDo, match="the first day there is 2026-11-18"):
        pipeline.recompute(stored.runtime, "2026-11-19", "NIFTY")
