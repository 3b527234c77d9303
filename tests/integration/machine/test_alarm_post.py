"""Alarms of a running system: the same as of the stored day, told once, whatever channels do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from g6.adapters.data_dir.alarm_log_file import AlarmLogFile
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.clock import StoppedClock
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.sink import MemoryChannel
from g6.adapters.memory.store import MemoryStore
from g6.config import calendar
from g6.domain.alarms import AlarmRule, rule_of_text
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.figures import overview
from g6.domain.reports import Alert, Heartbeat, StageReport, WriteReport
from g6.domain.reports.provider_facts import LoginFacts, ProviderFacts
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Stage, Status
from g6.pipeline.maintenance.alarm_facts import FigureSource
from g6.pipeline.maintenance.alarming import CHAIN_SECONDS, AlarmPost, alarms_of_day
from g6.simulation.example_unit import FRAME

OPEN = "2026-11-18T03:45:00Z"
INDEX = "NIFTY"
PCR = (0.9, 1.1, 1.25, 1.3, 1.1, 1.25, None, 1.0)
RULES = (
    rule_of_text("pcr", "pcr_this_week crosses above 1.2"),
    rule_of_text("gap", "gap opens"),
    rule_of_text("wall", "call_wall_this_week > 1"),
)


@dataclass
class AlarmWorld:
    """A system that stores cycles, and what evaluates rules over them."""

    directory: Path
    rules: Sequence[AlarmRule] = RULES
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(parse_z(OPEN).timestamp()))
    store: MemoryStore = field(default_factory=MemoryStore)
    controls: MemoryControls = field(default_factory=MemoryControls)
    channels: tuple[MemoryChannel, ...] = field(
        default_factory=lambda: (MemoryChannel("1 (json)"), MemoryChannel("2 (mailto)"))
    )
    may_turn_back: bool = False
    bus: MemoryBus = field(init=False)
    post: AlarmPost = field(init=False)

    def __post_init__(self) -> None:
        self.bus = MemoryBus(wall=self.clock.wall, length=20_000)
        self.source = FigureSource(self.store)
        self.start()

    def start(self) -> None:
        """Start it, as after its process ended."""
        self.post = AlarmPost(
            self.source,
            lambda: self.rules,
            self.channels,
            AlarmLogFile(self.directory / "alarms.sqlite"),
            self.bus,
            self.clock,
            calendar(),
            self.controls,
            may_turn_back=self.may_turn_back,
        )

    def collect(self, cycle: str, pcr: float | None, *, has_chain: bool = True) -> None:
        """Store a cycle and publish what workers publish of it."""
        self.clock.now = parse_z(cycle).timestamp()
        missing = overview.missing_row(cycle, INDEX, Status.MISSING, "provider")
        figures = {"status": Status.OK, "reason": "", "pcr_this_week": pcr}
        row = missing if pcr is None else {**missing, **figures}
        self.store.write_overview(cycle, [cast("OverviewRow", row)])
        if has_chain and pcr is not None:
            self.store.write_chain(Unit(cycle, INDEX), FRAME)
        counts = WriteReport({"parquet": 1})
        self.bus.publish(StageReport(cycle, "", Stage.PUBLISH, Status.OK, counts=counts))

    def live(self) -> None:
        """Collect the day, and let the post do its work once in each cycle."""
        for cycle, pcr in zip(self.cycles, PCR, strict=True):
            self.collect(cycle, pcr)
            self.post.step()

    @property
    def cycles(self) -> list[str]:
        first = parse_z(OPEN).timestamp()
        return [isoformat_z(first + 60.0 * place) for place in range(len(PCR))]

    def logged(self) -> list[tuple[str, str, str]]:
        entries = [entry.alarm for entry in self.post.log.log(1000)]
        return [(alarm.cycle[11:16], alarm.rule, str(alarm.outcome)) for alarm in entries]


EXPECTED = [
    ("03:45", "wall", "send"),
    ("03:47", "pcr", "send"),
    ("03:50", "pcr", "cooling"),
    ("03:51", "gap", "send"),
]


def test_a_live_day_and_the_stored_day_give_exactly_the_same_alarms(tmp_path: Path) -> None:
    world = AlarmWorld(tmp_path)
    world.live()
    assert world.logged() == EXPECTED
    stored = [*alarms_of_day(world.source, RULES, world.cycles)]
    assert stored == [entry.alarm for entry in world.post.log.log(1000)]


def test_a_market_that_begins_anew_is_evaluated_anew(tmp_path: Path) -> None:
    world = AlarmWorld(tmp_path, may_turn_back=True)
    world.live()
    world.live()
    assert world.logged() == EXPECTED * 2
    # A rerun of a cycle that is over is none, whatever the market.
    world.bus.publish(
        StageReport(OPEN, "", Stage.PUBLISH, Status.OK, counts=WriteReport({"parquet": 1}))
    )
    world.post.step()
    assert world.logged() == EXPECTED * 2


def test_what_is_sent_reaches_every_channel_once_over_restarts(tmp_path: Path) -> None:
    world = AlarmWorld(tmp_path)
    for cycle, pcr in zip(world.cycles, PCR, strict=True):
        world.collect(cycle, pcr)
        world.post.step()
        world.post.log.close()
        world.start()
    assert world.logged() == EXPECTED
    titles = [title for title, _ in world.channels[0].messages]
    assert titles == ["G6: NIFTY wall", "G6: NIFTY pcr", "G6: NIFTY gap"]
    assert world.channels[1].messages == world.channels[0].messages
    assert "pcr_this_week 1.25" in world.channels[0].messages[1][1]


def test_a_dead_channel_holds_up_neither_cycles_nor_the_other_and_is_an_alert(
    tmp_path: Path,
) -> None:
    world = AlarmWorld(tmp_path)
    world.channels[0].is_away = True
    world.live()
    assert world.logged() == EXPECTED
    assert len(world.channels[1].messages) == 3
    assert list(world.controls.read().alerts) == ["channel_away:1 (json)"]
    published = [event.payload for event in world.bus.read("0", count=1000)]
    (told,) = [payload for payload in published if isinstance(payload, Alert)]
    assert "1 (json)" in told.sentence
    world.channels[0].is_away = False
    world.clock.sleep(120.0)
    world.post.step()
    assert world.channels[0].messages == world.channels[1].messages
    assert not world.controls.read().alerts


def test_a_message_that_nobody_took_for_hours_is_given_up(tmp_path: Path) -> None:
    world = AlarmWorld(tmp_path)
    world.channels[0].is_away = True
    world.live()
    world.channels[0].is_away = False
    world.clock.sleep(7 * 3600.0)
    world.post.step()
    assert world.channels[0].messages == []
    assert {state for entry in world.post.log.log(9) for state in entry.channels.values()} == {
        "given up",
        "sent",
    }


def test_a_muted_rule_is_logged_and_not_sent(tmp_path: Path) -> None:
    world = AlarmWorld(tmp_path)
    world.post.log.mute("pcr", parse_z(OPEN).timestamp() + 3600)
    world.live()
    assert ("03:47", "pcr", "muted") in world.logged()
    assert [title for title, _ in world.channels[0].messages] == ["G6: NIFTY wall", "G6: NIFTY gap"]


def test_a_cycle_waits_for_the_chain_that_a_rule_reads_and_not_for_ever(tmp_path: Path) -> None:
    world = AlarmWorld(tmp_path)
    world.collect(OPEN, 0.9, has_chain=False)
    world.post.step()
    assert world.logged() == []
    world.store.write_chain(Unit(OPEN, INDEX), FRAME)
    world.post.step()
    assert world.logged() == EXPECTED[:1]
    world.collect(world.cycles[1], None)
    world.collect(world.cycles[2], 1.3, has_chain=False)
    world.clock.sleep(CHAIN_SECONDS)
    world.post.step()
    assert ("03:46", "gap", "send") in world.logged()


def test_a_token_that_is_missing_at_a_quarter_to_nine_is_told_of(tmp_path: Path) -> None:
    world = AlarmWorld(tmp_path, [rule_of_text("token", "token missing at 08:45")])
    heartbeat = Heartbeat(provider=ProviderFacts(login=LoginFacts("missing", None, 0.0)))
    for clock in ("03:14:58", "03:15:00", "03:15:02"):
        world.clock.now = parse_z(f"2026-11-18T{clock}Z").timestamp()
        world.bus.publish(heartbeat)
        world.post.step()
    assert [entry.alarm.cycle for entry in world.post.log.log(9)] == ["2026-11-18T03:15:00Z"]
    assert "g6 login" in world.channels[0].messages[0][1]


def test_a_rule_may_be_over_events_and_what_is_over_is_none(tmp_path: Path) -> None:
    world = AlarmWorld(tmp_path, [rule_of_text("system", "event alert disk")])
    alert = Alert("disk", "the disk is full")
    world.bus.publish(alert, key="disk")
    world.bus.publish(replace(alert, is_over=True), key="disk")
    world.bus.publish(Alert("token", "no token"), key="token")
    world.post.step()
    assert [text.splitlines()[0] for _, text in world.channels[0].messages] == [
        "disk: the disk is full"
    ]


@pytest.mark.parametrize("value", [None, True, 5])
def test_a_rule_may_read_a_number_of_a_panel(tmp_path: Path, value: object) -> None:
    world = AlarmWorld(tmp_path, [rule_of_text("queue", "panel.health.queues.collect > 3")])
    document = {"data": {"queues": {"collect": value}}}
    world.source = FigureSource(world.store, panel=lambda _: document)
    world.start()
    world.collect(OPEN, 1.0)
    world.post.step()
    assert len(world.channels[0].messages) == (value == 5)
