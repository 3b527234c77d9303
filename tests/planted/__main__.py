"""`python -m tests.planted`: plant each bug in a process of its own and tell in how many schedules it is found.

Exit code 1 when a bug is not found within --most schedules, or not shrunk to --deviations deviations. What was
measured is written into benchmarks/planted.json, bug by bug; `make docs` makes docs/reference/planted.md of it.

python -m tests.planted                            all bugs
python -m tests.planted --only lease,twin          bugs with one of these words in their name
python -m tests.planted --only twin --first 853    from this seed on, where earlier ones are known to miss it
python -m tests.planted --resume                   bugs alone whose row is not of this simulator, lacks its unit test, or is
                                                   of a schedule that does not show its bug any more. The seed of an older
                                                   row is tried first: where it finds the bug still, no other is run, and
                                                   the number of schedules up to it is what the bug takes at most
python -m tests.planted --replay                   run the schedules of the rows again, each with its bug and without
python -m tests.planted --list                     their names
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import AsyncResult
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

from tests.planted.bugs import BUGS, UNMEASURED, Bug
from tests.planted.in_process import holds_with, plant
from tests.planted.unit_tests import failing_unit_test, warm
from tests.simulate.__main__ import hunted
from tests.simulate.deviations import Deviation
from tests.simulate.running import run

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks/planted.json"


@dataclass(frozen=True, slots=True)
class Finding:
    """How a bug was found.

    Attributes:
        first: The seed of the first schedule.
        schedules: After how many, 0 where none found it.
        deviations: The fewest with which the seed shows it.
        problem: What the judge said.
        unit_test: The first unit test that fails with it, empty where none does, None where they were not run.
        is_bound: Whether schedules before it were counted and not run, so that one of them may find it sooner.
    """

    bug: Bug
    schedules: int
    seed: int
    deviations: tuple[str, ...]
    problem: str
    unit_test: str | None
    seconds: float
    first: int = 0
    is_bound: bool = False

    def document(self) -> dict[str, object]:
        """Return it as it is written to the file of results."""
        return {
            "bug": self.bug.name, "measured": datetime.now(UTC).date().isoformat(), "files": sorted({edit.path for edit in self.bug.edits}), "schedules": self.schedules,
            "is_bound": self.is_bound, "first": self.first, "seed": self.seed, "deviations": list(self.deviations), "judge": self.problem,
            "unit_test": self.unit_test, "seconds": round(self.seconds, 1), "simulator": simulator_id(),
        }  # fmt: skip

    def row(self) -> str:
        """Return it as a line of a table."""
        by_units = {None: "not run", "": "no"}.get(self.unit_test, "yes")
        most = "at most " if self.is_bound else ""
        return (
            f"| {self.bug.name} | {most}{self.schedules or 'not found'} | {len(self.deviations)} | {by_units} "
            f"| {self.problem} |"
        )


@contextmanager
def planted(bug: Bug) -> Iterator[Path]:
    """Give a copy of the tree in which the bug is planted."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        copytree(ROOT / "g6", root / "g6", ignore=ignore_patterns("__pycache__"))
        copytree(ROOT / "tests", root / "tests", ignore=ignore_patterns("__pycache__"))
        for name in ("config", "pyproject.toml", "docs"):
            (root / name).symlink_to(ROOT / name)
        for edit in bug.edits:
            path = root / edit.path
            text = path.read_text("utf-8")
            if text.count(edit.before) != 1:
                raise ValueError(
                    f"{bug.name}: its text stands {text.count(edit.before)} times in {edit.path}"
                )
            path.write_text(text.replace(edit.before, edit.after), "utf-8")
        yield root


def hunt(bug: Bug, most: int, first: int = 0) -> Finding:
    """Run schedules from the seed `first` on, in a process with the bug, until one fails, and shrink it."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "tests.planted.in_process", bug.name, str(most), str(first)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return _finding(bug, json.loads(answer.stdout), began, None, first)


@dataclass(frozen=True, slots=True)
class Search:
    """How a bug is looked for.

    Attributes:
        first: The seed of the first schedule.
        most: Schedules within which it must be found.
        known: A seed that showed the bug to another simulator, None for none. Where it still does,
            no other schedule is run.
        with_unit_tests: Whether the unit tests are run with the bug.
    """

    first: int
    most: int
    known: int | None
    with_unit_tests: bool


def _hunt_in_fork(bug: Bug, search: Search) -> Finding:
    """Look for a bug in this process, which is a fork for this bug alone: nothing is imported again."""
    began = time.perf_counter()
    plant(bug)
    first = search.first
    answer: dict[str, Any] = {"schedules": 0}
    if search.known is not None and 0 <= search.known < search.most:
        answer = hunted(search.known, 1)
        answer |= {"schedules": answer["schedules"] and search.known + 1, "is_bound": True}
        first = 0
    if not answer["schedules"]:
        first = search.first
        answer = hunted(first, search.most, bug.needs)
    unit_test = failing_unit_test() if search.with_unit_tests else None
    return _finding(bug, answer, began, unit_test, first)


def _finding(
    bug: Bug, answer: dict[str, Any], began: float, unit_test: str | None, first: int
) -> Finding:
    return Finding(
        bug, answer["schedules"], answer["seed"], tuple(answer["deviations"]),
        next(iter(answer["problems"]), ""), unit_test, time.perf_counter() - began,
        first, answer["is_bound"],
    )  # fmt: skip


def chosen_bugs(words: str) -> list[Bug]:
    """Return the bugs with one of the words in their name, all for none; words stand between commas."""
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    bugs = [bug for bug in BUGS if not wanted or any(word in bug.name for word in wanted)]
    if not bugs:
        raise SystemExit(f"no bug has {words!r} in its name; --list shows them")
    return bugs


def main() -> int:
    """Plant the bugs that the command line names, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.planted",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", default="", metavar="WORDS", help="bugs with one of these words in their name, with commas between")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="name the bugs and end")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out bugs that were measured with this simulator",
    )
    parser.add_argument(
        "--replay",
        action="store_true",
        help="run the schedules of the rows again instead of looking for others",
    )
    parser.add_argument("--most", type=int, default=10_000, help="schedules within which a bug must be found (10000)")  # fmt: skip
    parser.add_argument("--first", type=int, default=0, help="the seed of the first schedule (0)")
    parser.add_argument("--deviations", type=int, default=15, help="deviations that may be left of them (15)")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=2, help="bugs at a time (2)")
    parser.add_argument("--no-unit-tests", action="store_true", help="leave out what the unit tests find")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    options = parser.parse_args()
    bugs = chosen_bugs(options.only)
    if options.list:
        print("\n".join(bug.name for bug in bugs))
        return 0
    if options.replay:
        return _replay(bugs)
    if options.resume:
        rest = unmeasured(bugs, RESULTS)
        # A change of the pipeline that adds a call or saves one shifts what a row's deviations strike.
        hidden = _hidden([bug for bug in bugs if bug not in rest])
        bugs = [bug for bug in bugs if bug in rest or bug.name in hidden]
        sys.stderr.write(f"{len(bugs)} bugs to measure\n")
    findings = _hunt_all(bugs, options)
    is_found = [
        each.schedules > 0 and len(each.deviations) <= options.deviations for each in findings
    ]
    rows = [finding.document() for finding in findings]
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        _print_table(findings)
        print(f"{sum(is_found)} of {len(bugs)} found")
    sys.stderr.write(f"{RESULTS.relative_to(ROOT)} written; make docs writes its page\n")
    return int(not all(is_found))


def _hunt_all(bugs: Sequence[Bug], options: argparse.Namespace) -> list[Finding]:
    """Hunt the bugs, some at a time. Tell on stderr how each ended, and write its row."""
    findings: dict[str, Finding] = {}
    searches = [(bug, _search(bug, options)) for bug in bugs]
    # What is quick comes first, so that little is lost where the rest is broken off.
    searches.sort(key=lambda pair: pair[1].known is None)
    if any(search.with_unit_tests for _, search in searches):
        warm()
    with get_context("fork").Pool(options.jobs, maxtasksperchild=1) as pool:
        hunts = [pool.apply_async(_hunt_in_fork, search) for search in searches]
        for number, finding in enumerate(_as_they_end(hunts), 1):
            findings[finding.bug.name] = finding
            write_rows(RESULTS, [finding.document()])
            how = f"after {finding.schedules} schedules" if finding.schedules else "NOT FOUND"
            sys.stderr.write(
                f"[{number}/{len(bugs)}] {finding.bug.name}: {how}, {finding.seconds:.0f} s\n"
            )
            sys.stderr.flush()
    return [findings[bug.name] for bug in bugs]


def _search(bug: Bug, options: argparse.Namespace) -> Search:
    """Return how a bug is looked for.

    What the unit tests find does not change with the simulator, and a seed that showed the bug to
    another simulator most often shows it to this one.
    """
    row = _rows(RESULTS).get(bug.name, {}) if options.resume else {}
    is_told = row.get("unit_test") is not None
    known = row.get("seed") if row.get("schedules") else None
    with_unit_tests = not (options.no_unit_tests or is_told)
    return Search(options.first, options.most, known, with_unit_tests)


def _replay(bugs: Sequence[Bug]) -> int:
    """Print, as JSON, which bugs their rows' schedules do not show, and which fail without them."""
    measured = [bug for bug in bugs if bug.name not in UNMEASURED]
    failing = [bug.name for bug in measured if _fails(bug)]
    hidden = _hidden(measured)
    print(json.dumps({"hidden": hidden, "failing": failing}))
    return int(bool(hidden or failing))


def _hidden(bugs: Sequence[Bug]) -> list[str]:
    """Return the names of the bugs that the schedules of their rows do not show."""
    return [bug.name for bug in bugs if not holds_with(bug, partial(_fails, bug))]


def _fails(bug: Bug) -> bool:
    """Return whether the schedule of a bug's row fails in this process."""
    row = _rows(RESULTS)[bug.name]
    return bool(run(row["seed"], [Deviation.parse(text) for text in row["deviations"]]).problems)


def simulator_id() -> str:
    """Return a digest of what draws, runs and judges schedules: rows of another are to be measured again."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "tests/simulate").glob("*.py")):
        if not path.name.startswith(("test_", "__main__")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def unmeasured(bugs: Sequence[Bug], path: Path) -> list[Bug]:
    """Return the bugs that have no row of this simulator, or one without a unit test."""
    rows = _rows(path)
    simulator = simulator_id()
    rest = []
    for bug in bugs:
        row = rows.get(bug.name, {})
        if row.get("simulator") != simulator or row.get("unit_test") is None:
            rest.append(bug)
    return rest


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    """Return the measured rows by the name of their bug."""
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    return {row["bug"]: row for row in rows}


def _as_they_end(hunts: Sequence[AsyncResult[Finding]]) -> Iterator[Finding]:
    waiting = list(hunts)
    while waiting:
        ended = [hunt for hunt in waiting if hunt.ready()]
        if not ended:
            waiting[0].wait(0.5)
        for hunt_ in ended:
            waiting.remove(hunt_)
            yield hunt_.get()


def _print_table(findings: Sequence[Finding]) -> None:
    print("| bug | schedules | deviations | unit tests find it | what the judge says |\n|---|---|---|---|---|")  # fmt: skip
    for finding in findings:
        print(finding.row())


def write_rows(path: Path, rows: Sequence[dict[str, object]]) -> None:
    """Write measured rows into the file of results, in the place of older ones of the same bugs.

    A row without unit tests keeps what they said before.
    """
    by_name = _rows(path)
    for row in rows:
        before = by_name.get(row["bug"], {})
        unit_test = row.get("unit_test")
        if unit_test is None:
            unit_test = before.get("unit_test")
        by_name[row["bug"]] = row | {"unit_test": unit_test}
    ordered = [by_name[bug.name] for bug in BUGS if bug.name in by_name]
    path.write_text(json.dumps(ordered, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
