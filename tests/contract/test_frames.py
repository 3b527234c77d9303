"""Frames: what is put is what is got, until its time is up."""

from __future__ import annotations

import math

import numpy as np
import pytest
import redis

from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.redis.frames import RedisFrames
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame, FrameName
from g6.errors import FrameMissing
from g6.ports import Frames

UNIT = Unit("2026-11-20T04:05:00Z", "NIFTY")
FRAME = Frame(
    {
        "observed_at": 1795147500.25,
        "spot": {"vix": math.nan},
        "stamp": {"slots": [["this_week", "2026-11-24", 1]]},
    },
    {
        "expiry": np.array(["2026-11-24", "2026-12-01"], "datetime64[D]"),
        "strike": np.array([26000.0, 26050.0]),
        "ce_iv": np.array([0.125, math.nan], np.float32),
        "ce_token": np.array([12345, 2**40]),
        "ce_quality": np.array([0, 64], np.int32),
        "ce_symbol": np.array(["NIFTY26NOV26000CE", ""], object),
    },
)


@pytest.fixture(params=["memory", "redis"])
def frames(request: pytest.FixtureRequest, redis_client: redis.Redis, namespace: str) -> Frames:
    return MemoryFrames() if request.param == "memory" else RedisFrames(redis_client, namespace)


def test_columns_come_back_with_their_values_and_types(frames: Frames) -> None:
    frames.put(UNIT, "chain", FRAME, 60)
    back = frames.get(UNIT, "chain")
    assert list(back.columns) == list(FRAME.columns)
    for name, column in FRAME.columns.items():
        assert back.columns[name].dtype == column.dtype
        np.testing.assert_array_equal(back.columns[name], column)


def test_of_many_frames_those_that_are_there_are_found(frames: Frames) -> None:
    frames.put(UNIT, "chain", FRAME, 60)
    found = frames.find([Unit(UNIT.cycle, "SENSEX"), UNIT], "chain")
    assert list(found) == [UNIT]
    np.testing.assert_array_equal(found[UNIT].columns["strike"], FRAME.columns["strike"])
    assert frames.find([], "chain") == {}


def test_the_header_comes_back_with_its_nan(frames: Frames) -> None:
    frames.put(UNIT, "quotes", FRAME, 60)
    header = frames.get(UNIT, "quotes").header
    assert math.isnan(header["spot"]["vix"])
    assert header["stamp"] == FRAME.header["stamp"]
    assert header["observed_at"] == FRAME.header["observed_at"]


def test_a_frame_without_rows_comes_back(frames: Frames) -> None:
    frames.put(UNIT, "quotes", FRAME.take(np.array([False, False])), 60)
    back = frames.get(UNIT, "quotes")
    assert len(back) == 0
    assert back.columns["expiry"].dtype == "datetime64[D]"


def test_a_frame_that_was_never_put_is_missing(frames: Frames) -> None:
    frames.put(UNIT, "quotes", FRAME, 60)
    with pytest.raises(FrameMissing, match="chain frame of NIFTY"):
        frames.get(UNIT, "chain")
    with pytest.raises(FrameMissing, match="BANKNIFTY"):
        frames.get(Unit(UNIT.cycle, "BANKNIFTY"), "quotes")


def test_a_later_put_replaces(frames: Frames) -> None:
    frames.put(UNIT, "quotes", FRAME, 60)
    frames.put(UNIT, "quotes", FRAME.take(np.array([1])), 60)
    assert frames.get(UNIT, "quotes").columns["strike"].tolist() == [26050.0]


def test_what_was_put_does_not_follow_its_source(frames: Frames) -> None:
    strike = np.array([26000.0])
    frames.put(UNIT, "quotes", Frame({}, {"strike": strike}), 60)
    strike[0] = 0.0
    assert frames.get(UNIT, "quotes").columns["strike"].tolist() == [26000.0]


def test_numbers_cannot_be_written_to(frames: Frames) -> None:
    frames.put(UNIT, "quotes", FRAME, 60)
    with pytest.raises(ValueError, match="read-only"):
        frames.get(UNIT, "quotes").columns["strike"][0] = 0.0


def eventually_missing(frames: Frames) -> None:
    with pytest.raises(FrameMissing):
        list(iter(lambda: frames.get(UNIT, "quotes"), None))


def test_a_frame_ends_when_its_new_time_is_up(frames: Frames) -> None:
    frames.put(UNIT, "quotes", FRAME, 60)
    frames.expire(UNIT, "quotes", 3600)
    assert len(frames.get(UNIT, "quotes")) == 2
    frames.expire(UNIT, "quotes", 0.001)
    eventually_missing(frames)


def test_a_frame_that_is_gone_stays_gone(frames: Frames) -> None:
    frames.expire(UNIT, "quotes", 3600)
    with pytest.raises(FrameMissing):
        frames.get(UNIT, "quotes")


def test_the_size_is_that_of_the_data_at_least(frames: Frames) -> None:
    assert frames.put(UNIT, "quotes", FRAME, 60) >= sum(
        column.nbytes for column in FRAME.columns.values()
    )


def test_frames_carry_their_time_to_live(redis_client: redis.Redis, namespace: str) -> None:
    RedisFrames(redis_client, namespace).put(UNIT, "quotes", FRAME, 3600)
    assert 3500 < redis_client.ttl(f"{namespace}:frame:{UNIT.cycle}:NIFTY:quotes") <= 3600


def test_what_is_no_frame_counts_as_missing(redis_client: redis.Redis, namespace: str) -> None:
    redis_client.set(f"{namespace}:frame:{UNIT.cycle}:NIFTY:quotes", b"something else")
    with pytest.raises(FrameMissing, match="cannot be read"):
        RedisFrames(redis_client, namespace).get(UNIT, "quotes")


def minute(number: int) -> Unit:
    return Unit(f"2026-11-20T04:{number:02}:00Z", "NIFTY")


def kept(redis_client: redis.Redis, namespace: str) -> set[int]:
    prefix = f"{namespace}:frame:2026-11-20T04:"
    return {
        int(key.decode().removeprefix(prefix)[:2]) for key in redis_client.scan_iter(f"{prefix}*")
    }


def test_the_oldest_frames_go_when_the_budget_is_spent(
    redis_client: redis.Redis, namespace: str
) -> None:
    size = RedisFrames(redis_client, namespace).put(minute(0), "quotes", FRAME, 60)
    frames = RedisFrames(redis_client, namespace, max_bytes=8 * size)
    for number in range(1, 20):
        frames.put(minute(number), "quotes", FRAME, 60)
    assert kept(redis_client, namespace) == set(range(13, 20))


def test_persisted_frames_go_before_those_that_wait(
    redis_client: redis.Redis, namespace: str
) -> None:
    frames = RedisFrames(redis_client, namespace)
    size = max(frames.put(minute(number), "quotes", FRAME, 60) for number in range(4))
    for number in (2, 3):
        frames.expire(minute(number), "quotes", 60)
    assert RedisFrames(redis_client, namespace, max_bytes=3 * size).trim() == 2
    assert kept(redis_client, namespace) == {0, 1}


def test_a_frame_put_again_waits_again(redis_client: redis.Redis, namespace: str) -> None:
    frames = RedisFrames(redis_client, namespace)
    size = max(frames.put(minute(number), "quotes", FRAME, 60) for number in range(3))
    frames.expire(minute(1), "quotes", 60)
    frames.expire(minute(2), "quotes", 60)
    redis_client.hset(f"{namespace}:frames:used", f"{minute(1).cycle}:NIFTY:quotes", "0 0")
    assert RedisFrames(redis_client, namespace, max_bytes=3 * size - 1).trim() == 1
    assert kept(redis_client, namespace) == {0, 1}


def test_expired_frames_leave_no_trace_in_the_books(
    redis_client: redis.Redis, namespace: str
) -> None:
    frames = RedisFrames(redis_client, namespace)
    frames.put(minute(0), "quotes", FRAME, 60)
    frames.put(minute(1), "quotes", FRAME, 60)
    frames.expire(minute(0), "quotes", 0)
    frames.expire(minute(5), "quotes", 60)
    assert frames.trim() == 0
    assert redis_client.hkeys(f"{namespace}:frames") == [f"{minute(1).cycle}:NIFTY:quotes".encode()]
    assert redis_client.exists(f"{namespace}:frames:used") == 0


def writes(redis_client: redis.Redis) -> int:
    counts = redis_client.info("commandstats")
    return sum(
        facts["calls"]
        for name, facts in counts.items()
        if name not in {"cmdstat_info", "cmdstat_ping"}
    )


def test_a_put_costs_two_commands(redis_client: redis.Redis, namespace: str) -> None:
    frames = RedisFrames(redis_client, namespace)
    frames.put(UNIT, "quotes", FRAME, 60)
    before = writes(redis_client)
    frames.put(UNIT, "chain", FRAME, 60)
    assert writes(redis_client) - before == 2


@pytest.mark.parametrize("damage", [b"", b"\xff" * 400, b"\xff\xff\xff\xff\x00\x00\x00\x00"])
def test_a_damaged_frame_is_missing(
    redis_client: redis.Redis, namespace: str, damage: bytes
) -> None:
    redis_client.set(f"{namespace}:frame:{UNIT.cycle}:{UNIT.index}:quotes", damage)
    with pytest.raises(FrameMissing, match="cannot be read"):
        RedisFrames(redis_client, namespace).get(UNIT, FrameName.QUOTES)
    assert RedisFrames(redis_client, namespace).find([UNIT], FrameName.QUOTES) == {}
