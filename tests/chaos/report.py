"""The table on a terminal, as JSON, and as docs/reference/faults.md."""

from __future__ import annotations

import json as codec
import os
import platform
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.table import FAULTS, Fault, Outcome, order

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
RAN = "Run with `make chaos`"
ADDED = "Added to the page later, "
LACKING = "Without a row, as no run of them was kept: "
RUN_DIRECTORY = re.compile(r"[^\s(]*/g6-chaos-[^/\s]+/")
HEAD = """<!-- Written by `make chaos` (tests/chaos); edit the faults there instead. -->

# Faults, and what became of them

Each fault is done to real processes (a Redis server, workers, beats) on the simulated market, at the moment it is about: a kill
waits until the ledger shows that stage running. Each ends in the ledger check, which takes the instants from the session's grid
and the rows from the files and never asks the ledger: exactly one overview row per index and instant, every unit OK, PARTIAL,
MISSING or SKIPPED with its reason, a stored chain behind every OK, no duplicate and no torn row in any file.

Counted are rows: one per index and cycle. *Seconds to recover* run from the fault's end to the first whole cycle, due after it,
in the files; the grid's step (3 s where nothing else is said) is in them.

Faults 15b, 26 and 30 to 35 are done on several hosts: network namespaces of one machine with an address, a name, a disk and a cable
each, and a proxy between each of them and Redis. `make hosts` does these and the disks alone, as root. Fault 27, a long run, is
`make soak`.
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
        """Write the page anew, from this run alone."""
        rows = {each.fault.number: _row(each) for each in self.outcomes}
        sections = {each.fault.number: "\n".join(_section(each)).strip() for each in self.outcomes}
        PAGE.write_text(_page([self._ran()], rows, sections), "utf-8")

    def add(self) -> None:
        """Put the rows of this run into the page, in the place of those of the same numbers."""
        renewed = [outcome.fault.number for outcome in self.outcomes]
        head, *parts = PAGE.read_text("utf-8").rstrip().split("\n## ")
        sections = {part.partition(":")[0]: f"## {part.rstrip()}" for part in parts}
        lines = head.splitlines()
        rows = {_number(line): line for line in lines if _number(line)}
        runs = [line for line in lines if line.startswith(RAN)]
        runs += filter(None, (_without(line, renewed) for line in lines if line.startswith(ADDED)))
        runs.append(f"{ADDED}{', '.join(renewed)}: {self._ran()}")
        for outcome in self.outcomes:
            rows[outcome.fault.number] = _row(outcome)
            sections[outcome.fault.number] = "\n".join(_section(outcome)).strip()
        PAGE.write_text(_page(runs, rows, sections), "utf-8")

    def _ran(self) -> str:
        held = sum(outcome.passed for outcome in self.outcomes)
        alone = sum(outcome.took for outcome in self.outcomes) / 60.0
        return (
            f"{RAN} on {self.began:%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"{alone:.0f} minutes one after the other: {held} of {len(self.outcomes)} survived."
        )


def _page(runs: Sequence[str], rows: Mapping[str, str], sections: Mapping[str, str]) -> str:
    """Return the page: the runs that it comes from, a row and a section of each fault."""
    known = [fault.number for fault in FAULTS if fault.full or fault.number in rows]
    numbers = sorted((number for number in known if number in rows), key=order)
    lacking = sorted(set(known) - set(numbers), key=order)
    # A run of some faults left one out for a week, and nothing on the page said so.
    notes = [*runs, f"{LACKING}{', '.join(lacking)}."] if lacking else list(runs)
    head = [HEAD, *(f"{note}\n" for note in notes)]
    table = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    table += [rows[number] for number in numbers]
    parts = [*head, "\n".join(table) + "\n", *(sections[number] + "\n" for number in numbers)]
    return "\n".join(parts)


def _without(line: str, renewed: Collection[str]) -> str:
    """Return the line of an earlier run without the faults that were run again.

    Empty where none is left.
    """
    names, _, rest = line.removeprefix(ADDED).partition(": ")
    left = [name for name in names.split(", ") if name not in renewed]
    return f"{ADDED}{', '.join(left)}: {rest}" if left else ""


def _row(outcome: Outcome) -> str:
    """Return the row of the table."""
    return "| " + " | ".join(_cells(outcome)) + " |"


def _number(line: str) -> str:
    """Return the number of the fault whose row of the table a line is, else nothing."""
    word = line.removeprefix("| ").partition(" ")[0]
    return word if line.startswith("| ") and word[:1].isdigit() else ""


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
    # A run's directory is a temporary one; what stands below it is the same on any machine.
    lines = [RUN_DIRECTORY.sub("", line) for line in lines]
    return lines if lines[-1] else lines[:-1]
