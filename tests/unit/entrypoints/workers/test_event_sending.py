"""Events of a worker whose Redis is gone are kept, and nobody waits for them."""

from __future__ import annotations

import threading

from g6.adapters.redis.server.embedded import free_port
from g6.config import load
from g6.entrypoints.workers.app import create_app


def test_a_sign_of_life_that_cannot_be_sent_is_kept_and_not_tried_for_ever() -> None:
    app = create_app(load(None, {}, {}), f"redis://127.0.0.1:{free_port()}/0")
    with app.connection_for_write() as connection:
        dispatcher = app.events.Dispatcher(connection, "cycle@here", enabled=False)
        dispatcher.enabled = True
        dispatcher.producer = app.amqp.Producer(connection, auto_declare=False)
        sender = threading.Thread(
            target=dispatcher.send, args=("worker-heartbeat",), kwargs={"retry": True}, daemon=True
        )
        sender.start()
        sender.join(20.0)
        assert not sender.is_alive()
        kept = [event["type"] for event, _ in dispatcher._outbound_buffer]
    assert kept == ["worker-heartbeat"]
