"""The age of the oldest message of a queue, as a real Celery application sends it."""

from __future__ import annotations

import time
from pathlib import Path

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.adapters.redis.vitals import RedisVitals
from g6.config import load
from g6.domain.schema.words import QueueName
from g6.entrypoints.workers.app import create_app


def test_a_waiting_message_tells_when_it_was_sent(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path, append_only=False) as server, connect(server.url) as client:
        app = create_app(load("", {"redis.broker_url": server.url}, {}), server.url)
        vitals = RedisVitals(client, app.settings.namespace, tuple(QueueName), tmp_path)
        assert vitals.read().oldest_sent == {}
        before = time.time()
        for _ in range(2):
            app.send_task("g6.sweep", queue=QueueName.MAINTENANCE)
        after = time.time()
        signs = vitals.read()
        assert signs.queues[QueueName.MAINTENANCE] == 2
        oldest = signs.oldest_sent
        assert list(oldest) == [QueueName.MAINTENANCE]
        assert before - 0.001 <= oldest[QueueName.MAINTENANCE] <= after
