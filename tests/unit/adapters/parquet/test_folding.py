import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from g6.adapters.parquet import ParquetStore
from g6.adapters.parquet.columns import CHAIN_SCHEMA, OVERVIEW_SCHEMA, encode
from g6.adapters.parquet.maintenance import folding
from g6.adapters.parquet.maintenance.folding import compact, fold
from g6.adapters.parquet.queries.market_time import directory_time
from g6.adapters.parquet.reading import day_table
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.schema.frame import Frame
from g6.errors import BadInput, StoreBusy

CYCLES = [f"2026-11-20T04:{minute:02d}:00Z" for minute in range(5, 45, 5)]
ChainOf = Callable[..., Frame]


@pytest.fixture
def store(tmp_path: Path, chain_of: ChainOf) -> ParquetStore:
    """Eight cycles from 04:05 to 04:40, one of them without a row."""
    store = ParquetStore(tmp_path)
    for seed, cycle in enumerate(CYCLES):
        frame = chain_of(cycle, seed=seed)
        store.write_chain(
            Unit(cycle, "NIFTY"), frame if seed != 3 else frame.take(np.array([], dtype=np.intp))
        )
        store.write_overview(
            cycle,
            [
                {"timestamp": cycle, "underlying": name, "status": "OK"}
                for name in ("NIFTY", "SENSEX")
            ],
        )
    return store


@pytest.fixture
def day(tmp_path: Path, store: ParquetStore) -> Path:
    return tmp_path / "chain/underlying=NIFTY/date=2026-11-20"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def facts(store: ParquetStore) -> list[object]:
    found: list[object] = []
    for cycle in CYCLES:
        frame = store.read_chain(Unit(cycle, "NIFTY"))
        assert frame is not None
        found.append(
            (
                frame.header["stamp"],
                len(frame),
                [frame.columns[name].tolist() for name in ("expiry", "strike", "ce_symbol")],
            )
        )
        found.append(
            [
                np.nan_to_num(frame.columns[name], nan=-1).tolist()
                for name in ("ce_iv", "pe_oi", "ce_quote_time")
            ]
        )
    return found


def test_old_parts_become_segments_of_their_quarter_hours(day: Path) -> None:
    done = fold(day, CHAIN_SCHEMA, parse_z("2026-11-20T04:30:00Z"))
    assert names(day) == [
        "040000Z-041500Z.parquet", "041500Z-043000Z.parquet", "043000Z.parquet", "043500Z.parquet", "044000Z.parquet",
    ]  # fmt: skip
    assert (done.written, done.gone) == (2, 5)


def test_a_later_fold_adds_to_the_segment(day: Path, store: ParquetStore) -> None:
    before = facts(store)
    for clock in ("04:12", "04:18", "04:50"):
        fold(day, CHAIN_SCHEMA, parse_z(f"2026-11-20T{clock}:00Z"))
    assert names(day) == [
        f"04{a}00Z-04{b}00Z.parquet" for a, b in (("00", "15"), ("15", "30"), ("30", "45"))
    ]
    assert facts(store) == before


def test_a_compacted_day_is_one_file_with_every_row_and_header(
    day: Path, store: ParquetStore
) -> None:
    before = facts(store)
    fold(day, CHAIN_SCHEMA, parse_z("2026-11-20T04:20:00Z"))
    compact(day, CHAIN_SCHEMA)
    assert names(day) == ["day.parquet"]
    assert facts(store) == before


def test_a_compacted_day_is_kept_and_read_by_instant(day: Path) -> None:
    before = day_table(day, CHAIN_SCHEMA).to_pylist()
    compact(day, CHAIN_SCHEMA)
    assert day_table(day, CHAIN_SCHEMA).to_pylist() == before
    assert pq.read_table(day / "day.parquet").column("strike").to_pylist() == [
        row["strike"] for row in before
    ]


def test_a_day_that_an_earlier_version_kept_by_contract_is_read_by_instant(day: Path) -> None:
    compact(day, CHAIN_SCHEMA)
    before = day_table(day, CHAIN_SCHEMA).to_pylist()
    held = pq.ParquetFile(day / "day.parquet").read()
    pq.write_table(
        held.sort_by([(name, "ascending") for name in ("expiry", "strike", "timestamp")]),
        day / "day.parquet",
    )
    assert pq.read_table(day / "day.parquet").column("strike").to_pylist() != [
        row["strike"] for row in before
    ]
    assert day_table(day, CHAIN_SCHEMA).to_pylist() == before


def test_a_compacted_day_names_its_models_rates_and_configurations(day: Path) -> None:
    compact(day, CHAIN_SCHEMA)
    metadata = pq.read_metadata(day / "day.parquet").metadata
    assert [
        metadata[f"g6.{name}".encode()] for name in ("version", "model", "rate", "config_id")
    ] == [
        b"1",
        b"black76",
        b"0.055",
        b"c1",
    ]


def test_what_stays_is_packed_smaller_than_what_will_be_folded(day: Path) -> None:
    compact(day, CHAIN_SCHEMA)
    group = pq.read_metadata(day / "day.parquet").row_group(0)
    packed = {
        group.column(place).path_in_schema: group.column(place).compression
        for place in range(group.num_columns)
    }
    assert {packed[name] for name in ("ce_last", "pe_bid", "ce_oi", "pe_time_value")} == {"ZSTD"}
    assert packed["timestamp"] == packed["ce_iv"] == "LZ4"


def test_compacting_again_changes_nothing(day: Path) -> None:
    compact(day, CHAIN_SCHEMA)
    before = (day / "day.parquet").read_bytes()
    assert compact(day, CHAIN_SCHEMA).written == 0
    assert (day / "day.parquet").read_bytes() == before


def test_a_rerun_after_compaction_beats_the_day_and_is_folded_into_it(
    day: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    compact(day, CHAIN_SCHEMA)
    unit = Unit(CYCLES[1], "NIFTY")
    store.write_chain(unit, chain_of(CYCLES[1], seed=99))
    rows = day_table(day, CHAIN_SCHEMA, ["timestamp"]).num_rows
    for _ in range(2):
        read = store.read_chain(unit)
        assert read is not None
        np.testing.assert_array_equal(
            read.columns["ce_bid"], chain_of(CYCLES[1], seed=99).columns["ce_bid"]
        )
        compact(day, CHAIN_SCHEMA)
    assert day_table(day, CHAIN_SCHEMA, ["timestamp"]).num_rows == rows == 70


def test_parts_that_a_fold_left_behind_count_once(day: Path) -> None:
    kept = {path: path.read_bytes() for path in day.iterdir()}
    fold(day, CHAIN_SCHEMA, parse_z("2026-11-20T04:50:00Z"))
    for path, content in kept.items():
        path.write_bytes(content)
    assert day_table(day, CHAIN_SCHEMA, ["timestamp"]).num_rows == 70


def test_overviews_are_found_wherever_they_are_folded(tmp_path: Path, store: ParquetStore) -> None:
    directory = tmp_path / "overview/date=2026-11-20"
    first, last = parse_z(CYCLES[1]), parse_z(CYCLES[-1])
    before = store.overview_cycles(first, last)
    assert list(before) == CYCLES[1:]
    fold(directory, OVERVIEW_SCHEMA, parse_z("2026-11-20T04:20:00Z"))
    assert store.overview_cycles(first, last) == before
    compact(directory, OVERVIEW_SCHEMA)
    assert store.overview_cycles(first, last) == before
    assert store.last_overview() == last


def test_a_rerun_of_one_index_takes_the_other_rows_from_the_compacted_day(
    tmp_path: Path, store: ParquetStore
) -> None:
    compact(tmp_path / "overview/date=2026-11-20", OVERVIEW_SCHEMA)
    store.write_overview(
        CYCLES[0], [{"timestamp": CYCLES[0], "underlying": "SENSEX", "status": "PARTIAL"}]
    )
    part = pq.read_table(tmp_path / "overview/date=2026-11-20/040500Z.parquet").to_pylist()
    assert [(row["underlying"], row["status"]) for row in part] == [
        ("NIFTY", "OK"),
        ("SENSEX", "PARTIAL"),
    ]


def test_a_rerun_of_one_index_while_the_day_is_damaged_hides_no_other_row_once_it_is_back(
    tmp_path: Path, store: ParquetStore
) -> None:
    folder = tmp_path / "overview/date=2026-11-20"
    compact(folder, OVERVIEW_SCHEMA)
    day_file = folder / "day.parquet"
    whole = day_file.read_bytes()
    day_file.write_bytes(whole[:-9])
    row = {"timestamp": CYCLES[0], "underlying": "SENSEX", "status": "PARTIAL"}
    store.write_overview(CYCLES[0], [row])
    assert [row["underlying"] for row in store.read_overview(CYCLES[0])] == ["SENSEX"]
    day_file.write_bytes(whole)
    expected = {("NIFTY", "OK"), ("SENSEX", "PARTIAL")}

    def stored() -> set[tuple[object, object]]:
        return {(row["underlying"], row["status"]) for row in store.read_overview(CYCLES[0])}

    assert stored() == expected
    assert day_table(folder, OVERVIEW_SCHEMA, ["timestamp"]).num_rows == 2 * len(CYCLES)
    assert compact(folder, OVERVIEW_SCHEMA).rows == 2 * len(CYCLES)
    assert names(folder) == ["day.parquet"]
    assert stored() == expected


def test_open_interest_is_found_in_a_compacted_day(
    day: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    compact(day, CHAIN_SCHEMA)
    found = store.last_oi("NIFTY", parse_z("2026-11-21T04:00:00Z").date())
    assert found is not None
    np.testing.assert_array_equal(
        found.columns["ce_oi"], chain_of(CYCLES[-1], seed=7).columns["ce_oi"]
    )


LATE = "2026-11-20T09:30:00Z"


def test_a_cycle_that_is_stored_after_the_compaction_of_its_day_is_the_newest_one(
    tmp_path: Path, store: ParquetStore
) -> None:
    folder = tmp_path / "overview/date=2026-11-20"
    compact(folder, OVERVIEW_SCHEMA)
    store.write_overview(LATE, [{"timestamp": LATE, "underlying": "NIFTY", "status": "OK"}])
    assert store.last_overview() == parse_z(LATE)
    assert directory_time(tmp_path).latest() == parse_z(LATE)
    fold(folder, OVERVIEW_SCHEMA, parse_z("2026-11-20T09:45:00Z"))
    assert names(folder) == ["093000Z-094500Z.parquet", "day.parquet"]
    assert store.last_overview() == parse_z(LATE)
    compact(folder, OVERVIEW_SCHEMA)
    assert store.last_overview() == parse_z(LATE)


def test_a_rerun_of_an_early_cycle_of_a_compacted_day_is_not_the_newest(
    tmp_path: Path, store: ParquetStore
) -> None:
    compact(tmp_path / "overview/date=2026-11-20", OVERVIEW_SCHEMA)
    again = {"timestamp": CYCLES[1], "underlying": "NIFTY", "status": "OK"}
    store.write_overview(CYCLES[1], [again])
    assert store.last_overview() == parse_z(CYCLES[-1])


def test_a_damaged_day_does_not_hide_the_cycles_that_were_stored_after_its_compaction(
    tmp_path: Path, store: ParquetStore
) -> None:
    folder = tmp_path / "overview/date=2026-11-20"
    compact(folder, OVERVIEW_SCHEMA)
    store.write_overview(LATE, [{"timestamp": LATE, "underlying": "NIFTY", "status": "OK"}])
    (folder / "day.parquet").write_bytes(b"PAR1")
    assert store.last_overview() == parse_z(LATE)


@pytest.mark.parametrize("newest", [LATE, CYCLES[-1]])
def test_open_interest_is_that_of_a_chain_stored_after_the_compaction_of_its_day(
    day: Path, store: ParquetStore, chain_of: ChainOf, newest: str
) -> None:
    compact(day, CHAIN_SCHEMA)
    store.write_chain(Unit(newest, "NIFTY"), chain_of(newest, seed=99))
    found = store.last_oi("NIFTY", parse_z("2026-11-21T04:00:00Z").date())
    assert found is not None
    np.testing.assert_array_equal(
        found.columns["ce_oi"], chain_of(newest, seed=99).columns["ce_oi"]
    )


def test_open_interest_is_that_of_a_rerun_of_the_last_chain_of_a_quarter_hour(
    day: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    fold(day, CHAIN_SCHEMA, parse_z("2026-11-20T05:00:00Z"))
    store.write_chain(Unit(CYCLES[-1], "NIFTY"), chain_of(CYCLES[-1], seed=99))
    found = store.last_oi("NIFTY", parse_z("2026-11-21T04:00:00Z").date())
    assert found is not None
    expected = chain_of(CYCLES[-1], seed=99).columns["ce_oi"]
    np.testing.assert_array_equal(found.columns["ce_oi"], expected)


def test_a_day_whose_footer_says_nothing_of_its_rows_is_read(
    tmp_path: Path, store: ParquetStore
) -> None:
    folder = tmp_path / "overview/date=2026-11-20"
    compact(folder, OVERVIEW_SCHEMA)
    path = folder / "day.parquet"
    pq.write_table(pq.read_table(path), path, write_statistics=False)
    assert store.last_overview() == parse_z(CYCLES[-1])
    store.write_overview(LATE, [{"timestamp": LATE, "underlying": "NIFTY", "status": "OK"}])
    assert store.last_overview() == parse_z(LATE)


def test_a_reader_never_finds_fewer_rows_while_files_are_folded(day: Path) -> None:
    counts, errors, over = [], [], threading.Event()

    def look() -> None:
        while not over.is_set():
            try:
                counts.append(day_table(day, CHAIN_SCHEMA, ["timestamp"]).num_rows)
            except OSError as error:
                errors.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for clock in range(6, 46, 4):
            fold(day, CHAIN_SCHEMA, parse_z(f"2026-11-20T04:{clock:02d}:00Z"))
        compact(day, CHAIN_SCHEMA)
        seen = len(counts)
        while len(counts) <= seen and reader.is_alive():
            pass
    finally:
        over.set()
        reader.join()
    assert errors == []
    assert set(counts) == {70}


def test_a_part_that_is_rewritten_while_it_is_folded_stays(
    day: Path, store: ParquetStore, chain_of: ChainOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = folding.replace

    def rerun_meanwhile(path: Path, content: bytes) -> None:
        store.write_chain(Unit(CYCLES[0], "NIFTY"), chain_of(CYCLES[0], seed=99))
        write(path, content)

    monkeypatch.setattr(folding, "replace", rerun_meanwhile)
    compact(day, CHAIN_SCHEMA)
    assert names(day) == ["040500Z.parquet", "day.parquet"]


def test_nothing_goes_when_the_new_file_does_not_read_back(
    day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, write = names(day), folding.encode
    monkeypatch.setattr(folding, "encode", lambda table, small: write(table.slice(1), small=small))
    with pytest.raises(StoreBusy, match="does not read back"):
        compact(day, CHAIN_SCHEMA)
    assert names(day) == before


def test_a_cycle_of_a_large_day_is_read_out_of_a_part_of_it(day: Path, store: ParquetStore) -> None:
    compact(day, CHAIN_SCHEMA)
    table = pq.read_table(day / "day.parquet")
    copies = 2 * 16_384 // table.num_rows + 1
    many = pa.concat_tables([table] * copies).sort_by("timestamp")
    (day / "day.parquet").write_bytes(encode(many, small=True))
    assert pq.ParquetFile(day / "day.parquet").metadata.num_row_groups > 1
    of_last = table.filter(pc.field("timestamp") == pc.max(table["timestamp"]))
    last = store.read_chain(Unit(CYCLES[-1], "NIFTY"))
    assert last is not None
    assert len(last) == copies * of_last.num_rows


def test_a_damaged_part_is_left_alone_and_the_others_are_folded(day: Path) -> None:
    damaged = day / "041000Z.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    done = compact(day, CHAIN_SCHEMA)
    assert names(day) == ["041000Z.parquet", "day.parquet"]
    assert (done.damaged, done.rows) == (1, 60)


def test_a_damaged_day_is_never_written_over(
    day: Path, store: ParquetStore, chain_of: ChainOf
) -> None:
    compact(day, CHAIN_SCHEMA)
    whole = day / "day.parquet"
    whole.write_bytes(whole.read_bytes()[:-100])
    store.write_chain(Unit(CYCLES[1], "NIFTY"), chain_of(CYCLES[1], seed=99))
    with pytest.raises(BadInput, match=r"day\.parquet"):
        compact(day, CHAIN_SCHEMA)
    assert names(day) == ["041000Z.parquet", "day.parquet"]


def test_a_day_is_twenty_six_segments_and_a_quarter_hour_of_parts(tmp_path: Path) -> None:
    store, first, most = ParquetStore(tmp_path), parse_z("2026-11-20T03:45:00Z"), 0
    day = tmp_path / "overview/date=2026-11-20"
    for minute in range(0, 386, 3):
        at = first + timedelta(minutes=minute)
        store.write_overview(
            isoformat_z(at), [{"timestamp": isoformat_z(at), "underlying": "NIFTY", "status": "OK"}]
        )
        most = max(most, sum("-" not in name for name in names(day)))
        if minute % 15 == 0:
            fold(day, OVERVIEW_SCHEMA, at)
    assert most <= 5 + 1
    assert sum("-" in name for name in names(day)) <= 26
    assert day_table(day, OVERVIEW_SCHEMA, ["timestamp"]).num_rows == 129
