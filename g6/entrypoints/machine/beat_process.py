"""The beat of this machine: `python -m g6.entrypoints.machine.beat_process [NAME]`.

It is `celery -A g6 beat --schedule /dev/null`, without Celery's command line and its plug-ins.
NAME is how a second one signs: beat-2.
"""

from __future__ import annotations

import os
import sys

from g6.config import load
from g6.domain.reports.heartbeat import BEAT
from g6.entrypoints.workers.app import create_app


def main() -> None:
    """Send cycles and sweeps until SIGTERM."""
    app = create_app(load())
    for name in sys.argv[1:]:
        app.instance = name.removeprefix(f"{BEAT}-")
    app.Beat(schedule=os.devnull, quiet=True).run()


if __name__ == "__main__":
    main()
