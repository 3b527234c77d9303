"""What a cycle takes in two trees, in pairs of one run: processor time by process, Redis commands, times the empty-Celery floor.

    make bench-cycle ARGS="--before DIR"             DIR is a checkout of the commit to compare with, whose .venv has it installed
    make bench-cycle                                 this tree alone

Trees take turns (A B B A …), so that a machine that changes its mind changes it for both. A row of the table is the median of the runs.
Both are run by the benchmark of this tree, and the processor time is that of all cycles until the last of them is stored.
Writes benchmarks/cycle.json, and the table at the end of benchmarks/results.md. Ratios are medians over pairs.
A run of 30 cycles takes 50 s: three pairs of two trees a quarter of an hour, `--pairs 2 --cycles 24 --idle 12` eight minutes.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FLOOR = ROOT / "tests" / "benchmarks" / "celery_floor" / "floor.py"
KINDS = ("null", "full")
MARK = "<!-- cycles of two trees in pairs: written by `make bench-cycle` -->"
"""Begins the table in the page of results."""
Found = dict[str, Any]


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, help="a checkout to compare with")
    parser.add_argument("--pairs", type=int, default=3, help="runs of each kind in each tree (3)")
    parser.add_argument("--cycles", type=int, default=30, help="cycles that count in a run (30)")
    parser.add_argument(
        "--idle", type=int, default=20, help="cycles and seconds over which commands count (20)"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks")
    return parser.parse_args()


def one(tree: Path, kind: str, cycles: int, idle: int = 0) -> Found:
    """Run the cycles of one tree and return what they took."""
    path = {"PYTHONPATH": os.pathsep.join((str(tree), str(HERE.parent)))}
    command = [tree / ".venv" / "bin" / "python", HERE / "one_run.py", kind, str(cycles), str(idle)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tree, env={**os.environ, **path}, check=False
    )
    if done.returncode:
        raise SystemExit(f"the run of {tree} failed:\n{done.stderr[-4000:]}")
    found: Found = json.loads(done.stdout.strip().splitlines()[-1])
    return found | {"load": os.getloadavg()[0]}


def floor() -> Found:
    """Run the empty-Celery floor once."""
    command = [sys.executable, FLOOR, "--runs", "30"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Found = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measure(given: argparse.Namespace, trees: dict[str, Path]) -> Found:
    """Run everything, tree by tree in turns."""
    runs: Found = {name: {kind: [] for kind in KINDS} for name in trees}
    floors: list[Found] = []
    for number in range(given.pairs):
        order = list(trees) if number % 2 == 0 else list(trees)[::-1]
        for kind in KINDS:
            if kind == "null":
                floors.append(floor())
            for name in order:
                runs[name][kind].append(one(trees[name], kind, given.cycles))
                _say(f"{number + 1}. {kind} {name}: {_spent(runs[name][kind][-1]):.0f} ms a cycle")
    floors.append(floor())
    commands = {name: one(tree, "up", given.idle, given.idle) for name, tree in trees.items()}
    return {"runs": runs, "floors": floors, "commands": commands}


def _spent(run: Found) -> float:
    return float(sum(run["cpu"].values()))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def ratios(found: Found) -> Found:
    """Return what the tree takes of the one before, and the times of the floor."""
    runs = found["runs"]
    said: Found = {}
    if "before" in runs:
        for kind in KINDS:
            pairs = zip(runs["now"][kind], runs["before"][kind], strict=True)
            said[f"{kind} of before"] = statistics.median(
                _spent(one) / _spent(other) for one, other in pairs
            )
    of_floor = statistics.median(each["cycle"]["p50"] for each in found["floors"])
    for name in runs:
        of_tree = statistics.median(each["cycle"]["p50"] for each in runs[name]["null"])
        said[f"null {name}, times the floor"] = of_tree / of_floor
    return {name: round(value, 3) for name, value in said.items()}


def table(found: Found) -> str:
    """Return the table as Markdown."""
    lines = ["| ms of processor time a cycle | " + " | ".join(found["runs"]) + " |"]
    lines.append("|---" * (1 + len(found["runs"])) + "|")
    for kind in KINDS:
        names = list(next(iter(found["runs"].values()))[kind][0]["cpu"])
        for name in (*names, "all"):
            cells = []
            for runs in found["runs"].values():
                spent = [_spent(run) if name == "all" else run["cpu"][name] for run in runs[kind]]
                cells.append(f"{statistics.median(spent):.1f}")
            lines.append(f"| {kind}: {name} | " + " | ".join(cells) + " |")
    cells = [f"{each['commands']:.0f}" for each in found["commands"].values()]
    lines.append("| Redis commands of a null cycle | " + " | ".join(cells) + " |")
    names = sorted({name for each in found["commands"].values() for name in each["by_name"]})
    for name in names:
        counts = [each["by_name"].get(name, 0.0) for each in found["commands"].values()]
        if max(counts) >= 1:
            lines.append(f"| {name} | " + " | ".join(f"{count:.1f}" for count in counts) + " |")
    lines += [f"\n{name}: {value}" for name, value in found["ratios"].items()]
    loads = [run["load"] for runs in found["runs"].values() for kind in KINDS for run in runs[kind]]
    lines.append(f"\n{found['date']}, load {min(loads):.1f} to {max(loads):.1f}")
    return "\n".join(lines)


def put_table(page: Path, text: str) -> None:
    """Put the table in the place of the one before, at the end of the page."""
    above = page.read_text("utf-8").partition(MARK)[0].rstrip() if page.exists() else ""
    page.write_text(f"{above}\n\n{MARK}\n\n{text}\n".lstrip(), "utf-8")


def main() -> None:
    """Measure, print, write."""
    given = arguments()
    trees = {} if given.before is None else {"before": given.before.resolve()}
    trees["now"] = ROOT
    found = measure(given, trees)
    found |= {"ratios": ratios(found), "date": datetime.now(UTC).isoformat(timespec="seconds")}
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "cycle.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    put_table(given.output / "results.md", table(found))
    sys.stdout.write(table(found) + "\n")


if __name__ == "__main__":
    main()
