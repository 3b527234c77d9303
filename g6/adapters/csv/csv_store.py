"""CSV files for people and older tools.

There is one per index, bucket, offset and day
(`<base>/<INDEX>/<bucket>/<offset>/<YYYY-MM-DD>.csv`), and one of overviews per index and day
(`<base>/overview/<INDEX>/<YYYY-MM-DD>.csv`). Days are session days of IST.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from g6.adapters.csv.lines import ASIDE
from g6.adapters.csv.open_files import OpenFiles, PutLine
from g6.adapters.csv.sheet import OVERVIEW_HEADER, read_sheet
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.documents.chain_rows import csv_rows
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Listing
from g6.domain.quotes.stamp import parse_window
from g6.domain.schema import layout
from g6.domain.schema.frame import Frame
from g6.domain.schema.json_reading import part
from g6.domain.schema.layout import Kind
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.rows import OVERVIEW, csv_header
from g6.domain.schema.words import SinkName
from g6.files import replace
from g6.ports import WriteReport

FileLines = dict[Path, tuple[str, str]]
"""Header and line by file."""


class CsvStore:
    """Store over the CSV base directory.

    Chains keep the strike window only, so they are not read back from here.
    """

    sink: ClassVar[str] = SinkName.CSV

    def __init__(self, base: Path, most_open: int = 0) -> None:
        """Open nothing yet.

        Args:
            base: The directory of CSV files.
            most_open: How many files of the newest day stay open for the next cycle.
        """
        self._base = base
        self._open_files = OpenFiles(most_open)

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Put one line into the file of every bucket and offset.

        A line that is there already changes nothing.

        Raises:
            StoreBusy: A disk refuses a line.
        """
        if not len(frame):
            return WriteReport(rows={self.sink: 0}, bytes={self.sink: 0})
        day = day_of(unit.instant)
        return _put_all(self._chain_texts(unit, frame, day), self._open_files.of_day(day))

    def chain_lines(self, unit: Unit, frame: Frame) -> FileLines:
        """Return header and line of a unit in the file of every bucket and offset."""
        lines = {}
        for name, header_and_line in self._chain_texts(unit, frame, day_of(unit.instant)):
            lines[Path(name)] = header_and_line
        return lines

    def _chain_texts(
        self, unit: Unit, frame: Frame, day: date
    ) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield header and line of a unit by the name of the file of every bucket and offset."""
        # As paths, the names of two hundred files were a fifth of the time that their lines took.
        stamp = part(frame.header, "stamp")
        header = ",".join(csv_header(bool(part(stamp, "pricing")["enabled"])))
        base = str(self._base)
        for (bucket, offset), line in csv_rows(frame, parse_window(stamp)).items():
            yield _chain_name(base, unit.index, bucket, offset, day), (header, line)

    def write_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> WriteReport:
        """Put one line per index. A rerun replaces its line.

        Raises:
            StoreBusy: A disk refuses a line.
        """
        put = self._open_files.of_day(day_of(parse_z(cycle)))
        return _put_all(self.overview_lines(cycle, rows).items(), put)

    def overview_lines(self, cycle: str, rows: Sequence[OverviewRow]) -> FileLines:
        """Return header and line of a cycle in the overview file of every index."""
        day = day_of(parse_z(cycle))
        lines = {}
        for row in rows:
            path = self._overview(str(row["underlying"]), day)
            lines[path] = OVERVIEW_HEADER, _overview_line(row)
        return lines

    def _overview(self, index: str, day: date) -> Path:
        return self._base / layout.csv_overview_file(index, day)

    def read_chain(self, unit: Unit) -> Frame | None:  # noqa: ARG002
        """Return None: the window's columns are not enough to make a chain again."""
        return None

    def read_overview(self, cycle: str) -> Sequence[OverviewRow]:  # noqa: ARG002
        """Return no rows: without chains there is no rerun from this store that needs them."""
        return ()

    def record_swept(self, until: datetime) -> None:
        """Keep the instant up to which everything that was due is stored.

        Raises:
            StoreBusy: A disk refuses the file.
        """
        if self._base.is_dir():
            replace(self._base / layout.SWEPT_UNTIL, f"{isoformat_z(until)}\n".encode())

    def swept_until(self) -> datetime | None:
        """Return what `record_swept` kept last. A damaged file says nothing."""
        with suppress(OSError, ValueError):
            return parse_z((self._base / layout.SWEPT_UNTIL).read_text("utf-8").strip())
        return None

    def last_oi(
        self,
        index: str,  # noqa: ARG002 - the port's
        before: date,  # noqa: ARG002
        since: datetime | None = None,  # noqa: ARG002
    ) -> Frame | None:
        """Return None: the window does not hold the whole chain."""
        return None

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Store nothing: instruments are stored in Parquet alone."""

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices with an overview line by cycle."""
        cycles: dict[datetime, set[str]] = {}
        for index, day, path in self._overview_files():
            if day_of(first) <= day <= day_of(last):
                for instant in _instants(path):
                    if first <= instant <= last:
                        cycles.setdefault(instant, set()).add(index)
        return {isoformat_z(instant): frozenset(cycles[instant]) for instant in sorted(cycles)}

    def last_overview(self) -> datetime | None:
        """Return the newest instant that has an overview line."""
        files = sorted(self._overview_files(), key=lambda file: file[1], reverse=True)
        newest: datetime | None = None
        for _, day, path in files:
            if newest is not None and day < day_of(newest):
                break
            newest = max(filter(None, (newest, *_instants(path))), default=None)
        return newest

    def _overview_files(self) -> Iterator[tuple[str, date, Path]]:
        folder = self._base / layout.folder(Kind.OVERVIEW)
        for path in sorted(folder.glob("*/????-??-??.csv")):
            yield path.parent.name, date.fromisoformat(path.stem), path


def _overview_line(row: OverviewRow) -> str:
    buffer = io.StringIO()
    values = [row.get(column.name) for column in OVERVIEW]
    csv.writer(buffer, lineterminator="").writerow(["" if v is None else v for v in values])
    return buffer.getvalue().replace("\n", " ")


def _instants(path: Path) -> list[datetime]:
    """Return the instants of whole lines. A torn or damaged one is no line."""
    return [parse_z(line.instant) for line in read_sheet(path.read_bytes(), OVERVIEW_HEADER).lines]


@lru_cache(16384)  # the same names at every cycle of a day: 1,400 of six indices, 14,000 of sixty
def _chain_name(base: str, index: str, bucket: str, offset: int, day: date) -> str:
    return f"{base}/{layout.csv_chain_file(index, bucket, offset, day)}"


def _put_all(lines: Iterable[tuple[Path | str, tuple[str, str]]], put: PutLine) -> WriteReport:
    rows = size = unchanged = repaired = 0
    aside: dict[str, int] = {}
    for path, (header, line) in lines:
        write = put(path, header, line)
        rows += write.rows
        unchanged += not write.rows
        size += write.bytes
        repaired += write.repaired
        if write.aside:
            aside[f"{path}{ASIDE}"] = write.aside
    sink = CsvStore.sink
    return WriteReport({sink: rows}, {sink: size}, {sink: unchanged}, repaired, aside=aside)
