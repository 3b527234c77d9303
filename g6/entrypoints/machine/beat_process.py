"""The beat of this machine: `python -m g6.entrypoints.machine.beat_process`.

It is `celery -A g6 beat --schedule /dev/null`, without Celery's command line and its plug-ins.
"""

from __future__ import annotations

import os

from g6.config import load
from g6.entrypoints.workers.app import create_app


def main() -> None:
    """Send cycles and sweeps until SIGTERM."""
    create_app(load()).Beat(schedule=os.devnull, quiet=True).run()


if __name__ == "__main__":
    main()
