"""Memory pressure: levels are entered at once, left one at a time, and none flutters."""

from math import isnan, nan

import pytest

from g6.domain.cycles.memory_pressure import (
    HostMemory,
    MemoryPressure,
    PressureLevel,
    PressureRules,
    next_pressure,
)

RULES = PressureRules(limit_bytes=1000.0)


def levels(shares, every=10.0, rules=RULES):
    """Return the level after each look, the first of a system without pressure."""
    pressure = MemoryPressure()
    passed = []
    for look, share in enumerate(shares):
        hosts = [HostMemory("a", 1000.0 * share)]
        pressure = next_pressure(pressure, hosts, every * look, rules)
        passed.append(int(pressure.level))
    return passed


@pytest.mark.parametrize(
    ("share", "level"),
    [(0.0, 0), (0.69, 0), (0.70, 1), (0.79, 1), (0.80, 2), (0.88, 3), (0.95, 4), (1.40, 4)],
)
def test_a_level_is_entered_at_its_share(share, level):
    assert levels([share]) == [level]


def test_levels_are_left_one_at_a_time_after_a_calm_minute():
    assert levels([0.96] + [0.10] * 28) == [4] * 7 + [3] * 7 + [2] * 7 + [1] * 7 + [0]


def test_a_share_just_below_the_entry_keeps_the_level():
    assert levels([0.81] + [0.74] * 40) == [2] * 41


def test_a_share_that_rises_in_between_begins_the_calm_anew():
    assert levels([0.81] + [0.5] * 5 + [0.78] + [0.5] * 6) == [2] * 13
    assert levels([0.81] + [0.5] * 5 + [0.78] + [0.5] * 8)[-1] == 1


def test_a_share_that_swings_around_an_entry_changes_nothing():
    assert set(levels([0.80, 0.79] * 50)) == {2}


def test_a_worse_share_enters_further_levels_at_once():
    assert levels([0.71, 0.96, 0.71]) == [1, 4, 4]


def test_the_fullest_host_counts():
    hosts = [HostMemory("a", 300.0), HostMemory("b", 850.0), HostMemory("c", nan)]
    pressure = next_pressure(MemoryPressure(), hosts, 0.0, RULES)
    assert (pressure.level, pressure.host, pressure.share) == (2, "b", 0.85)


def test_without_a_look_the_level_stays():
    before = MemoryPressure(PressureLevel.FEWER_STRIKES, 0.9, 1000.0, "a", 5.0)
    assert next_pressure(before, [], 9.0, RULES) == before


def test_without_a_limit_there_is_no_pressure():
    before = MemoryPressure(PressureLevel.FEWER_STRIKES, 0.9, 1000.0, "a")
    off = PressureRules(limit_bytes=0.0)
    after = next_pressure(before, [HostMemory("a", 5e9, 8e9)], 0.0, off)
    assert after.level == PressureLevel.NONE
    assert isnan(after.share)


def test_a_limit_of_its_own_host_is_three_quarters_of_its_memory():
    automatic = PressureRules()
    hosts = [HostMemory("small", 1.4e9, 2e9), HostMemory("large", 5e9, 64e9)]
    pressure = next_pressure(MemoryPressure(), hosts, 0.0, automatic)
    assert (pressure.host, pressure.level, pressure.limit_bytes) == ("small", 3, 1.5e9)
