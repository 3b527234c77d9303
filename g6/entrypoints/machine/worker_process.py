"""A worker of this machine: `python -m g6.entrypoints.machine.worker_process NAME QUEUES COUNT`.

It is `celery -A g6 worker -Q QUEUES -n NAME@%h -c COUNT --without-mingle --without-gossip`, without
Celery's command line. That imports the plug-ins of every distribution: Flower's alone are 300
modules and half a second of processor time.
"""

from __future__ import annotations

import sys
import warnings

from celery.exceptions import SecurityWarning
from celery.utils.nodenames import default_nodename, host_format

from g6.config import load
from g6.entrypoints.workers.app import create_app


def main() -> None:
    """Work off the queues that the arguments name, until SIGTERM."""
    name, queues, count = sys.argv[1:]
    # Celery warns root of pickled messages, which G6 does not take: 18 of 22 lines of a run's logs.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    worker = create_app(load()).Worker(
        hostname=host_format(default_nodename(f"{name}@%h")),
        queues=queues,
        concurrency=int(count),
        # Of 140 lines of `g6 logs` 130 were the banners of four workers.
        quiet=True,
        without_mingle=True,
        without_gossip=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
