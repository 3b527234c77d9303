"""A recording is one source of snapshots, opened and checked, with its instants and expiries."""

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
from g6.adapters.replay.stored_chains import StoredRecording
from g6.adapters.replay.tables.provider_chains import is_provider_chain
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_reading import SUFFIXES
from g6.adapters.replay.unread import WORDS, totals
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import day_of
from g6.domain.market.expiry import BUCKETS
from g6.domain.schema.layout import Kind as Stored
from g6.domain.schema.layout import folder
from g6.errors import BadInput

RecordingKind = Literal["nse", "table", "stored"]

MOST_EXPIRIES = 99
"""The highest N that a rule nth_N can have."""
_ANSWERS = frozenset((".json",))
_TABLES = frozenset((".parquet", ".csv", ".feather", ".zip", ".jsonl", ".xlsx"))
_MAYBE_ANSWERS = frozenset((".txt", ".repr", ".py", ".html", ".htm"))
"""Suffixes under which polls are saved too. Beside tables such files are notes."""
_LOOKED_AT = 3
"""Answers that are looked at to tell a provider's from an exchange's: the first may be empty."""
_FORMATS = (
    f"NSE option-chain answers (.json), tables of snapshots ({', '.join(SUFFIXES)}), "
    "or a G6 data directory"
)


class Recording:
    """A recording that was opened and checked. Snapshots are read on request.

    Its `kind` is nse (one answer or a directory of them), table (a file or a directory of them) or
    stored (a G6 data directory).
    """

    def __init__(
        self,
        path: Path,
        kind: RecordingKind,
        source: SnapshotSource,
        *,
        max_trade_age: float = MAX_TRADE_AGE,
    ) -> None:
        self.path = path
        self.kind = kind
        self.left_out = source.left_out
        self._source = source
        self._instants = source.instants()
        self._histories: dict[str, SnapshotHistory] = {}
        for index, instants in self._instants.items():
            self._histories[index] = SnapshotHistory(
                instants,
                self._reader(index),
                widths=_widths(source, index),
                max_trade_age=max_trade_age,
            )
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
        """Open and check the recording at `path`. Its kind follows from its files.

        Args:
            path: A file or a directory.
            thorough: Whether all columns of a data directory are read, or its instants only. The
                processes of a run that was checked at its start need the instants.
            strict: Whether a part that cannot be read is refused. Else it is in `left_out`.
            indices: The roots that are read of saved answers, None for all.
            closes: When trading of an exchange ends on a day. Options are expired after that.
            layout: How a table is read that is not in G6's own layout.
            max_trade_age: Seconds between two volumes, beyond which their change dates no trade.

        Raises:
            BadInput: It cannot be read, with file, row and reason.
        """
        path = Path(path)
        try:
            kind, source = _source_of(path, thorough, indices, closes, layout)
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

        Raises:
            BadInput: The plan has none of the recorded indices.
        """
        recorded = {}
        for name, params in plan.indices.items():
            if name in self._instants:
                recorded[name] = replace(params, rules=self.rules(name))
        if not recorded:
            names = ", ".join(self._instants)
            enabled = ", ".join(plan.indices)
            reason = f"holds {names}, and of these none is enabled (enabled: {enabled})"
            raise BadInput(self.path, None, reason, f"--indices {names}")
        return replace(plan, indices=recorded)

    def rules(self, index: str) -> tuple[str, ...]:
        """Return the rules that collect every recorded expiry: the buckets and nth_N."""
        count = min(len(self._source.expiries()[index]), MOST_EXPIRIES)
        return (*BUCKETS, *(f"nth_{n}" for n in range(1, count + 1)))

    def snapshot(self, index: str, at: datetime) -> Snapshot | None:
        """Return the snapshot of `index` at `at`, None where there is none.

        Raises:
            BadInput: A file changed since the opening.
        """
        if not self._has(index, at):
            return None
        if self._source.remembers:
            return self._source.read(index, at)
        return self._histories[index].at(at)

    def newest(self, index: str, at: datetime) -> datetime | None:
        """Return the newest instant of `index` up to `at`, else the day's next one, or None."""
        instants = self._instants.get(index, ())
        place = bisect_right(instants, at)
        near = instants[max(place - 1, 0) : place + 1]
        return next((instant for instant in near if day_of(instant) == day_of(at)), None)

    def unread(self) -> Mapping[str, int]:
        """Return how many parts were left out, by the kinds that occur."""
        return {str(kind): count for kind, count in totals(self.left_out).items()}

    @property
    def table(self) -> TableFiles | None:
        """The table, None where the recording is of another kind."""
        return self._source if isinstance(self._source, TableFiles) else None

    def totals(self, index: str, at: datetime) -> Mapping[str, float]:
        """Return the exchange's own sums over the nearest expiry, contracts, empty for none."""
        return self._source.totals(index, at) if isinstance(self._source, AnswerFiles) else {}

    def facts(self) -> Mapping[str, str | int]:
        """Return name, kind, number of cycles, first and last instant of the recording."""
        span = {"first": isoformat_z(self._cycles[0]), "last": isoformat_z(self._cycles[-1])}
        return {"recording": self.path.name, "kind": self.kind, "cycles": len(self._cycles), **span}

    def _has(self, index: str, at: datetime) -> bool:
        instants = self._instants.get(index, ())
        place = bisect_left(instants, at)
        return place < len(instants) and instants[place] == at

    def _reader(self, index: str) -> _IndexReader:
        return _IndexReader(self._source, index)


class _IndexReader:
    """Reads snapshots of one index from a source."""

    def __init__(self, source: SnapshotSource, index: str) -> None:
        self._source = source
        self._index = index

    def __call__(self, at: datetime) -> Snapshot:
        return self._source.read(self._index, at)


def _check(path: Path, source: SnapshotSource, strict: bool) -> None:
    """Refuse a source without instants, and one with unread parts if `strict`.

    Raises:
        BadInput: It is such a source.
    """
    unread = [part for part in source.left_out if part.kind != "not_asked"]
    if strict and unread:
        first = unread[0]
        fix = "leave --strict away: it is left out and counted, the rest is read"
        raise BadInput(first.path, first.row, first.reason, fix)
    if any(source.instants().values()):
        return
    if not source.left_out:
        raise BadInput(path, None, "holds no snapshot")
    first = max(source.left_out, key=lambda part: [*WORDS].index(part.kind))
    others = len(source.left_out) - 1
    more = f"; and {others} more that cannot be read" if others else ""
    raise BadInput(first.path, first.row, f"{first.reason}{more}")


def _widths(source: SnapshotSource, index: str) -> Mapping[date, int]:
    return source.widths(index) if isinstance(source, TableFiles) else {}


def _source_of(
    path: Path,
    thorough: bool,
    indices: Collection[str] | None,
    closes: Closes | None,
    layout: TableLayout | None,
) -> tuple[RecordingKind, SnapshotSource]:
    if not path.exists():
        raise BadInput(path, None, "is not there", f"give --recording {_FORMATS}")
    if (path / folder(Stored.CHAIN)).is_dir():
        return "stored", StoredRecording(path, thorough=thorough)
    answers, maybe_answers, tables = _by_kind(_files(path))
    if not tables:
        answers = sorted([*answers, *maybe_answers])
    if bool(answers) == bool(tables):
        reason = "holds both answers and tables" if answers else "is no recording"
        raise BadInput(path, None, reason, f"give --recording {_FORMATS}")
    if any(map(is_provider_chain, answers[:_LOOKED_AT])):
        return "table", TableFiles(answers, layout)
    if answers:
        return "nse", AnswerFiles(answers, indices, closes)
    return "table", TableFiles(tables, layout)


def _files(path: Path) -> list[Path]:
    """Return the file itself, or the files of a directory, or those of its folders."""
    if not path.is_dir():
        return [path]
    for depth in ("*", "*/*", "*/*/*"):
        files = sorted(filter(_is_visible_file, path.glob(depth)))
        if any(_by_kind(files)):
            return files
    return []


def _is_visible_file(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _by_kind(files: Sequence[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Return the files that hold answers, that may hold them, and that hold tables, by suffix."""
    answers: list[Path] = []
    maybe_answers: list[Path] = []
    tables: list[Path] = []
    for file in files:
        suffix = Path(file.name.lower().removesuffix(".gz")).suffix
        if suffix in _ANSWERS:
            answers.append(file)
        elif suffix in _MAYBE_ANSWERS:
            maybe_answers.append(file)
        elif suffix in _TABLES:
            tables.append(file)
    return answers, maybe_answers, tables
