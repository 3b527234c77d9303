"""Following the bus: every event once, whatever dies in between."""

import threading

import pytest

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.totals import MemoryTotals
from g6.domain.reports import parse_report
from g6.errors import RedisDown
from g6.observability.follower import BusFollower

OPTIONS = "g6_index_options_processed_total"


def analysed(bus, options=10):
    report = {
        "cycle": "2026-11-20T05:30:00Z",
        "index": "NIFTY",
        "stage": "analyse",
        "status": "OK",
        "counts": {"options": options},
    }
    bus.publish(parse_report("unit.report", report))


def closed(bus, cycle):
    report = {
        "cycle": cycle,
        "status": "OK",
        "units": {"NIFTY": "OK"},
        "lateness_seconds": 0.0,
        "elapsed_seconds": 0.5,
    }
    bus.publish(parse_report("cycle.report", report))


class Failing:
    """A store whose next save fails after, or before, the server took it."""

    def __init__(self, store):
        self.store, self.fail = store, ""

    def load(self):
        return self.store.load()

    def save(self, *args):
        fail, self.fail = self.fail, ""
        if fail == "before":
            raise RedisDown("gone")
        taken = self.store.save(*args)
        if fail == "after":
            raise RedisDown("gone")
        return taken


@pytest.fixture
def bus():
    return MemoryBus()


@pytest.fixture
def store():
    return MemoryTotals()


def follow(bus, store, **options):
    follower = BusFollower(bus, store, ["NIFTY"], **options)
    follower.catch_up()
    return follower


def options_seen(follower):
    return follower.totals.value(OPTIONS, "NIFTY")


def test_events_are_counted(bus, store):
    analysed(bus)
    analysed(bus, 5)
    assert options_seen(follow(bus, store)) == 15


def test_a_restart_goes_on_where_the_last_one_stored(bus, store):
    analysed(bus)
    follow(bus, store)
    analysed(bus)
    assert options_seen(follow(bus, store)) == 20


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_that_goes_away_while_storing_costs_and_doubles_nothing(bus, store, when):
    failing = Failing(store)
    follower = follow(bus, failing)
    analysed(bus)
    failing.fail = when
    with pytest.raises(RedisDown):
        follower.step()
    assert options_seen(follower) == 0
    follower.step()
    follower.step()
    assert options_seen(follower) == 10
    assert options_seen(follow(bus, store)) == 10


def test_two_followers_of_one_store_count_every_event_once(bus, store):
    first, second = follow(bus, store), follow(bus, store)
    for _ in range(3):
        analysed(bus)
        first.step()
        second.step()
    second.step()
    assert options_seen(first) == options_seen(second) == 30


def test_a_store_that_was_emptied_is_counted_anew(bus):
    store = MemoryTotals()
    follower = follow(bus, store)
    analysed(bus)
    follower.step()
    store.__init__()
    analysed(bus, 7)
    follower.step()
    follower.step()
    assert options_seen(follower) == 17


def test_events_trimmed_before_they_were_read_are_counted_as_dropped(store):
    bus = MemoryBus(length=4)
    analysed(bus)
    follow(bus, store)
    for _ in range(10):
        analysed(bus)
    follower = follow(bus, store)
    assert follower.totals.value("g6_bus_events_dropped_total", "events", "trimmed") == 6
    assert follower.totals.value("g6_bus_events_published_total", "events") == 11
    assert options_seen(follower) == 50


def test_nothing_is_dropped_where_everything_was_read(bus, store):
    for _ in range(3):
        analysed(bus)
        follower = follow(bus, store)
    assert follower.totals.value("g6_bus_events_dropped_total", "events", "trimmed") == 0
    assert follower.totals.value("g6_bus_subscriber_lag_events", "events", "recorder") == 0


def test_lag_is_what_was_published_and_not_yet_read(bus, store):
    for _ in range(600):
        analysed(bus, 1)
    follower = BusFollower(bus, store, ["NIFTY"])
    assert follower.step() == 500
    assert follower.totals.value("g6_bus_subscriber_lag_events", "events", "recorder") == 100


def test_an_event_that_is_not_what_its_type_says_stops_nothing(bus, store):
    bus.publish(parse_report("unit.report", {"stage": "analyse"}))
    analysed(bus)
    follower = follow(bus, store)
    assert follower.totals.value("g6_bus_events_dropped_total", "events", "unreadable") == 1
    assert options_seen(follower) == 10


def test_the_newest_cycle_report_is_kept_over_one_that_closes_late_and_over_a_restart(bus, store):
    closed(bus, "2026-11-20T05:31:00Z")
    closed(bus, "2026-11-20T05:30:00Z")
    follow(bus, store)
    assert follow(bus, store).latest.cycle.cycle == "2026-11-20T05:31:00Z"


def test_a_look_at_the_present_stores_nothing(bus, store):
    analysed(bus)
    assert options_seen(follow(bus, store, keeps=False)) == 10
    assert store.load() == ({}, {}, "0")


def test_following_stops_when_told_and_tells_of_every_batch(bus, store):
    stop, told = threading.Event(), threading.Event()
    follower = BusFollower(bus, store, ["NIFTY"])
    thread = threading.Thread(target=follower.run, args=(stop, told.set))
    thread.start()
    analysed(bus)
    assert told.wait(90)
    stop.set()
    thread.join(90)
    assert not thread.is_alive()
    assert follower.trouble == ""
    assert options_seen(follower) == 10
