"""What every test stands on: no configuration from outside, samples where they are, a limit on the time of one test."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WARN_SECONDS, FAIL_SECONDS = 5.0, 30.0
LEAKS = ("G6_", "NO_COLOR", "FORCE_COLOR", "CELERY_", "KITE_")


@pytest.fixture
def root() -> Path:
    """The project's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The samples beside the project; a test that needs them skips where they are absent."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("needs the samples in ../shared")
    return path


@pytest.fixture(autouse=True)
def no_configuration_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the person who runs the tests must not change what they find."""
    for name in list(os.environ):
        if name.startswith(LEAKS):
            monkeypatch.delenv(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that took too long, and in CI one that was skipped although it was marked `services`."""
    report = yield
    if report.when == "call" and report.passed and call.duration > allowed_seconds(item):
        report.outcome = "failed"
        report.longrepr = (
            f"took {call.duration:.1f} s, {allowed_seconds(item):g} s are allowed; a longer test says @pytest.mark.timeout(seconds)"
        )
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") and item.get_closest_marker("services"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


def allowed_seconds(item: pytest.Item) -> float:
    """Return the limit of a test: its own timeout where it has one."""
    own = item.get_closest_marker("timeout")
    return float(own.args[0]) if own and own.args else FAIL_SECONDS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that are getting slow."""
    slow = [each for each in terminalreporter.getreports("passed") if each.when == "call" and each.duration > WARN_SECONDS]
    if slow:
        terminalreporter.section(f"slower than {WARN_SECONDS:g} s")
        for each in sorted(slow, key=lambda each: -each.duration):
            terminalreporter.line(f"{each.duration:6.1f} s  {each.nodeid}")
