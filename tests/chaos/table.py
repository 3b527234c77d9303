"""The table of faults: what each does, what must be seen, and how it came out."""

from __future__ import annotations

import subprocess
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import redis

from g6.errors import G6Error
from tests.chaos.stack import THREE, Setup, Stack, prepared, started
from tests.worlds.ledger_check import Ledgered

Act = Callable[[Stack], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `done` and `seen` are the sentences of the page, `act` does it to a stack that runs (`bare`: to a server alone).

    `short`: it is in the set that CI runs, in one stack with the others; `full`: it is in the full set.
    """

    number: str
    name: str
    done: str
    seen: str
    act: Act
    setup: Setup
    bare: bool = False
    short: bool = False
    full: bool = True


@dataclass(slots=True)
class Outcome:
    """How a fault came out. `recovered`: seconds from its end to the first whole cycle, due later, in the files."""

    fault: Fault
    found: Ledgered = field(default_factory=Ledgered)
    reasons: Counter[str] = field(default_factory=Counter)
    expectations: list[tuple[bool, str]] = field(default_factory=list)
    recovered: float | None = None
    took: float = 0.0
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether the ledger check and every expectation hold."""
        return (
            not self.error
            and not self.found.problems
            and all(holds for holds, _ in self.expectations)
        )

    def wrong(self) -> list[str]:
        """Return every sentence about what does not hold."""
        missed = [f"not so: {sentence}" for holds, sentence in self.expectations if not holds]
        return [*([self.error] if self.error else []), *missed, *self.found.problems]

    def as_json(self) -> dict[str, Any]:
        """Return the row of the table."""
        counts = {
            name: getattr(self.found, name)
            for name in ("cycles", "rows_expected", "rows_found", "duplicates", "torn")
        }
        return {
            "fault": self.fault.number, "name": self.fault.name, "passed": self.passed, **counts,
            "statuses": dict(self.found.statuses), "reasons": dict(self.reasons), "recovered_seconds": self.recovered,
            "took_seconds": round(self.took, 1), "expectations": self.expectations, "wrong": self.wrong(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Outcome:
        """Return the outcome that `as_json` wrote; what was wrong is kept as sentences."""
        counts = {
            name: kept[name]
            for name in ("cycles", "rows_expected", "rows_found", "duplicates", "torn")
        }
        expectations = [(bool(holds), str(sentence)) for holds, sentence in kept["expectations"]]
        told = {f"not so: {sentence}" for holds, sentence in expectations if not holds}
        found = Ledgered(
            **counts,
            statuses=Counter(kept["statuses"]),
            problems=[each for each in kept["wrong"] if each not in told],
        )
        one = next(each for each in FAULTS if each.number == kept["fault"])
        return cls(
            one,
            found,
            Counter(kept["reasons"]),
            expectations,
            kept["recovered_seconds"],
            kept["took_seconds"],
        )


FAULTS: list[Fault] = []
FAILURES = (
    AssertionError,
    LookupError,
    OSError,
    ValueError,
    subprocess.SubprocessError,
    psutil.Error,
    redis.RedisError,
    G6Error,
)
"""What ends one fault and not the programme."""
NOTHING = "nothing"
"""The last instant of a fault that collects nothing."""


def fault(
    number: str,
    name: str,
    *,
    done: str,
    seen: str,
    setup: Setup | None = None,
    bare: bool = False,
    short: bool = False,
    full: bool = True,
) -> Callable[[Act], Act]:
    """Register a function as a fault."""

    def register(act: Act) -> Act:
        FAULTS.append(Fault(number, name, done, seen, act, setup or Setup(), bare, short, full))
        return act

    return register


def order(number: str) -> tuple[int, str]:
    """Return the place of a fault's number: 4a stands before 4b, and both before 10."""
    digits = number.rstrip("abcdefgh")
    return int(digits), number[len(digits) :]


def run(one: Fault) -> Outcome:
    """Do one fault to processes of its own."""
    outcome, began = Outcome(one), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="g6-chaos-", ignore_cleanup_errors=True) as directory:
        base = Path(directory)
        try:
            bare = one.setup.prepared or prepared
            with (bare if one.bare else started)(base, one.setup) as stack:
                try:
                    _play(one, stack, outcome)
                except FAILURES as error:
                    outcome.error = f"{_place(error)}: {error} ({_last_words(base)})"
                _count(outcome, stack, stack.last or stack.settle())
        except FAILURES as error:
            outcome.error += f" {_place(error)}: {error} ({_last_words(base)})"
    outcome.took = time.monotonic() - began
    return outcome


def _play(one: Fault, stack: Stack, outcome: Outcome) -> None:
    """Do a fault and wait for the first whole cycle after it."""
    try:
        one.act(stack)
        if stack.over:
            stack.goes_well(1, after=stack.over)
            outcome.recovered = round(time.time() - stack.over, 1)
    finally:
        outcome.expectations = list(stack.expectations)


def _count(outcome: Outcome, stack: Stack, last: str) -> None:
    if last == NOTHING:
        return
    outcome.found = stack.check(last)
    rows = outcome.found.rows.values()
    outcome.reasons = Counter(
        f"{row['status']} {row['reason']}" for row in rows if row["status"] != "OK"
    )


def _place(error: BaseException) -> str:
    """Return an error's type and the line of the fault at which it came."""
    lines = [
        f"{each.name} line {each.lineno}"
        for each in traceback.extract_tb(error.__traceback__)
        if "chaos" in each.filename
    ]
    return f"{type(error).__name__} in {lines[-1]}" if lines else type(error).__name__


def _last_words(base: Path) -> str:
    errors = [
        f"{log.stem}: {line.strip()[-200:]}"
        for log in sorted(base.glob("*.log"))
        for line in log.read_text("utf-8", errors="replace").splitlines()
        if "Error" in line and "ConnectionError" not in line
    ]
    return "; ".join(errors[-3:]) or "the logs say nothing of it"


def run_together(
    faults: list[Fault],
    progress: Callable[[Fault], None] = lambda _fault: None,
    setup: Setup | None = None,
) -> list[Outcome]:
    """Do several faults one after the other to the same processes; one ledger check, shared out by instants."""
    outcomes = [Outcome(each) for each in faults]
    marks: list[float] = []
    with tempfile.TemporaryDirectory(prefix="g6-chaos-", ignore_cleanup_errors=True) as directory:
        try:
            with started(Path(directory), setup or Setup()) as stack:
                for outcome in outcomes:
                    progress(outcome.fault)
                    began = time.monotonic()
                    marks.append(time.time())
                    stack.expectations, stack.over = [], 0.0
                    _play(outcome.fault, stack, outcome)
                    outcome.took = time.monotonic() - began
                _share_out(outcomes, stack, stack.settle(), marks)
        except FAILURES as error:
            outcomes[
                max(0, len(marks) - 1)
            ].error = f"{_place(error)}: {error} ({_last_words(Path(directory))})"
    return outcomes


def _share_out(outcomes: list[Outcome], stack: Stack, last: str, marks: list[float]) -> None:
    """Give each fault the rows due from its beginning to the next one's; what the check found wrong goes to the last."""
    whole = stack.check(last)
    for outcome, begin, end in zip(
        outcomes, [0.0, *marks[1:]], [*marks[1:], time.time() + 3600.0], strict=True
    ):
        mine = {key: row for key, row in whole.rows.items() if begin <= stack.due(key[0]) < end}
        outcome.found.rows, outcome.found.rows_found = mine, len(mine)
        outcome.found.cycles = len({cycle for cycle, _ in mine})
        outcome.found.rows_expected = outcome.found.cycles * len(THREE)
        outcome.found.statuses = Counter(row["status"] for row in mine.values())
        outcome.reasons = Counter(
            f"{row['status']} {row['reason']}" for row in mine.values() if row["status"] != "OK"
        )
    outcomes[-1].found.problems = whole.problems
    outcomes[-1].found.duplicates, outcomes[-1].found.torn = whole.duplicates, whole.torn
