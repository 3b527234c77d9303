"""Looks for damage in the Parquet files of a data directory: every page is read and held against its checksum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import CHAIN_SCHEMA, EVENT_SCHEMA, LISTING_SCHEMA, OVERVIEW_SCHEMA
from g6.adapters.parquet.days import DayFile, FoldLevel
from g6.adapters.parquet.history import ParquetHistory
from g6.adapters.parquet.reading import DAMAGED, header, headers, whole
from g6.adapters.parquet.rewriting import RECOMPUTED
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind
from g6.domain.schema.words import ANALYSED
from g6.errors import BadInput
from g6.files import being_written, is_temporary, quoted, shown
from g6.ports.history import OVERVIEW, Finding

Look = Callable[[], list[Finding]]
_Chains = dict[str, set[datetime]]


def looks(directory: Path, day: date | None = None) -> list[Look]:
    """Return one look per stored day (only `day` when given), to be taken in this order; each returns what it found."""
    held = sorted({each for root in _roots(directory) for each in days.days(root)})
    wanted = [each for each in held if day in (None, each)]
    return [lambda at=each: list(_day(directory, at)) for each in wanted]  # type: ignore[misc]


def _roots(directory: Path) -> list[Path]:
    history = ParquetHistory(directory)
    return [
        *(history.root(name) for name in history.names()),
        directory / layout.folder(Kind.INSTRUMENTS),
        directory / layout.folder(Kind.EVENTS),
    ]


def _day(directory: Path, day: date) -> Iterator[Finding]:
    history = ParquetHistory(directory)
    chains: _Chains = {}
    overviews: dict[tuple[str, datetime], str] = {}
    for name in history.names():
        folder = days.directory_of(history.root(name), day)
        yield from _strays(folder)
        for file in days.files(folder):
            yield from _file(name, file, chains, overviews)
    for path in sorted(
        (directory / layout.day_folder(Kind.INSTRUMENTS, day)).glob("[!.]*.parquet")
    ):
        fix = "move it away; the next cycle of this day keeps the listing again, another day's cannot be asked for any more"
        yield from _read(path, LISTING_SCHEMA, fix)[1]
    for path in (directory / layout.day_folder(Kind.EVENTS, day)).glob("[!.]*.parquet"):
        yield from _read(
            path, EVENT_SCHEMA, f"mv {quoted(path)} {quoted(path)}.damaged; what it told of is gone"
        )[1]
    for kind in (Kind.INSTRUMENTS, Kind.EVENTS):
        yield from _leftovers(directory / layout.day_folder(kind, day))
    yield from _disagreeing(history, chains, overviews)


def _file(
    name: str, file: DayFile, chains: _Chains, overviews: dict[tuple[str, datetime], str]
) -> Iterator[Finding]:
    """Look at one file of chains or overviews; note which units it has."""
    schema = OVERVIEW_SCHEMA if name == OVERVIEW else CHAIN_SCHEMA
    table, findings = _read(file.path, schema, _again(name, file))
    yield from findings
    if table is None:
        return
    try:
        with whole(file.path):
            found = [*_misplaced(file, table)]
            if file.level is FoldLevel.PART:
                header(file.path, table)
            else:
                headers(file.path)
            if name == OVERVIEW:
                rows = zip(
                    *(
                        table.column(each).to_pylist()
                        for each in ("underlying", "timestamp", "status")
                    ),
                    strict=True,
                )
                told = {(index, at): status for index, at, status in rows}
            else:
                instants = table.column("timestamp").unique().to_pylist()
    except BadInput as error:
        yield Finding(shown(file.path), "corrupt", error.reason, _again(name, file))
        return
    yield from found
    if name == OVERVIEW:
        overviews |= told
    else:
        chains.setdefault(name, set()).update(instants)


def _again(name: str, file: DayFile) -> str:
    move = f"mv {quoted(file.path)} {quoted(file.path)}.damaged"
    if file.level is not FoldLevel.PART:
        return f"{move}, then bring the file back from a backup; g6 data repair fills what is missing from minute candles"
    which = "" if name == OVERVIEW else f" --index {name}"
    return f"{move} && g6 rerun --cycle {isoformat_z(file.first)}{which}; where the quotes are gone, g6 data repair"


def _read(path: Path, schema: pa.Schema, fix: str) -> tuple[pa.Table | None, list[Finding]]:
    """Read a file whole; None when that is not possible."""
    try:
        table = pq.ParquetFile(
            pa.BufferReader(path.read_bytes()), page_checksum_verification=True
        ).read()
        table.validate(full=True)
        names = table.column_names
    except FileNotFoundError:  # folded meanwhile
        return None, []
    except IsADirectoryError:  # said as a stray
        return None, []
    except PermissionError as error:
        return None, [
            Finding(
                shown(path),
                "unreadable",
                f"cannot be read: {error.strerror}",
                f"chmod u+r {quoted(path)}",
            )
        ]
    except DAMAGED as error:
        said = (
            " ".join(str(error).split())[:120].encode("utf-8", errors="backslashreplace").decode()
        )
        return None, [Finding(shown(path), "corrupt", f"not a whole Parquet file ({said})", fix)]
    lost = [
        name
        for name in names
        if name in schema.names and table.schema.field(name).type != schema.field(name).type
    ]
    strange = [name for name in names if name not in schema.names]
    told = [
        *(f"{name} is of another type" for name in lost),
        *(f"{name} is no column of this version" for name in strange),
    ]
    if "timestamp" in schema.names and "timestamp" not in names:
        return None, [Finding(shown(path), "schema", "has no column timestamp", fix)]
    return table, [
        Finding(
            shown(path), "schema", "; ".join(told), "read it with the version of G6 that wrote it"
        )
    ] if told else []


def _misplaced(file: DayFile, table: pa.Table) -> Iterator[Finding]:
    instants = [
        at.astimezone(UTC)
        for at in table.column("timestamp").unique().to_pylist()
        if at is not None
    ]
    wrong = [at for at in instants if not file.may_hold(at)]
    if wrong:
        what = f"holds rows of {isoformat_z(wrong[0])}, which its name does not promise"
        yield Finding(
            shown(file.path),
            "misplaced",
            what,
            f"mv {quoted(file.path)} {quoted(file.path)}.misplaced, and rerun both cycles",
        )
    keys = [
        name
        for name in ("timestamp", "underlying", "expiry", "strike")
        if name in table.column_names
    ]
    if "status" in keys or "strike" not in keys:
        keys = [name for name in keys if name in ("timestamp", "underlying")]
    distinct = table.select(keys).group_by(keys).aggregate([]).num_rows
    if distinct < table.num_rows:
        what = f"{table.num_rows - distinct} rows are there twice"
        yield Finding(
            shown(file.path),
            "duplicate",
            what,
            f"mv {quoted(file.path)} {quoted(file.path)}.double, and rerun its cycles",
        )


def _strays(folder: Path) -> Iterator[Finding]:
    """What lies in a day's directory and is none of its files."""
    if not folder.is_dir():
        return
    known = {file.path for file in days.files(folder)}
    for path in sorted(folder.iterdir()):
        if path in known:
            if path.is_dir():
                yield Finding(
                    shown(path),
                    "stray",
                    "is a directory where a file must be",
                    f"mv {quoted(path)} {quoted(path)}.away",
                )
        elif not is_temporary(path) and path.name != RECOMPUTED:
            yield Finding(
                shown(path),
                "stray",
                "is no file of the store",
                f"move it away: mv {quoted(path)} ..",
            )
    yield from _leftovers(folder)


def _leftovers(folder: Path) -> Iterator[Finding]:
    """What killed writers left in a directory; what may still be being written is nobody's business."""
    for path in sorted(folder.glob(".*.tmp")):
        if is_temporary(path) and not being_written(path):
            yield Finding.leftover(shown(path), f"rm {quoted(path)}")


def _disagreeing(
    history: ParquetHistory, chains: _Chains, overviews: Mapping[tuple[str, datetime], str]
) -> Iterator[Finding]:
    """Chains without an overview row, and OK rows without a chain."""
    for index, instants in sorted(chains.items()):
        for at in sorted(instants):
            if (index, at) not in overviews:
                yield _unmatched(
                    history.root(OVERVIEW),
                    at,
                    index,
                    "no overview row stands for a stored chain",
                    "",
                )
    for (index, at), status in sorted(overviews.items()):
        if status in ANALYSED and at not in chains.get(index, ()):
            yield _unmatched(
                history.root(index),
                at,
                index,
                f"the overview says {status}, and no chain is stored",
                " --from persist",
            )


def _unmatched(root: Path, at: datetime, index: str, what: str, stage: str) -> Finding:
    path = days.part_path(root, at.astimezone(UTC))
    cycle = isoformat_z(at)
    return Finding(
        shown(path),
        "unmatched",
        f"{index} at {cycle}: {what}",
        f"g6 rerun --cycle {cycle} --index {index}{stage}",
    )
