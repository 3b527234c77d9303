"""`python -m tests.simulate`: run schedules until as many cycles were judged; exit code 1 when one fails.

python -m tests.simulate --cycles 20000            thousands of schedules, seeds from 0 on
python -m tests.simulate --seed 17                 the schedule of one seed
python -m tests.simulate --seed 17 --cycles 20000  thousands of schedules, seeds from 17 on
python -m tests.simulate --seed 17 --deviations 909:disk_full:15.12    exactly these deviations
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulate.deviations import Deviation, draw
from tests.simulate.running import (
    CYCLES,
    INTERVALS,
    STEPS_A_CYCLE,
    Outcome,
    run,
    run_seed,
    shrunk,
)

PLANTED = Path(__file__).resolve().parents[2] / "benchmarks/planted.json"
NONE = "none"
"""What stands for no deviations at all on the command line."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A schedule with something wrong: its seed, the fewest deviations that show it, and what is wrong."""

    seed: int
    deviations: tuple[Deviation, ...]
    problems: tuple[str, ...]

    def command(self) -> str:
        """Return the command that replays it."""
        return (
            f"python -m tests.simulate --seed {self.seed} --deviations {written(self.deviations)}"
        )


def written(deviations: Sequence[Deviation]) -> str:
    """Write deviations as the command line takes them."""
    return ",".join(map(str, deviations)) or NONE


def read(text: str) -> tuple[Deviation, ...]:
    """Return the deviations that `written` wrote."""
    if text == NONE:
        return ()
    return tuple(Deviation.parse(part) for part in text.split(",") if part)


def failures(seeds: Sequence[int]) -> tuple[int, list[Failure]]:
    """Run the schedules of some seeds; return the steps that were run, and what failed, shrunk."""
    found = []
    steps = 0
    for seed in seeds:
        outcome, _ = run_seed(seed)
        steps += outcome.steps
        if outcome.problems:
            found.append(shortest(seed))
    return steps, found


def shortest(seed: int) -> Failure:
    """Return the failure of a seed's schedule with the fewest deviations that show it."""
    fewest = shrunk(seed, run_seed(seed)[1])
    return Failure(seed, fewest, run(seed, fewest).problems)


def _replay(seed: int, deviations: tuple[Deviation, ...] | None) -> Outcome:
    return run_seed(seed)[0] if deviations is None else run(seed, deviations)


def _campaign(first: int, cycles: int, jobs: int) -> int:
    began = time.perf_counter()
    count = -(-cycles // CYCLES)
    chunks = [
        list(range(first + start, first + min(start + 25, count))) for start in range(0, count, 25)
    ]
    steps = 0
    schedules = 0
    failed: list[Failure] = []
    with ProcessPoolExecutor(jobs) as pool:
        for chunk, (chunk_steps, found) in zip(chunks, pool.map(failures, chunks), strict=True):
            steps += chunk_steps
            schedules += len(chunk)
            failed += found
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{schedules} of {count} schedules, {len(failed)} failed ")
    seconds = time.perf_counter() - began
    for failure in failed:
        print(f"seed {failure.seed} fails: {'; '.join(failure.problems[:3])}")
        print(f"  {failure.command()}")
    judged = schedules * CYCLES
    print(
        f"{schedules} schedules from seed {first}, {judged} cycles, {steps} steps in {seconds:.1f} s "
        f"({judged / seconds:.0f} cycles a second): {len(failed)} failed"
    )
    return bool(failed)


def hunted(first: int, most: int, needs: Sequence[str] = ()) -> dict[str, Any]:
    """Run schedules until one fails; return how many, and the fewest deviations.

    Schedules without one of the kinds `needs` are counted and not run: then the count is a bound.
    """
    is_bound = False
    for number, seed in enumerate(range(first, first + most), 1):
        if not set(needs) <= _kinds(seed):
            is_bound = True
            continue
        outcome, deviations = run_seed(seed)
        if outcome.problems:
            fewest = shrunk(seed, deviations)
            return {
                "schedules": number, "seed": seed, "deviations": list(map(str, fewest)),
                "problems": list(run(seed, fewest).problems), "is_bound": is_bound,
            }  # fmt: skip
    return {
        "schedules": 0, "seed": first, "deviations": [], "problems": [], "is_bound": is_bound,
    }  # fmt: skip


def _kinds(seed: int) -> set[str]:
    steps = STEPS_A_CYCLE[INTERVALS[seed % len(INTERVALS)]] * CYCLES
    return {deviation.kind for deviation in draw(seed, steps)}


def _at_least_one(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count} cycles judge nothing: write 1 or more")
    return count


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seed", type=int, help="run the schedule of this seed, with --cycles those from it on"
    )
    parser.add_argument(
        "--deviations",
        help=f"run exactly these deviations, written as STEP:KIND:AMOUNT,…, or {NONE}",
    )
    parser.add_argument("--cycles", type=_at_least_one, help="cycles to judge (default 5000)")
    parser.add_argument(
        "--until-failure",
        type=int,
        metavar="N",
        help="run at most N schedules until one fails; print JSON",
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--json", action="store_true", help="print the outcome of one seed as JSON")
    chosen = parser.parse_args()
    if chosen.until_failure:
        answer = hunted(chosen.seed or 0, chosen.until_failure)
        print(json.dumps(answer))
        return bool(answer["schedules"])
    if chosen.deviations is not None and chosen.cycles is not None:
        parser.error("--deviations are of one schedule: leave out --cycles")
    if chosen.deviations is not None and chosen.seed is None:
        parser.error("--deviations need the --seed of their schedule")
    if chosen.seed is None or chosen.cycles is not None:
        return _campaign(chosen.seed or 0, chosen.cycles or 5_000, chosen.jobs)
    try:
        deviations = None if chosen.deviations is None else read(chosen.deviations)
    except ValueError as error:
        parser.error(f"--deviations {chosen.deviations}: {error}")
    outcome = _replay(chosen.seed, deviations)
    if chosen.json:
        print(
            json.dumps(
                {"digest": outcome.digest, "steps": outcome.steps, "problems": outcome.problems}
            )
        )
    else:
        print(
            f"seed {chosen.seed}: {outcome.steps} steps, {outcome.struck} deviations, digest {outcome.digest}"
        )
        for problem in outcome.problems:
            print(f"  {problem}")
        if outcome.problems and deviations is None:
            print("  the fewest deviations that show it:")
            print(f"  {shortest(chosen.seed).command()}")
        for bug in () if outcome.problems else bugs_of(chosen.seed, chosen.deviations):
            print(f"  all is well: this schedule fails only with the bug {bug!r} planted")
            print(f"  with it and without: python -m tests.planted --replay --only {bug!r}")
    return bool(outcome.problems)


def bugs_of(seed: int, text: str | None) -> list[str]:
    """Return the planted bugs whose row is of this schedule."""
    rows = json.loads(PLANTED.read_text("utf-8"))
    return [
        row["bug"]
        for row in rows
        if (row["seed"], ",".join(row["deviations"]) or NONE) == (seed, text)
    ]


if __name__ == "__main__":
    sys.exit(main())
