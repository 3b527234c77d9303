"""Files of every schema version there was are read by the newest reader; columns are appended, never taken away or changed."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import g6
from g6.adapters.parquet import ParquetStore
from g6.adapters.parquet.columns import CHAIN_SCHEMA, LISTING_SCHEMA, OVERVIEW_SCHEMA
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.rows import CHAIN, SCHEMA_VERSION

KEPT = Path(__file__).resolve().parents[3] / "data" / "schemas"
VERSIONS = sorted(KEPT.glob("v*"))
FILES = [path.relative_to(KEPT) for path in sorted(KEPT.rglob("*.parquet"))]
SCHEMAS = {"chain": CHAIN_SCHEMA, "overview": OVERVIEW_SCHEMA, "instruments": LISTING_SCHEMA}


def test_every_version_has_its_files() -> None:
    assert [path.name for path in VERSIONS] == [
        f"v{number}" for number in range(1, SCHEMA_VERSION + 1)
    ]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_column_once_written_is_still_there_under_its_name_and_type(path: Path) -> None:
    written, schema = pq.read_schema(KEPT / path), SCHEMAS[path.parts[1]]
    assert [name for name in schema.names if name in written.names] == written.names
    assert [schema.field(name).type for name in written.names] == written.types


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
def test_rows_of_every_version_are_loaded_whole(version: Path) -> None:
    chains = g6.load("NIFTY", ("2026-11-19", "2026-11-20"), engine="arrow", data_dir=version)
    assert (chains.num_rows, chains.column_names) == (12, [column.name for column in CHAIN])
    assert (
        g6.load("NIFTY", "2026-11-20", "overview", engine="arrow", data_dir=version)
        .column("spot")
        .to_pylist()
        == [26010.5] * 2
    )
    assert g6.load("NIFTY", "2026-11-20", "instruments", engine="arrow", data_dir=version).column(
        "symbol"
    ).to_pylist() == [
        "C",
        "P",
    ]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
@pytest.mark.parametrize("cycle", ["2026-11-19T04:05:00Z", "2026-11-20T04:06:00Z"])
def test_a_unit_of_every_version_comes_back_with_its_header(version: Path, cycle: str) -> None:
    frame = ParquetStore(version).read_chain(Unit(cycle, "NIFTY"))
    assert frame is not None
    assert frame.header["stamp"]["cycle"] == cycle
    assert frame.columns["strike"].tolist() == [25950.0, 26000.0] * 2


@pytest.mark.parametrize("name", ["version", "model", "rate", "config_id"])
def test_a_file_says_under_what_it_was_made(name: str) -> None:
    (part,) = (KEPT / f"v{SCHEMA_VERSION}" / "chain").rglob("*Z.parquet")
    assert pq.read_metadata(part).metadata[f"g6.{name}".encode()] != b""
