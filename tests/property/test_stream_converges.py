"""Listeners that come and go end up with the server's panels, and know when they lost something."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

from g6.domain.documents.stream_events import StreamEvent, StreamEventType
from g6.domain.documents.stream_state import StreamState
from g6.domain.reports import CycleReport
from g6.domain.schema.words import Status
from g6.entrypoints.web.stream.sequence import EventSequence
from g6.entrypoints.web.stream.stream_messages import StreamMessage

DISCONNECTS = 10_000
RESTARTS = 5
LISTENERS = 40
LENGTH = 48
"""Events that can be asked for again: about twelve cycles of four."""


class Server:
    """The sequence of one server, with panels that change at random."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._number = 0
        self.panels: dict[str, Any] = {"overview": {"rows": [0, 0, 0]}, "health": {"ok": True}}
        self.restart()

    def restart(self) -> None:
        """Begin again with nothing but the panels."""
        self.sequence = EventSequence(LENGTH)
        self.sequence.start_from(self.panels, "2026-11-18T05:30:00Z")

    def cycle(self) -> list[StreamMessage]:
        """Change some panels, and return the events of the cycle."""
        self._number += 1
        chance = self._chance
        rows = list(self.panels["overview"]["rows"])
        rows[chance.randrange(3)] = chance.choice([self._number, 1.5, None, -0.0, 0.0])
        self.panels = {**self.panels, "overview": {"rows": rows}}
        if chance.random() < 0.3:
            self.panels[f"index_{chance.choice('ABC')}"] = {"strikes": [], "n": self._number}
        if chance.random() < 0.1:
            self.panels.pop(f"index_{chance.choice('ABC')}", None)
        report = CycleReport(
            cycle=f"cycle {self._number}", status=Status.OK, units={}, reasons={}, options={},
            lateness_seconds=0.0, elapsed_seconds=0.0, attempt=1, rows=(), seconds={},
        )  # fmt: skip
        return self.sequence.add_cycle(self.panels, report)


class Listener:
    """A listener with what it received, and what it should know of its losses."""

    def __init__(self) -> None:
        self.state = StreamState()
        self.is_connected = False
        self.received: list[str] = []

    def connect(self, server: Server) -> None:
        """Ask for what is missing, as a client does."""
        last = self.state.last_id
        events = server.sequence.after(last) if last else None
        if events is None:
            events = [server.sequence.snapshot(is_recovered=not last)]
        self.is_connected = True
        self.take(events)

    def take(self, events: Any) -> None:
        """Apply events."""
        for event in events:
            message = json.loads(event.message)
            self.state.apply(message["type"], message["id"], message["data"])
            self.received.append(message["id"])


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.timeout(300)
def test_after_disconnects_and_restarts_every_listener_has_the_panels_of_the_server(
    seed: int,
) -> None:
    chance = random.Random(seed)
    server = Server(chance)
    listeners = [Listener() for _ in range(LISTENERS)]
    disconnects = restarts = 0
    while disconnects < DISCONNECTS // 2:
        for listener in listeners:
            if not listener.is_connected and chance.random() < 0.4:
                listener.connect(server)
            elif listener.is_connected and chance.random() < 0.3:
                listener.is_connected = False
                disconnects += 1
        events = server.cycle()
        for listener in listeners:
            if listener.is_connected:
                listener.take(events)
                assert listener.state.is_whole
        due = disconnects > (restarts + 1) * DISCONNECTS // 2 // (RESTARTS + 1)
        if due and restarts < RESTARTS:
            restarts += 1
            server.restart()
            for listener in listeners:
                listener.is_connected = False
    assert restarts == RESTARTS
    for listener in listeners:
        listener.connect(server)
        listener.take(server.sequence.add(StreamEvent(StreamEventType.ALERT, "alerts", "", {})))
        assert listener.state.panels == server.panels
        assert listener.state.is_whole
        # Within one epoch ids rise by one, unless a snapshot said that some may be lost.
        assert listener.state.losses == losses_of(listener.received)


def losses_of(ids: list[str]) -> int:
    """Return how often an id does not follow the one before it."""
    losses = 0
    for before, after in itertools.pairwise(ids):
        epoch, _, number = before.partition("-")
        if after.partition("-")[0] != epoch or int(after.partition("-")[2]) > int(number) + 1:
            losses += 1
    return losses
