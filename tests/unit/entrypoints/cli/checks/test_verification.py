"""`g6 verify` over a small store: what was stored right passes, and whatever is changed is found."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from g6.adapters.parquet.columns import CHAIN_SCHEMA, OVERVIEW_SCHEMA, chain_frame
from g6.adapters.parquet.maintenance.folding import compact
from g6.domain.figures import exposures
from g6.domain.schema.chain import Chain


def test_what_the_pipeline_stores_passes(g6, stored):
    answer = g6("verify", "--data-dir", str(stored.directory), "--json")
    found = json.loads(answer.out)
    assert answer.code == 0
    assert found["units"] == 2
    assert {
        "forward",
        "iv",
        "delta",
        "gamma",
        "theta",
        "vega",
        "rho",
        "iv_error",
        "pcr",
        "max_pain",
        "gex",
    } <= set(found["largest"])
    assert max(found["largest"].values()) < 1e-6


def test_people_see_a_table(g6, stored):
    out = g6("verify", "--data-dir", str(stored.directory), "--cycles", "1").out
    assert "max_pain" in out
    assert "1 of 2 stored units; all within 1e-05" in out


@pytest.mark.parametrize(
    ("column", "figure"),
    [
        ("ce_iv", "iv"),
        ("pe_gamma", "gamma"),
        ("ce_theta", "theta"),
        ("forward", "forward"),
        ("ce_oi", "pcr"),
        ("years_to_expiry", "years_to_expiry"),
    ],
)
def test_a_changed_figure_is_found(g6, stored, tmp_path, column, figure):
    directory = tmp_path / "copy"
    shutil.copytree(stored.directory, directory)
    for path in (directory / "chain").rglob("*.parquet"):
        change(path, column)
    answer = g6("verify", "--data-dir", str(directory), "--json")
    assert answer.code == 1
    assert figure in json.loads(answer.out)["above"]


def change(path, column):
    """Raise every value of a column by a thousandth."""
    table = pq.read_table(path, partitioning=None)
    kind = table.schema.field(column).type
    raised = pc.multiply(table.column(column).cast(pa.float64()), 1.001).cast(kind, safe=False)
    pq.write_table(table.set_column(table.schema.get_field_index(column), column, raised), path)


def test_a_volatility_made_up_where_there_is_none_is_found(g6, stored, tmp_path):
    directory = tmp_path / "copy"
    shutil.copytree(stored.directory, directory)
    for path in (directory / "chain").rglob("*.parquet"):
        table = pq.read_table(path, partitioning=None)
        filled = pc.fill_null(table.column("ce_iv"), pa.scalar(0.25, pa.float32()))
        pq.write_table(
            table.set_column(table.schema.get_field_index("ce_iv"), "ce_iv", filled), path
        )
    answer = g6("verify", "--data-dir", str(directory), "--json")
    assert answer.code == 1
    assert json.loads(answer.out)["largest"]["made_up"] > 0


def test_a_compacted_day_is_verified_like_its_parts(g6, stored, tmp_path):
    directory = tmp_path / "copy"
    shutil.copytree(stored.directory, directory)
    compact(directory / "chain" / "underlying=FINNIFTY" / "date=2026-11-18", CHAIN_SCHEMA)
    compact(directory / "overview" / "date=2026-11-18", OVERVIEW_SCHEMA)
    found = json.loads(g6("verify", "--data-dir", str(directory), "--json").out)
    assert found["units"] == 2
    assert {"iv", "pcr", "gex"} <= set(found["largest"])
    assert found["above"] == []


@pytest.mark.parametrize("figure", ["gex", "dex", "vanna", "charm", "vomma"])
def test_a_net_exposure_that_nearly_cancels_is_compared_at_the_scale_of_the_gross(
    g6, stored, tmp_path, figure
):
    """Open interest of one put is chosen so that the net is a few ₹ out of millions: rounding of float32 is all that is left."""
    directory = tmp_path / "copy"
    shutil.copytree(stored.directory, directory)
    for path in (directory / "chain").rglob("*.parquet"):
        balance(path, figure)
    answer = g6("verify", "--data-dir", str(directory), "--json")
    found = json.loads(answer.out)
    assert found["largest"][figure] < 1e-5
    assert figure not in found["above"]


def balance(path, figure):
    """Scale the open interest on the lighter sign of an exposure until its net is next to nothing."""
    table = pq.read_table(path, partitioning=None)
    held = exposures.positions(Chain.of_rows(chain_frame(table, "NIFTY", {})))
    values = np.nan_to_num(getattr(exposures.exposures(held), figure))
    plus, minus = values[values > 0].sum(), -values[values < 0].sum()
    if not plus or not minus:
        return
    for side, row in (("ce", 0), ("pe", 1)):
        oi = table.column(f"{side}_oi").to_numpy(zero_copy_only=False).astype(float)
        light = values[row] < 0 if minus < plus else values[row] > 0
        scaled = np.where(light, np.rint(oi * max(plus, minus) / min(plus, minus)), oi)
        place = table.schema.get_field_index(f"{side}_oi")
        column = pa.array(scaled, from_pandas=True).cast(table.schema.field(place).type, safe=False)
        table = table.set_column(place, f"{side}_oi", column)
    pq.write_table(table, path)


def test_an_empty_directory_has_nothing_to_verify(g6, tmp_path):
    assert g6("verify", "--data-dir", str(tmp_path)).code == 3
