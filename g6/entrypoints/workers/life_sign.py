"""Whether a process of this host lives: `python -m g6.entrypoints.workers.life_sign NAME`.

Containers ask it of themselves. NAME is a worker's (collect), or what a process signs as: of one
that has an instance both together (beat-2), while beat alone asks for any beat of the host.
"""

from __future__ import annotations

import socket
import sys

from g6.bootstrap.processes.redis_ports import vitals
from g6.bootstrap.wiring import wire
from g6.config import load
from g6.domain.reports import VitalSigns
from g6.domain.reports.heartbeat import process_name
from g6.errors import G6Error


def lives(name: str, host: str, signs: VitalSigns) -> bool:
    """Tell whether a worker or another process of a host gave a sign of life lately."""
    worker = signs.workers.get(f"{name}@{host}")
    if worker is not None:
        return worker.up
    return any(
        process.up
        for process in signs.processes
        if process.host == host
        and name in (process.role, process_name(process.role, process.instance))
    )


def main() -> int:
    """Return 0 where the process lives, and 1, with the reason, where it does not."""
    name = sys.argv[1]
    host = socket.gethostname()
    try:
        signs = vitals(wire(load())).read()
    except G6Error as error:
        sys.stderr.write(f"{name}@{host}: {error}\n")
        return 1
    if lives(name, host, signs):
        return 0
    sys.stderr.write(f"{name}@{host} gave no sign of life for 15 s\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
