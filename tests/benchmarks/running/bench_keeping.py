"""What keeping costs: backup, restore, archive, certificates of many days, beside `cp -r` and `sha256sum` of the same files.

    make bench-keeping                            20 days of two indices; makes them first, which takes some minutes
    make bench-keeping ARGS="--keep DIR"          the days stay in DIR/rows and are used again
    make bench-keeping ARGS="--days 2 --rounds 1" a short one, to see that it works

Floor and commands alternate, round by round, and figures are medians. The last day comes after the first backup, so that the second one
is what a day costs. Writes benchmarks/keeping.json.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from g6.adapters.data_dir.certificate_files import stored_paths
from g6.bootstrap.stored_files.directory_certificates import DirectoryCertificates
from g6.config import load
from g6.studies.stored.days.certificate_checks import certificate_findings

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/benchmarks")]

from bench_report import load as load_average  # noqa: E402
from bench_report import surroundings  # noqa: E402

RATIOS = ("backup", "restore", "check", "archive_put", "archive_check", "archive_back", "verify")
"""Steps that read or write every file, each beside the floor of its round."""


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=20, help="simulated days (20)")
    parser.add_argument("--indices", default="NIFTY,BANKNIFTY", help="names between commas")
    parser.add_argument("--keep", type=Path, help="directory for the days; those there are used")
    parser.add_argument("--rounds", type=int, default=3, help="times that all is done (3)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/keeping.json")
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds that something took, by the clock and of a processor."""

    wall: float
    processor: float

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.wall + other.wall, self.processor + other.processor)


def g6(*words: str | Path, rows: Path) -> Taken:
    """Run a command of G6 and return what it took."""
    command = [sys.executable, "-m", "g6.entrypoints.cli", *map(str, words), "--data-dir", rows]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def seconds(task: Callable[[], object]) -> Taken:
    """Return what a task took in this process and in those that it waited for."""
    began, before = time.perf_counter(), os.times()
    task()
    after = os.times()
    spent = sum(after[:4]) - sum(before[:4])
    return Taken(time.perf_counter() - began, spent)


def floor(rows: Path, copy: Path) -> dict[str, Taken]:
    """Copy a tree with cp and hash the copy with sha256sum; return what both took."""
    copied = seconds(lambda: subprocess.run(["cp", "-r", rows, copy], check=True))
    files = [path for path in copy.rglob("*") if path.is_file()]
    hashed = seconds(
        lambda: subprocess.run(["sha256sum", "--", *files], check=True, stdout=subprocess.DEVNULL)
    )
    shutil.rmtree(copy)
    return {"cp": copied, "sha256sum": hashed, "floor": copied + hashed}


def verified(rows: Path) -> None:
    """Hold every file of every certified day against its certificate."""
    reader = DirectoryCertificates(load("", {"demo_dir": rows}, {}))
    for day in reader.certified_days():
        wrong = certificate_findings(reader, day)
        if wrong:
            raise SystemExit(f"{wrong[0].path}: {wrong[0].what}")


def moved_day(rows: Path, aside: Path, day: str) -> Callable[[], None]:
    """Move all that is stored of a day away, and return what moves it back."""
    paths = [path for path in rows.rglob(f"*{day}*") if path.name in (f"date={day}", f"{day}.csv")]
    for path in paths:
        target = aside / path.relative_to(rows)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)

    def back() -> None:
        for path in paths:
            (aside / path.relative_to(rows)).rename(path)

    return back


def one_round(rows: Path, place: Path, newest: str) -> dict[str, Taken]:
    """Do everything once; return what each step took."""
    place.mkdir(parents=True)
    taken = floor(rows, place / "copy")
    back = moved_day(rows, place / "aside", newest)
    taken["backup_but_last_day"] = g6("backup", place / "backup", rows=rows)
    back()
    taken["backup_one_day_more"] = g6("backup", place / "backup", rows=rows)
    taken["backup_nothing_new"] = g6("backup", place / "backup", rows=rows)
    taken["backup"] = g6("backup", place / "whole", rows=rows)
    taken["check"] = g6("backup", place / "whole", "--check", rows=rows)
    taken["restore"] = g6("restore", place / "whole", rows=place / "restored")
    again = place / "restored"
    put = ("archive", "put", place / "cold", "--before", "2100-01-01")
    taken["archive_put"] = g6(*put, rows=again)
    taken["archive_check"] = g6("archive", "check", rows=again)
    taken["archive_back"] = g6("archive", "back", rows=again)
    taken["verify"] = seconds(lambda: verified(again))
    taken["verify_newest_day"] = g6("certificate", newest, "--verify", rows=again)
    shutil.rmtree(again / "certificates")
    taken["certify"] = g6("data", "compact", rows=again)
    shutil.rmtree(place)
    return taken


def of_a_day(rows: Path, index: str) -> dict[str, float]:
    """Return what a day of an index takes, compacted and as CSV: medians over the days."""
    days = [path.stat().st_size for path in rows.glob(f"chain/underlying={index}/*/day.parquet")]
    lines: dict[str, int] = {}
    for path in rows.glob(f"csv/{index}/**/*.csv"):
        lines[path.stem] = lines.get(path.stem, 0) + path.stat().st_size
    return {"compacted": statistics.median(days), "csv": statistics.median(lines.values())}


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the median of each step."""
    return {name: round(statistics.median(one[name] for one in rounds), 2) for name in rounds[0]}


def main() -> int:
    """Measure, print, write; return the exit status."""
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="g6-keeping-") as temporary:
        base = given.keep or Path(temporary)
        rows = base / "rows"
        days = ("--days", str(given.days), "--indices", given.indices)
        made = g6("sample", *days, rows=rows)
        print(f"making {given.days} days: {made.wall:.0f} s", file=sys.stderr)
        g6("data", "compact", rows=rows)
        reader = DirectoryCertificates(load("", {"demo_dir": rows}, {}))
        newest = reader.certified_days()[-1]
        rounds = [one_round(rows, base / "place", newest.isoformat()) for _ in range(given.rounds)]
        files = [path for path in rows.rglob("*") if path.is_file()]
        of_days = [stored_paths(rows, day) for day in reader.certified_days()]
        found: dict[str, Any] = {
            "days": given.days,
            "indices": given.indices.split(","),
            "files": len(files),
            "bytes": sum(path.stat().st_size for path in files),
            "certified_bytes": sum((rows / path).stat().st_size for of in of_days for path in of),
            "bytes_of_a_day": {name: of_a_day(rows, name) for name in given.indices.split(",")},
            "rounds": given.rounds,
            "seconds": medians([{step: one[step].wall for step in one} for one in rounds]),
            "processor_seconds": medians(
                [{step: one[step].processor for step in one} for one in rounds]
            ),
            "times_the_floor": medians(
                [{step: one[step].wall / one["floor"].wall for step in RATIOS} for one in rounds]
            ),
            "processor_times_the_floor": medians(
                [
                    {step: one[step].processor / one["floor"].processor for step in RATIOS}
                    for one in rounds
                ]
            ),
        }
    found |= {"load_average": load_average(), **surroundings()}
    given.output.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps({name: found[name] for name in found if name not in ("machine", "versions")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
