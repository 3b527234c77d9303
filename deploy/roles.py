"""The processes of an installation: what each runs, on which queues, and what it may touch.

Compose file, systemd units and Kubernetes' manifests are written from this table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from g6.config import Settings
from g6.config.settings_model import SIX
from g6.domain.schema.words import QueueName

SETTINGS = Settings()
WEB_PORT = SETTINGS.serve.web_port
METRICS_PORT = SETTINGS.serve.metrics_port
FLOWER_PORT = SETTINGS.flower.port
REDIS_PORT = 6380
"""Of TLS; there is no port without."""
INFLUX_PORT = 8086
ROWS = "/var/lib/g6"
SECRETS = "/run/secrets"
USER = 10001
"""The user and the group that containers run as."""
STOP_SECONDS = 15
"""What a process may take to end: a worker finishes its tasks within 7 s, then its pool ends."""
FILES = {QueueName.PERSIST: 2, QueueName.AGGREGATE: 2, QueueName.MAINTENANCE: 1}
"""Pool processes of queues that wait for disks and Redis, not for cores."""


class Rows(StrEnum):
    """What a process does to the data directory."""

    WRITE = "write"
    READ = "read"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Role:
    """One kind of process.

    Attributes:
        name: Of its service, unit and container.
        sentence: What it does.
        command: What it runs.
        alive: What a container asks itself to know that it lives.
        queues: Those that a worker serves.
        rows: What it does to the data directory.
        port: What it listens on, 0 for nothing.
        profile: The Compose profile it belongs to, empty where it always runs.
        instance: What tells it from others of its kind, empty for nothing.
    """

    name: str
    sentence: str
    command: Sequence[str]
    alive: Sequence[str]
    queues: Sequence[str] = ()
    rows: Rows = Rows.NONE
    port: int = 0
    profile: str = ""
    instance: str = ""


BEAT = ["celery", "-A", "g6", "beat", "-s", "/dev/null"]


def pool(queue: str) -> int | None:
    """Return the pool processes of a queue's worker, None for as many as there are cores."""
    if queue == QueueName.COLLECT:
        return len(SIX)  # one waits for each index
    return FILES.get(QueueName(queue))


def worker(name: str, sentence: str, rows: Rows, *queues: str) -> Role:
    """Return the role of a worker that serves some queues."""
    command = ["celery", "-A", "g6", "worker", "-Q", ",".join(queues), "-n", f"{name}@%h"]
    command += ["--without-mingle", "--without-gossip"]
    sizes = [pool(queue) for queue in queues]
    if None not in sizes:
        command += ["-c", str(max(filter(None, sizes)))]
    return Role(name, sentence, command, signed(name), queues, rows)


def signed(name: str) -> Sequence[str]:
    """Return the command that asks whether a process gave a sign of life lately."""
    return ["python", "-m", "g6.entrypoints.workers.life_sign", name]


def beat(instance: str, sentence: str) -> Role:
    """Return the role of one of several beats, which signs under a name of its own."""
    name = f"beat-{instance}"
    return Role(name, sentence, BEAT, signed(name), rows=Rows.READ, instance=instance)


def answering(port: int, path: str) -> Sequence[str]:
    """Return the command that asks whether a page answers."""
    page = f"http://127.0.0.1:{port}{path}"
    return ["python", "-c", f"from urllib.request import urlopen; urlopen({page!r}, timeout=5)"]


WORKERS = (
    worker("collect", "asks for quotes", Rows.READ, QueueName.COLLECT),
    worker("analytics", "computes volatilities and Greeks", Rows.READ, QueueName.ANALYTICS),
    worker(
        "persist", "writes rows, one process family for all hosts", Rows.WRITE, QueueName.PERSIST
    ),
    worker("closing", "closes cycles", Rows.READ, QueueName.AGGREGATE, QueueName.MAINTENANCE),
    worker("manual", "reruns and recomputes", Rows.WRITE, QueueName.MANUAL),
)
ROLES = (
    beat("1", "sends each cycle"),
    beat("2", "sends each cycle too, so that one may die"),
    *WORKERS,
    Role(
        "serve",
        "answers over HTTP: metrics, page, API and stream",
        ["g6", "serve"],
        answering(WEB_PORT, "/healthz"),
        rows=Rows.READ,
        port=WEB_PORT,
    ),
    Role(
        "flower",
        "shows tasks as they run",
        ["python", "-m", "g6.entrypoints.machine.flower_process"],
        answering(FLOWER_PORT, "/healthcheck"),
        port=FLOWER_PORT,
    ),
    Role(
        "outlet",
        "sends rows to InfluxDB",
        ["g6", "influx", "send"],
        signed("outlet"),
        rows=Rows.WRITE,
    ),
    Role(
        "ticker",
        "streams ticks of Kite into the quote cache",
        ["g6", "ticker"],
        signed("ticker"),
        rows=Rows.READ,
        profile="kite",
    ),
    Role(
        "alarms",
        "evaluates people's rules and sends their messages",
        ["g6", "alert", "run"],
        signed("alarms"),
        rows=Rows.WRITE,
        profile="alarms",
    ),
)
