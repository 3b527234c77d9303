"""What a cycle costs: the empty-Celery floor, G6 with its compute taken out, and G6 whole, one after the other in one run.

    make bench                            three rounds, about ten minutes
    make bench ARGS=--quick               one short round, to see that it works
    make bench ARGS="--require"           exit status 1 where a limit is missed

Floor and null runs alternate, round by round, so that both see the same machine; the ratios are medians over the rounds.
Writes benchmarks/results.json and benchmarks/results.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bench_figures as figures
import bench_report
import null_app
from bench_stack import FLOOR_LAYOUT, HERE, ROOT, UP_LAYOUT, Plan, Run, run, settings_for
from cycle.bench_cycle import MARK
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

FLOOR = HERE / "celery_floor" / "floor.py"
STARTING = 12
"""Seconds that a run takes besides its cycles, for the progress bar."""


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of floor and null runs (3)")
    parser.add_argument(
        "--cycles", type=int, default=30, help="cycles of a null run in each round (30)"
    )
    parser.add_argument("--full", type=int, default=60, help="cycles of the full run (60)")
    parser.add_argument(
        "--ticks",
        type=int,
        default=200,
        help="ticks over which beat's lateness and drift are taken (200)",
    )
    parser.add_argument(
        "--span",
        type=int,
        default=60,
        help="cycles, and seconds without any, over which commands are counted (60)",
    )
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument(
        "--require", action="store_true", help="exit status 1 where a limit is missed"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "benchmarks",
        help="directory of results.json and results.md",
    )
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.cycles, given.full, given.ticks, given.span = 1, 10, 10, 12, 10
    return given


def measure(
    given: argparse.Namespace, step: Callable[[str, Plan | None], Run | dict[str, Any]]
) -> dict[str, Any]:
    """Run everything; return figures by name."""
    null = Plan("null_app", FLOOR_LAYOUT, given.cycles)
    rounds = [_round(null, step) for _ in range(given.rounds)]
    steady = step(
        "null, layout of g6 up",
        Plan("null_app", UP_LAYOUT, given.ticks, idle=given.span, messages=True),
    )
    both = step("null, two beats", replace(null, beats=2))
    full = step("full", Plan("g6", UP_LAYOUT, given.full))
    found: dict[str, Any] = {"rounds": [summary for summary, _ in rounds]}
    cpu = {
        name: statistics.median(runs["null"].cpu[name] for _, runs in rounds)
        for name in rounds[0][1]["null"].cpu
    }
    pooled = Run(records=[record for _, runs in rounds for record in runs["null"].records], cpu=cpu)
    chains = Run(records=[record for _, runs in rounds for record in runs["chain"].records])
    found |= {
        "null": _cycle_figures(pooled),
        "chain": {
            "chain": figures.percentiles(figures.chains(chains)),
            "instant to stored": _stored(chains),
        },
        "up": _cycle_figures(steady) | {"drift_ms_per_tick": figures.drift(steady)},
        "two_beats": _cycle_figures(both),
        "full": _cycle_figures(full) | {"compute": figures.compute(full), **figures.options(full)},
        "commands_per_cycle": steady.commands_per_cycle,
        "commands_by_name": {
            name: round(calls, 1) for name, calls in steady.commands_by_name.items()
        },
        "message_bytes": steady.messages,
    }
    return found


def _round(
    null: Plan, step: Callable[[str, Plan | None], Any]
) -> tuple[dict[str, Any], dict[str, Run]]:
    """One floor on either side of the null runs, so that a machine that changes its mind shows."""
    before = step("floor", None)
    runs = {
        "null": step("null", null),
        "chain": step("null, one index", replace(null, indices=("NIFTY",))),
    }
    after = step("floor", None)
    floor = {
        kind: {p: (before[kind][p] + after[kind][p]) / 2 for p in ("p50", "p95", "p99")}
        for kind in ("chain", "cycle")
    }
    cycle, chain = (
        figures.percentiles(of(runs[name]))
        for name, of in (("null", figures.cycles), ("chain", figures.chains))
    )
    ratios = {
        "cycle_p50": cycle["p50"] / floor["cycle"]["p50"],
        "cycle_p95": cycle["p95"] / floor["cycle"]["p95"],
        "chain_p50": chain["p50"] / floor["chain"]["p50"],
        "chain_p95": chain["p95"] / floor["chain"]["p95"],
        "stored_p50": _stored(runs["chain"])["p50"] / floor["chain"]["p50"],
    }
    told = {"floor": floor, "floor_runs": [before, after], "cycle": cycle, "chain": chain}
    return told | {"ratios": {name: round(ratio, 2) for name, ratio in ratios.items()}}, runs


def _stored(of: Run) -> figures.Percentiles:
    return figures.percentiles(figures.ticks_to_stored(of))


def _cycle_figures(of: Run) -> dict[str, Any]:
    return {
        "cycle": figures.percentiles(figures.cycles(of)),
        "lateness": figures.percentiles(figures.lateness(of)),
        "units": figures.statuses(of),
        "way": figures.way(of),
        "cpu": {name: round(spent, 1) for name, spent in of.cpu.items()},
    }


def floor(runs: int) -> dict[str, Any]:
    """Run the empty-Celery floor once."""
    done = subprocess.run(
        [sys.executable, FLOOR, "--runs", str(runs)], check=True, capture_output=True, text=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def main() -> None:
    """Measure, print, write, judge."""
    given = arguments()
    load_before = bench_report.load()
    with tempfile.TemporaryDirectory(prefix="g6-bench-") as directory, _bar() as bar:
        results, prepared_for = Path(directory) / "results.pickle", settings_for(Path(directory))
        null_app.prepare(prepared_for, results)
        total = (
            given.rounds * 2 * (given.cycles + 5 + STARTING + 15)
            + given.ticks
            + given.span
            + given.cycles
            + given.full
            + 3 * STARTING
        )
        task = bar.add_task("starting", total=total)

        def step(name: str, plan: Plan | None) -> Any:
            bar.update(task, description=name)
            if plan is None:
                answer: Any = floor(max(given.cycles, 20))
                bar.advance(task, 15)
                return answer
            done = bar.tasks[0].completed
            answer = run(
                plan, results, lambda share: bar.update(task, completed=done + share * plan.cycles)
            )
            bar.update(task, completed=done + plan.cycles + plan.idle + STARTING)
            return answer

        found = measure(given, step)
    found |= {"load": [load_before, bench_report.load()], **bench_report.surroundings()}
    found["ratios"], found["missed"] = bench_report.judge(found)
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "results.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    page = given.output / "results.md"
    _, mark, cycles = page.read_text("utf-8").partition(MARK) if page.exists() else ("", "", "")
    below = f"\n{mark}{cycles}" if mark else ""
    page.write_text(bench_report.markdown(found) + below, "utf-8")
    bench_report.show(found)
    if given.require and found["missed"]:
        raise SystemExit(1)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:24}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )


if __name__ == "__main__":
    main()
