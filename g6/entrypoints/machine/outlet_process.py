"""The process that sends points to InfluxDB: `python -m g6.entrypoints.machine.outlet_process`.

It takes its settings from the environment, as a worker does.
"""

from __future__ import annotations

import signal
import threading

from g6.bootstrap.processes.outlets import running_outlet
from g6.bootstrap.processes.redis_ports import signing
from g6.bootstrap.wiring import Wiring, wire
from g6.config import load
from g6.log import configure

NAME = "outlet"


def main() -> None:
    """Send what is stored until SIGTERM or SIGINT."""
    settings = load()
    configure(settings)
    send_until_stopped(wire(settings))


def send_until_stopped(wiring: Wiring) -> None:
    """Send what is stored until SIGTERM or SIGINT, then what still waits for a moment."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with signing(wiring, NAME) as sign, running_outlet(wiring) as outlet:
        outlet.run(stop, sign)


if __name__ == "__main__":
    main()
