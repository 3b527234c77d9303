"""Trials of one operation: ended before each of its changes, judged, and called again."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.property.crash_points.ending import ENDED, ending
from tests.property.crash_points.keeping import Bench, Operation, Rows, rows_of

Points = Callable[[int], Iterable[int]]
"""Chooses among so many changes those that a process is ended before, counted from 1."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial.

    Attributes:
        at: Before which change the process ended, 0 where it went to its end.
        of: How many changes there are.
        change: That change, or the last one.
        wrong: What is wrong, empty if nothing.
    """

    at: int
    of: int
    change: str
    wrong: str = ""


def trials(operation: Operation, top: Path, points: Points) -> Iterator[Trial]:
    """Try an operation to its end, then ended before each change that is chosen.

    Args:
        operation: What is tried.
        top: An empty folder.
        points: Chooses the changes.
    """
    begun = Bench(top / "begun")
    begun.top.mkdir(parents=True)
    operation.prepare(begun)
    before = rows_of(begun.rows) if begun.rows.is_dir() else {}
    bench = _copied(begun, top / "0")
    whole = ending(lambda: operation.act(bench), bench.top)
    wrong = "" if whole.code == 0 else f"ended with {whole.code}"
    of = whole.changes
    yield Trial(0, of, whole.last, wrong or _wrong(lambda: operation.complete(bench, before)))
    shutil.rmtree(bench.top)
    for at in points(of):
        bench = _copied(begun, top / str(at))
        yield _ended(operation, bench, before, at, of)
        shutil.rmtree(bench.top)


def _copied(begun: Bench, top: Path) -> Bench:
    return Bench(Path(shutil.copytree(begun.top, top)), begun.place)


def _ended(operation: Operation, bench: Bench, before: Rows, at: int, of: int) -> Trial:
    first = ending(lambda: operation.act(bench), bench.top, at)
    if first.code != ENDED:
        return Trial(at, of, first.last, f"did not end there, but with {first.code}")

    def judged() -> None:
        operation.judge(bench, before)
        again = operation.act(bench)
        assert again in operation.done_codes, f"called again it ended with {again}"
        operation.complete(bench, before)

    return Trial(at, of, first.last, _wrong(judged))


def _wrong(judge: Callable[[], None]) -> str:
    """Return what a judge refuses, empty if nothing."""
    try:
        judge()
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is wrong
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {last.name}: {str(error)[:400] or last.line}"
    return ""
