"""Flower beside a running system: workers, queues and tasks are seen."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from g6.adapters.redis.server import EmbeddedServer, free_port
from tests.e2e.running import World, clean_environment
from tests.waiting import eventually

QUEUES = {"collect", "analytics", "persist", "aggregate", "manual", "maintenance"}


@pytest.mark.timeout(90)
def test_flower_shows_the_workers_and_their_queues(tmp_path: Path, world: World) -> None:
    port = free_port()
    with EmbeddedServer.start(tmp_path / "broker", append_only=False) as server:
        world.environment = clean_environment(
            G6_REDIS__BROKER_URL=server.url,
            G6_DEMO_DIR=str(world.data),
            FLOWER_UNAUTHENTICATED_API="1",
        )
        world.start(
            "worker",
            "celery",
            "-A",
            "g6",
            "worker",
            "-Q",
            ",".join(QUEUES),
            "-n",
            "all@%h",
            "-c",
            "1",
        )
        world.start(
            "flower", "celery", "-A", "g6", "flower", "--address=127.0.0.1", f"--port={port}"
        )
        seen = eventually(
            lambda: {name: queues for name, queues in shown(port).items() if queues == QUEUES},
            60.0,
            every=0.2,
        )
        assert [name.partition("@")[0] for name in seen] == ["all"]
        world.end()


def shown(port: int) -> dict[str, set[str]]:
    """Return the queues of each worker that Flower knows; nothing while it starts."""
    try:
        answer = httpx.get(
            f"http://127.0.0.1:{port}/api/workers", params={"refresh": "1"}, timeout=10.0
        )
    except httpx.TransportError:
        return {}
    if answer.status_code != httpx.codes.OK:
        return {}
    return {
        name: {queue["name"] for queue in worker.get("active_queues", [])}
        for name, worker in answer.json().items()
    }
