"""One lifeline, two adapters: what beats saw explains the cycles that nobody opened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from g6.adapters.clocks import WallClock
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.lifeline import LifeSigns, MemoryLifeline
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.ledger import RedisLedger
from g6.adapters.redis.lifeline import RedisLifeline
from g6.adapters.redis.server import EmbeddedServer, connect, free_port
from g6.domain.cycles import unopened
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.ports import Controls, Ledger, Lifeline, Opening

PAUSED = {"paused": {"NIFTY": "by hand"}}


@dataclass(frozen=True, slots=True)
class BeatWorld:
    """What beats share, and what can happen to it."""

    controls: Controls
    ledger: Ledger
    beat: Callable[[float], Lifeline]
    empty: Callable[[], object]
    away: Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["memory", "redis"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BeatWorld]:
    if request.param == "memory":
        yield memory_world()
        return
    with ExitStack() as stack:
        yield redis_world(stack, tmp_path)


def memory_world() -> BeatWorld:
    signs = LifeSigns()
    controls = MemoryControls()
    ledger = MemoryLedger()

    def beat(reach: float) -> Lifeline:
        return MemoryLifeline(
            signs, controls, WallClock(), reach=reach, open_cycles=ledger.open_cycles
        )

    def empty() -> None:
        signs.empty()
        controls.empty()

    @contextmanager
    def away() -> Iterator[None]:
        signs.is_away = True
        yield
        signs.is_away = False

    return BeatWorld(controls, ledger, beat, empty, away)


def redis_world(stack: ExitStack, directory: Path) -> BeatWorld:
    def start(port: int) -> EmbeddedServer:
        server = EmbeddedServer.start(directory, port=port, append_only=True)
        return stack.enter_context(server)

    server = start(free_port())
    client = stack.enter_context(connect(server.url))

    @contextmanager
    def away() -> Iterator[None]:
        server.stop()
        yield
        start(server.port)

    return BeatWorld(
        RedisControls(client),
        RedisLedger(client),
        lambda reach: RedisLifeline(client, "g6", reach=reach),
        client.flushall,
        away,
    )


def publish(beat: Lifeline) -> None:
    """Send a message, as a beat does of what is due."""
    beat.before_publish()
    beat.after_publish()


def test_a_beat_that_lives_explains_what_was_sent_and_not_taken(world: BeatWorld) -> None:
    beat = world.beat(60.0)
    beat.record_beat()
    due = time.time()
    publish(beat)
    beat.record_beat()
    assert list(world.beat(60.0).reasons([due, due - 3600.0])) == ["no_worker", ""]


def test_a_beat_that_signed_since_an_instant_and_sent_nothing_does_not_explain_it(
    world: BeatWorld,
) -> None:
    beat = world.beat(60.0)
    beat.record_beat()
    publish(beat)
    due = time.time()
    beat.record_beat()
    assert list(beat.reasons([due])) == [""]


@pytest.mark.parametrize("stands_still", [False, True])
def test_a_beat_that_stood_still_after_such_a_sign_does_not_explain_the_instant(
    world: BeatWorld, monkeypatch: pytest.MonkeyPatch, *, stands_still: bool
) -> None:
    beat = world.beat(60.0)
    beat.record_beat()
    due = time.time()
    beat.record_beat()
    if stands_still:
        stand_still_at_once(monkeypatch)
    publish(beat)
    beat.record_beat()
    assert list(beat.reasons([due])) == [("" if stands_still else "no_worker")]


def test_the_first_beat_is_the_oldest_that_signed_and_none_once_emptied(world: BeatWorld) -> None:
    older = world.beat(1.0)
    assert older.first_beat() is None
    before = time.time()
    younger = world.beat(1.0)
    younger.record_beat()
    born = younger.first_beat()
    assert born is not None
    assert born >= before - 0.001
    older.record_beat()
    first = younger.first_beat()
    assert first is not None
    assert first < born
    world.empty()
    assert older.first_beat() is None


def test_the_last_beat_is_the_newest_sign_and_none_once_emptied(world: BeatWorld) -> None:
    beat = world.beat(60.0)
    assert beat.last_beat() is None
    began = time.time()
    beat.record_beat()
    newest = beat.last_beat()
    assert newest is not None
    assert newest >= round(began, 6) - 1e-6
    world.empty()
    assert beat.last_beat() is None


def test_an_emptied_server_gets_back_the_switches_in_force(world: BeatWorld) -> None:
    world.controls.set("paused", PAUSED["paused"])
    beat = world.beat(60.0)
    beat.record_beat()
    world.empty()
    assert world.controls.read().to_json() == {}
    beat.record_beat()
    assert world.controls.read().to_json() == PAUSED


def test_a_switch_that_was_set_since_the_server_was_emptied_stays(world: BeatWorld) -> None:
    world.controls.set("paused", {"SENSEX": "by hand"})
    beat = world.beat(60.0)
    beat.record_beat()
    world.empty()
    world.controls.set("paused", PAUSED["paused"])
    beat.record_beat()
    assert world.controls.read().to_json() == PAUSED


def test_a_switch_that_was_taken_back_since_the_server_was_emptied_stays_so(
    world: BeatWorld,
) -> None:
    world.controls.set("paused", PAUSED["paused"])
    world.controls.set("greeks", value=False)
    first = world.beat(60.0)
    second = world.beat(60.0)
    for beat in (first, second):
        beat.record_beat()
    world.empty()
    world.controls.set("paused", None)
    assert world.controls.read().to_json() == {}
    for beat in (first, second):
        beat.record_beat()
        assert world.controls.read().to_json() == {"greeks": False}


def test_a_switch_that_somebody_took_back_stays_so(world: BeatWorld) -> None:
    world.controls.set("greeks", value=False)
    beat = world.beat(60.0)
    beat.record_beat()
    world.controls.set("greeks", value=None)
    beat.record_beat()
    assert world.controls.read().to_json() == {}


def test_what_was_open_when_the_server_was_emptied_is_lost_with_the_ledger(
    world: BeatWorld,
) -> None:
    beat = world.beat(50.0)
    beat.record_beat()
    seen = time.time()
    world.empty()
    beat.record_beat()
    reasons = beat.reasons([seen - 40.0, seen, seen - 100.0])
    assert list(reasons) == ["ledger_lost", "ledger_lost", ""]


def an_old_open_cycle(world: BeatWorld) -> tuple[Lifeline, Unit, float]:
    """Return a beat that has given a sign, a unit that is open since ten minutes, and its due time."""
    due = time.time() - 600.0
    unit = Unit(isoformat_z(datetime.fromtimestamp(int(due), UTC)), "NIFTY")
    opening = Opening(("NIFTY",), "c1", deadline=due + 48.0, due=due)
    world.ledger.begin(unit, "one", opening, due, 5.0)
    beat = world.beat(50.0)
    beat.record_beat()
    return beat, unit, due


def test_what_a_full_disk_kept_open_is_lost_with_the_ledger(world: BeatWorld) -> None:
    """It may be long past its deadline: a cycle that nobody stored was said to have had no worker."""
    beat, _, due = an_old_open_cycle(world)
    world.empty()
    beat.record_beat()
    assert list(beat.reasons([due, due + 300.0, due - 60.0])) == ["ledger_lost", "ledger_lost", ""]


def test_what_was_settled_before_the_server_was_emptied_makes_nothing_older_lost(
    world: BeatWorld,
) -> None:
    beat, unit, due = an_old_open_cycle(world)
    world.ledger.settle(unit.cycle)
    beat.record_beat()
    world.empty()
    beat.record_beat()
    assert list(beat.reasons([due, due + 300.0])) == ["", ""]


def test_an_outage_is_noted_once_the_server_is_back(world: BeatWorld) -> None:
    beat = world.beat(0.0)
    assert beat.record_beat()
    with world.away():
        then = time.time()
        assert not beat.record_beat()
    assert beat.record_beat()
    assert list(beat.reasons([then])) == ["redis_down"]


def test_a_beat_that_was_born_in_an_outage_notes_it_once_the_server_is_back(
    world: BeatWorld,
) -> None:
    with world.away():
        beat = world.beat(0.0)
        then = time.time()
        assert not beat.record_beat()
    assert beat.record_beat()
    assert list(beat.reasons([then])) == ["redis_down"]


def test_beats_have_their_time_to_tell_after_a_birth_and_after_an_outage(world: BeatWorld) -> None:
    beat = world.beat(0.0)
    assert beat.is_settled(time.time())
    beat.record_beat()
    assert not beat.is_settled(time.time())
    now = time.time() + 7.0
    assert beat.is_settled(now)
    with world.away():
        assert not beat.record_beat()
    beat.record_beat()
    assert not beat.is_settled(time.time())
    assert beat.is_settled(time.time() + 7.0)


def test_a_server_that_comes_back_empty_was_away(world: BeatWorld) -> None:
    beat = world.beat(0.0)
    beat.record_beat()
    then = time.time()
    with world.away():
        assert not beat.record_beat()
    world.empty()
    assert beat.record_beat()
    assert list(beat.reasons([then])) == ["redis_down"]


def test_an_outage_begins_after_the_sign_of_another_beat_that_came_before_it_was_met(
    world: BeatWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stood still for 22 s as it published told all of that as an outage."""
    monkeypatch.setattr(unopened, "SENT_WITHIN", 0.0)
    beat, other = world.beat(0.0), world.beat(0.0)
    beat.record_beat()
    before = time.time()
    other.record_beat()
    after = time.time()
    with world.away():
        assert not beat.record_beat()
    # What others tell after that says nothing of when it began.
    other.record_beat()
    beat.record_beat()
    assert list(beat.reasons([before, after])) == ["no_worker", "redis_down"]


def test_a_publish_that_never_ended_was_an_outage(world: BeatWorld) -> None:
    beat = world.beat(0.0)
    beat.record_beat()
    beat.before_publish()
    then = time.time()
    beat.before_publish()
    beat.record_beat()
    assert list(beat.reasons([then])) == ["redis_down"]


def test_a_message_that_was_not_published_met_an_outage_which_the_next_sign_tells(
    world: BeatWorld,
) -> None:
    beat = world.beat(0.0)
    beat.record_beat()
    then = time.time()
    beat.before_publish()
    beat.fail_publish()
    beat.record_beat()
    assert list(beat.reasons([then])) == ["redis_down"]


def test_a_beat_that_stood_still_after_an_outage_knows_of_none_from_then_on(
    world: BeatWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unopened, "STOOD_STILL_SECONDS", 0.0)
    beat = world.beat(0.0)
    beat.record_beat()
    with world.away():
        then = time.time()
        assert not beat.record_beat()
        met = time.time()
    publish(beat)
    assert beat.record_beat()
    assert list(beat.reasons([then, met])) == ["redis_down", "no_worker"]


def test_a_beat_that_woke_before_it_sent_a_cycle_had_sent_it(
    world: BeatWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = world.beat(0.0)
    beat.record_beat()
    with monkeypatch.context() as patch:
        stand_still_at_once(patch)
        publish(beat)
    due = time.time()
    publish(beat)
    assert beat.record_beat()
    assert list(beat.reasons([due])) == ["no_worker"]


def test_a_beat_that_slept_before_it_sent_and_met_an_outage_tells_of_none_in_its_sleep(
    world: BeatWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = world.beat(60.0)
    beat.record_beat()
    # What was due a second before an outage may be its: the beat sleeps so long.
    monkeypatch.setattr(unopened, "SENT_WITHIN", 0.0)
    slept = time.time()
    with monkeypatch.context() as patch:
        stand_still_at_once(patch)
        publish(beat)
    publish(beat)
    with world.away():
        met = time.time()
        assert not beat.record_beat()
    assert beat.record_beat()
    assert list(beat.reasons([slept, met])) == ["", "redis_down"]


def test_an_outage_before_a_sleep_is_told_although_the_beat_has_sent_since(
    world: BeatWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = world.beat(60.0)
    beat.record_beat()
    with world.away():
        met = time.time()
        assert not beat.record_beat()
    with monkeypatch.context() as patch:
        stand_still_at_once(patch)
        publish(beat)
    publish(beat)
    assert beat.record_beat()
    assert list(beat.reasons([met])) == ["redis_down"]


def stand_still_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a beat count as one that stood still, however soon it goes on."""
    for adapter in ("memory", "redis"):
        monkeypatch.setattr(f"g6.adapters.{adapter}.lifeline.STOOD_STILL_SECONDS", 0.0)


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each beat of a test count as one that stood still."""
    stand_still_at_once(monkeypatch)


@pytest.mark.usefixtures("no_patience")
def test_a_beat_that_stood_still_before_its_first_sign_sent_nothing_until_then(
    world: BeatWorld,
) -> None:
    before = time.time()
    beat = world.beat(0.0)
    then = time.time()
    assert beat.record_beat()
    assert list(beat.reasons([then])) == [""]
    first = beat.first_beat()
    assert first is not None
    assert before - 0.001 <= first <= then


@pytest.mark.usefixtures("no_patience")
def test_a_beat_that_stood_still_before_its_first_sign_tells_of_an_outage_since_its_birth(
    world: BeatWorld,
) -> None:
    beat = world.beat(0.0)
    then = time.time()
    with world.away():
        assert not beat.record_beat()
    assert beat.record_beat()
    assert list(beat.reasons([then])) == ["redis_down"]


def test_a_beat_that_stood_still_before_the_server_was_emptied_knows_where_the_run_began(
    world: BeatWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first cycle of a live run was lost: only the life after the standstill was given back."""
    beat = world.beat(0.0)
    beat.record_beat()
    began = beat.first_beat()
    with monkeypatch.context() as patch:
        stand_still_at_once(patch)
        publish(beat)
        beat.record_beat()
    world.empty()
    beat.record_beat()
    assert began is not None
    assert beat.first_beat() == began


def test_a_publish_that_went_through_was_none(world: BeatWorld) -> None:
    beat = world.beat(60.0)
    beat.record_beat()
    then = time.time()
    beat.before_publish()
    beat.after_publish()
    beat.record_beat()
    assert list(beat.reasons([then])) == ["no_worker"]
