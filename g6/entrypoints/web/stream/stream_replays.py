"""The stored day to one listener, and from there into the present without a seam."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from g6.domain.documents.stream_events import StreamEvent, StreamEventType
from g6.domain.market.instants import MarketTime, instant_in_words, instant_of_text
from g6.domain.schema.json_types import JsonObject
from g6.entrypoints.web.stream.sequence import SequencePlace
from g6.entrypoints.web.stream.stream_listener import Listener, ListenerHome, Pipe
from g6.entrypoints.web.stream.stream_messages import StreamMessage, encoded, in_topics
from g6.errors import UserError
from g6.studies.stored.days.day_replay import DayReplay

__all__ = ["PAST", "Replays", "StreamStart"]

T = TypeVar("T")
PAST = "past-"
"""Begins the id of an event of a replay, behind which its cycle stands."""
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.05
LONGEST = timedelta(days=7)
REPLAYS = 2
"""Replays that are computed at the same time: each takes processor time from the present."""


@dataclass(frozen=True, slots=True)
class StreamStart:
    """Where a listener begins.

    Attributes:
        last_id: The id of the last event that it has, empty for none.
        since: From which instant it wants the stored day, None for the present alone.
    """

    last_id: str = ""
    since: datetime | None = None


class Replays:
    """Replays stored days to listeners.

    Args:
        replay_of: Makes the replay from an instant on.
        time: What instants such as `09:15` count from.
        patience_seconds: How long a replay waits for the store to have what the present has.
    """

    def __init__(
        self,
        replay_of: Callable[[datetime], DayReplay],
        time: MarketTime,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._patience = patience_seconds
        self._replay_of = replay_of
        self._time = time
        self._pool = ThreadPoolExecutor(REPLAYS, thread_name_prefix="replay")

    def start_of(self, last_id: str, since: str) -> StreamStart:
        """Return where a listener begins that says what it has and what it wants.

        Args:
            last_id: The id of its last event. One of a replay goes on with that replay.
            since: The instant as it was written, empty for the present.

        Raises:
            UserError: The instant cannot be read, lies ahead, or too far back.
        """
        if last_id.startswith(PAST):
            since = last_id.removeprefix(PAST)
        elif last_id or not since:
            return StreamStart(last_id)
        at = instant_of_text(since, self._time)
        now = self._time.now()
        if at > now:
            raise UserError(
                f"{instant_in_words(at)} lies ahead", "ask for an earlier instant, or leave it out"
            )
        if at < now - LONGEST:
            raise UserError(
                f"a stream goes back {LONGEST.days} days at most", "ask /v1 for days before"
            )
        return StreamStart(since=at)

    async def run(
        self,
        home: ListenerHome,
        listener: Listener,
        pipe: Pipe,
        since: datetime,
    ) -> None:
        """Write the stored day from an instant on, then begin with the present.

        Args:
            home: Where listeners live.
            listener: Who listens.
            pipe: What carries the events to it.
            since: The instant.
        """
        replay = self._replay_of(since)
        home.counts.snapshot_sent("replay")
        limit = home.now() + self._patience
        first = None
        while first is None and not pipe.is_closed:
            is_patient = home.now() < limit
            first = await self._made(partial(replay.begin, is_patient=is_patient))
            if first is None:
                await asyncio.sleep(POLL_SECONDS)
            else:
                pipe.write(_message(first))
        while not pipe.is_closed:
            is_patient = home.now() < limit
            events = await self._made(partial(replay.step, is_patient=is_patient))
            if events is not None:
                limit = home.now() + self._patience
                await self._write(events, listener, pipe, home)
                continue
            place = home.sequence.place()
            missing = await self._made(partial(replay.missing, place.ended, place.bus_id))
            is_whole = bool(place.ended) and not missing
            if is_whole or not is_patient:
                await self._write(
                    await self._made(partial(_rest, replay, place)), listener, pipe, home
                )
                pipe.write(_completed(replay, place, missing, is_whole=is_whole))
                listener.begin(place.id)
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _made(self, call: Callable[[], T]) -> T:
        """Return what a call gives that reads the store, beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    async def _write(
        self,
        events: Sequence[StreamEvent],
        listener: Listener,
        pipe: Pipe,
        home: ListenerHome,
    ) -> None:
        """Write events that a listener chose, no faster than it reads."""
        for event in events:
            if in_topics(event.topic, listener.topics):
                pipe.write(_message(event))
                home.counts.events[str(event.type)] += 1
        while pipe.waiting() > home.limits.bytes and not pipe.is_closed:
            await asyncio.sleep(POLL_SECONDS)


def _rest(replay: DayReplay, place: SequencePlace) -> list[StreamEvent]:
    return replay.rest(place.panels, place.hashes, place.bus_id)


def _completed(
    replay: DayReplay, place: SequencePlace, missing: Sequence[str], *, is_whole: bool
) -> StreamMessage:
    """Return the event that ends a replay. Its id is that of the present."""
    data: JsonObject = {
        "cycles": replay.count,
        "whole": is_whole,
        "missing": list(missing),
        "hashes": dict(place.hashes),
    }
    event = StreamEvent(StreamEventType.REPLAY_COMPLETED, "", replay.cycle, data)
    return encoded(event, place.id, 0, most=None)


def _message(event: StreamEvent) -> StreamMessage:
    """Return an event of a replay. From the end of a cycle it can be gone on with."""
    is_place = event.type in {StreamEventType.END_OF_CYCLE, StreamEventType.SNAPSHOT}
    name = f"{PAST}{event.cycle}" if is_place and event.cycle else ""
    return encoded(event, name, 0, most=None)
