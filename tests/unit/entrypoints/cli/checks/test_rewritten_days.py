"""Certified days that are rewritten: whoever is killed between leaves what the next certificate tells."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.adapters.wrapping.certified_history import CertifiedHistory
from g6.bootstrap.stored_files.certified_days import refuse_exchanged, stored_days
from g6.bootstrap.stored_files.cold_days import archive_day, bring_back
from g6.bootstrap.stored_files.cold_places import cold_place
from g6.bootstrap.stored_files.directory_certificates import prune
from g6.config import load
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import ColumnValues, Words
from g6.domain.schema.json_types import Document
from g6.domain.schema.overview_row import OverviewRow
from g6.entrypoints.cli import main
from g6.errors import BadInput, StoreBusy
from g6.ports.history import FoldReport
from g6.ports.readers import DatedFile
from tests.unit.entrypoints.cli.conftest import Run

DAY = date(2026, 11, 18)
NIFTY = f"chain/underlying=NIFTY/date={DAY}/day.parquet"
OTHER = f"chain/underlying=MIDCPNIFTY/date={DAY}/day.parquet"
STORE = Path(__file__).parents[5] / "tests/data/store"


class Killed(BaseException):
    """The end of a process, at the seam between a rewrite and what comes after it."""


class KilledHistory(ParquetHistory):
    """The stored days of a process that is killed as soon as it has rewritten one."""

    def compact(self, name: str, day: date) -> FoldReport:
        super().compact(name, day)
        raise Killed

    def write_day(
        self,
        index: str,
        day: date,
        columns: Mapping[str, ColumnValues | Words],
        headers: Mapping[str, Document],
    ) -> bool:
        super().write_day(index, day, columns, headers)
        raise Killed

    def write_figures(self, index: str, day: date, rows: Sequence[OverviewRow]) -> bool:
        super().write_figures(index, day, rows)
        raise Killed


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = Path(shutil.copytree(STORE, tmp_path_factory.mktemp("certified") / "rows"))
    assert main(["data", "compact", "--data-dir", str(directory)]) == 0
    return directory


@pytest.fixture
def directory(certified: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(certified, tmp_path / "rows"))


def over(directory: Path, history: ParquetHistory) -> CertifiedHistory:
    return CertifiedHistory(
        history,
        CertificateFiles(directory).rewriting,
        partial(refuse_exchanged, directory),
        lambda _: None,
    )


def noted(directory: Path) -> list[str]:
    return sorted(CertificateFiles(directory).marks(DAY))


def compaction(directory: Path) -> None:
    store = ParquetStore(directory)
    unit = Unit(f"{DAY}T05:30:00Z", "NIFTY")
    frame = store.read_chain(unit)
    assert frame is not None
    frame.columns["vix"][:] = 99.0
    store.write_chain(unit, frame)
    over(directory, KilledHistory(directory)).compact("NIFTY", DAY)


def recomputation(directory: Path) -> None:
    history = over(directory, KilledHistory(directory))
    day = history.read_day("NIFTY", DAY, ["rate"])
    history.write_day("NIFTY", DAY, {"rate": day.columns["rate"] + 0.01}, day.headers)


def figures(directory: Path) -> None:
    history = over(directory, KilledHistory(directory))
    row = {"timestamp": f"{DAY}T05:30:00Z", "underlying": "NIFTY", "status": "OK", "spot": 1.0}
    history.write_figures("NIFTY", DAY, [row])


def pruning(directory: Path) -> None:
    path = directory / NIFTY
    files = [DatedFile(path, "chain", DAY, path.stat().st_size)]

    def until_killed() -> Iterator[DatedFile]:
        yield from files
        raise Killed

    prune(load("", {"demo_dir": directory}, {}), until_killed())


@pytest.mark.parametrize("rewrite", [compaction, recomputation, figures, pruning])
def test_the_next_certificate_tells_what_a_killed_process_rewrote(
    g6: Run, directory: Path, rewrite: Callable[[Path], None]
) -> None:
    with pytest.raises(Killed):
        rewrite(directory)
    assert len(noted(directory)) == 1
    assert g6("data", "compact", "--data-dir", str(directory)).code == 0
    told = json.loads(g6("certificate", str(DAY), "--json", "--data-dir", str(directory)).out)
    assert (told["version"], told["replaces"]["version"]) == (2, 1)
    assert noted(directory) == []
    assert g6("certificate", str(DAY), "--verify", "--data-dir", str(directory)).code == 0


def test_what_is_rewritten_as_it_was_leaves_no_note_and_covers_no_damage(
    g6: Run, directory: Path
) -> None:
    history = over(directory, ParquetHistory(directory))
    day = history.read_day("NIFTY", DAY, ["rate"])
    damaged = directory / OTHER
    damaged.write_bytes(damaged.read_bytes() + b"?")
    assert not history.write_day("NIFTY", DAY, {"rate": day.columns["rate"]}, day.headers)
    history.compact("NIFTY", DAY)
    assert noted(directory) == []
    assert g6("data", "compact", "--data-dir", str(directory)).code == 0
    answer = g6("certificate", str(DAY), "--verify", "--json", "--data-dir", str(directory))
    assert [finding["path"] for finding in json.loads(answer.out)["findings"]] == [str(damaged)]


def test_who_is_killed_before_rewriting_anything_leaves_the_certificate_as_it_is(
    g6: Run, directory: Path
) -> None:
    files = CertificateFiles(directory)
    with files.rewriting(DAY, ["NIFTY"]), files.rewriting(DAY, ["NIFTY", "overview"]):
        pass
    assert noted(directory) == []
    # Another one rewrites still, so that nobody takes its note back.
    with files.locked(DAY, shared=True), files.rewriting(DAY, ["NIFTY"]):
        pass
    assert files.marks(DAY) == {"NIFTY": False}
    assert g6("data", "compact", "--data-dir", str(directory)).code == 0
    assert (noted(directory), files.versions(DAY)) == ([], [1])


def test_a_file_that_was_exchanged_in_a_cold_place_is_not_certified_by_coming_back(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    archive_day(directory, DAY, cold_place(str(tmp_path / "cold")))
    note = (directory / NIFTY).with_name("day.cold")
    document = json.loads(note.read_text())
    exchanged = tmp_path / "cold" / OTHER
    note.write_text(json.dumps(json.loads((directory / OTHER).with_name("day.cold").read_text())))
    assert exchanged.is_file()
    bring_back(directory, DAY)
    assert document["sha256"] not in (directory / NIFTY).read_text(errors="replace")
    assert g6("data", "compact", "--data-dir", str(directory)).code == 0
    answer = g6("certificate", str(DAY), "--verify", "--json", "--data-dir", str(directory))
    paths = [finding["path"] for finding in json.loads(answer.out)["findings"]]
    assert paths == [str(directory / NIFTY)]


def test_a_note_that_outlived_its_day_by_a_kill_goes_with_the_next_call(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    archive_day(directory, DAY, cold_place(str(tmp_path / "cold")))
    note = (directory / NIFTY).with_name("day.cold")
    text = note.read_text()
    assert g6("archive", "back", "--date", str(DAY), "--data-dir", str(directory)).code == 0
    note.write_text(text)
    assert g6("archive", "back", "--date", str(DAY), "--data-dir", str(directory)).code == 0
    assert not note.exists()
    assert (directory / NIFTY).is_file()


def test_a_day_is_marked_as_recomputed_before_it_is_written(directory: Path) -> None:
    history = ParquetHistory(directory)
    day = history.read_day("NIFTY", DAY, ["rate"])
    folder = (directory / NIFTY).parent
    before = (directory / NIFTY).read_bytes()
    # The name under which this thread writes is taken, so that it ends between mark and file.
    taken = folder / f".day.parquet.{os.getpid()}-{threading.get_ident()}.tmp"
    taken.mkdir()
    with pytest.raises(StoreBusy):
        history.write_day("NIFTY", DAY, {"rate": day.columns["rate"] + 0.01}, day.headers)
    assert (folder / ".recomputed").is_file()
    assert (directory / NIFTY).read_bytes() == before


def exchanged(directory: Path, name: str) -> None:
    """Write a file as somebody else would: whole, readable, and with another figure."""
    table = pq.read_table(directory / name, partitioning=None)
    place = table.column_names.index("vix")
    vix = pc.add(table.column("vix"), pa.scalar(0.05))
    pq.write_table(table.set_column(place, table.schema.field("vix"), vix), directory / name)


@pytest.mark.parametrize("name", [NIFTY, f"overview/date={DAY}/day.parquet"])
def test_nothing_is_computed_from_a_file_that_was_exchanged(
    g6: Run, directory: Path, name: str
) -> None:
    history = stored_days(load("", {"demo_dir": directory}, {}))
    day = history.read_day("NIFTY", DAY, ["rate"])
    exchanged(directory, name)
    before = (directory / name).read_bytes()
    with pytest.raises(BadInput, match="is not what its certificate says") as refused:
        history.read_day("NIFTY", DAY, ["rate"])
    assert f"g6 data compact --date {DAY} --certify" in str(refused.value.fix)
    assert (directory / name).read_bytes() == before
    # Neither is a rerun of one cycle folded into it, which would have it certified.
    store = ParquetStore(directory)
    unit = Unit(f"{DAY}T05:30:00Z", "NIFTY")
    frame = store.read_chain(unit)
    assert frame is not None
    store.write_chain(unit, frame)
    store.write_overview(unit.cycle, store.read_overview(unit.cycle))
    answer = g6("data", "compact", "--json", "--data-dir", str(directory))
    folded = json.loads(answer.out)
    assert (answer.code, ["error" in lot for lot in folded].count(True)) == (1, 1)
    assert (directory / name).read_bytes() == before
    assert g6("certificate", str(DAY), "--verify", "--data-dir", str(directory)).code == 1
    # Said to be on purpose, it is.
    certify = ("data", "compact", "--date", str(DAY), "--certify", "--data-dir", str(directory))
    assert g6(*certify).code == 0
    assert g6("certificate", str(DAY), "--verify", "--data-dir", str(directory)).code == 0
    assert history.write_day("NIFTY", DAY, {"rate": day.columns["rate"] + 0.01}, day.headers)
    # What was rewritten on purpose and is not certified yet is no exchange.
    assert history.read_day("NIFTY", DAY, ["rate"]).cycles == day.cycles


def test_one_cycle_does_not_become_the_day_of_a_file_that_is_gone(g6: Run, directory: Path) -> None:
    store = ParquetStore(directory)
    unit = Unit(f"{DAY}T05:30:00Z", "NIFTY")
    frame = store.read_chain(unit)
    assert frame is not None
    (directory / NIFTY).unlink()
    store.write_chain(unit, frame)
    where = ("--data-dir", str(directory))
    answer = g6("data", "compact", "--json", *where)
    refused = [lot["error"] for lot in json.loads(answer.out) if "error" in lot]
    assert (answer.code, len(refused)) == (1, 1)
    assert f"is certified ({DAY} v1) and not there" in refused[0]
    assert f"g6 restore BACKUP --date {DAY}" in refused[0]
    assert not (directory / NIFTY).exists()
    assert store.read_chain(unit) is not None
    assert g6("certificate", str(DAY), "--verify", *where).code == 1
    # Who has no copy says so.
    assert g6("data", "compact", "--date", str(DAY), "--certify", *where).code == 0
    assert (directory / NIFTY).is_file()
    assert g6("certificate", str(DAY), "--verify", *where).code == 0
