"""What the memory adapters do beyond their ports."""

from __future__ import annotations

import numpy as np
import pytest

from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.errors import FrameMissing

UNIT = Unit("2026-11-20T04:05:00Z", "NIFTY")
FRAME = Frame({}, {"strike": np.array([26000.0])})


def test_a_frame_ends_on_the_clock_it_was_given() -> None:
    now = [0.0]
    frames = MemoryFrames(lambda: now[0])
    frames.put(UNIT, "quotes", FRAME, 10.0)
    now[0] = 9.9
    assert len(frames.get(UNIT, "quotes")) == 1
    now[0] = 10.0
    frames.expire(UNIT, "quotes", 10.0)
    with pytest.raises(FrameMissing):
        frames.get(UNIT, "quotes")


def test_expired_frames_are_let_go() -> None:
    now = [0.0]
    frames = MemoryFrames(lambda: now[0])
    frames.put(UNIT, "quotes", FRAME, 10.0)
    now[0] = 20.0
    frames.put(UNIT, "chain", FRAME, 10.0)
    assert list(frames._frames) == [(UNIT, "chain")]


def test_the_sender_writes_down_what_it_was_asked_to_send() -> None:
    sender = MemorySender()
    first = sender.stages(UNIT, ["collect", "analyse"])
    second = sender.stages(UNIT, iter(["persist"]), manual=True)
    sender.aggregate(UNIT.cycle)
    sender.publish(UNIT.cycle)
    assert first != second
    assert sender.sent == [
        ("stages", first, UNIT, ("collect", "analyse"), False),
        ("stages", second, UNIT, ("persist",), True),
        ("aggregate", UNIT.cycle),
        ("publish", UNIT.cycle),
    ]


def test_a_panels_cycle_is_known() -> None:
    panels = MemoryPanels()
    panels.put({"indices": {"updated_at": UNIT.cycle}})
    assert panels.cycles() == {"indices": UNIT.cycle}
