"""A worker of its own, and texts in its queue that no worker can read."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.config import load
from g6.entrypoints.workers.app import create_app
from tests.e2e.running import World, clean_environment
from tests.waiting import eventually

HEADERS: dict[str, dict[str, Any]] = {
    "no id": {"task": "g6.sweep"},
    "a task that is none": {"task": {"name": "g6.sweep"}, "id": "x"},
}


def test_a_worker_sets_aside_what_it_cannot_read_and_goes_on(tmp_path: Path) -> None:
    with (
        EmbeddedServer.start(tmp_path / "broker", append_only=False) as server,
        connect(server.url) as client,
    ):
        world = World(
            tmp_path,
            clean_environment(G6_REDIS__BROKER_URL=server.url, G6_DEMO_DIR=str(tmp_path / "rows")),
        )
        app = create_app(load(None, {"demo_dir": tmp_path / "rows"}, {}), server.url)

        def aside() -> list[dict[str, Any]]:
            texts: Any = client.lrange("g6:celery:unreadable", 0, -1)
            return [json.loads(each) for each in texts]

        try:
            worker = world.start(
                "worker",
                "celery",
                "-A",
                "g6",
                "worker",
                "-Q",
                "maintenance",
                "-c",
                "1",
                "--without-mingle",
                "--without-gossip",
            )
            client.lpush("g6:celery:maintenance", "garbage", '{"body": "no properties"}')
            with app.connection_for_write() as connection:
                for headers in HEADERS.values():
                    connection.Producer().publish(
                        [[], {}, {}], exchange="", routing_key="maintenance", headers=headers
                    )
            eventually(lambda: len(aside()) >= 2 + len(HEADERS) or not worker.alive)
            client.lpush("g6:celery:maintenance", "once more")
            eventually(lambda: aside()[0]["text"] == "once more" or not worker.alive)
            assert len(aside()) == 3 + len(HEADERS)
            assert client.llen("g6:celery:maintenance") == 0
            assert eventually(lambda: not client.exists("g6:celery:unacked"))
            assert worker.ends(signal.SIGTERM) == 0
            assert '"begins": "garbage"' in worker.said
        finally:
            world.end()
            app.close()
