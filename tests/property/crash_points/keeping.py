"""The operations that keep what is stored: what each begins with, does, and leaves behind."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

import g6
from g6 import pipeline
from g6.adapters.data_dir.backups import BackupFolder
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.bootstrap.stored_files.certified_days import stored_days
from g6.bootstrap.stored_files.directory_certificates import issue_certificates
from g6.config import load
from g6.domain.cycles.cycle import parse_z
from g6.entrypoints.cli import main
from g6.errors import NothingToDo
from tests.worlds.pipeline import FIRST, SECOND, World

ROOT = Path(__file__).parents[3]
STORE = ROOT / "tests/data/store"
EARLIER, DAY = "2026-11-17", "2026-11-18"
INDICES = ("NIFTY", "MIDCPNIFTY", "BANKNIFTY")
COLUMNS = ("timestamp", "expiry", "strike", "ce_last", "pe_oi", "spot", "status", "underlying")

Rows = Mapping[tuple[str, str], frozenset[tuple[object, ...]]]
"""The rows of each kind and index."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The folders of one trial.

    Attributes:
        top: All of them lie in it.
        place: Where backups or archived days go: a folder, or the address of a bucket.
    """

    top: Path
    place: str = ""

    @property
    def rows(self) -> Path:
        """The data directory."""
        return self.top / "rows"

    @property
    def new(self) -> Path:
        """A data directory that is made of what is kept elsewhere."""
        return self.top / "new"

    @property
    def elsewhere(self) -> str:
        """The place as the command line takes it."""
        return self.place or str(self.top / "place")

    @property
    def where(self) -> tuple[str, str]:
        """The option that names the data directory."""
        return "--data-dir", str(self.rows)


def command(*words: str) -> int:
    """Run a command of g6 in this process, silently, and return its exit code."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main(words)


def must(*words: str) -> None:
    """Run a command that has to succeed."""
    code = command(*words)
    assert code == 0, f"g6 {' '.join(words)} ended with {code}"


def restoring(bench: Bench) -> tuple[str, ...]:
    """Return the command that brings a backup into a new directory."""
    return ("restore", bench.elsewhere, "--data-dir", str(bench.new))


def archiving(bench: Bench) -> tuple[str, ...]:
    """Return the command that moves days to another place."""
    return ("archive", "put", bench.elsewhere, "--before", "2026-11-19", *bench.where)


def bringing_back(bench: Bench) -> tuple[str, ...]:
    """Return the command that brings those days back."""
    return ("archive", "back", *bench.where)


def rows_of(directory: Path) -> Rows:
    """Return every stored row as far as somebody would miss it, wherever it lies."""
    rows: dict[tuple[str, str], frozenset[tuple[object, ...]]] = {}
    for kind in ("chain", "overview"):
        for index in INDICES:
            with contextlib.suppress(NothingToDo):
                table = g6.load(index, (EARLIER, DAY), kind, engine="arrow", data_dir=directory)
                names = [name for name in COLUMNS if name in table.column_names]
                columns = [table.column(name).to_pylist() for name in names]
                lines = list(zip(*columns, strict=True))
                assert len(set(lines)) == len(lines), f"{kind} of {index} has rows twice"
                rows[kind, index] = frozenset(lines)
    return rows


def sound(directory: Path) -> None:
    """Refuse a data directory of which something is wrong by its own checks."""
    must("data", "check", "--data-dir", str(directory))
    if any((directory / "certificates").glob("date=*/v*.json")):
        must("certificate", "--verify", "--data-dir", str(directory))


def told(bench: Bench, before: Rows) -> None:
    """Refuse other rows, and other damage than a panel that its manifest does not know yet.

    A panel is written before its manifest, and the check names it until the same command is called
    again.
    """
    same_rows(bench, before)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        main(("data", "check", "--json", *bench.where))
    findings = json.loads(out.getvalue())["findings"]
    assert {finding["kind"] for finding in findings} <= {"panel", "leftover"}, findings


def scripted(directory: Path) -> None:
    """Refuse a directory of which the script without G6 finds something wrong."""
    check = runpy.run_path(str(ROOT / "docs/check_certificate.py"))["check"]
    found = check(directory)
    assert found == [], found


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        name: What it is called on the command line of the trials.
        prepare: Makes what it begins with.
        act: Does it, and returns an exit code.
        judge: Looks at what an ended one has left; it is given the rows of before.
        complete: Looks at what is there once it was called again; it is given the rows of before.
        done_codes: Exit codes of a call that may find nothing left to do.
    """

    name: str
    prepare: Callable[[Bench], None]
    act: Callable[[Bench], int]
    judge: Callable[[Bench, Rows], None]
    complete: Callable[[Bench, Rows], None]
    done_codes: frozenset[int] = field(default=frozenset((0,)))


def stored(bench: Bench) -> None:
    """Begin with the small store of an earlier version: one day compacted, one in parts."""
    shutil.copytree(STORE, bench.rows, ignore=shutil.ignore_patterns("csv"))


def compacted(bench: Bench) -> None:
    """Begin with certified days."""
    stored(bench)
    must("data", "compact", *bench.where)


def backed_up(bench: Bench) -> None:
    """Begin with a backup."""
    compacted(bench)
    must("backup", bench.elsewhere, *bench.where)


def archived(bench: Bench) -> None:
    """Begin with days in another place."""
    compacted(bench)
    must(*archiving(bench))


def same_rows(bench: Bench, before: Rows) -> None:
    """Refuse a data directory that has other rows than before."""
    assert rows_of(bench.rows) == before


def unharmed(bench: Bench, before: Rows) -> None:
    """Refuse one that has other rows, or of which something is wrong."""
    same_rows(bench, before)
    sound(bench.rows)


def backup_is_whole(bench: Bench, before: Rows) -> None:
    """Refuse a backup that does not bring everything back."""
    unharmed(bench, before)
    must("backup", bench.elsewhere, "--check", *bench.where)
    must(*restoring(bench))
    assert rows_of(bench.new) == before
    sound(bench.new)


def backups_are_whole(bench: Bench, before: Rows) -> None:
    """Refuse a list of a backup whose contents are not all there."""
    same_rows(bench, before)
    folder = BackupFolder(Path(bench.elsewhere))
    for name in folder.names():
        for content in folder.snapshot(name).files.values():
            assert folder.damage_of(content) == ""


def restored_rows_are_some(bench: Bench, before: Rows) -> None:
    """Refuse rows in a half restored directory that were never stored."""
    if bench.new.is_dir():
        for key, lines in rows_of(bench.new).items():
            assert lines <= before[key]


def restored(bench: Bench, before: Rows) -> None:
    """Refuse a restored directory that has other rows, or of which something is wrong."""
    assert rows_of(bench.new) == before
    sound(bench.new)


def archived_is_whole(bench: Bench, before: Rows) -> None:
    """Refuse days in another place that are not what they were here."""
    unharmed(bench, before)
    must("archive", "check", *bench.where)
    if not bench.place:
        scripted(Path(bench.elsewhere))
    assert not [*bench.rows.glob("chain/*/*/day.parquet")]


def brought_back(bench: Bench, before: Rows) -> None:
    """Refuse days that came back as others."""
    unharmed(bench, before)
    scripted(bench.rows)
    assert not [*bench.rows.glob("*/**/day.cold")]


def pruned_alone(bench: Bench, before: Rows) -> None:
    """Refuse a pruning that took more than the earlier day."""
    for key, lines in rows_of(bench.rows).items():
        gone = before[key] - lines
        assert not lines - before[key]
        assert all(str(line[0])[:10] == EARLIER for line in gone)


def pruned(bench: Bench, before: Rows) -> None:
    """Refuse a pruning that left something, or of which the certificate does not tell."""
    pruned_alone(bench, before)
    for lines in rows_of(bench.rows).values():
        assert {str(line[0])[:10] for line in lines} == {DAY}
    sound(bench.rows)


def folded(bench: Bench) -> int:
    """Fold the parts of the running day into segments."""
    history = ParquetHistory(bench.rows)
    for name in ("NIFTY", "MIDCPNIFTY", "overview"):
        history.fold(name, date.fromisoformat(DAY), parse_z(f"{DAY}T06:00:00Z"))
    return 0


def collected(bench: Bench) -> None:
    """Begin with two cycles of two indices, compacted and certified."""
    world = _world(bench)
    for cycle in (FIRST, SECOND):
        world.cycle(cycle)
    must("data", "compact", "--date", DAY, *bench.where)


def _world(bench: Bench) -> World:
    world = World()
    settings = load("", {"demo_dir": bench.rows}, {})
    world.runtime = replace(
        world.runtime, store=ParquetStore(bench.rows), history=stored_days(settings)
    )
    return world


def computed_again(bench: Bench) -> int:
    """Compute the day again under another rate, and certify it."""
    world = _world(bench)
    pricing = replace(world.runtime.plan.pricing, risk_free_rate=0.12)
    for index in ("NIFTY", "BANKNIFTY"):
        pipeline.recompute(world.runtime, DAY, index, pricing)
    issue_certificates(load("", {"demo_dir": bench.rows}, {}), [date.fromisoformat(DAY)])
    return 0


def rate_everywhere(bench: Bench, before: Rows) -> None:
    """Refuse a day that is not computed again throughout, or has other quotes."""
    unharmed(bench, before)
    for path in bench.rows.glob("chain/*/*/day.parquet"):
        rates = pq.read_table(path, columns=["rate"], partitioning=None).column("rate")
        assert set(rates.to_pylist()) == {0.12}


def older_files(bench: Bench) -> None:
    """Begin with CSV files of an earlier layout."""
    shutil.copytree(STORE / "csv/NIFTY", bench.top / "old/NIFTY")


def imported(bench: Bench) -> int:
    """Import them."""
    return command("import", "csv", str(bench.top / "old"), *bench.where)


def only_whole_rows(bench: Bench, before: Rows) -> None:
    """Refuse an import that left a row twice."""
    if bench.rows.is_dir():
        rows_of(bench.rows)


def imported_whole(bench: Bench, before: Rows) -> None:
    """Refuse an import that differs from one that nobody ended."""
    assert rows_of(bench.rows) == imported_rows()
    must("data", "compact", *bench.where)
    sound(bench.rows)


@cache
def imported_rows() -> Rows:
    """Return what an import leaves that nobody ends."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        older_files(bench)
        assert imported(bench) == 0
        return rows_of(bench.rows)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "backup",
        compacted,
        lambda bench: command("backup", bench.elsewhere, *bench.where),
        backups_are_whole,
        backup_is_whole,
    ),
    Operation(
        "restore",
        backed_up,
        lambda bench: command(*restoring(bench)),
        restored_rows_are_some,
        restored,
    ),
    Operation(
        "archive-put",
        compacted,
        lambda bench: command(*archiving(bench)),
        unharmed,
        archived_is_whole,
        frozenset((0, 3)),
    ),
    Operation(
        "archive-back",
        archived,
        lambda bench: command(*bringing_back(bench)),
        unharmed,
        brought_back,
        frozenset((0, 3)),
    ),
    Operation(
        "retention",
        compacted,
        lambda bench: command(
            "retention",
            "apply",
            "--before",
            DAY,
            "--kinds",
            "chain,overview",
            "--yes",
            *bench.where,
        ),
        pruned_alone,
        pruned,
    ),
    Operation("fold", stored, folded, unharmed, unharmed),
    # The store is one of an earlier version, with fewer columns: its days are written anew.
    Operation(
        "compact",
        stored,
        lambda bench: command("data", "compact", *bench.where),
        told,
        unharmed,
    ),
    Operation("recompute", collected, computed_again, same_rows, rate_everywhere),
    Operation("import", older_files, imported, only_whole_rows, imported_whole),
)
