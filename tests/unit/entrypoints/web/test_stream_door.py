"""What a listener may ask for: topics and words that there are, and of all others the nearest."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.panels import MemoryPanels
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.stream_door import StreamDoor
from g6.errors import UserError
from tests.worlds.web.web_stream import Running


@pytest.fixture(scope="module")
def door() -> StreamDoor:
    return StreamDoor(Hub(MemoryBus(), MemoryPanels(), length=16, heartbeat_seconds=1.0))


@pytest.mark.parametrize(
    ("word", "value", "said"),
    [
        ("topics", "chain:NIFTI", "did you mean NIFTY?"),
        ("topics", "alerts,oi:FOO", "there is no index 'FOO'"),
        ("topics", "chain:", "there is no index ''"),
        ("topics", "chain:NIFTY:26000", "there is no index 'NIFTY:26000'"),
        ("topics", "alerts:NIFTY", "topic alerts is of no index"),
        ("topics", "chians", "did you mean chain?"),
        ("topics", ",".join(f"chain:{n}" for n in range(65)), "65 topics are too many"),
        ("topic", "alerts", "did you mean topics?"),
        ("waited", "long", "is no time in seconds"),
    ],
)
def test_what_is_never_sent_cannot_be_listened_to(
    door: StreamDoor, word: str, value: str, said: str
) -> None:
    with pytest.raises(UserError) as refused:
        door.request({word: value})
    assert said in str(refused.value)


def test_an_index_of_a_topic_is_written_in_any_letters(door: StreamDoor) -> None:
    request = door.request({"topics": "chain:nifty, alerts,chain:NIFTY"})
    assert request.topics == ("alerts", "chain:NIFTY")


def test_both_pipes_refuse_an_index_that_there_is_not() -> None:
    running = Running().begin()
    try:
        answer = httpx.get(f"{running.url}/events?topics=chain:NIFTI", timeout=90)
        assert (answer.status_code, answer.json()["fix"][:19]) == (422, "did you mean NIFTY?")
        address = running.url.replace("http", "ws") + "/ws?topics=alerts&topics=chain:%C3%A9"
        with connect(address) as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=90)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, "no index 'é'" in closed.value.rcvd.reason) == (1008, True)
    finally:
        running.serving.end()
