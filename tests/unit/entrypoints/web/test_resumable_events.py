"""Events for listeners who come back: the newest as they are written, the older ones packed."""

from __future__ import annotations

import sys

import pytest

from g6.domain.documents.stream_events import StreamEvent, StreamEventType
from g6.entrypoints.web.stream.resumable_events import UNPACKED, ResumableEvents
from g6.entrypoints.web.stream.stream_messages import PackedMessage, StreamMessage, encoded

LENGTH = 4096


def message(number: int, words: str = "an alert") -> StreamMessage:
    data: dict[str, object] = {"number": number, "sentence": words, "é": "data: é\n\n"}
    event = StreamEvent(StreamEventType.ALERT, "alerts", "2026-11-20T05:30:00Z", data)
    return encoded(event, f"e-{number}", number)


def all_after(events: ResumableEvents, number: int) -> list[StreamMessage]:
    older, newest = events.after(number)
    return [event.unpacked() for event in older] + newest


@pytest.mark.parametrize("length", [16, UNPACKED, UNPACKED + 1, 1000])
def test_events_come_back_as_they_were_written(length: int) -> None:
    events = ResumableEvents(length)
    written = [message(number) for number in range(1, 1201)]
    evictions = [events.append(one) for one in written]
    assert sum(evictions) == 1200 - length == evictions[length:].count(True)
    assert len(events) == length
    assert all_after(events, 0) == written[-length:]
    assert all_after(events, 1195) == written[1195:]


@pytest.mark.parametrize("number", [901, 1000, 1199])
def test_an_event_is_replaced_whether_it_is_packed_or_not(number: int) -> None:
    events = ResumableEvents(300)
    for each in range(1, 1201):
        events.append(message(each))
    events.replace(message(number, "another"))
    assert [one.number for one in all_after(events, 0) if "another" in one.message] == [number]


@pytest.mark.parametrize("number", [1, 900, 1201])
def test_an_event_that_is_not_there_is_not_replaced(number: int) -> None:
    events = ResumableEvents(300)
    for each in range(1, 1201):
        events.append(message(each))
    events.replace(message(number, "another"))
    assert not any("another" in one.message for one in all_after(events, 0))


def test_a_packed_event_keeps_its_trace_and_that_it_was_too_large() -> None:
    event = StreamEvent(StreamEventType.PANEL_DIFF, "overview", "", {"rows": ["x" * 100] * 20})
    truncated = encoded(event, "e-1", 1, most=1000)
    assert truncated.is_truncated
    for one in (truncated, encoded(event, "e-1", 1), StreamMessage(**fields(message(7), 3.25))):
        assert PackedMessage.of(one).unpacked() == one


def fields(one: StreamMessage, published: float) -> dict[str, object]:
    names = ("id", "number", "type", "topic", "sse", "message")
    return {name: getattr(one, name) for name in names} | {"published": published}


def test_all_but_the_newest_events_hold_no_more_than_their_data_compressed() -> None:
    events = ResumableEvents(LENGTH)
    words = "NIFTY 26000 CE open interest, bid, ask and last price, " * 50
    for number in range(1, LENGTH + 1):
        events.append(message(number, words))
    older, newest = events.after(0)
    assert len(newest) == UNPACKED
    written = sum(len(one.sse) + len(one.message) for one in newest) * LENGTH // UNPACKED
    packed = sum(sys.getsizeof(one.content) for one in older)
    assert packed < written / 10
