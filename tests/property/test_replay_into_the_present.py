"""A listener that begins with the stored day has what one has that never stopped, whatever fails meanwhile."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.store import MemoryStore
from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Unit, cycle_status, isoformat_z, parse_z
from g6.domain.documents import panels
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.documents.stream_state import StreamState
from g6.domain.figures import overview
from g6.domain.market.expiry import resolve
from g6.domain.market.instants import MarketTime
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes.stamp import Stamp
from g6.domain.reports import Alert, CycleReport, GapClosed, GapOpened, ProviderFacts
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Reason, Status
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.stream_listener import Listener
from g6.entrypoints.web.stream.stream_messages import Batch, StreamMessage
from g6.entrypoints.web.stream.stream_replays import Replays
from g6.simulation import SimulatedMarket
from g6.studies.stored.days.day_replay import NOT_OF_ROWS, DayReplay

JOINS = 1_000
WORLDS = 20
CYCLES = 10
INDEX = "FINNIFTY"
FIRST = parse_z("2026-11-18T05:30:00Z")
STEP = timedelta(minutes=1)
CLOSING = timedelta(seconds=2)
NOTES = frozenset({"gap", "alert"})
LEFT_OUT = frozenset({"slow_reader", "heartbeat", "snapshot", "replay_completed"})


@cache
def chain_of(cycle: str) -> tuple[Frame, Any]:
    """Return the stored chain of a cycle, and its overview row."""
    market = SimulatedMarket(calendar())
    unit = Unit(cycle, INDEX)
    listing = market.listing(INDEX, unit.instant)
    resolved = resolve(
        listing.contracts.expiries,
        unit.instant,
        calendar(),
        "NSE",
        ("this_month",),
        underlying=INDEX,
    )
    contracts = listing.contracts.of(resolved.slots[0].expiry)
    quotes = market.quotes(INDEX, contracts, unit.instant)
    settings = plan(load(None, {}))
    stamp = Stamp(
        unit.instant, INDEX, "c1", settings.pricing, settings.quality, resolved.slots[:1], resolved.buckets, 4
    )  # fmt: skip
    chain = assemble(quotes, stamp)
    return chain_frame(chain), overview.summarise(chain)


class Builder:
    """Builds panels, those of the same cycle once: a thousand listeners see the same day."""

    def __init__(self) -> None:
        self._built: dict[tuple[str, str, str], Any] = {}

    def __call__(self, report: CycleReport, rows: Any, chains: Any, **options: Any) -> Any:
        key = (report.cycle, str(dict(report.units)), f"{report.elapsed_seconds} {sorted(chains)}")
        if key not in self._built:
            self._built[key] = panels.build(report, rows, chains, window=2, **options)
        return self._built[key]


class StandingClock:
    """The market's clock, which is the wall's, and stands where the day is."""

    def __init__(self) -> None:
        self.at = FIRST

    def wall(self) -> float:
        return self.at.timestamp()

    def market(self) -> datetime:
        return self.at

    def wall_of(self, instant: datetime) -> float:
        return instant.timestamp()

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


@dataclass(eq=False)
class CollectingPipe:
    """Keeps what a listener was written."""

    messages: list[StreamMessage] = field(default_factory=list)
    is_closed: bool = False

    def waiting(self) -> int:
        return 0

    def write(self, message: StreamMessage) -> int:
        self.messages.append(message)
        return len(message.sse)

    def write_batch(self, batch: Batch, topics: tuple[str, ...], last: int) -> int:
        events = batch.of(topics, last)
        self.messages += events
        return len(events)

    def close(self) -> None:
        self.is_closed = True


Heard = tuple[str, str, str]


@dataclass(eq=False)
class Joined:
    """A listener that began with the stored day."""

    since: datetime
    pipe: CollectingPipe
    task: asyncio.Task[None]

    def state(self) -> StreamState:
        state = StreamState()
        for message in self.pipe.messages:
            document = json.loads(message.message)
            state.apply(document["type"], document.get("id", ""), document["data"])
            assert state.is_whole
        return state

    def heard(self) -> list[Heard]:
        return heard(self.pipe.messages)


def heard(messages: list[StreamMessage]) -> list[Heard]:
    """Return type, cycle and data of the events about stored rows, gaps and alerts."""
    events: list[Heard] = []
    for message in messages:
        document = json.loads(message.message)
        data = document["data"]
        data.pop("hashes", None)
        data.pop("hash", None)
        data.pop("_trace", None)
        if document["type"] not in LEFT_OUT and data.get("panel") not in NOT_OF_ROWS:
            events.append((document["type"], data["cycle"], json.dumps(data, sort_keys=True)))
    return events


class World:
    """A day, cycle by cycle: Redis, the store, a server, and listeners."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.clock = StandingClock()
        self.build = Builder()
        self.store = MemoryStore()
        self.bus = MemoryBus(wall=self.clock.wall)
        self.panels = MemoryPanels()
        self.joined: list[Joined] = []
        self.unstored: list[tuple[str, str]] = []
        self.statuses: dict[str, str] = {}
        self.never_stopped = CollectingPipe()

    async def begin(self) -> None:
        self.start_server()
        await self.settle()

    def start_server(self) -> None:
        """Start a server, of which nobody remembers the one before."""
        self.hub = Hub(
            self.bus, self.panels, length=64, heartbeat_seconds=1e6, wall=self.clock.wall
        )
        self.hub.attach(asyncio.get_running_loop())
        self.last = ""
        self.replays = Replays(self.replay, MarketTime.of(self.clock.market), 200.0)
        self.never_stopped = CollectingPipe()
        self.last = self.hub.step(self.last)
        Listener(self.hub, self.never_stopped, ()).begin("")

    def replay(self, since: datetime) -> DayReplay:
        return DayReplay(self.store, self.bus, self.clock, since, self.build)

    async def settle(self) -> None:
        """Have the server hear of everything, and hand it out."""
        self.last = self.hub.step(self.last)
        for _ in range(3):
            await asyncio.sleep(0)

    async def cycle(self, number: int) -> None:
        """End a cycle, which is stored now or later."""
        cycle = isoformat_z(FIRST + number * STEP)
        self.clock.at = parse_z(cycle) + CLOSING
        is_there = self.chance.random() < 0.8
        status = Status.OK if is_there else self.chance.choice([Status.MISSING, Status.SKIPPED])
        report, rows, chains = self.report(cycle, status)
        built = self.build(
            report, rows, chains, provider=ProviderFacts(), generated_at=cycle,
        )  # fmt: skip
        self.panels.put(built)
        self.bus.publish(report, key=cycle)
        self.unstored.append((cycle, str(status)))
        before = self.statuses.get(INDEX, "OK")
        if (before == "OK") != is_there:
            change = GapClosed if is_there else GapOpened
            self.bus.publish(change(INDEX, cycle, status, report.reasons.get(INDEX, "")), key=INDEX)
        self.statuses[INDEX] = str(status)
        if self.chance.random() < 0.3:
            self.bus.publish(Alert("disk", f"full at {cycle}"), key="disk")
        await self.settle()

    def report(self, cycle: str, status: Status) -> tuple[CycleReport, Any, dict[str, Frame]]:
        rows: Any
        chains: dict[str, Frame] = {}
        if status is Status.OK:
            frame, row = chain_of(cycle)
            rows = [row | {"status": "OK", "reason": ""}]
            chains[INDEX] = frame
        else:
            rows = [overview.missing_row(cycle, INDEX, status, Reason.PROVIDER)]
        units = {INDEX: status}
        reasons = {} if chains else {INDEX: Reason.PROVIDER}
        options = {INDEX: int(rows[0]["options"] or 0)}
        report = CycleReport(cycle, cycle_status(units), units, reasons, options, 0.1, 0.5)
        return report, rows, chains

    def store_some(self, most: int) -> None:
        """Store some of the cycles that ended, in any order."""
        self.chance.shuffle(self.unstored)
        for _ in range(min(most, len(self.unstored))):
            cycle, status = self.unstored.pop()
            _, rows, chains = self.report(cycle, Status(status))
            for index, frame in chains.items():
                self.store.write_chain(Unit(cycle, index), frame)
            self.store.write_overview(cycle, rows)

    async def disturb(self) -> None:
        """Have Redis forget, and the server restart; every listener comes back to the new one."""
        if self.chance.random() < 0.5:
            # What was not stored yet is gone with Redis, and no end of a cycle any more.
            self.store_some(CYCLES)
            self.bus = MemoryBus(wall=self.clock.wall)
            self.panels = MemoryPanels()
        for one in self.joined:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in self.joined), return_exceptions=True)
        self.start_server()
        await self.settle()
        for one in self.joined:
            await self.come_back(one)

    async def come_back(self, one: Joined) -> None:
        """Have a listener say what it has, as clients do."""
        last_id = one.state().last_id
        if not last_id:
            one.task = self.tell(one.pipe, one.since)
            return
        start = self.replays.start_of(last_id, "")
        if start.since is not None:
            one.task = self.tell(one.pipe, start.since)
        else:
            Listener(self.hub, one.pipe, ()).begin(last_id)

    def tell(self, pipe: CollectingPipe, since: datetime) -> asyncio.Task[None]:
        """Begin to tell a listener the stored day."""
        running = self.replays.run(self.hub, Listener(self.hub, pipe, ()), pipe, since)
        return asyncio.get_running_loop().create_task(running)

    def join(self) -> None:
        """Have a listener begin at a random instant of the day so far."""
        so_far = (self.clock.at - FIRST).total_seconds()
        since = FIRST + timedelta(seconds=self.chance.uniform(-60, so_far))
        pipe = CollectingPipe()
        self.joined.append(Joined(since, pipe, self.tell(pipe, since)))


async def day(seed: int, *, faults: bool, joins: int) -> tuple[World, list[Heard]]:
    """Live a day with listeners that join at random; return it with what was said of it."""
    world = World(random.Random(seed))
    await world.begin()
    every: list[Heard] = []
    for number in range(CYCLES):
        if faults and world.chance.random() < 0.15:
            every += heard(world.never_stopped.messages)
            await world.disturb()
        await world.cycle(number)
        world.store_some(world.chance.randrange(3))
        for _ in range(-(-joins // CYCLES)):
            world.join()
        await asyncio.sleep(0.002)
    world.store_some(CYCLES)
    waiting = [one.task for one in world.joined if not one.task.cancelled()]
    await asyncio.wait_for(asyncio.gather(*waiting), 200)
    await world.cycle(CYCLES)
    every += heard(world.never_stopped.messages)
    return world, every


def cycle_of(event: Heard) -> datetime:
    """Return the cycle that an event is of; an alert names it at its end."""
    return parse_z(event[1] or json.loads(event[2])["sentence"].rpartition(" ")[2])


def of_rows(events: list[Heard], since: datetime) -> list[Heard]:
    """Return what is said of the cycles after an instant, in its order."""
    return [event for event in events if event[0] not in NOTES and cycle_of(event) > since]


def notes(events: list[Heard], since: datetime) -> list[Heard]:
    """Return the gaps and alerts of an instant and later."""
    entries = [event for event in events if event[0] in NOTES]
    return sorted(event for event in entries if cycle_of(event) + CLOSING >= since)


def ends(events: list[Heard], since: datetime) -> list[str]:
    """Return which cycles ended how, and which gaps opened and closed."""
    kinds = {"end_of_cycle", "gap"}
    return sorted({event[2] for event in events if event[0] in kinds and cycle_of(event) > since})


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(WORLDS // 2))
def test_stored_day_and_present_are_what_an_uninterrupted_listener_heard(seed: int) -> None:
    world, every = asyncio.run(day(seed, faults=False, joins=JOINS // WORLDS))
    assert len(world.joined) >= JOINS // WORLDS
    for one in world.joined:
        mine = one.heard()
        assert of_rows(mine, one.since) == of_rows(every, one.since)
        assert notes(mine, one.since) == notes(every, one.since)
        state = one.state()
        assert state.losses == 0
        assert state.panels == data_of(world.panels)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(WORLDS // 2, WORLDS))
def test_restarts_and_a_redis_that_forgets_lose_no_cycle_of_a_replay(seed: int) -> None:
    world, every = asyncio.run(day(seed, faults=True, joins=JOINS // WORLDS))
    for one in world.joined:
        state = one.state()
        assert state.panels == data_of(world.panels)
        if state.losses == 0:
            assert ends(one.heard(), one.since) == ends(every, one.since)


def data_of(documents: MemoryPanels) -> dict[str, object]:
    return {name: one["data"] for name, one in documents.all().items()}
