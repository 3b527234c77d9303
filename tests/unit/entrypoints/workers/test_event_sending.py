"""Events of a worker whose Redis is gone are kept, and nobody waits for them.

Those of sent messages leave together.
"""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path
from typing import Any

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.config import load
from g6.entrypoints.workers.app import create_app
from tests.worlds.web.ports import free_port


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
        sender.join(90)
        assert not sender.is_alive()
        kept = [event["type"] for event, _ in dispatcher._outbound_buffer]
    assert kept == ["worker-heartbeat"]


def test_events_of_sent_messages_leave_as_one_message(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path, append_only=False) as server, connect(server.url) as client:
        app = create_app(load(None, {}, {}), server.url)
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.psubscribe("*task*")
        listener.get_message(timeout=90)
        app.events.gather()
        for index in ("NIFTY", "SENSEX"):
            app.send_task("g6.rerun", ("2026-11-20T04:05:00Z", index))
        told: Any = listener.get_message(timeout=90)
        message = json.loads(told["data"])
        events = app.events.Receiver(app.connection_for_write()).event_from_message
        body = json.loads(base64.b64decode(message["body"]))
        assert [event["type"] for event in body] == ["task-sent", "task-sent"]
        assert told["channel"].endswith(b"task.multi")
        assert events(body[0])[1]["name"] == "g6.rerun"


def test_events_of_tasks_are_made_only_where_somebody_listens(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path, append_only=False) as server, connect(server.url) as client:
        app = create_app(load(None, {}, {}), server.url)
        listener = client.pubsub(ignore_subscribe_messages=True)
        with app.connection_for_write() as connection:
            for is_heard in (False, True):
                if is_heard:
                    listener.psubscribe("*task*")
                    listener.get_message(timeout=90)
                events = app.events.Dispatcher(connection, "worker@here", buffer_group=["task"])
                events.send("task-started", uuid="1")
                events.flush()
                events.send("task-succeeded", uuid="1")
                assert events.is_quiet is not is_heard
                assert len(events._group_buffer["task"]) == int(is_heard)
        told: Any = listener.get_message(timeout=90)
        assert "task-started" in base64.b64decode(json.loads(told["data"])["body"]).decode()


def test_an_event_of_a_sent_message_that_cannot_be_sent_stops_nobody() -> None:
    app = create_app(load(None, {}, {}), f"redis://127.0.0.1:{free_port()}/0")
    app.events.gather()
    gathered = app.events.gathered
    assert gathered is not None
    app.amqp._event_dispatcher.publish("task-sent", {"uuid": "1"}, None)
    assert len(gathered._events) == 1
    sender = threading.Thread(target=gathered._send, daemon=True)
    sender.start()
    sender.join(90)
    assert not sender.is_alive()
