import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6 import load
from g6.adapters.parquet import ParquetStore, days
from g6.adapters.parquet.columns import CHAIN_SCHEMA, LISTING_SCHEMA
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.market.instrument import Contracts, Future, Listing
from g6.domain.schema.frame import Frame
from g6.domain.schema.rows import CHAIN
from g6.errors import BadInput, StoreBusy
from tests.waiting import eventually

CYCLE, LATER = "2026-11-20T04:05:00Z", "2026-11-20T04:06:00Z"
UNIT = Unit(CYCLE, "NIFTY")
PART = Path("chain/underlying=NIFTY/date=2026-11-20/040500Z.parquet")
ChainOf = Callable[..., Frame]
CHAINS = """
import sys
from pathlib import Path
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import Unit
store = ParquetStore(Path(sys.argv[1]))
frame = store.read_chain(Unit("2026-11-20T04:05:00Z", "NIFTY"))
print("ready", flush=True)
for i in range(100000):
    frame.columns["spot"][:] = i
    store.write_chain(Unit("2026-11-20T04:06:00Z", "NIFTY"), frame)
"""
SMALL = """
import resource, signal, sys
from pathlib import Path
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import Unit
from g6.errors import StoreBusy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = ParquetStore(Path(sys.argv[1]))
frame = store.read_chain(Unit("2026-11-20T04:05:00Z", "NIFTY"))
frame.columns["spot"][:] = 1.0
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    store.write_chain(Unit("2026-11-20T04:05:00Z", "NIFTY"), frame)
except StoreBusy as error:
    print(error)
"""


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    return ParquetStore(tmp_path)


def rows_of(tmp_path: Path, clock: str = "040500") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(
        tmp_path / f"overview/date=2026-11-20/{clock}Z.parquet"
    ).to_pylist()
    return found


def overview(index: str, **known: Any) -> dict[str, Any]:
    return {"timestamp": CYCLE, "underlying": index, "status": "OK"} | known


def test_a_unit_is_one_file_under_its_index_session_day_and_utc_time(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.parquet")] == [PART]


@pytest.mark.parametrize(
    ("cycle", "name"),
    [
        ("2026-11-20T04:05:00.250000Z", "date=2026-11-20/040500.250000Z.parquet"),
        ("2026-11-20T04:05:07Z", "date=2026-11-20/040507Z.parquet"),
        ("2026-11-19T18:30:00Z", "date=2026-11-20/183000Z.parquet"),
    ],
)
def test_any_instant_has_a_readable_name(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf, cycle: str, name: str
) -> None:
    store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle))
    assert (tmp_path / "chain/underlying=NIFTY" / name).exists()
    assert store.read_chain(Unit(cycle, "NIFTY")) is not None


def test_a_file_has_every_column_but_the_one_that_stands_in_its_path(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    schema = pq.read_schema(tmp_path / PART)
    assert schema.names == [column.name for column in CHAIN if column.name != "underlying"]
    assert schema.remove_metadata().equals(CHAIN_SCHEMA)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("timestamp", pa.timestamp("us", "UTC")), ("expiry", pa.date32()), ("ce_bid", pa.float64()), ("ce_iv", pa.float32()),
        ("pe_oi", pa.int64()), ("bucket_mask", pa.int32()), ("bucket", pa.dictionary(pa.int32(), pa.string())),
    ],
)  # fmt: skip
def test_types_are_as_documented(name: str, kind: pa.DataType) -> None:
    assert CHAIN_SCHEMA.field(name).type == kind


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("ce_iv", "BYTE_STREAM_SPLIT"),
        ("ce_oi", "DELTA_BINARY_PACKED"),
        ("timestamp", "DELTA_BINARY_PACKED"),
    ],
)
def test_columns_are_packed_as_documented(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf, name: str, encoding: str
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    group = pq.read_metadata(tmp_path / PART).row_group(0)
    column = next(
        each for each in map(group.column, range(group.num_columns)) if each.path_in_schema == name
    )
    assert encoding in column.encodings
    assert column.compression == "LZ4"


def test_the_metadata_names_version_model_rate_and_configuration(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    metadata = pq.read_metadata(tmp_path / PART).metadata
    found = {
        name: metadata[name] for name in (b"g6.version", b"g6.model", b"g6.rate", b"g6.config_id")
    }
    assert found == {
        b"g6.version": b"1",
        b"g6.model": b"black76",
        b"g6.rate": b"0.055",
        b"g6.config_id": b"c1",
    }


def test_the_same_unit_three_times_leaves_the_same_bytes(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    seen = []
    for _ in range(3):
        store.write_chain(UNIT, chain_of(CYCLE))
        seen.append((tmp_path / PART).read_bytes())
    assert seen[0] == seen[1] == seen[2]
    assert ParquetStore(tmp_path).write_chain(UNIT, chain_of(CYCLE)).rows == {"parquet": 0}


def test_what_is_missing_is_null_in_the_file(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    table = pq.read_table(tmp_path / PART)
    assert {
        table.column(name).null_count for name in ("ce_bid", "ce_oi", "ce_iv", "ce_quote_time")
    } == {1}


def test_a_file_of_an_earlier_version_lacks_columns_and_is_read_all_the_same(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    older = pq.read_table(tmp_path / PART).drop_columns(
        ["vix", "pe_rho", "pe_source", "ce_quality"]
    )
    pq.write_table(older, tmp_path / PART)
    read = store.read_chain(UNIT)
    assert read is not None
    assert list(read.columns) == [column.name for column in CHAIN]
    assert np.isnan(read.columns["vix"]).all()
    np.testing.assert_array_equal(read.columns["ce_bid"], chain_of(CYCLE).columns["ce_bid"])


def test_a_column_that_a_later_version_wrote_is_passed_over(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    newer = pq.read_table(tmp_path / PART)
    pq.write_table(newer.add_column(3, "ce_vanna", newer.column("ce_last")), tmp_path / PART)
    read = store.read_chain(UNIT)
    assert read is not None
    assert list(read.columns) == [column.name for column in CHAIN]
    np.testing.assert_array_equal(read.columns["ce_bid"], chain_of(CYCLE).columns["ce_bid"])
    assert load("NIFTY", "2026-11-20", engine="arrow", data_dir=tmp_path).column_names == [
        column.name for column in CHAIN
    ]


def test_a_damaged_part_is_named_with_the_fix(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    (tmp_path / PART).write_bytes((tmp_path / PART).read_bytes()[:-20])
    with pytest.raises(BadInput, match=r"040500Z\.parquet: not a whole Parquet file") as caught:
        store.read_chain(UNIT)
    assert "g6 data check" in caught.value.fix


def test_a_damaged_part_is_replaced_by_its_own_unit(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    (tmp_path / PART).parent.mkdir(parents=True)
    (tmp_path / PART).write_bytes(b"PAR1")
    store.write_chain(UNIT, chain_of(CYCLE))
    assert store.read_chain(UNIT) is not None


def test_open_interest_of_yesterday_passes_over_a_damaged_part(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    (tmp_path / PART).with_name("093000Z.parquet").write_bytes(b"PAR1")
    found = store.last_oi("NIFTY", parse_z("2026-11-21T04:00:00Z").date())
    assert found is not None
    np.testing.assert_array_equal(found.columns["pe_oi"], chain_of(CYCLE).columns["pe_oi"])


def test_a_file_that_a_killed_writer_left_under_a_temporary_name_is_never_read(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    (tmp_path / PART).with_name(".040600Z.parquet.1-1.tmp").write_bytes(b"PAR1")
    assert store.read_chain(Unit(LATER, "NIFTY")) is None
    assert store.last_oi("NIFTY", parse_z("2026-11-21T04:00:00Z").date()) is not None


@pytest.mark.timeout(300)  # five processes import the store, 31 s at a load of 15 on two cores
def test_a_writer_killed_at_any_moment_leaves_whole_parts(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    part = (tmp_path / PART).with_name("040600Z.parquet")
    for _ in range(4):
        part.unlink(missing_ok=True)
        writer = subprocess.Popen(
            [sys.executable, "-c", CHAINS, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        eventually(lambda: part.exists() or writer.poll() is not None, every=0.0005)  # noqa: B023 - called here
        writer.kill()
        writer.communicate()
        read = store.read_chain(Unit(LATER, "NIFTY"))
        assert read is not None
        assert len(set(read.columns["spot"].tolist())) == 1


def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    store.write_chain(UNIT, chain_of(CYCLE))
    before = (tmp_path / PART).read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", SMALL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert f"cannot write {tmp_path / PART}" in done.stdout
    assert (tmp_path / PART).read_bytes() == before
    assert [path.name for path in (tmp_path / PART).parent.iterdir()] == [PART.name]


def test_a_file_in_the_place_of_the_directory_is_named_with_the_fix(
    tmp_path: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    (tmp_path / "chain").write_text("")
    with pytest.raises(
        StoreBusy, match=r"chain/underlying=NIFTY/date=2026-11-20.*move away the file"
    ):
        store.write_chain(UNIT, chain_of(CYCLE))


def test_an_overview_part_holds_all_indices_in_one_order(
    tmp_path: Path, store: ParquetStore
) -> None:
    store.write_overview(CYCLE, [overview("SENSEX"), overview("NIFTY")])
    assert [row["underlying"] for row in rows_of(tmp_path)] == ["NIFTY", "SENSEX"]


def test_a_rerun_of_one_index_takes_the_other_rows_from_the_part_it_replaces(
    tmp_path: Path, store: ParquetStore
) -> None:
    store.write_overview(
        CYCLE,
        [overview("NIFTY", spot=1.5, expiry_nearest="2026-11-24"), overview("SENSEX", spot=2.5)],
    )
    store.write_overview(CYCLE, [overview("SENSEX", spot=3.5)])
    assert [(row["underlying"], row["spot"], row["status"]) for row in rows_of(tmp_path)] == [
        ("NIFTY", 1.5, "OK"), ("SENSEX", 3.5, "OK"),
    ]  # fmt: skip
    assert str(rows_of(tmp_path)[0]["expiry_nearest"]) == "2026-11-24"


def test_an_overview_written_again_has_the_same_bytes(tmp_path: Path, store: ParquetStore) -> None:
    path = tmp_path / "overview/date=2026-11-20/040500Z.parquet"
    store.write_overview(
        CYCLE,
        [
            overview("NIFTY", spot=1.5),
            overview("SENSEX", observed_at="2026-11-20T04:05:00.250000Z"),
        ],
    )
    before = path.read_bytes()
    store.write_overview(CYCLE, [overview("NIFTY", spot=1.5)])
    assert path.read_bytes() == before


@pytest.mark.parametrize("folded", [[], ["040000Z-041500Z", "041500Z-043000Z"], ["day"]], ids=str)
def test_the_files_of_an_instant_are_those_of_the_day_that_may_hold_it(
    tmp_path: Path, folded: list[str]
) -> None:
    directory = tmp_path / "date=2026-11-20"
    directory.mkdir()
    for name in ("040500Z", "040500.500000Z", "041500Z", *folded):
        (directory / f"{name}.parquet").touch()
    for cycle in (CYCLE, LATER, "2026-11-20T04:05:00.500000Z", "2026-11-20T04:15:00Z"):
        instant = parse_z(cycle)
        every = [file for file in days.files(directory) if file.may_hold(instant)]
        best_first = sorted(every, key=lambda file: file.level)
        assert days.files_of_instant(directory, instant) == best_first
    assert days.files_of_instant(tmp_path, parse_z(CYCLE)) == []


def test_eight_writers_of_one_part_lose_no_row(tmp_path: Path) -> None:
    names = [f"INDEX{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as writers:
        list(
            writers.map(
                lambda name: ParquetStore(tmp_path).write_overview(CYCLE, [overview(name)]), names
            )
        )
    assert [row["underlying"] for row in rows_of(tmp_path)] == names


def listing(name: str) -> Listing:
    contracts = Contracts(
        name,
        np.array(["2026-11-24"] * 2, dtype="datetime64[D]"),
        np.array([26000.0, 26050.0]),
        np.array([65, 65]),
        np.array([0.05, 0.05]),
        np.array([[f"{name}26000CE", f"{name}26050CE"], [f"{name}26000PE", ""]], dtype=object),
        np.array([[7, 8], [9, 0]]),
    )
    day = parse_z(CYCLE).date()
    return Listing(name, day, contracts, (Future(f"{name}FUT", 99, day, 65, 0.1),))


def test_listings_of_one_exchange_share_a_file_in_whatever_order_they_come(tmp_path: Path) -> None:
    for place, names in enumerate((("NIFTY", "BANKNIFTY"), ("BANKNIFTY", "NIFTY", "BANKNIFTY"))):
        for name in names:
            ParquetStore(tmp_path / str(place)).keep_listing(listing(name), "NFO")
    one, other = (
        tmp_path / str(place) / "instruments/date=2026-11-20/NFO.parquet" for place in range(2)
    )
    assert one.read_bytes() == other.read_bytes()
    assert pq.read_schema(one).names == LISTING_SCHEMA.names


def test_a_listing_holds_options_that_are_listed_and_futures(
    tmp_path: Path, store: ParquetStore
) -> None:
    store.keep_listing(listing("NIFTY"), "NFO")
    rows = pq.read_table(tmp_path / "instruments/date=2026-11-20/NFO.parquet").to_pylist()
    assert [(row["instrument_type"], row["strike"], row["symbol"], row["token"]) for row in rows] == [
        ("CE", 26000.0, "NIFTY26000CE", 7), ("CE", 26050.0, "NIFTY26050CE", 8), ("FUT", None, "NIFTYFUT", 99),
        ("PE", 26000.0, "NIFTY26000PE", 9),
    ]  # fmt: skip


def test_a_listing_that_is_kept_already_is_not_written_again(
    tmp_path: Path, store: ParquetStore
) -> None:
    path = tmp_path / "instruments/date=2026-11-20/NFO.parquet"
    store.keep_listing(listing("NIFTY"), "NFO")
    before = path.stat().st_ino
    store.keep_listing(listing("NIFTY"), "NFO")
    assert path.stat().st_ino == before


def test_a_damaged_file_of_listings_is_set_aside_and_not_replaced(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.keep_listing(listing("NIFTY"), "NFO")
    (path,) = tmp_path.glob("instruments/*/NFO.parquet")
    damaged = path.read_bytes()[:-9]
    path.write_bytes(damaged)
    store.keep_listing(listing("BANKNIFTY"), "NFO")
    assert path.with_name(".NFO.parquet.damaged").read_bytes() == damaged
    assert set(pq.read_table(path).column("underlying").to_pylist()) == {"BANKNIFTY"}
