"""`python -m tests.planted`: plant each bug in a copy of the package and tell in how many schedules it is found.

Exit code 1 when a bug is not found within --most schedules, or not shrunk to --deviations deviations.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

from tests.planted.bugs import BUGS, Bug

ROOT = Path(__file__).resolve().parents[2]
UNIT_TESTS = (
    "tests/unit/pipeline",
    "tests/contract/test_ledger.py",
    "tests/unit/entrypoints/test_unit_tasks.py",
)
"""The tests that know the pipeline, without the simulation."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How a bug was found: after how many schedules, with how many deviations, and what the judge said.

    `schedules` is 0 where no schedule found it. `unit_tests` tells whether a unit test fails with it.
    """

    bug: Bug
    schedules: int
    deviations: int
    problem: str
    unit_tests: bool | None
    seconds: float


@contextmanager
def planted(bug: Bug) -> Iterator[Path]:
    """Give a copy of the tree in which the bug is planted."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        copytree(ROOT / "g6", root / "g6", ignore=ignore_patterns("__pycache__"))
        for name in ("tests", "config", "pyproject.toml", "docs"):
            (root / name).symlink_to(ROOT / name)
        path = root / bug.path
        text = path.read_text("utf-8")
        if text.count(bug.before) != 1:
            raise ValueError(
                f"{bug.name}: its text stands {text.count(bug.before)} times in {bug.path}"
            )
        path.write_text(text.replace(bug.before, bug.after), "utf-8")
        yield root


def hunt(bug: Bug, most: int, *, with_unit_tests: bool) -> Finding:
    """Run schedules with the bug until one fails, and shrink it."""
    began = time.perf_counter()
    with planted(bug) as root:
        command = [sys.executable, "-m", "tests.simulate", "--until-failure", str(most)]
        answer = json.loads(
            subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
        )
        unit_tests = _unit_tests_fail(root) if with_unit_tests else None
    problem = next(iter(answer["problems"]), "")
    seconds = time.perf_counter() - began
    return Finding(
        bug, answer["schedules"], len(answer["deviations"]), problem, unit_tests, seconds
    )


def _unit_tests_fail(root: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *UNIT_TESTS]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode != 0


def main() -> int:
    """Plant the bugs that the command line names, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="names of bugs, with commas between")
    parser.add_argument(
        "--most", type=int, default=10_000, help="schedules within which a bug must be found"
    )
    parser.add_argument(
        "--deviations", type=int, default=15, help="deviations that may be left of them"
    )
    parser.add_argument("--jobs", type=int, default=2, help="bugs at a time")
    parser.add_argument(
        "--no-unit-tests", action="store_true", help="leave out what the unit tests find"
    )
    chosen = parser.parse_args()
    names = chosen.only.split(",") if chosen.only else [bug.name for bug in BUGS]
    bugs = [bug for bug in BUGS if bug.name in names]
    missed = 0
    print(
        "| bug | schedules | deviations | unit tests find it | what the judge says |\n|---|---|---|---|---|",
        flush=True,
    )
    with ThreadPoolExecutor(chosen.jobs) as pool:
        hunts = pool.map(
            lambda bug: hunt(bug, chosen.most, with_unit_tests=not chosen.no_unit_tests), bugs
        )
        for finding in hunts:
            is_found = finding.schedules > 0 and finding.deviations <= chosen.deviations
            missed += not is_found
            by_units = {None: "", True: "yes", False: "no"}[finding.unit_tests]
            print(
                f"| {finding.bug.name} | {finding.schedules or 'not found'} | {finding.deviations} "
                f"| {by_units} | {finding.problem} |",
                flush=True,
            )
    print(f"{len(bugs) - missed} of {len(bugs)} found")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
