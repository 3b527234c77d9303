"""What every test stands on: no configuration from outside, samples where they are, a limit on the time of one test."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdist.remote import Producer

from g6.domain.cycles.cycle import parse_z
from g6.domain.schema.frame import Frame
from g6.domain.schema.rows import CHAIN
from tests.observe import costs, turns

ROOT = Path(__file__).resolve().parent.parent
WARN_SECONDS = 5.0
MOST_PROCESSOR_SECONDS = 30.0
"""What a test may compute that has no timeout of its own.

Of a busy machine's clock it would say nothing: tests that compute for 2 s took 13 s of it beside
two other processes of tests.
"""
OF_PROCESSES = ("tests/docs/", "tests/e2e/", "tests/integration/", "tests/observe/")
"""Where tests start processes, whose time stands with whichever test ends them."""
UNTRACED = (
    "tests/docs/",
    "tests/e2e/",
    "tests/integration/",
    "tests/observe/",
    "tests/planted/",
    "tests/property/",
    "tests/rules/",
    "tests/simulate/",
)
"""Where coverage is not counted: simulated schedules took three times as long with it."""
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


@pytest.fixture
def covered_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a directory with a calendar of its own that covers the day of the test, whatever day that is.

    The calendar that ships ends, and a command that asks what is today then says so and ends.
    """
    year = datetime.now(UTC).year
    years = [year - 1, year, year + 1]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sessions.local.toml").write_text(f"covered_years = {years}\n", "utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run the tests in more processes than there are processors: many wait."""
    return turns.processes()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> turns.Turns | None:
    """Let tests that wait and tests that compute run beside each other."""
    return turns.scheduling(config, log)


def pytest_configure() -> None:
    """Let Ctrl-C end this process and those that tests start, whoever started it.

    A shell that starts a command in the background lets it ignore the signal, and so all of its
    children: a test of `g6 status --watch` waited for its end in vain.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count what the tests of single modules reach; those of whole systems run without a tracer."""
    for item in items:
        if item.nodeid.startswith(UNTRACED):
            item.add_marker("no_cover")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Charge no file with the collection."""
    costs.begin(session.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that computed too long, and in CI one that was skipped although it was marked `services`."""
    report = yield
    seconds = costs.charge(item.config, report)
    if report.when == "call" and report.passed and is_too_much(item, seconds):
        report.outcome = "failed"
        report.longrepr = f"computed for {seconds:.1f} s, {MOST_PROCESSOR_SECONDS:g} s are allowed; a longer test says @pytest.mark.timeout(seconds)"
    if (
        report.skipped
        and not hasattr(report, "wasxfail")
        and os.environ.get("CI")
        and item.get_closest_marker("services")
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


def is_too_much(item: pytest.Item, seconds: float) -> bool:
    """Return whether a test used more of a processor than one without a timeout of its own may."""
    if item.get_closest_marker("timeout") or item.nodeid.startswith(OF_PROCESSES):
        return False
    return seconds > MOST_PROCESSOR_SECONDS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that are getting slow, and the files that cost most."""
    slow = [
        each
        for each in terminalreporter.getreports("passed")
        if each.when == "call" and each.duration > WARN_SECONDS
    ]
    if slow:
        terminalreporter.section(f"slower than {WARN_SECONDS:g} s")
        for each in sorted(slow, key=lambda each: -each.duration):
            terminalreporter.line(f"{each.duration:6.1f} s  {each.nodeid}")
    dear = list(costs.lines(terminalreporter))
    if dear:
        terminalreporter.section("what a file costs: seconds, and those of a processor")
        for line in dear:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def chain_of() -> Callable[..., Frame]:
    """A function that gives a chain of two expiries with every column, rolled by a die, for whatever keeps or moves chains."""
    return make_chain


def make_chain(
    cycle: str = "2026-11-20T04:05:00Z",
    index: str = "NIFTY",
    *,
    strikes: int = 5,
    seed: int = 0,
    greeks: bool = True,
) -> Frame:
    """Roll a chain of `strikes` per expiry; the first value of a column that can be missing is."""
    die, at, n, half = (
        np.random.default_rng(seed),
        parse_z(cycle).timestamp(),
        2 * strikes,
        strikes // 2,
    )
    steps = np.tile(np.arange(-half, strikes - half, dtype=np.float64), 2)
    words = {
        "underlying": index,
        "spot_source": "live",
        "model": "black76",
        "config_id": "c1",
        "forward_source": "parity",
    }
    fixed: dict[str, Any] = {
        "timestamp": np.full(n, at), "observed_at": np.full(n, at + 0.25), "rate": np.full(n, 0.055), "lot_size": np.full(n, 65),
        "expiry": np.repeat(np.array(["2026-11-24", "2026-12-01"], dtype="datetime64[D]"), strikes),
        "bucket": np.repeat(np.array(["this_week", "next_week"], dtype=object), strikes),
        "bucket_mask": np.repeat(np.array([5, 2], dtype=np.int32), strikes), "dte": np.repeat(np.array([4, 11]), strikes),
        "offset": steps, "strike": 26000.0 + 50.0 * steps,
    }  # fmt: skip
    fixed |= {name: np.full(n, word, dtype=object) for name, word in words.items()}
    columns = {
        c.name: fixed[c.name] if c.name in fixed else _rolled(c.name, c.kind, n, at, die)
        for c in CHAIN
    }
    stamp = {
        "cycle": cycle, "index": index, "config_id": "c1", "window": [2, 2],
        "pricing": {"model": "black76", "risk_free_rate": 0.055, "enabled": greeks},
    }  # fmt: skip
    header = {
        "stamp": stamp,
        "spot": {"spot": 26010.5, "vix": float("nan")},
        "observed_at": at + 0.25,
    }
    return Frame(header, columns)


def _rolled(name: str, kind: str, n: int, at: float, die: np.random.Generator) -> Any:
    if kind == "text":
        return np.array([f"{name}{i % 3}" for i in range(n)], dtype=object)
    if kind == "flags":
        return die.integers(0, 8, n).astype(np.int32)
    if name.endswith("token"):
        return die.integers(1, 10**8, n)
    forms = {
        "instant": at - np.round(die.uniform(0, 30, n), 3),
        "integer": die.integers(0, 10**6, n) * 65.0,
        "iv": die.uniform(0.1, 0.3, n).astype(np.float32),
        "float": np.round(die.uniform(1, 500, n) * 20) / 20,
    }
    forms[kind][0] = np.nan
    return forms[kind]
