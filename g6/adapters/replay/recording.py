"""A recording: what PATH holds, which instants there are, and which expiries."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Literal

from g6.adapters.replay.answers.answer_files import AnswerFiles, Closes
from g6.adapters.replay.listed_contracts import MAX_TRADE_AGE, SnapshotHistory
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Snapshot, SnapshotSource
from g6.adapters.replay.stored_chains import StoredDays
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_reading import SUFFIXES
from g6.adapters.replay.unread import WORDS
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import day_of
from g6.domain.market.expiry import BUCKETS
from g6.errors import BadInput

Kind = Literal["nse", "table", "stored"]

MOST_EXPIRIES = 99
"""The highest N that a rule nth_N can have."""
_ANSWERS, _TABLES = frozenset((".json",)), frozenset((".parquet", ".csv"))
_PERHAPS = frozenset((".txt", ".repr", ".py", ".html", ".htm"))
"""Suffixes under which polls are saved too; beside tables they are notes."""
_FORMATS = f"NSE option-chain answers (.json), tables of snapshots ({', '.join(SUFFIXES)}), or a G6 data directory"


class Recording:
    """A recording that was opened and checked; snapshots are read as they are asked for.

    `kind`: nse (one answer or a directory of them), table (a file or a directory of them), stored (a G6 data directory).
    """

    def __init__(
        self,
        path: Path,
        kind: Kind,
        source: SnapshotSource,
        *,
        max_trade_age: float = MAX_TRADE_AGE,
    ) -> None:
        self.path, self.kind = path, kind
        self.left_out = source.left_out
        self._source = source
        self._instants = source.instants()
        self._histories = {
            index: SnapshotHistory(
                instants,
                self._reader(index),
                widths=_widths(source, index),
                max_trade_age=max_trade_age,
            )
            for index, instants in self._instants.items()
        }
        self._cycles = tuple(sorted(set(chain.from_iterable(self._instants.values()))))

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        thorough: bool = True,
        strict: bool = False,
        indices: Collection[str] | None = None,
        closes: Closes | None = None,
        layout: TableLayout | None = None,
        max_trade_age: float = MAX_TRADE_AGE,
    ) -> Recording:
        """Open and check the recording at `path`; what it is shows in what is there.

        `indices` chooses what is read of saved answers, None all of them. What cannot be read is left out and told in `left_out`;
        `strict` refuses it. `closes` says when trading of an exchange ends on a day, so that expired options are known.

        `thorough` reads all of a data directory's columns, else only its instants: for processes of a run that was checked at its
        start. `layout` says how a table is read that is not G6's own. A change of volume tells when a contract traded where the
        volume before is at most `max_trade_age` seconds older. Errors: BadInput with file, row and reason.
        """
        path = Path(path)
        try:
            kind, source = _sniffed(path, thorough, indices, closes, layout)
        except Malformed as error:
            raise BadInput(path, error.row, error.reason) from error
        _check(path, source, strict)
        return cls(path, kind, source, max_trade_age=max_trade_age)

    def cycles(self) -> tuple[datetime, ...]:
        """Return the recording's instants over all indices, UTC, ascending."""
        return self._cycles

    def indices(self, at: datetime | None = None) -> tuple[str, ...]:
        """Return the indices that are recorded, or those that are at the instant `at`."""
        return tuple(index for index in self._instants if at is None or self._has(index, at))

    def planned(self, plan: Plan) -> Plan:
        """Return the plan that collects this recording: its indices, every expiry of each.

        Errors: BadInput, when the plan has none of the recorded indices.
        """
        recorded = {
            name: replace(each, rules=self.rules(name))
            for name, each in plan.indices.items()
            if name in self._instants
        }
        if not recorded:
            have, wanted = ", ".join(self._instants), ", ".join(plan.indices)
            raise BadInput(
                self.path,
                None,
                f"holds {have}, and of these none is enabled (enabled: {wanted})",
                f"--indices {have}",
            )
        return replace(plan, indices=recorded)

    def rules(self, index: str) -> tuple[str, ...]:
        """Return the expiry rules that collect every expiry recorded of `index`: the buckets, and nth_N for those without one."""
        count = min(len(self._source.expiries()[index]), MOST_EXPIRIES)
        return (*BUCKETS, *(f"nth_{n}" for n in range(1, count + 1)))

    def snapshot(self, index: str, at: datetime) -> Snapshot | None:
        """Return what is recorded of `index` at `at`, with its past of the day; None where nothing is. Errors: BadInput."""
        if not self._has(index, at):
            return None
        return (
            self._source.read(index, at)
            if self._source.remembers
            else self._histories[index].at(at)
        )

    def newest(self, index: str, at: datetime) -> datetime | None:
        """Return the newest instant of `index` that is not later than `at`, else the next; None where that day has none."""
        instants = self._instants.get(index, ())
        place = bisect_right(instants, at)
        near = instants[max(place - 1, 0) : place + 1]
        return next((known for known in near if day_of(known) == day_of(at)), None)

    @property
    def table(self) -> TableFiles | None:
        """The table that is recorded, None where the recording is none."""
        return self._source if isinstance(self._source, TableFiles) else None

    def totals(self, index: str, at: datetime) -> Mapping[str, float]:
        """Return the exchange's own sums over the nearest expiry, contracts, by name; empty where the source has none."""
        return self._source.totals(index, at) if isinstance(self._source, AnswerFiles) else {}

    def facts(self) -> Mapping[str, str | int]:
        """Return what people ask of a recording: its name, kind, number of cycles, first and last instant."""
        first, last = self._cycles[0], self._cycles[-1]
        span = {"first": isoformat_z(first), "last": isoformat_z(last)}
        return {"recording": self.path.name, "kind": self.kind, "cycles": len(self._cycles), **span}

    def _has(self, index: str, at: datetime) -> bool:
        instants = self._instants.get(index, ())
        place = bisect_left(instants, at)
        return place < len(instants) and instants[place] == at

    def _reader(self, index: str) -> _Reader:
        return _Reader(self._source, index)


class _Reader:
    """Reads snapshots of one index."""

    def __init__(self, source: SnapshotSource, index: str) -> None:
        self._source, self._index = source, index

    def __call__(self, at: datetime) -> Snapshot:
        return self._source.read(self._index, at)


def _check(path: Path, source: SnapshotSource, strict: bool) -> None:
    """See that there is something to replay, and nothing but that where `strict`. Errors: BadInput."""
    told = [part for part in source.left_out if part.kind != "not_asked"]
    if strict and told:
        first = told[0]
        raise BadInput(
            first.path,
            first.row,
            first.reason,
            "leave --strict away: it is left out and counted, the rest is read",
        )
    if any(source.instants().values()):
        return
    if not source.left_out:
        raise BadInput(path, None, "holds no snapshot")
    first = max(source.left_out, key=lambda part: [*WORDS].index(part.kind))
    more = (
        f"; and {len(source.left_out) - 1} more that cannot be read"
        if len(source.left_out) > 1
        else ""
    )
    raise BadInput(first.path, first.row, f"{first.reason}{more}")


def _widths(source: SnapshotSource, index: str) -> Mapping[date, int]:
    return source.widths(index) if isinstance(source, TableFiles) else {}


def _sniffed(
    path: Path,
    thorough: bool,
    indices: Collection[str] | None,
    closes: Closes | None,
    layout: TableLayout | None,
) -> tuple[Kind, SnapshotSource]:
    if not path.exists():
        raise BadInput(path, None, "is not there", f"give --recording {_FORMATS}")
    if (path / "chain").is_dir():
        return "stored", StoredDays(path, thorough=thorough)
    answers, perhaps, tables = _by_kind(_files(path))
    if not tables:
        answers = sorted([*answers, *perhaps])
    if bool(answers) == bool(tables):
        what = "holds both answers and tables" if answers else "is no recording"
        raise BadInput(path, None, what, f"give --recording {_FORMATS}")
    return (
        ("nse", AnswerFiles(answers, indices, closes))
        if answers
        else ("table", TableFiles(tables, layout))
    )


def _files(path: Path) -> list[Path]:
    """Return a file itself, the files of a directory, or those of its folders where it has none of its own."""
    if not path.is_dir():
        return [path]
    for depth in ("*", "*/*", "*/*/*"):
        files = sorted(
            file for file in path.glob(depth) if file.is_file() and not file.name.startswith(".")
        )
        if any(_by_kind(files)):
            return files
    return []


def _by_kind(files: Sequence[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Return the files that hold answers, those that may, and those that hold tables, by their suffixes."""
    suffixes = [(file, Path(file.name.lower().removesuffix(".gz")).suffix) for file in files]
    return tuple(
        [file for file, suffix in suffixes if suffix in kind]
        for kind in (_ANSWERS, _PERHAPS, _TABLES)
    )  # type: ignore[return-value]
