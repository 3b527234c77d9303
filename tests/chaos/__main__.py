"""`python -m tests.chaos`: faults against real processes, a table, and docs/reference/faults.md."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.chaos import faults
from tests.chaos.report import Report
from tests.chaos.side_by_side import run_side_by_side
from tests.chaos.table import FAULTS, Fault, order, run, run_together


def chosen(only: str, *, short: bool) -> list[Fault]:
    """Return the faults asked for: by number (4 means 4a and 4b), else all, or the short set."""
    numbers = [each.strip() for each in only.split(",") if each.strip()]
    known = sorted(FAULTS, key=lambda each: order(each.number))
    if unknown := [number for number in numbers if not any(_named(each, number) for each in known)]:
        raise SystemExit(f"no fault {', '.join(unknown)}; --list shows them")
    if numbers:
        return [each for each in known if any(_named(each, number) for number in numbers)]
    return [each for each in known if (each.short if short else each.full)]


def _named(each: Fault, number: str) -> bool:
    return number in (each.number, each.number.rstrip("abcdefgh"))


def main() -> int:
    """Run what the command line asks for; exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the faults and end")
    parser.add_argument("--only", default="", metavar="4,5", help="these faults alone")
    parser.add_argument(
        "--short", action="store_true", help="the short set, in one run of processes, as CI has it"
    )
    parser.add_argument("--json", action="store_true", help="JSON instead of the table")
    parser.add_argument(
        "--no-page", action="store_true", help="do not write docs/reference/faults.md"
    )
    parser.add_argument(
        "--add",
        action="store_true",
        help="with --only: put these rows into the page, beside its others",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep outcomes there; what survived an earlier run is not run again",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=2,
        metavar="N",
        help="faults at a time, each in processes of its own (2)",
    )
    parser.add_argument(
        "--exactly", action="store_true", help="with --only: one number, 4a and not 4, and here"
    )
    asked = parser.parse_args()
    # What a script starts in the background ignores SIGINT, and so does all that it starts: the
    # programme could not be ended with what it had started.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = chosen(asked.only, short=asked.short)
    if asked.exactly:
        wanted = [each for each in wanted if each.number == asked.only]
    report = Report(json=asked.json, keep=asked.keep)
    if asked.list:
        report.names(wanted)
        return 0
    if asked.short and not asked.only:
        report.outcomes += run_together(wanted, report.begins)
    else:
        known = report.recall()
        wanted = [each for each in wanted if each not in known]
        outcomes = (
            map(run, wanted)
            if asked.exactly
            else run_side_by_side(wanted, asked.jobs, report.begins)
        )
        for outcome in outcomes:
            report.ended(outcome)
    report.show()
    if asked.add:
        report.add()
    elif not (asked.only or asked.short or asked.no_page):
        report.write()
    return int(not report.passed)


if __name__ == "__main__":
    assert faults
    sys.exit(main())
