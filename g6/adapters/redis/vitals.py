"""Vitals in Redis: queue depths, workers' signs of life, clock skew, room on the disk."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import redis

from g6.adapters.redis.process_memory import FamilyMemory, children_of
from g6.adapters.redis.server import Reply, translated
from g6.domain.reports import ProcessFacts, VitalSigns, WorkerFacts
from g6.domain.reports.heartbeat import process_name
from g6.domain.schema.json_types import JsonObject

SILENT_SECONDS = 15.0
"""A worker that gave no sign of life for so long is down."""
FORGOTTEN_SECONDS = 600.0
CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says how much memory a container may take, in either version of its groups."""
CLEAR_SECONDS = 0.2
"""An answer of Redis that took longer says too little about a clock."""
UNREADABLE = "unreadable"
"""The list, beside the queues, of the newest texts in a queue that were no message."""


class RedisVitals:
    """Vitals port. Workers sign in under `<ns>:workers`, and queues are Celery's lists."""

    def __init__(
        self, client: redis.Redis, namespace: str, queues: Sequence[str], directory: Path
    ) -> None:
        self._client = client
        self._ns = namespace
        self._queues = tuple(queues)
        self._directory = directory
        self._processes: dict[int, psutil.Process] = {}
        self._memory = FamilyMemory()
        self._host_bytes = _host_memory()
        self._skew: float | None = None

    @translated
    def sign_in(
        self,
        worker: str,
        pid: int,
        queues: Sequence[str] = (),
        *,
        version: str = "",
        code: str = "",
    ) -> None:
        """Give worker `worker` (main process `pid`, on this host) a sign of life.

        It tells the queues that it serves, its memory, its processor time, its version of G6 and
        the digest of its code.
        """
        family = self._family(pid)
        facts: JsonObject = {
            "pid": pid,
            "host": socket.gethostname(),
            "queues": list(queues),
            "pool": len(family) - 1,
            "resident_bytes": self._memory.bytes_of(family),
            "cpu_ratio": _cores(family),
            "version": version,
            "code": code,
            "host_bytes": self._host_bytes,
        }
        self._sign("workers", worker, facts)

    def _sign(self, key: str, name: str, facts: JsonObject) -> None:
        """Write a sign of life, by Redis' clock, and how far this host's is from it."""
        # A host whose clock was 20 s behind counted as dead, and of the clocks only the one of the
        # host that sweeps was ever told.
        before = time.time()
        skew = self._skew
        if skew is None:
            skew = self._look_at_clock(self._client.time(), before)
            before = time.time()
        host = str(facts["host"])
        at = before - skew
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hset(f"{self._ns}:{key}", name, json.dumps(facts | {"at": at}))
        pipeline.hset(f"{self._ns}:clocks", host, json.dumps({"skew": skew, "at": at}))
        pipeline.time()
        *_, answer = pipeline.execute()
        self._look_at_clock(answer, before)

    def _look_at_clock(self, answer: Reply, before: float) -> float:
        """Return how far this host's clock is from Redis', whose answer to TIME was just read."""
        seconds, micros = answer
        after = time.time()
        # The server read its clock halfway between the question and the answer.
        skew = (before + after) / 2 - seconds - micros / 1e6
        if self._skew is None or after - before <= CLEAR_SECONDS:
            self._skew = skew
        return self._skew

    def _family(self, pid: int) -> list[psutil.Process]:
        """Return a process of this host and all below it."""
        # psutil gives a share of the processor only between two readings of the same object.
        main = self._processes.setdefault(pid, psutil.Process(pid))
        family = [main]
        for child in children_of(main):
            # One that has just ended has neither memory nor processor time.
            with suppress(psutil.NoSuchProcess):
                family.append(self._processes.get(child) or psutil.Process(child))
                self._processes[child] = family[-1]
        return family

    @translated
    def sign_process(self, role: str, pid: int, instance: str = "") -> None:
        """Give a process that is no worker (a beat, g6 serve) a sign of life.

        Args:
            role: What it is.
            pid: Its process id on this host.
            instance: What tells it from others of its role on this host, empty for nothing.
        """
        host = socket.gethostname()
        process = self._processes.setdefault(pid, psutil.Process(pid))
        facts: JsonObject = {
            "role": role,
            "pid": pid,
            "host": host,
            "resident_bytes": self._memory.bytes_of([process]),
            "instance": instance,
        }
        self._sign("processes", _place(role, host, pid, instance), facts)

    @translated
    def sign_off(self, role: str, pid: int, instance: str = "") -> None:
        """Take back the sign of life of a process that ends because it was asked to.

        One that is killed leaves its sign, and is silent. Arguments are those of `sign_process`.
        """
        self._take_back("processes", _place(role, socket.gethostname(), pid, instance), pid)

    @translated
    def sign_out(self, worker: str, pid: int) -> None:
        """Take back the sign of life of a worker that ends because it was asked to."""
        self._take_back("workers", worker, pid)

    def _take_back(self, key: str, name: str, pid: int) -> None:
        signs = f"{self._ns}:{key}"
        text: Reply = self._client.hget(signs, name)
        # The next one of its name may have signed already.
        if text is not None:
            facts = json.loads(text)
            if (facts["pid"], facts["host"]) == (pid, socket.gethostname()):
                self._client.hdel(signs, name)

    @translated
    def announce_ready(self, pid: int) -> None:
        """Record that pool process `pid` has warmed up and takes messages."""
        self._client.sadd(f"{self._ns}:ready", pid)

    @translated
    def ready_count(self) -> int:
        """Return how many pool processes that live have become ready since `forget_workers`."""
        # Those of a worker that was killed while it started had said so before.
        pids: Reply = self._client.smembers(f"{self._ns}:ready")
        return sum(psutil.pid_exists(int(pid)) for pid in pids)

    @translated
    def forget_workers(self) -> None:
        """Forget all signs of workers, before new ones are started."""
        self._client.delete(f"{self._ns}:ready", f"{self._ns}:workers")

    @translated
    def read(self) -> VitalSigns:
        """Return how queues, workers and hosts are now.

        `queues` hold the texts that are stored as unreadable, too.
        """
        pipeline = self._client.pipeline(transaction=False)
        queues = (*self._queues, UNREADABLE)
        for queue in queues:
            pipeline.llen(f"{self._ns}:celery:{queue}")
        for queue in self._queues:
            pipeline.lindex(f"{self._ns}:celery:{queue}", -1)
        pipeline.hgetall(f"{self._ns}:workers")
        pipeline.xlen(f"{self._ns}:events")
        pipeline.hgetall(f"{self._ns}:processes")
        pipeline.hvals(f"{self._ns}:drivers")
        pipeline.hgetall(f"{self._ns}:clocks")
        pipeline.time()
        before = time.time()
        *lists, workers, retained, processes, drivers, clocks, answer = pipeline.execute()
        depths = lists[: len(queues)]
        oldest = zip(self._queues, lists[len(queues) :], strict=True)
        skew = self._look_at_clock(answer, before)
        now = answer[0] + answer[1] / 1e6
        has_directory = self._directory.exists()
        others = [*self._processes_of(processes, now)]
        # A beat without a supervisor drives too: listed twice, its memory was counted twice.
        places = {(process.host, process.pid) for process in others}
        driving = [one for one in _drivers(drivers, now) if (one.host, one.pid) not in places]
        return VitalSigns(
            queues=dict(zip(queues, depths, strict=True)),
            workers=self._workers(workers, now),
            clock_skew_seconds=self._skews(clocks, now) | {socket.gethostname(): skew},
            retained_events=retained,
            processes=(*others, *driving),
            disk_free_bytes=shutil.disk_usage(self._directory).free if has_directory else None,
            oldest_sent={queue: sent for queue, text in oldest if (sent := _sent(text))},
            lacking_directory="" if has_directory else socket.gethostname(),
        )

    def _skews(self, clocks: Mapping[bytes, bytes], now: float) -> dict[str, float]:
        """Return how far the clocks of hosts are from Redis', as they told of late."""
        skews = {}
        for host, text in clocks.items():
            told = json.loads(text)
            silent_seconds = now - told["at"]
            if silent_seconds > FORGOTTEN_SECONDS:
                self._client.hdel(f"{self._ns}:clocks", host)
            elif silent_seconds < SILENT_SECONDS:
                skews[host.decode()] = float(told["skew"])
        return skews

    def _processes_of(self, signs: Mapping[bytes, bytes], now: float) -> Iterator[ProcessFacts]:
        for _, facts in self._remembered("processes", signs, now):
            yield ProcessFacts.from_json(facts)

    def _workers(self, signs: Mapping[bytes, bytes], now: float) -> dict[str, WorkerFacts]:
        signs_of = self._remembered("workers", signs, now)
        return {name: WorkerFacts.from_json(facts) for name, facts in signs_of}

    def _remembered(
        self, key: str, signs: Mapping[bytes, bytes], now: float
    ) -> Iterator[tuple[str, Reply]]:
        """Yield names and facts of those who signed of late, and whether they are up.

        Those that were silent for long are forgotten.
        """
        for name, text in signs.items():
            facts = json.loads(text)
            silent_seconds = now - facts["at"]
            if silent_seconds > FORGOTTEN_SECONDS:
                self._client.hdel(f"{self._ns}:{key}", name)
                continue
            yield name.decode(), facts | {"up": silent_seconds < SILENT_SECONDS}


def _place(role: str, host: str, pid: int, instance: str) -> str:
    """Return the field of a process' sign of life."""
    name = f"{process_name(role, instance)}@{host}"
    # One that has a name of its own takes the place of its sign before a restart.
    return name if instance else f"{name}:{pid}"


def _sent(text: bytes | None) -> float | None:
    """Return the wall time at which a waiting message was sent, None where it does not say."""
    if text is None:
        return None
    try:
        return float(json.loads(text)["headers"]["g6"]["sent"])
    except (KeyError, TypeError, ValueError):
        return None


def _drivers(drivers: Sequence[bytes], now: float) -> Iterator[ProcessFacts]:
    """Yield who sends cycles into the namespace."""
    for text in drivers:
        facts = json.loads(text)
        yield ProcessFacts(
            facts.get("who", "g6"),
            facts["pid"],
            facts["host"],
            facts["at"],
            up=now - facts["at"] < SILENT_SECONDS,
            resident_bytes=facts.get("resident_bytes"),
        )


def _cores(family: Sequence[psutil.Process]) -> float:
    share = 0.0
    for process in family:
        with suppress(psutil.NoSuchProcess):
            share += process.cpu_percent(None) / 100.0
    return round(share, 4)


def _host_memory(limits: Sequence[Path] = CONTAINER_LIMITS) -> int:
    """Return the memory of this host, or of the container that this process runs in."""
    total = int(psutil.virtual_memory().total)
    for path in limits:
        # A container without a limit says `max`, or a number beyond any memory.
        with suppress(OSError, ValueError):
            total = min(total, int(path.read_text("ascii")))
    return total
