"""A proxy's toxics, each seen from both ends of a real connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.chaos.hosts.proxy import Proxies, Proxy
from tests.chaos.hosts.toxics import (
    Bandwidth,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Stream,
    Timeout,
    Toxic,
)
from tests.waiting import eventually

TEXT = bytes(range(256)) * 40


class Echo(threading.Thread):
    """A server that says again what it hears, and knows the sizes in which it came."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.heard: list[int] = []
        self.ended = 0

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while data := connection.recv(65_536):
                self.heard.append(len(data))
                connection.sendall(data)
        self.ended += 1


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    server.start()
    yield server
    server.socket.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxies() as proxies:
        yield proxies.open(echo.socket.getsockname()[:2])


def connect(proxy: Proxy, seconds: float = 10.0) -> socket.socket:
    return socket.create_connection(proxy.address, seconds)


def heard(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := client.recv(65_536)):
        data += more
    return data


def test_without_toxics_everything_goes_through_unchanged_and_is_counted(proxy: Proxy) -> None:
    with connect(proxy) as client:
        client.sendall(TEXT)
        assert heard(client, len(TEXT)) == TEXT
    assert proxy.bytes == {Stream.UPSTREAM: len(TEXT), Stream.DOWNSTREAM: len(TEXT)}
    assert proxy.connections == 1


@pytest.mark.parametrize(
    "toxic",
    [
        Latency(delay=0.02, jitter=0.01),
        Bandwidth(rate=200_000),
        Slicer(average=900, variation=300),
        SlowClose(delay=0.05),
        Slicer(Stream.UPSTREAM, average=900),
        Latency(Stream.UPSTREAM, delay=0.02),
    ],
    ids=lambda toxic: f"{type(toxic).__name__} {toxic.stream}",
)
def test_a_toxic_that_only_slows_changes_no_byte(proxy: Proxy, toxic: Toxic) -> None:
    proxy.add("slow", toxic)
    with connect(proxy) as client:
        client.sendall(TEXT)
        assert heard(client, len(TEXT)) == TEXT


def test_a_slicer_delivers_in_parts(proxy: Proxy, echo: Echo) -> None:
    proxy.add("slices", Slicer(Stream.UPSTREAM, average=500, variation=100, delay=0.002))
    with connect(proxy) as client:
        client.sendall(TEXT)
        assert heard(client, len(TEXT)) == TEXT
    assert len(echo.heard) > 3


def test_a_reset_is_a_reset_at_both_ends(proxy: Proxy, echo: Echo) -> None:
    with connect(proxy) as client:
        client.sendall(TEXT)
        heard(client, len(TEXT))
        proxy.add("reset", ResetPeer())
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    eventually(lambda: echo.ended == 1)


def test_a_stall_holds_what_was_sent_until_it_is_taken_away(proxy: Proxy) -> None:
    proxy.add("stall", Bandwidth(rate=0))
    with connect(proxy, 0.2) as client:
        client.sendall(TEXT)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10.0)
        proxy.clear()
        assert heard(client, len(TEXT)) == TEXT


def test_a_timeout_loses_what_was_sent_and_ends_the_connection_when_it_is_taken_away(
    proxy: Proxy,
) -> None:
    proxy.add("deaf", Timeout())
    with connect(proxy, 0.2) as client:
        client.sendall(TEXT)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10.0)
        proxy.remove("deaf")
        assert heard(client, 1) == b""


def test_a_timeout_ends_the_connection_after_its_time(proxy: Proxy) -> None:
    proxy.add("deaf", Timeout(after=0.1))
    with connect(proxy) as client:
        assert heard(client, 1) == b""


def test_a_limit_lets_so_many_bytes_through_and_closes(proxy: Proxy) -> None:
    proxy.add("limit", LimitData(most=1000))
    with connect(proxy) as client:
        client.sendall(TEXT)
        assert heard(client, len(TEXT)) == TEXT[:1000]


def test_a_close_is_told_late(proxy: Proxy, echo: Echo) -> None:
    proxy.add("late", SlowClose(Stream.UPSTREAM, delay=60.0))
    with connect(proxy) as client:
        client.sendall(b"x")
        heard(client, 1)
    assert echo.ended == 0
    proxy.clear()
    eventually(lambda: echo.ended == 1)


def test_a_toxic_of_no_toxicity_touches_nobody(proxy: Proxy) -> None:
    proxy.add("reset", ResetPeer(toxicity=0.0))
    with connect(proxy) as client:
        client.sendall(TEXT)
        assert heard(client, len(TEXT)) == TEXT


def test_who_is_not_there_is_a_closed_connection() -> None:
    with Proxies() as proxies, socket.create_server(("127.0.0.1", 0)) as nobody:
        place = nobody.getsockname()[:2]
        nobody.close()
        with connect(proxies.open(place)) as client:
            assert heard(client, 1) == b""
