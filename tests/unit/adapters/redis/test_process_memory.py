"""When the memory of a worker's processes is weighed."""

from __future__ import annotations

import os

import psutil
import pytest

from g6.adapters.redis.process_memory import (
    CHANGED_SHARE,
    LONGEST_SECONDS,
    LOOK_SECONDS,
    FamilyMemory,
    memory_bytes,
)

ME = psutil.Process()
PARENT = psutil.Process(os.getppid())
SIZE = 200_000_000


class Family:
    """Two processes of a size that a test sets, and how often they were weighed."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.size = SIZE
        self.weighings = 0
        self.memory = FamilyMemory(lambda: self.now, self.weigh, lambda _process: self.size)

    def weigh(self, _process: psutil.Process) -> int:
        self.weighings += 1
        return self.size // 2

    def after(self, seconds: float, *processes: psutil.Process) -> int:
        self.now += seconds
        return self.memory.bytes_of(processes or (ME, PARENT))


@pytest.fixture
def family() -> Family:
    family = Family()
    assert family.after(0.0) == SIZE
    assert family.weighings == 2
    return family


def test_what_is_as_large_as_it_was_is_not_weighed_again(family: Family) -> None:
    family.size += int(CHANGED_SHARE * SIZE)
    assert family.after(LOOK_SECONDS) == SIZE
    assert family.weighings == 2


def test_growth_is_seen_at_the_next_look(family: Family) -> None:
    family.size = 2 * SIZE
    assert family.after(LOOK_SECONDS - 1) == SIZE
    assert family.after(1) == 2 * SIZE


def test_growth_by_small_steps_is_seen(family: Family) -> None:
    for _ in range(3):
        family.size += int(CHANGED_SHARE * SIZE * 0.8)
        family.after(LOOK_SECONDS)
    assert family.memory.bytes_of((ME, PARENT)) > SIZE


def test_another_process_is_weighed_with_the_rest(family: Family) -> None:
    assert family.after(LOOK_SECONDS, ME) == SIZE // 2


def test_what_only_the_shares_show_is_seen_within_a_minute(family: Family) -> None:
    before = family.weighings
    for _ in range(int(LONGEST_SECONDS / LOOK_SECONDS)):
        family.after(LOOK_SECONDS)
    assert family.weighings == before + 2


def test_the_memory_of_real_processes_is_that_of_each_together() -> None:
    assert FamilyMemory().bytes_of([ME]) == pytest.approx(memory_bytes(ME), rel=0.2)
