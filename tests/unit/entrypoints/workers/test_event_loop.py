"""A worker's loop does nothing where all is as it is asked to be, and waits for each socket that is new."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue
from kombu.asynchronous import set_event_loop

from g6.adapters.redis.server import EmbeddedServer
from g6.config import Settings
from g6.entrypoints.workers import transport
from g6.entrypoints.workers.app import create_app
from g6.entrypoints.workers.event_loop import EventLoop, ReaderLoop

QUEUE = Queue("work", exchange=Exchange(""), routing_key="work")


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    made = EventLoop()
    yield made
    made.close()
    set_event_loop(None)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def turn(loop: EventLoop, holds: Callable[[], object], most: int = 200) -> None:
    """Turn the loop until something holds."""
    for _ in range(most):
        if holds():
            return
        loop.run_once()
    pytest.fail("the loop turned in vain")


def test_workers_have_this_loop() -> None:
    app = create_app(Settings(), "redis://127.0.0.1:1/0")
    assert app.connection_for_read().requires_hub is EventLoop


def test_a_pipe_that_is_written_to_no_more_can_be_read_still(
    loop: EventLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    calls: list[str] = []
    loop.add_reader(near, calls.append, "read")
    loop.remove_writer(near)
    loop.add_writer(far, calls.append, "write")
    turn(loop, lambda: "write" in calls)
    loop.remove_writer(far)
    assert far.fileno() not in loop.writers
    calls.clear()
    far.send(b"x")
    turn(loop, lambda: calls)
    assert calls == ["read"]


def test_a_socket_is_given_to_the_loop_once_and_anew_for_another_callback(
    loop: EventLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    fd = pair[0].fileno()
    readers = ReaderLoop(loop)
    readers.add_reader(fd, print, 1)
    first = loop.readers[fd]
    readers.add_reader(fd, print, 1)
    assert loop.readers[fd] is first
    readers.add_reader(fd, print, 2)
    assert loop.readers[fd] == (print, (2,))


def test_a_worker_is_given_messages_after_its_socket_was_closed(
    loop: EventLoop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The next one nearly always has the number of the one before."""
    transport.install()
    bodies: list[Any] = []

    def take(body: Any, message: Any) -> None:
        bodies.append(body)
        message.ack()

    with (
        EmbeddedServer.start(tmp_path_factory.mktemp("broker"), append_only=False) as server,
        Connection(server.url) as connection,
        Connection(server.url) as sender,
    ):
        producer = sender.Producer()
        with connection.Consumer(QUEUE, callbacks=[take]):
            connection.register_with_event_loop(loop)
            channel = connection.default_channel
            numbers = set()
            for number in range(3):
                producer.publish(number, routing_key="work")
                turn(loop, lambda number=number: bodies[-1:] == [number])
                numbers.add(channel.client.connection._sock.fileno())
                channel.client.connection.disconnect()
    assert bodies == [0, 1, 2]
    assert len(numbers) < 3, "no number came again, which is what is tried here"
