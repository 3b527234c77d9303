"""What the unit tests find of a planted bug, without the simulation."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout

import pytest

UNIT_TESTS = (
    "tests/contract/test_ledger.py",
    "tests/contract/test_panel_store.py",
    "tests/contract/test_lifeline.py",
    "tests/unit/pipeline/test_sweep.py",
    "tests/unit/pipeline/test_stages.py",
    "tests/unit/pipeline/test_closing.py",
    "tests/unit/pipeline/test_rerun.py",
    "tests/unit/pipeline/test_refusals.py",
    "tests/unit/pipeline/test_withheld.py",
    "tests/unit/entrypoints/workers/test_unit_tasks.py",
)
"""The tests of ledger, lifeline, stages, sweep, closing and rerun: the ones that could know."""
# Of the contract suites only the twins in memory are run: that is where the bugs stand.
ARGUMENTS = ("-q", "-p", "no:cacheprovider", "-k", "not redis", *UNIT_TESTS)
TESTS_FAILED = pytest.ExitCode.TESTS_FAILED


class FirstFailure:
    """A plug-in that notes the first test that failed."""

    def __init__(self) -> None:
        self.test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that failed."""
        if report.failed and not self.test:
            self.test = report.nodeid


def warm() -> None:
    """Import the unit tests, so that no process that is forked from this one has to."""
    _run("--collect-only")


def failing_unit_test() -> str:
    """Return the first unit test that fails in this process, empty where none does.

    The bug is planted in it: a process forked for each bug runs the tests in two seconds, where a
    copy of the tree took twenty to import everything.
    """
    failure = FirstFailure()
    code, output = _run("-x", plugin=failure)
    if code not in (pytest.ExitCode.OK, TESTS_FAILED):
        raise RuntimeError(f"the unit tests did not run:\n{output[-2000:]}")
    return failure.test


def _run(*options: str, plugin: FirstFailure | None = None) -> tuple[int, str]:
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        code = pytest.main([*ARGUMENTS, *options], plugins=[plugin] if plugin else [])
    return code, output.getvalue()
