"""A whole simulated day, asked at every cycle and again once it is compacted: the same bytes.

make ask-the-past                           375 cycles, every study and panel as JSON
make ask-the-past ARGS="--cycles 30 --every 5"    a shorter one

Every 25th cycle is asked in all forms, and studies of many cycles as far back as they look unless told. At the others they look
back eight cycles: sixty at each would take twice the time. Ctrl-C ends the recording, and what is recorded is asked again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.worlds.web.asked_over_http import StudyClient
from tests.worlds.web.recorded_answers import FORMS, RecordedDay, panel_paths, study_paths

FIRST = "2026-11-18T03:45:00Z"
SHORT = 8
"""Cycles that a study of many looks back where it is not asked in all forms."""


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cycles", type=int, default=375, help="cycles from the open on (375)")
    parser.add_argument("--every", type=int, default=25, help="in full every so many cycles (25)")
    return parser.parse_args()


def main() -> int:
    """Record, compact, ask again, and say what differs."""
    given = arguments()
    screen = Console(stderr=True)

    def asked(number: int, client: StudyClient) -> list[str]:
        if number % given.every == 0:
            return [*study_paths(client, FORMS), *panel_paths()]
        return [*study_paths(client, FORMS[:1], SHORT), *panel_paths()]

    with tempfile.TemporaryDirectory() as directory:
        day = RecordedDay(Path(directory))
        try:
            recording = day.record(FIRST, given.cycles, asked)
            for _ in track(recording, "recording", given.cycles, console=screen):
                pass
        except KeyboardInterrupt:
            screen.print("interrupted: what is recorded is asked again")
        day.compact()
        differing = list(track(day.differing(), "asking again", console=screen))
    size = sum(map(len, day.answers.values()))
    print(
        f"{len(day.answers)} answers of {len({cycle for _, cycle in day.answers})} cycles, "
        f"{size / 1e6:.1f} MB; {len(differing)} differ"
    )
    for line in differing[:20]:
        print(f"  {line}")
    return 1 if differing or not day.answers else 0


if __name__ == "__main__":
    sys.exit(main())
