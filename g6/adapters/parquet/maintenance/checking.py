"""Checks of the Parquet files of a data directory: every page is read, checksum included."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.parquet import days
from g6.adapters.parquet.cold_notes import is_cold
from g6.adapters.parquet.columns import CHAIN_SCHEMA, EVENT_SCHEMA, LISTING_SCHEMA, OVERVIEW_SCHEMA
from g6.adapters.parquet.days import DayFile, FoldLevel, session_date
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.adapters.parquet.maintenance.rewriting import RECOMPUTED
from g6.adapters.parquet.reading import DAMAGED, header, headers, whole, words_of
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.schema import layout
from g6.domain.schema.layout import COLD_FILE, Kind
from g6.domain.schema.words import ANALYSED
from g6.errors import BadInput
from g6.files import abandoned_in, is_temporary, quoted, shown
from g6.ports.history import OVERVIEW, Finding

FileCheck = Callable[[], list[Finding]]
Pruned = Callable[[str, date], bool]
"""Tells whether the chains of an index's day were deleted on purpose."""
_Chains = dict[str, set[datetime]]
_Unread = dict[str, list[DayFile]]
"""The files that could not be read, by index, or by the overview's name."""


def looks(
    directory: Path, day: date | None = None, pruned: Pruned | None = None
) -> list[FileCheck]:
    """Return one check per stored day, or of `day` alone, to be made in this order.

    Each returns its findings.

    Args:
        directory: The data directory.
        day: Only this day.
        pruned: Tells whether the chains of an index's day were deleted on purpose. None says no.
    """
    stored: set[date] = set()
    for root in _roots(directory):
        stored.update(days.days(root))
    if day is not None:
        stored &= {day}
    return [partial(_look, directory, stored_day, pruned) for stored_day in sorted(stored)]


def _look(directory: Path, day: date, pruned: Pruned | None) -> list[Finding]:
    return list(_day(directory, day, pruned))


def _roots(directory: Path) -> list[Path]:
    history = ParquetHistory(directory)
    return [
        *(history.root(name) for name in history.names()),
        directory / layout.folder(Kind.INSTRUMENTS),
        directory / layout.folder(Kind.EVENTS),
    ]


def _day(directory: Path, day: date, pruned: Pruned | None) -> Iterator[Finding]:
    history = ParquetHistory(directory)
    chains: _Chains = {}
    overviews: dict[tuple[str, datetime], str] = {}
    unread: _Unread = {}
    archived: set[str] = set()
    for name in history.names():
        folder = days.directory_of(history.root(name), day)
        if is_cold(days.day_path(folder)):
            archived.add(name)
        yield from _strays(folder)
        for file in days.files(folder):
            yield from _file(name, file, chains, overviews, unread)
    instruments = directory / layout.day_folder(Kind.INSTRUMENTS, day)
    for path in sorted(instruments.glob(layout.ROWS_FILES)):
        # An exchange lists no expired contract again: the dump of a past day is lost for good.
        fix = (
            "move it away; the next cycle of this day keeps the listing again, another day's "
            "cannot be asked for any more"
        )
        yield from _read(path, LISTING_SCHEMA, fix)[1]
    for path in (directory / layout.day_folder(Kind.EVENTS, day)).glob(layout.ROWS_FILES):
        fix = f"mv {quoted(path)} {quoted(path)}.damaged; what it told of is gone"
        yield from _read(path, EVENT_SCHEMA, fix)[1]
    for kind in (Kind.INSTRUMENTS, Kind.EVENTS):
        yield from _leftovers(directory / layout.day_folder(kind, day))
    if pruned is not None:
        lacking = {index for index, _ in overviews} - chains.keys()
        archived |= {index for index in lacking if pruned(index, day)}
    yield from _disagreeing(history, chains, overviews, archived, unread)


def _file(
    name: str,
    file: DayFile,
    chains: _Chains,
    overviews: dict[tuple[str, datetime], str],
    unread: _Unread,
) -> Iterator[Finding]:
    """Check one file of chains or overviews, and note the units that it holds.

    Of a file in a cold place nothing is read here: its SHA-256 in the day's certificate says it.
    """
    if is_cold(file.path):
        return
    schema = OVERVIEW_SCHEMA if name == OVERVIEW else CHAIN_SCHEMA
    table, findings = _read(file.path, schema, _fix_of(name, file))
    yield from findings
    if table is None:
        unread.setdefault(name, []).append(file)
        return
    try:
        with whole(file.path):
            misplaced = list(_misplaced(file, table))
            if file.level is FoldLevel.PART:
                header(file.path, table)
            else:
                headers(file.path)
            if name == OVERVIEW:
                statuses = _statuses(table)
            else:
                instants = table.column("timestamp").unique().to_pylist()
    except BadInput as error:
        unread.setdefault(name, []).append(file)
        yield Finding(shown(file.path), "corrupt", error.reason, _fix_of(name, file))
        return
    yield from misplaced
    if name == OVERVIEW:
        overviews |= statuses
    else:
        chains.setdefault(name, set()).update(instants)


def _statuses(table: pa.Table) -> dict[tuple[str, datetime], str]:
    """Return how each unit of an overview ended, by index and instant."""
    indices = table.column("underlying").to_pylist()
    instants = table.column("timestamp").to_pylist()
    words = table.column("status").to_pylist()
    return dict(zip(zip(indices, instants, strict=True), words, strict=True))


def _fix_of(name: str, file: DayFile) -> str:
    """Return the command that has a damaged file's rows written again."""
    move = f"mv {quoted(file.path)} {quoted(file.path)}.damaged"
    if file.level is not FoldLevel.PART:
        return (
            f"{move} && g6 restore BACKUP --date {session_date(file.first)}; without a backup, "
            f"g6 data repair --from {session_date(file.first)} fills what is missing from minute "
            "candles"
        )
    index = "" if name == OVERVIEW else f" --index {name}"
    return (
        f"{move} && g6 rerun --cycle {isoformat_z(file.first)}{index}; where the quotes are "
        "gone, g6 data repair"
    )


def _read(path: Path, schema: pa.Schema, fix: str) -> tuple[pa.Table | None, list[Finding]]:
    """Read a file whole. None when that is not possible, with the finding that says why."""
    try:
        source = pa.BufferReader(path.read_bytes())
        table = pq.ParquetFile(source, page_checksum_verification=True).read()
        table.validate(full=True)
        names = table.column_names
    except (FileNotFoundError, IsADirectoryError):
        # The first was folded meanwhile, the second is a finding of _strays.
        return None, []
    except PermissionError as error:
        what = f"cannot be read: {error.strerror}"
        return None, [Finding(shown(path), "unreadable", what, f"chmod u+r {quoted(path)}")]
    except DAMAGED as error:
        what = f"not a whole Parquet file ({words_of(error, 120)})"
        return None, [Finding(shown(path), "corrupt", what, fix)]
    if "timestamp" in schema.names and "timestamp" not in names:
        return None, [Finding(shown(path), "schema", "has no column timestamp", fix)]
    differences = _differences(table.schema, schema)
    if not differences:
        return table, []
    what = "; ".join(differences)
    remedy = "read it with the version of G6 that wrote it"
    return table, [Finding(shown(path), "schema", what, remedy)]


def _differences(actual: pa.Schema, schema: pa.Schema) -> list[str]:
    """Return in words how a file's columns differ from this version's."""
    retyped = []
    unknown = []
    for field in actual:
        if field.name not in schema.names:
            unknown.append(f"{field.name} is no column of this version")
        elif field.type != schema.field(field.name).type:
            retyped.append(f"{field.name} is of another type")
    return retyped + unknown


def _misplaced(file: DayFile, table: pa.Table) -> Iterator[Finding]:
    path = quoted(file.path)
    for at in table.column("timestamp").unique().drop_null().to_pylist():
        if not file.may_hold(at):
            cycle = isoformat_z(at.astimezone(UTC))
            what = f"holds rows of {cycle}, which its name does not promise"
            fix = f"mv {path} {path}.misplaced, and rerun both cycles"
            yield Finding(shown(file.path), "misplaced", what, fix)
            break
    # A chain has a row for each strike of an expiry, an overview one for each index.
    key = ["timestamp", "underlying", "expiry", "strike"]
    if "strike" not in table.column_names:
        key = ["timestamp", "underlying"]
    names = [name for name in key if name in table.column_names]
    distinct = table.select(names).group_by(names).aggregate([]).num_rows
    if distinct < table.num_rows:
        what = f"{table.num_rows - distinct} rows are there twice"
        fix = f"mv {path} {path}.double, and rerun its cycles"
        yield Finding(shown(file.path), "duplicate", what, fix)


def _strays(folder: Path) -> Iterator[Finding]:
    """Yield what lies in a day's directory and is none of its files."""
    if not folder.is_dir():
        return
    named_as_files = {file.path for file in days.files(folder)}
    for path in sorted(folder.iterdir()):
        if path in named_as_files:
            if path.is_dir():
                what = "is a directory where a file must be"
                yield Finding(shown(path), "stray", what, f"mv {quoted(path)} {quoted(path)}.away")
        elif not is_temporary(path) and path.name not in {RECOMPUTED, COLD_FILE}:
            fix = f"move it away: mv {quoted(path)} .."
            yield Finding(shown(path), "stray", "is no file of the store", fix)
    yield from _leftovers(folder)


def _leftovers(folder: Path) -> Iterator[Finding]:
    """Yield the temporary files of killed writers. One that may still be written is left out."""
    for path in abandoned_in(folder):
        yield Finding.leftover(shown(path), f"rm {quoted(path)}")


def _disagreeing(
    history: ParquetHistory,
    chains: _Chains,
    overviews: Mapping[tuple[str, datetime], str],
    away: Collection[str],
    unread: _Unread,
) -> Iterator[Finding]:
    """Yield chains without an overview row, and OK rows without a chain.

    Nothing is said of the counterparts of what lies in a cold place or was pruned: of a day whose
    archiving was ended half way, and of one without its chains, every row was called unmatched.
    What may stand in a file that cannot be read has the finding of that file alone: of one corrupt
    day.parquet a rerun of each cycle was printed, and none worked once the quotes were gone.
    """

    def may_be_unread(name: str, at: datetime) -> bool:
        return any(file.may_hold(at) for file in unread.get(name, ()))

    # Of a day whose file was removed there was one finding for each of 386 cycles.
    rowless: dict[tuple[datetime, ...], list[str]] = {}
    for index, instants in sorted(chains.items()) if OVERVIEW not in away else ():
        lacking = {
            at
            for at in instants
            if (index, at) not in overviews and not may_be_unread(OVERVIEW, at)
        }
        for run in _runs(instants, lacking):
            rowless.setdefault(run, []).append(index)
    for run, names in rowless.items():
        what = "no overview row stands for a stored chain"
        yield _unmatched(history.root(OVERVIEW), run, names, what, "")
    analysed: dict[str, set[datetime]] = {}
    for (index, at), status in overviews.items():
        if status in ANALYSED and index not in away:
            analysed.setdefault(index, set()).add(at)
    for index, instants in sorted(analysed.items()):
        lacking = {at for at in instants - chains.get(index, set()) if not may_be_unread(index, at)}
        for run in _runs(instants, lacking):
            statuses = sorted({overviews[index, at] for at in run})
            what = f"the overview says {' or '.join(statuses)}, and no chain is stored"
            yield _unmatched(history.root(index), run, [index], what, " --from persist")


def _runs(
    instants: Collection[datetime], lacking: Collection[datetime]
) -> Iterator[tuple[datetime, ...]]:
    """Yield the instants that lack something, those that follow each other together."""
    for is_lacking, run in groupby(sorted(instants), lacking.__contains__):
        if is_lacking:
            yield tuple(run)


def _unmatched(
    root: Path, run: Sequence[datetime], names: Sequence[str], what: str, stage: str
) -> Finding:
    """Return the finding for units that follow each other and have one half alone.

    Args:
        root: Where the other half would be.
        run: Their instants.
        names: Their indices.
        what: What is wrong with each of them.
        stage: Where a rerun begins, as an option.
    """
    day = session_date(run[0])
    path = days.part_path(root, run[0].astimezone(UTC))
    first = isoformat_z(run[0])
    last = isoformat_z(run[-1])
    who = ", ".join(names)
    when = f"at {first}"
    cycles = f"--cycle {first}"
    if len(run) > 1:
        path = days.day_path(path.parent)
        when = f"at {len(run)} cycles, {first} to {last}"
        cycles = f"--since {first} --until {last}"
    only = f" --index {names[0]}" if len(names) == 1 else ""
    fix = (
        f"g6 rerun {cycles}{only}{stage}; where the quotes are gone, g6 restore BACKUP --date {day}"
    )
    return Finding(shown(path), "unmatched", f"{who} {when}: {what}", fix)
