"""The web port with a stream of differences, one a second unless told otherwise, in a process of its own.

    python tests/benchmarks/fanout/stream_server.py BYTES [A_SECOND]

It prints the port, then answers each line of standard input with its processor seconds and memory,
and with the processor seconds of the thread that finds and encodes differences.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from functools import partial
from pathlib import Path

import psutil
import uvicorn
from fastapi import FastAPI

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from g6.adapters.memory.bus import MemoryBus  # noqa: E402
from g6.adapters.memory.panels import MemoryPanels  # noqa: E402
from g6.domain.documents.panels import envelope  # noqa: E402
from g6.domain.reports import CycleReport  # noqa: E402
from g6.domain.schema.words import Status  # noqa: E402
from g6.entrypoints.web.auth import Guard  # noqa: E402
from g6.entrypoints.web.serving import bind  # noqa: E402
from g6.entrypoints.web.stream.hub import Hub  # noqa: E402
from g6.entrypoints.web.stream.stream_door import StreamDoor  # noqa: E402
from g6.entrypoints.web.stream.stream_protocol import StreamProtocol  # noqa: E402


def report(cycle: str) -> CycleReport:
    """Return the report that ends a cycle."""
    return CycleReport(
        cycle=cycle, status=Status.OK, units={"NIFTY": Status.OK}, reasons={}, options={"NIFTY": 1},
        lateness_seconds=0.0, elapsed_seconds=0.0, attempt=1, rows=(), seconds={},
    )  # fmt: skip


def publish(
    bus: MemoryBus, panels: MemoryPanels, size: int, pause: float, over: threading.Event
) -> None:
    """Change a panel after each pause, its text of `size` bytes and the instant of its publication."""
    number = 0
    while not over.wait(pause):
        number += 1
        cycle = f"2026-11-18T{4 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
        data = {"sent": time.monotonic_ns(), "text": f"{number:08}" * (size // 8)}
        panels.put({"overview": envelope("overview", data, cycle, cycle)})
        bus.publish(report(cycle), key=cycle)


async def answer(
    server: uvicorn.Server, hub: Hub, following: threading.Thread, port: object
) -> None:
    """Serve until standard input ends."""
    hub.attach(asyncio.get_running_loop())
    serving = asyncio.create_task(server.serve([port]))  # type: ignore[list-item]
    me = psutil.Process()
    clock = time.pthread_getcpuclockid(following.ident or 0)
    while await asyncio.to_thread(sys.stdin.readline):
        times = me.cpu_times()
        facts = {
            "cpu_seconds": times.user + times.system,
            "memory_bytes": me.memory_info().rss,
            "listeners": hub.listener_count,
            "deliveries": hub.counts.deliveries,
            "encoded": hub.counts.encoded,
            "making_seconds": time.clock_gettime(clock),
        }
        print(json.dumps(facts), flush=True)
    hub.close()
    server.should_exit = True
    await serving


def main() -> None:
    """Serve."""
    bus, panels, over = MemoryBus(), MemoryPanels(), threading.Event()
    hub = Hub(bus, panels, length=512, heartbeat_seconds=15.0)
    door = partial(StreamProtocol, StreamDoor(hub), Guard())
    config = uvicorn.Config(FastAPI(), http=door, log_config=None, lifespan="off", backlog=8192)  # type: ignore[arg-type]
    with bind("127.0.0.1", 0, "port") as port:
        print(port.getsockname()[1], flush=True)
        following = threading.Thread(target=hub.run, args=(over,), daemon=True)
        following.start()
        pause = 1.0 / float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
        publishing = threading.Thread(
            target=publish, args=(bus, panels, int(sys.argv[1]), pause, over), daemon=True
        )
        publishing.start()
        asyncio.run(answer(uvicorn.Server(config), hub, following, port))
        over.set()
    os._exit(0)


if __name__ == "__main__":
    main()
