"""What each file of tests costs: wall time, and processor time of the process and its children.

A child is counted when it is waited for: what a system of processes used stands with the test, or
with the fixture, that ended it. Commands that are forks of `tests/e2e/warm_commands.py` stand with none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

PROPERTY = "processor seconds"
LEAST_SECONDS = 5.0
"""A file that took less, waiting included, is not named."""
SPENT = pytest.StashKey[float]()
"""Processor seconds of the process and its children, when the last report was made."""


@dataclass(slots=True)
class Cost:
    """Seconds that a file took.

    Attributes:
        wall: With its fixtures.
        processor: Of the process that ran it, and of the children that ended.
    """

    wall: float = 0.0
    processor: float = 0.0


def begin(config: pytest.Config) -> None:
    """Leave what was spent by now to nobody."""
    config.stash[SPENT] = sum(os.times()[:4])


def charge(config: pytest.Config, report: pytest.TestReport) -> float:
    """Write on a report the processor seconds since the last one, and return them."""
    before = config.stash[SPENT]
    begin(config)
    seconds = config.stash[SPENT] - before
    report.user_properties.append((PROPERTY, seconds))
    return seconds


def of_files(reports: Iterator[pytest.TestReport]) -> dict[str, Cost]:
    """Add the reports up by file."""
    files: dict[str, Cost] = {}
    for report in reports:
        cost = files.setdefault(report.nodeid.partition("::")[0], Cost())
        cost.wall += report.duration
        for name, value in report.user_properties:
            if name == PROPERTY:
                assert isinstance(value, float)
                cost.processor += value
    return files


def lines(terminal: pytest.TerminalReporter) -> Iterator[str]:
    """Return the files that took longest, and the sum of all."""
    reports = (
        report
        for category in terminal.stats.values()
        for report in category
        if isinstance(report, pytest.TestReport)
    )
    files = of_files(reports)
    dear = [(file, cost) for file, cost in files.items() if cost.wall >= LEAST_SECONDS]
    for file, cost in sorted(dear, key=lambda item: -item[1].wall):
        yield f"{cost.wall:7.1f} {cost.processor:7.1f}  {file}"
    if dear:
        wall = sum(cost.wall for cost in files.values())
        processor = sum(cost.processor for cost in files.values())
        yield f"{wall:7.1f} {processor:7.1f}  all of {len(files)} files"
