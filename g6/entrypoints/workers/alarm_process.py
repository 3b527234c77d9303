"""The process that evaluates rules: `python -m g6.entrypoints.workers.alarm_process`.

It takes its settings from the environment, as a worker does.
"""

from __future__ import annotations

import logging
import signal
import threading

from g6.bootstrap.processes.redis_ports import signing
from g6.bootstrap.reading.alarms import running_alarms
from g6.bootstrap.wiring import Wiring, wire
from g6.config import load
from g6.log import configure

NAME = "alarms"


def main() -> None:
    """Evaluate what is stored, and tell people."""
    settings = load()
    configure(settings)
    evaluate_until_stopped(wire(settings))


def evaluate_until_stopped(wiring: Wiring) -> None:
    """Evaluate and send until SIGTERM or SIGINT, then what still waits."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    warn = logging.getLogger("g6.alarms").warning
    with signing(wiring, NAME) as sign, running_alarms(wiring, warn) as post:
        post.run(stop, sign)


if __name__ == "__main__":
    main()
