"""What a run tells beside its cycles: market and login when they change, the session's end, silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.text import Text

from g6.config import load
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.reports import Alert, CycleReport, Heartbeat, LoginFacts, ProviderFacts, WriteReport
from g6.domain.schema.words import Stage, Status
from g6.entrypoints.cli.run.bounded_run import closed_today
from g6.entrypoints.cli.run.run_watch import RunWatch, login_before_start
from g6.entrypoints.cli.shared.following import RunFollower
from g6.errors import StoreBusy
from g6.pipeline.runtime import Watch
from g6.pipeline.sink_refusals import report_refusal
from g6.rendering.run_screen import Notice
from tests.worlds.pipeline import SETTINGS, World

CLOSE = "2026-11-18T10:10:00Z"


def test_a_closed_day_is_no_reason_to_hide_that_there_is_no_key() -> None:
    notice = login_before_start(load(None, {"provider.name": "kite"}, {}))
    assert notice is not None
    assert notice.sentence.startswith("there is no API key")
    assert login_before_start(load(None, {"provider.name": "sim"}, {})) is None


@dataclass(slots=True)
class Heard:
    """A voice that remembers what it was told, and lines that were written."""

    notices: list[Notice] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def cycle(self, report: CycleReport) -> None:
        raise AssertionError(report)

    def alert(self, alert: Alert) -> None:
        raise AssertionError(alert)

    def notice(self, notice: Notice) -> None:
        self.notices.append(notice)

    def write(self, line: Text) -> None:
        self.lines.append(line.plain)


class Watched:
    """A run in the small world, from shortly before the close."""

    def __init__(self, directory: Path) -> None:
        self.world = World()
        self.world.clock.now = parse_z(CLOSE).timestamp() - 30.0
        self.voice = Heard()
        settings = load(None, SETTINGS | {"demo_dir": directory, "provider.name": "sim"}, {})
        stack: Any = SimpleNamespace(runtime=self.world.runtime, log_dir=directory)
        self.watch = RunWatch(settings, stack, self.voice, self.voice.write)
        self.follower: Any = SimpleNamespace(heard=None, heard_at=0.0, unstored=set())
        self.begun = list(self.watch.begin())

    def look(self) -> None:
        self.watch.look(self.follower)

    def hears(self, login: LoginFacts | None = None) -> None:
        self.follower.heard = Heartbeat(provider=ProviderFacts(login=login))
        self.follower.heard_at = self.world.clock.now


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_it_begins_with_the_market_as_it_stands(watched: Watched) -> None:
    (notice,) = watched.begun
    assert notice.sentence.startswith("open until 15:40")


def test_it_begins_with_the_end_of_the_calendar_where_that_comes_soon(watched: Watched) -> None:
    watched.world.clock.now = parse_z("2026-12-31T05:30:00Z").timestamp()
    market, ending = watched.watch.begin()
    assert market.sentence.startswith("open until 15:40")
    assert (ending.subject, ending.is_trouble) == ("calendar", False)


def test_a_close_is_told_once_and_the_session_is_summed_up(watched: Watched) -> None:
    watched.watch.statuses["OK"] += 2
    watched.look()
    assert watched.voice.notices == []
    watched.world.later(60.0)
    for _ in range(2):
        watched.look()
    (notice,) = watched.voice.notices
    assert "closed: after the close" in notice.sentence
    assert watched.voice.lines[0] == "the session of 2026-11-18 is over"
    assert watched.voice.lines[-1] == "  next      tomorrow 09:15"
    assert watched.watch.has_seen_close


def test_a_cycle_that_is_done_again_is_counted_once(watched: Watched) -> None:
    for attempt in (1, 2):
        report = CycleReport(CLOSE, Status.OK, {"NIFTY": Status.OK}, {}, {}, 0.0, 0.2, attempt)
        watched.watch.count(report)
    assert dict(watched.watch.statuses) == {"OK": 1}


def test_a_login_is_told_when_it_changes(watched: Watched) -> None:
    for login in (LoginFacts("missing"), LoginFacts("missing"), LoginFacts("valid", None, 9e4)):
        watched.hears(login)
        watched.look()
    assert [notice.key for notice in watched.voice.notices] == ["missing", "valid"]


def test_silence_is_an_alert_until_a_heartbeat_is_heard(watched: Watched) -> None:
    watched.look()
    watched.world.later(21.0)
    for _ in range(2):
        watched.look()
    (alert,) = watched.world.reports("alert")
    assert alert["sentence"].startswith("no heartbeat for 21 s")
    watched.hears()
    watched.look()
    assert watched.world.reports("alert")[-1]["over"] is True


@pytest.mark.parametrize(
    ("clock", "told"),
    [
        ("2026-11-22T06:30:00Z", "nothing to collect: closed: Sunday; the next session opens"),
        ("2026-11-20T11:00:00Z", "nothing to collect: closed: after the close"),
        ("2026-11-20T06:30:00Z", ""),
        ("2026-11-20T02:30:00Z", ""),
    ],
)
def test_a_live_run_of_a_closed_day_ends_with_a_sentence(clock: str, told: str) -> None:
    settings = load(
        None,
        {
            "provider.name": "kite",
            "provider.root": "http://127.0.0.1:9",
            "market.start": clock,
            # The look-alike's clock begins to run in an hour: until then it stands.
            "market.origin": 4_000_000_000.0,
        },
        {},
    )
    sentence = closed_today(settings)
    assert sentence.startswith(told)
    assert bool(sentence) is bool(told)


def test_a_simulated_run_is_never_closed() -> None:
    assert closed_today(load(None, {"market.start": "2026-11-22T06:30:00Z"}, {})) == ""


def test_a_store_that_refuses_is_told_and_its_cycles_are_counted_until_they_are_stored(
    watched: Watched,
) -> None:
    runtime = watched.world.runtime
    unit = Unit(CLOSE, "NIFTY")
    assert watched.watch.refusal(CLOSE) == ""
    stack: Any = SimpleNamespace(runtime=runtime, watch=lambda: None)
    follower = RunFollower(stack, runtime.bus.bounds()[1], lambda _: None)
    errors = {"parquet": "cannot write x: No space left on device; free space"}
    report_refusal(runtime, unit, Stage.PERSIST, StoreBusy("full", errors))
    assert list(follower.poll(0.0)) == []
    assert follower.unstored == {CLOSE}
    # The line of the cycle was written before the store refused it.
    watched.watch.look(follower)
    watched.watch.look(follower)
    (told,) = watched.voice.notices
    assert told.sentence == (
        "the cycle of 15:40:00 is not stored: cannot write x: No space left on device"
    )
    assert watched.watch.refusal(CLOSE) == "cannot write x: No space left on device"
    stored = Watch(runtime.clock).report(unit, Stage.PERSIST, Status.OK, "", WriteReport())
    runtime.bus.publish(stored, key=unit.index)
    assert list(follower.poll(0.0)) == []
    assert follower.unstored == set()


def test_a_run_tells_of_a_cycle_with_its_rows_and_remembers_it_without(watched: Watched) -> None:
    runtime = watched.world.runtime
    stack: Any = SimpleNamespace(runtime=runtime, watch=lambda: None)
    follower = RunFollower(stack, runtime.bus.bounds()[1], lambda _: None)
    rows: Any = [{"underlying": "NIFTY", "timestamp": CLOSE}]
    units, options = {"NIFTY": Status.OK}, {"NIFTY": 414}
    runtime.bus.publish(CycleReport(CLOSE, Status.OK, units, {}, options, 0.0, 0.4, rows=rows))
    (told,) = follower.poll(0.0)
    assert list(told.report.rows) == rows
    remembered = follower.closed[CLOSE]
    assert (remembered.rows, remembered.options) == ((), options)
