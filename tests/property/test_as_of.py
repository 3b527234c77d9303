"""Point in time: whatever the instant, nothing that was observed later is shown, and nothing observed by then is left out."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import g6
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.schema.frame import Frame
from tests.conftest import make_chain

DAY = "2026-11-20"
LIVE = [f"{DAY}T04:{minute:02d}:00Z" for minute in range(5, 20)]
REPAIRED = [f"{DAY}T04:{minute:02d}:00Z" for minute in (20, 21)]
REPAIR = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
INSTANTS = st.one_of(
    st.datetimes(
        datetime.fromisoformat(f"{DAY}T03:00:00"), datetime.fromisoformat(f"{DAY}T05:00:00")
    ),
    st.datetimes(datetime.fromisoformat(DAY), datetime.fromisoformat("2026-11-23")),
)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen live cycles; then a rerun of one, compaction, and a backfill of two more the day after."""
    directory = tmp_path_factory.mktemp("history")
    store = ParquetStore(directory)
    for seed, cycle in enumerate(LIVE):
        store.write_chain(Unit(cycle, "NIFTY"), make_chain(cycle, strikes=2, seed=seed))
    ParquetHistory(directory).compact("NIFTY", date(2026, 11, 20))
    store.write_chain(Unit(LIVE[3], "NIFTY"), make_chain(LIVE[3], strikes=2, seed=99))
    for cycle in REPAIRED:
        frame = make_chain(cycle, strikes=2)
        columns = dict(frame.columns) | {"observed_at": np.full(len(frame), REPAIR.timestamp())}
        columns |= {
            name: np.full(len(frame), "backfill", dtype=object)
            for name in ("ce_source", "pe_source")
        }
        store.write_chain(Unit(cycle, "NIFTY"), Frame(frame.header, columns))
    return directory


def seen(history: Path, at: datetime | None) -> list[tuple[datetime, datetime, str]]:
    table = g6.load(
        "NIFTY",
        DAY,
        engine="arrow",
        as_of=at,
        tz="UTC",
        data_dir=history,
        columns=["timestamp", "observed_at", "ce_source"],
    )
    return list(zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True))


@settings(max_examples=60, deadline=None)
@given(naive=INSTANTS)
def test_nothing_later_is_shown_and_nothing_earlier_is_kept_back(
    history: Path, naive: datetime
) -> None:
    at = naive.replace(tzinfo=UTC)
    everything, shown = seen(history, None), seen(history, at)
    assert len(everything) == 4 * 17
    assert shown == [row for row in everything if row[1] <= at]


@settings(max_examples=30, deadline=None)
@given(naive=INSTANTS, later=st.timedeltas(timedelta(0), timedelta(days=2)))
def test_what_was_seen_once_is_still_seen_later(
    history: Path, naive: datetime, later: timedelta
) -> None:
    at = naive.replace(tzinfo=UTC)
    assert set(seen(history, at)) <= set(seen(history, at + later))


def test_backfilled_rows_appear_with_their_repair_and_can_be_told_apart(history: Path) -> None:
    repaired = {parse_z(cycle) for cycle in REPAIRED}
    assert not repaired & {row[0] for row in seen(history, REPAIR - timedelta(microseconds=1))}
    assert {row[0] for row in seen(history, REPAIR) if row[2] == "backfill"} == repaired


def test_a_rerun_is_seen_from_when_its_quotes_were(history: Path) -> None:
    rows = [
        row
        for row in seen(history, parse_z(LIVE[3]) + timedelta(seconds=1))
        if isoformat_z(row[0]) == LIVE[3]
    ]
    assert len(rows) == 4
