"""The ledger check: expected instants from the session's grid, rows from the files; the ledger is never asked.

As a program: `python tests/worlds/ledger_check.py DIR --first INSTANT --last INSTANT --interval SECONDS --indices A,B` prints what it
counted as one JSON line and what is wrong as sentences; exit code 1 when anything is.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.config import calendar
from g6.config.settings_model import SIX
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.market.instrument import INDICES

WORDS = ("OK", "PARTIAL", "MISSING", "SKIPPED")
Key = tuple[str, str]


@dataclass(slots=True)
class Ledgered:
    """What the files of a run say. `rows` maps (cycle, index) to the overview row of the CSV file; `problems` are sentences."""

    cycles: int = 0
    rows_expected: int = 0
    rows_found: int = 0
    duplicates: int = 0
    torn: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    rows: dict[Key, dict[str, str]] = field(default_factory=dict)


def check(
    directory: Path, first: str, last: str, interval: int, indices: Sequence[str]
) -> Ledgered:
    """Hold the files below `directory` against the grid from `first` to `last`, both included."""
    found = Ledgered()
    expected = set(grid(first, last, interval, indices))
    found.cycles, found.rows_expected = len({cycle for cycle, _ in expected}), len(expected)
    written = list(_csv_rows(directory / "csv" / "overview", found))
    found.rows_found = len(written)
    found.rows = {(row["timestamp"], row["index"]): row for row in written}
    parts = list(_parquet_rows(directory / "overview", found))
    _same_keys(
        "CSV overview", [(row["timestamp"], row["index"]) for row in written], expected, found
    )
    _same_keys(
        "Parquet overview",
        [(isoformat_z(row["timestamp"]), row["underlying"]) for row in parts],
        expected,
        found,
    )
    for row in written:
        _ends_in_order(row, found)
    for row in parts:
        _agrees(row, found)
    _chains(directory, found)
    _window_files(directory / "csv", found)
    return found


def grid(first: str, last: str, interval: int, indices: Sequence[str]) -> Iterator[Key]:
    """Yield every (cycle, index) that is due: the instant is on the grid and the index's exchange is in session."""
    days, at, end = calendar(), parse_z(first), parse_z(last)
    if at.timestamp() % interval:
        raise ValueError(f"{first} is not on the grid of {interval} s")
    while at <= end:
        yield from (
            (isoformat_z(at), index)
            for index in indices
            if days.is_open(INDICES[index].exchange, at)
        )
        at += timedelta(seconds=interval)


def _same_keys(what: str, keys: Sequence[Key], expected: set[Key], found: Ledgered) -> None:
    twice = {key for key, count in Counter(keys).items() if count > 1}
    found.duplicates += len(twice)
    wrongs = {
        "missing": expected - set(keys),
        "nobody expected": set(keys) - expected,
        "twice there": twice,
    }
    found.problems += [
        f"{what}: {len(wrong)} rows {how}, such as {min(wrong)}"
        for how, wrong in wrongs.items()
        if wrong
    ]


def _ends_in_order(row: dict[str, str], found: Ledgered) -> None:
    found.statuses[row["status"]] += 1
    where = f"{row['timestamp']} {row['index']}"
    if row["status"] not in WORDS:
        found.problems.append(f"{where}: {row['status']!r} is no status")
    elif (row["status"] == "OK") == bool(row["reason"]):
        found.problems.append(f"{where}: {row['status']} with reason {row['reason']!r}")


def _agrees(row: dict[str, Any], found: Ledgered) -> None:
    key = (isoformat_z(row["timestamp"]), row["underlying"])
    other = found.rows.get(key)
    if other is None:
        return
    for name in (
        "status",
        "reason",
        "options",
        "spot",
        "atm",
        "pcr_this_month",
        "max_pain_nearest",
        "iv_ok",
    ):
        mine, its = row[name], other[name]
        if (
            (str(mine or "") != its)
            if isinstance(mine, str) or mine is None
            else float(mine) != float(its or "nan")
        ):
            found.problems.append(f"{key}: {name} is {mine!r} in Parquet and {its!r} in CSV")


def _chains(directory: Path, found: Ledgered) -> None:
    """A unit with figures has one whole chain, with as many options as its row says; a unit without has none."""
    stored = {
        index: _stored(directory, index, found) for index in {index for _, index in found.rows}
    }
    for (cycle, index), row in found.rows.items():
        chains = stored[index].get(cycle, [])
        has_figures = row["status"] in ("OK", "PARTIAL")
        if len(chains) != has_figures:
            found.problems.append(
                f"{cycle} {index}: {row['status']} with {len(chains)} stored chains"
            )
        for table in chains:
            keys = list(
                zip(
                    table.column("expiry").to_pylist(),
                    table.column("strike").to_pylist(),
                    strict=True,
                )
            )
            listed = sum(
                bool(name)
                for side in ("ce", "pe")
                for name in table.column(f"{side}_symbol").to_pylist()
            )
            if len(set(keys)) != len(keys):
                found.duplicates += 1
                found.problems.append(f"{cycle} {index}: a strike stands twice")
            if listed < int(row["options"]):
                found.problems.append(
                    f"{cycle} {index}: {listed} options stored, {row['options']} in the overview"
                )


def stored_chains(directory: Path, index: str, day: str = "*") -> dict[str, list[pa.Table]]:
    """Return the stored chains of an index by cycle, whatever files their rows lie in."""
    return _stored(directory, index, Ledgered(), day)


def _stored(
    directory: Path, index: str, found: Ledgered, day: str = "*"
) -> dict[str, list[pa.Table]]:
    """Return the chains of an index by cycle, whether they lie in parts of one unit or in files that were folded from them."""
    chains: dict[str, list[pa.Table]] = {}
    for table in _tables(directory, f"chain/underlying={index}/date={day}/*.parquet", found):
        for instant in table.column("timestamp").unique():
            chain = table.filter(pc.equal(table.column("timestamp"), instant))
            chains.setdefault(isoformat_z(instant.as_py()), []).append(chain)
    return chains


def _window_files(directory: Path, found: Ledgered) -> None:
    for path in directory.glob("*/*/*/*.csv"):
        keys = [row["timestamp"] for row in _read_csv(path, found)]
        if len(set(keys)) != len(keys):
            found.duplicates += 1
            found.problems.append(f"{path}: a cycle stands twice")


def _csv_rows(directory: Path, found: Ledgered) -> Iterator[dict[str, str]]:
    for path in sorted(directory.glob("*/*.csv")):
        yield from _read_csv(path, found)


def _read_csv(path: Path, found: Ledgered) -> Iterator[dict[str, str]]:
    text = path.read_text("utf-8")
    if not text:
        # Its writer has just made it.
        return
    header, *lines = list(csv.reader(text.splitlines()))
    if not text.endswith("\n"):
        _torn(path, "its last line does not end", found)
    for number, line in enumerate(lines, 2):
        if len(line) != len(header):
            _torn(path, f"line {number} has {len(line)} of {len(header)} fields", found)
        else:
            yield dict(zip(header, line, strict=True))


def _parquet_rows(directory: Path, found: Ledgered) -> Iterable[dict[str, Any]]:
    for table in _tables(directory, "date=*/*.parquet", found):
        yield from table.to_pylist()


def _tables(directory: Path, pattern: str, found: Ledgered) -> list[pa.Table]:
    """Return what files hold; all are read again where one was folded away since it was listed."""
    while True:
        with suppress(FileNotFoundError):
            tables = [_read(path, found) for path in sorted(directory.glob(pattern))]
            return [table for table in tables if table is not None]


def _read(path: Path, found: Ledgered) -> pa.Table | None:
    try:
        return pq.read_table(path, partitioning=None)
    except pa.ArrowException as error:
        _torn(path, str(error), found)
        return None


def _torn(path: Path, why: str, found: Ledgered) -> None:
    found.torn += 1
    found.problems.append(f"{path} is torn: {why}")


def summary(found: Ledgered) -> dict[str, Any]:
    """Return the counts, for a table."""
    return {
        name: getattr(found, name)
        for name in ("cycles", "rows_expected", "rows_found", "duplicates", "torn", "statuses")
    }


def main() -> int:
    """Check the directory named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--first", required=True)
    parser.add_argument("--last", required=True)
    parser.add_argument("--interval", type=int, default=60)
    parser.add_argument("--indices", default=",".join(SIX))
    chosen = parser.parse_args()
    found = check(
        chosen.directory, chosen.first, chosen.last, chosen.interval, chosen.indices.split(",")
    )
    sys.stdout.write(json.dumps(summary(found)) + "\n")
    sys.stderr.writelines(f"{problem}\n" for problem in found.problems)
    return bool(found.problems)


if __name__ == "__main__":
    sys.exit(main())
