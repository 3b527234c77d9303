"""The event stream on real ports: one sequence, resumed by id, honest about what was lost."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.panels import MemoryPanels
from g6.domain.documents.stream_events import StreamEvent, StreamEventType, panel_hash
from g6.domain.documents.stream_state import StreamState
from g6.domain.reports import Alert, GapOpened
from g6.domain.schema.words import Status
from g6.entrypoints.web.auth import LOOPBACK_HOSTS, Guard, RequestLines
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.stream_messages import encoded
from g6.errors import RedisDown
from tests.waiting import eventually
from tests.worlds.web.listening import Listening, replayed, stalled_listener
from tests.worlds.web.web_stream import CYCLES, Running

TOKEN = "a token of sixteen and more"


@pytest.fixture
def running() -> Iterator[Running]:
    one = Running()
    yield one
    if one.serving is not None:
        one.serving.end()


def line(ce: float, pe: float) -> dict[str, Any]:
    return {"strike": 26_000.0, "ce": {"oi": ce}, "pe": {"oi": pe}}


def test_a_listener_gets_a_snapshot_and_then_what_changed(running: Running) -> None:
    running.cycle(overview={"rows": [1, 2]}, health={"ok": True})
    running.begin()
    one = Listening(running)
    one.hears("snapshot")
    running.cycle(overview={"rows": [1, 3]}, health={"ok": True})
    one.hears("end_of_cycle")
    changed = [event for event in one.heard if event.type == "panel_diff"]
    assert [event.data["panel"] for event in changed] == ["overview"]
    assert one.stream.state.panels == running.panels()
    assert one.heard[-1].data["units"] == {"OK": 1}
    assert one.stream.state.losses == 0


def test_open_interest_gaps_and_alerts_have_events_of_their_own(running: Running) -> None:
    running.cycle(index_NIFTY={"strikes": [line(10.0, 20.0)]})
    running.begin()
    one = Listening(running, topics=("oi", "alerts", "reports"))
    one.hears("snapshot")
    running.cycle(index_NIFTY={"strikes": [line(15.0, 20.0)]})
    one.hears("end_of_cycle")
    running.runtime.bus.publish(GapOpened("NIFTY", CYCLES[1], Status.MISSING, "provider"))
    running.runtime.bus.publish(Alert("disk", "the disk is <full>", "df"))
    one.hears("alert")
    moved = next(event for event in one.heard if event.type == "oi_change")
    assert moved.data["strikes"] == [{"strike": 26_000.0, "ce": 5.0, "pe": 0.0}]
    assert "panel_diff" not in one.types()
    assert one.heard[-2].data["index"] == "NIFTY"
    assert one.heard[-1].data["sentence"] == "the disk is <full>"


def raw(running: Running, path: str, **headers: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the events of a connection as they are written."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.stream("GET", running.url + path, headers=names, timeout=90) as answer:
        assert answer.status_code == 200
        fields: dict[str, str] = {}
        for text in answer.iter_lines():
            if text:
                name, _, value = text.partition(": ")
                fields[name] = value
            else:
                yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
                fields = {}


def test_who_comes_back_with_an_id_gets_what_it_missed(running: Running) -> None:
    running.cycle(overview={"n": 0})
    running.begin()
    first = raw(running, "/events")
    kind, last, _ = next(first)
    assert kind == "snapshot"
    first.close()
    for number in (1, 2):
        running.cycle(overview={"n": number})
        eventually(lambda: running.shown() == running.panels())
    again = raw(running, "/events", Last_Event_ID=last)
    diffs = [next(again) for _ in range(4)]
    assert [kind for kind, *_ in diffs] == ["panel_diff", "end_of_cycle"] * 2
    again.close()


def test_who_asks_for_everything_goes_on_from_its_id(running: Running) -> None:
    running.cycle(overview={"n": 0}, health={"ok": True})
    running.begin()
    whole = running.serving.get("/resync").json()
    assert (whole["type"], whole["data"]["panels"]) == ("snapshot", running.panels())
    state = StreamState()
    state.apply("snapshot", whole["id"], whole["data"])
    for number in (1, 2, 3):
        running.cycle(overview={"n": number})
        eventually(lambda: running.shown() == running.panels())
    missed = raw(running, "/events", Last_Event_ID=state.last_id)
    for _ in range(6):
        kind, event_id, data = next(missed)
        assert kind in {"panel_diff", "end_of_cycle"}
        state.apply(kind, event_id, data)
    missed.close()
    assert state.panels == running.panels()
    assert state.losses == 0


def test_no_event_holds_a_sign_that_begins_markup() -> None:
    data: dict[str, object] = {"sentence": "<script>alert(1)</script> & more"}
    message = encoded(StreamEvent(StreamEventType.ALERT, "alerts", "", data), "e-1", 1)
    for text in (message.sse.decode(), message.message):
        assert not set("<>&") & set(text)
    assert json.loads(message.message)["data"]["sentence"] == data["sentence"]


@pytest.mark.parametrize("last", ["ffffffff-1", "nonsense", "-", "ffffffff-x"])
def test_an_id_of_another_epoch_is_answered_with_a_snapshot_that_says_so(
    running: Running, last: str
) -> None:
    running.cycle(overview={"n": 0})
    running.begin()
    stream = raw(running, "/events", Last_Event_ID=last)
    kind, _, data = next(stream)
    assert (kind, data["recovered"]) == ("snapshot", False)
    stream.close()


def test_a_websocket_gets_the_same_ids(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "g6.web")
    running.cycle(overview={"n": 0})
    running.begin()
    one = Listening(running)
    one.hears("snapshot")
    address = running.url.replace("http", "ws") + "/ws"
    with connect(address, additional_headers={"X-Request-ID": "socket-1"}) as ws:
        assert ws.response is not None
        assert ws.response.headers["x-request-id"] == "socket-1"
        messages = [json.loads(ws.recv(timeout=90))]
        running.cycle(overview={"n": 1})
        messages += [json.loads(ws.recv(timeout=90)) for _ in range(2)]
    one.hears("end_of_cycle")
    assert [message["id"] for message in messages] == [event.id for event in one.heard[:3]]
    assert [message["type"] for message in messages] == one.types()[:3]
    (logged,) = [text for text in caplog.messages if "socket-1" in text]
    assert logged.startswith("GET /ws 101 in ")


def test_a_websocket_without_the_token_is_refused_and_logged(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "g6.web")
    running.begin(token=TOKEN)
    with pytest.raises(InvalidStatus), connect(running.url.replace("http", "ws") + "/ws"):
        pass
    assert any(text.startswith("GET /ws 403 in ") for text in caplog.messages)


def test_nothing_is_told_under_a_name_that_is_not_the_loopbacks(running: Running) -> None:
    running.begin(guard=Guard(hosts=LOOPBACK_HOSTS))
    for path in ("/events", "/resync", "/status"):
        answer = httpx.get(running.url + path, headers={"Host": "rebound.example"}, timeout=90)
        assert answer.status_code == 421
    address = running.url.replace("http", "ws") + "/ws"
    with pytest.raises(InvalidStatus), connect(address, origin="http://rebound.example"):
        pass
    with connect(address) as opened:
        assert json.loads(opened.recv(timeout=90))["type"] == "snapshot"


def test_the_stream_follows_another_request_over_the_same_connection(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "g6.web")
    running.cycle(overview={"n": 0})
    running.begin()
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=90) as one:
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: g6\r\n\r\n")
        health = b""
        while b'"ok"' not in health:
            piece = one.recv(4096)
            assert piece
            health += piece
        for piece in (b"GET /even", b"ts HTTP/1.1\r\nHost: g6\r\n", b"X-Request-ID: seven\r\n\r\n"):
            one.sendall(piece)
        answer = b""
        while b"event: snapshot" not in answer:
            piece = one.recv(4096)
            assert piece
            answer += piece
    assert b"X-Request-ID: seven" in answer
    eventually(lambda: any("seven" in record.getMessage() for record in caplog.records))
    (logged,) = [text for text in caplog.messages if "seven" in text]
    assert logged.startswith("GET /events 200 in ")
    assert b"text/event-stream" in answer


def test_without_the_token_nobody_listens(running: Running) -> None:
    running.begin(token=TOKEN)
    refused = running.serving.get("/events")
    assert refused.status_code == 401
    assert len(refused.headers["x-request-id"]) == 32
    assert running.serving.get("/healthz").status_code == 200
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    cookie = httpx.post(running.url + "/login", headers=bearer, timeout=90).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    stream = raw(running, "/events", Cookie=cookie.split(";", maxsplit=1)[0])
    assert next(stream)[0] == "snapshot"
    stream.close()
    assert running.serving.get(f"/events?token={TOKEN}").status_code == 400


def test_too_many_requests_are_refused_and_told_when_to_come_again(running: Running) -> None:
    running.begin(guard=Guard(requests_per_second=1.0))
    statuses = [running.serving.get("/healthz").status_code for _ in range(4)]
    assert statuses[:2] == [200, 200]
    assert 429 in statuses


def test_a_listener_that_does_not_read_gets_a_snapshot_later(running: Running) -> None:
    running.cycle(overview={"text": "x"})
    running.begin()
    other = Listening(running)
    other.hears("snapshot")
    stalled = stalled_listener(running)
    for number in range(12):
        running.cycle(overview={"text": f"{number:02}" * 50_000})
        other.hears("end_of_cycle", number + 1)
    state = StreamState()
    types: list[str] = []
    received = b""
    while state.panels != running.panels():
        received += stalled.recv(65_536)
        state, types = replayed(received)
    stalled.close()
    # What comes after the word that it was too slow is everything, and says that it lost something.
    assert types[types.index("slow_reader") + 1] == "snapshot"
    assert state.losses >= 1
    assert len(received) < 1_100_000


@dataclass(eq=False)
class Heard:
    """A listener that notes what it is handed."""

    beats: list[bytes] = field(default_factory=list)
    batches: list[Any] = field(default_factory=list)

    def send(self, batch: Any, now: float) -> bool:
        self.batches.append(batch)
        return True

    def ratio(self) -> float:
        return 0.0

    def start_again(self) -> None:
        self.batches.append(None)

    def beat(self, message: Any) -> None:
        self.beats.append(message.sse)

    def close(self) -> None:
        """Nothing is open."""


class AwayBus(MemoryBus):
    """A bus behind a Redis that does not answer."""

    def bounds(self) -> tuple[str, str, int]:
        raise RedisDown("Redis does not answer")


@pytest.mark.parametrize(("bus", "is_away"), [(MemoryBus(), False), (AwayBus(), True)])
def test_a_heartbeat_is_sent_only_where_nothing_else_was(bus: MemoryBus, is_away: bool) -> None:
    panels, listener, stop = MemoryPanels(), Heard(), threading.Event()
    hub = Hub(bus, panels, length=8, heartbeat_seconds=0.02)

    async def listen() -> None:
        hub.attach(asyncio.get_running_loop())
        hub.join(listener)  # type: ignore[arg-type]
        while len(listener.beats) < 2 or is_away not in map(says_away, listener.beats):
            await asyncio.sleep(0.01)

    following = threading.Thread(target=hub.run, args=(stop,))
    following.start()
    asyncio.run(asyncio.wait_for(listen(), 20))
    stop.set()
    following.join(90)
    assert listener.beats[0].startswith(b"event: heartbeat")
    assert says_away(listener.beats[-1]) == is_away


def says_away(beat: bytes) -> bool:
    return b"redis_away_seconds" in beat


def test_a_panel_that_differs_leaves_the_state_not_whole() -> None:
    state = StreamState()
    snapshot = {"panels": {"overview": {"n": 1}}, "recovered": True, "cycle": CYCLES[0]}
    state.apply("snapshot", "e-1", snapshot)
    assert state.is_whole
    diff = {"edit": {"n": {"to": 2}}}
    state.apply(
        "panel_diff", "e-2", {"panel": "overview", "diff": diff, "hash": panel_hash({"n": 2})}
    )
    assert state.is_whole
    state.apply("panel_diff", "e-3", {"panel": "overview", "diff": diff, "hash": "0" * 12})
    assert not state.is_whole


def test_a_value_that_would_begin_a_header_of_its_own_is_no_request() -> None:
    head = b"GET /events HTTP/1.1\r\nX-Request-ID: one%bSet-Cookie: two\r\n\r\n"
    assert RequestLines.parse(head % b" ") is not None
    assert RequestLines.parse(head % b"\n") is None
