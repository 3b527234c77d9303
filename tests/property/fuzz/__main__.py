"""Feeds readers with wrong inputs: `python -m tests.property.fuzz [--inputs N] [--seed N] [--only NAME]`.

Each reader answers, or refuses with an error of G6's tree, within two seconds and in memory that does
not grow. An input that does otherwise is written to a file, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import psutil

from tests.property.fuzz.mutation import mutated
from tests.property.fuzz.targets import Target, targets

HANG_SECONDS = 2.0
"""Of one input. The slowest took 0.1 s."""
GROWTH = 64 * 1024**2
"""Bytes that a reader may hold more at its end than after its first tenth."""
MOST_WRONG = 5


class Hangs(BaseException):
    """An input took longer than it may."""


def _alarm(_number: int, _frame: FrameType | None) -> None:
    raise Hangs


def fed(target: Target, inputs: int, seed: int, place: Path) -> list[str]:
    """Feed one reader, and return what was wrong as sentences."""
    chance = random.Random(f"{seed} {target.name}")
    wrong: list[str] = []
    answers: Counter[str] = Counter()
    process = psutil.Process()
    early = 0
    began = time.process_time()
    for number in range(inputs):
        content = mutated(chance, target.seeds)
        signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
        try:
            target.read(content)
            answers["read"] += 1
        except target.refuses as error:
            answers[type(error).__name__] += 1
        except (Exception, Hangs) as error:  # noqa: BLE001 - what is looked for
            path = place / f"{target.name}-{seed}-{number}"
            path.write_bytes(content)
            wrong.append(f"{target.name} {number}: {type(error).__name__} {error} ({path})"[:300])
            if len(wrong) == MOST_WRONG:
                break
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        if number == inputs // 10:
            early = process.memory_info().rss
    growth = process.memory_info().rss - early
    if growth > GROWTH:
        wrong.append(f"{target.name}: memory grew by {growth / 1e6:.0f} MB")
    said = ", ".join(f"{name} {count}" for name, count in answers.most_common())
    seconds = time.process_time() - began
    print(f"{target.name:15} {inputs:9,} in {seconds:6.1f} s, {growth / 1e6:+.1f} MB: {said}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _alarm)
    place = Path(tempfile.mkdtemp(prefix="g6-fuzz-"))
    wrong: list[str] = []
    with targets(place) as every:
        for target in every:
            if options.only in {"", target.name}:
                count = max(20, target.share * options.inputs // 1_000_000)
                wrong += fed(target, count, options.seed, place)
    print("\n".join(wrong) or "nothing was wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
