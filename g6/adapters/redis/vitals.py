"""How the system is: queue depths, workers that gave a sign of life, clock skew, room left."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import redis

from g6.adapters.redis.server import translated

SILENT_SECONDS = 15.0
"""A worker that said nothing for so long is down."""
FORGOTTEN_SECONDS = 600.0
UNREADABLE = "unreadable"
"""The list, beside the queues, of the last texts that were found in a queue and were no message."""


class RedisVitals:
    """Vitals port. Workers sign in under `<ns>:workers`; queues are Celery's lists, behind its key prefix."""

    def __init__(
        self, client: redis.Redis, namespace: str, queues: Sequence[str], directory: Path
    ) -> None:
        self._client, self._ns, self._queues, self._directory = (
            client,
            namespace,
            tuple(queues),
            directory,
        )
        self._processes: dict[int, psutil.Process] = {}

    @translated
    def sign_in(self, worker: str, pid: int, queues: Sequence[str] = ()) -> None:
        """Give worker `worker` (main process `pid`, this host) a sign of life.

        It tells the queues that it serves, its memory and its processor time.
        """
        main = self._processes.setdefault(pid, psutil.Process(pid))
        family = [
            main,
            *(
                self._processes.setdefault(child.pid, child)
                for child in main.children(recursive=True)
            ),
        ]
        facts = {
            "pid": pid,
            "host": socket.gethostname(),
            "at": time.time(),
            "queues": list(queues),
            **_weight(family),
        }
        self._client.hset(f"{self._ns}:workers", worker, json.dumps(facts))

    @translated
    def announce_ready(self, pid: int) -> None:
        """Say that pool process `pid` has warmed up and takes messages."""
        self._client.sadd(f"{self._ns}:ready", pid)

    @translated
    def ready_count(self) -> int:
        """Return how many pool processes have announced themselves since `forget`."""
        count: Any = self._client.scard(f"{self._ns}:ready")
        return int(count)

    @translated
    def forget_workers(self) -> None:
        """Forget who was ready and who gave a sign of life, before new workers are started."""
        self._client.delete(f"{self._ns}:ready", f"{self._ns}:workers")

    @translated
    def read(self) -> Mapping[str, Any]:
        """Return queues (and the texts kept as unreadable), workers, clock_skew_seconds, retained_events and disk_free_bytes."""
        pipeline = self._client.pipeline(transaction=False)
        queues = (*self._queues, UNREADABLE)
        for queue in queues:
            pipeline.llen(f"{self._ns}:celery:{queue}")
        pipeline.hgetall(f"{self._ns}:workers")
        pipeline.xlen(f"{self._ns}:events")
        pipeline.time()
        before = time.time()
        *depths, signed, retained, (seconds, micros) = pipeline.execute()
        here = (before + time.time()) / 2
        return {
            "queues": dict(zip(queues, depths, strict=True)),
            "workers": self._workers(signed, here),
            "clock_skew_seconds": {socket.gethostname(): here - seconds - micros / 1e6},
            "retained_events": retained,
            "disk_free_bytes": shutil.disk_usage(self._directory).free
            if self._directory.exists()
            else None,
        }

    def _workers(self, signed: Mapping[bytes, bytes], now: float) -> dict[str, Any]:
        found = {}
        for name, text in signed.items():
            facts = json.loads(text)
            silent = now - facts["at"]
            if silent > FORGOTTEN_SECONDS:
                self._client.hdel(f"{self._ns}:workers", name)
                continue
            found[name.decode()] = {**facts, "up": silent < SILENT_SECONDS}
        return found


def _weight(family: Sequence[psutil.Process]) -> dict[str, float]:
    resident, share = 0, 0.0
    for process in family:
        try:
            resident += process.memory_info().rss
            share += process.cpu_percent(None) / 100.0
        except psutil.NoSuchProcess:
            continue
    return {"resident_bytes": resident, "cpu_ratio": round(share, 4)}
