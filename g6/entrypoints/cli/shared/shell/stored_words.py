"""Words of a data directory that completion offers: indices, days, cycles, expiries, panels.

Names of directories and files say nearly all of it. What is not there is offered by nobody: a
directory that is missing or cannot be read has no words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from g6.domain.schema import layout
from g6.domain.schema.layout import Folder, Kind

__all__ = ["DirectorySettings", "StoredWords", "directory_in_force"]

MOST_CYCLES = 40
"""A day of one-minute cycles has 375: nobody reads a list of them."""
_FOOTER_BYTES = 65_536
# The header of a chain stands in the footer of its file as plain JSON.
_CLOSES = re.compile(rb'"closes":(\{[^{}]*\})')
_DEFAULT_NAMESPACE = "g6"

DirectorySettings = Mapping[str, str]
"""Settings that say where rows are: data_dir, demo_dir, provider.name, provider.root, namespace."""


def directory_in_force(place: DirectorySettings, words: Mapping[str, Sequence[str]]) -> Path:
    """Return the data directory that these settings choose, as `Settings.directory` does.

    Args:
        place: Settings that say where rows are.
        words: Of the help file: the `default_provider`, the `simulated` sources, which are not
            live, and those with `accounts`, of which a look-alike may run on this machine.
    """
    # Reading the configuration as commands do costs 0.7 s of processor time, pydantic most of it.
    provider = place.get("provider.name") or words["default_provider"][0]
    host = re.search(r"//(?:[^/@]*@)?(\[[^\]]*\]|[^/:]*)", place.get("provider.root", ""))
    is_lookalike = bool(host) and host is not None and _is_loopback(host[1])
    is_simulated = provider in words["simulated"]
    is_simulated = is_simulated or (provider in words["accounts"] and is_lookalike)
    base = Path(place["demo_dir"] if is_simulated else place["data_dir"])
    namespace = place.get("namespace") or _DEFAULT_NAMESPACE
    return base if namespace == _DEFAULT_NAMESPACE else base / namespace


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "[::1]"} or host.startswith("127.")


@dataclass(frozen=True, slots=True)
class StoredWords:
    """The words of one data directory."""

    directory: Path

    def indices(self) -> list[str]:
        """Return the indices that have chains."""
        names = map(layout.parse_index_name, self._names(layout.folder(Kind.CHAIN)))
        return sorted(filter(None, names))

    def days(self, index: str = "") -> list[str]:
        """Return the stored days of an index, or of any, the newest first."""
        folders = [layout.folder(Kind.CHAIN, index)]
        if not index:
            folders = [layout.folder(Kind.OVERVIEW), layout.folder(Kind.INSTRUMENTS)]
        days = {
            day.isoformat()
            for folder in folders
            for day in map(layout.parse_day_name, self._names(folder))
            if day is not None
        }
        return sorted(days, reverse=True)

    def months(self) -> list[str]:
        """Return the months of the stored days, the newest first."""
        return list(dict.fromkeys(day[:7] for day in self.days()))

    def cycles(self) -> list[str]:
        """Return the last cycles of the newest day, the newest first, as cycles are named.

        Of a day that is folded they stand in no name: it is offered as a day.
        """
        for day in self.days()[:1]:
            names = self._names(layout.day_folder(Kind.OVERVIEW, date.fromisoformat(day)))
            times = [match[1] for match in map(layout.PART_NAME.fullmatch, names) if match]
            newest = sorted(times, reverse=True)[:MOST_CYCLES]
            return [f"{day}T{at[:2]}:{at[2:4]}:{at[4:]}Z" for at in newest] or [day]
        return []

    def expiries(self, index: str = "") -> list[str]:
        """Return the expiries of the newest stored chain of an index, or of each, ascending."""
        expiries: set[str] = set()
        for name in [index] if index else self.indices():
            expiries |= set(self._expiries(name))
        return sorted(expiries)

    def panels(self, directory: str = "") -> list[str]:
        """Return the panels that the manifest names."""
        path = Path(directory) if directory else self.directory / Folder.PANELS
        try:
            names = json.loads((path / layout.MANIFEST).read_bytes())["hashes"]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return sorted(map(layout.panel_name, names))

    def _expiries(self, index: str) -> Iterator[str]:
        for day in self.days(index)[:1]:
            folder = layout.day_folder(Kind.CHAIN, date.fromisoformat(day), index)
            files = sorted(
                name for name in self._names(folder) if name.endswith(layout.ROWS_SUFFIX)
            )
            if not files:
                return
            # `day.parquet` stands behind the parts of the day, whose names are digits.
            path = self.directory / folder / files[-1]
            yield from _expiries_in_footer(path) or _expiries_in_rows(path)

    def _names(self, folder: str) -> list[str]:
        try:
            return [entry.name for entry in (self.directory / folder).iterdir()]
        except OSError:
            return []


def _expiries_in_footer(path: Path) -> list[str]:
    """Return the expiries that the header of a chain names, none where the file has no header."""
    # pyarrow reads it too, for 0.3 s of processor time more.
    try:
        with path.open("rb") as file:
            file.seek(-min(_FOOTER_BYTES, path.stat().st_size), 2)
            match = _CLOSES.search(file.read())
        return sorted(json.loads(match[1])) if match else []
    except (OSError, ValueError):
        return []


def _expiries_in_rows(path: Path) -> list[str]:
    """Return the expiries of the last rows of a folded day, whose footer has no header."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows = file.read_row_group(file.num_row_groups - 1, columns=["expiry"])
        return [day.isoformat() for day in rows.column("expiry").unique().to_pylist()]
    except (OSError, pa.ArrowException):
        return []
