"""The table on a terminal, as JSON, and as docs/reference/faults.md."""

from __future__ import annotations

import json as codec
import os
import platform
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.table import Fault, Outcome, order

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "faults.md"
STATUSES = ("OK", "PARTIAL", "MISSING", "SKIPPED")
COLUMNS = (
    "fault",
    "cycles",
    *STATUSES,
    "rows expected",
    "rows found",
    "duplicates",
    "torn",
    "seconds to recover",
)
HEAD = """<!-- Written by `make chaos` (tests/chaos); edit the faults there instead. -->

# Faults, and what became of them

Each fault is done to real processes (a Redis server, workers, beats) on the simulated market, at the moment it is about: a kill
waits until the ledger shows that stage running. Each ends in the ledger check, which takes the instants from the session's grid
and the rows from the files and never asks the ledger: exactly one overview row per index and instant, every unit OK, PARTIAL,
MISSING or SKIPPED with its reason, a stored chain behind every OK, no duplicate and no torn row in any file.

Counted are rows: one per index and cycle. *Seconds to recover* run from the fault's end to the first whole cycle, due after it,
in the files; the grid's step (3 s where nothing else is said) is in them.
"""


@dataclass(slots=True)
class Report:
    """What was run so far."""

    json: bool = False
    keep: Path | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    console: Console = field(
        default_factory=lambda: Console(stderr=True, width=None if sys.stderr.isatty() else 150)
    )
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def passed(self) -> bool:
        """Whether everything held."""
        return bool(self.outcomes) and all(outcome.passed for outcome in self.outcomes)

    def names(self, faults: list[Fault]) -> None:
        """List faults."""
        if self.json:
            sys.stdout.write(
                codec.dumps(
                    [
                        {"fault": each.number, "name": each.name, "done": each.done}
                        for each in faults
                    ]
                )
                + "\n"
            )
            return
        for each in faults:
            self.console.print(f"{each.number:>4}  {each.name}", highlight=False)

    def begins(self, fault: Fault) -> None:
        """Say what is being done now."""
        self.console.print(f"{fault.number:>4}  {fault.name} …", highlight=False)

    def ended(self, outcome: Outcome) -> None:
        """Keep an outcome and say how it came out."""
        self.outcomes.append(outcome)
        if self.keep is not None:
            self.keep.mkdir(parents=True, exist_ok=True)
            (self.keep / f"{outcome.fault.number}.json").write_text(
                codec.dumps(outcome.as_json(), indent=1), "utf-8"
            )
        word = "[green]survived[/green]" if outcome.passed else "[red]FAILED[/red]"
        self.console.print(
            f"{outcome.fault.number:>4}  {word}, {outcome.took:.0f} s", highlight=False
        )
        for sentence in outcome.wrong():
            self.console.print(f"      {sentence}", highlight=False, markup=False)

    def recall(self) -> list[Fault]:
        """Take what earlier runs kept; return the faults that survived them."""
        for path in self.keep.glob("*.json") if self.keep is not None else ():
            outcome = Outcome.from_json(codec.loads(path.read_text("utf-8")))
            if outcome.passed:
                self.outcomes.append(outcome)
        return [outcome.fault for outcome in self.outcomes]

    def show(self) -> None:
        """Print the table."""
        self.outcomes.sort(key=lambda outcome: order(outcome.fault.number))
        if self.json:
            sys.stdout.write(
                codec.dumps([outcome.as_json() for outcome in self.outcomes], indent=1) + "\n"
            )
            return
        table = Table(*COLUMNS, "", box=None, header_style="bold")
        for outcome in self.outcomes:
            table.add_row(*_cells(outcome), "ok" if outcome.passed else "FAILED")
        Console(width=None if sys.stdout.isatty() else 180).print(table)

    def write(self) -> None:
        """Write the page."""
        lines = [
            HEAD,
            self._ran(),
            "",
            "| " + " | ".join(COLUMNS) + " |",
            "|---" * len(COLUMNS) + "|",
        ]
        lines += ["| " + " | ".join(_cells(outcome)) + " |" for outcome in self.outcomes]
        for outcome in self.outcomes:
            lines += _section(outcome)
        PAGE.write_text("\n".join(lines) + "\n", "utf-8")

    def _ran(self) -> str:
        held = sum(outcome.passed for outcome in self.outcomes)
        alone = sum(outcome.took for outcome in self.outcomes) / 60.0
        return (
            f"Run with `make chaos` on {self.began:%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"{alone:.0f} minutes one after the other: {held} of {len(self.outcomes)} survived."
        )


def _cells(outcome: Outcome) -> list[str]:
    found = outcome.found
    counts = [
        found.cycles,
        *(found.statuses.get(word, 0) for word in STATUSES),
        found.rows_expected,
        found.rows_found,
    ]
    recovered = "" if outcome.recovered is None else f"{outcome.recovered:.1f}"
    return [
        f"{outcome.fault.number} {outcome.fault.name}",
        *map(str, counts),
        str(found.duplicates),
        str(found.torn),
        recovered,
    ]


def _section(outcome: Outcome) -> list[str]:
    fault = outcome.fault
    lines = ["", f"## {fault.number}: {fault.name}", "", f"{fault.done} {fault.seen}", ""]
    lines += [
        f"- {'' if holds else '**not so:** '}{sentence}" for holds, sentence in outcome.expectations
    ]
    if outcome.reasons:
        lines += [
            "- rows that are not OK: "
            + ", ".join(f"{count} × {reason}" for reason, count in sorted(outcome.reasons.items()))
        ]
    lines += [
        f"- **wrong:** {problem}" for problem in [outcome.error, *outcome.found.problems] if problem
    ]
    return lines if lines[-1] else lines[:-1]
