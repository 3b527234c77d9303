"""Which processes one machine starts."""

from __future__ import annotations

from pathlib import Path

from g6.adapters.redis.server import connect
from g6.config import load
from g6.domain.schema.words import QueueName
from g6.entrypoints.machine.supervisor import WORKERS, pool_sizes, running


def test_every_queue_has_one_worker() -> None:
    served = [queue for queues in WORKERS.values() for queue in queues.split(",")]
    assert sorted(served) == sorted(QueueName)


def test_no_cycle_waits_behind_the_files_nor_its_end_behind_collection() -> None:
    by_queue = {queue: worker for worker, queues in WORKERS.items() for queue in queues.split(",")}
    assert by_queue["persist"] not in (by_queue["collect"], by_queue["analytics"])
    assert by_queue["aggregate"] not in (by_queue["collect"], by_queue["persist"])


def test_all_indices_are_collected_at_once() -> None:
    assert pool_sizes(load(None, {}, {}))[0] >= 6


def test_pools_are_as_large_as_the_settings_say() -> None:
    assert pool_sizes(
        load(None, {"workers.cycle": 2, "workers.persist": 3, "workers.closing": 1}, {})
    ) == (2, 3, 1)


def test_a_server_of_ones_own_holds_so_much_and_evicts_nothing(tmp_path: Path) -> None:
    with (
        running(load(None, {"demo_dir": str(tmp_path), "redis.max_memory": "96mb"}, {})) as stack,
        connect(stack.broker) as client,
    ):
        held = client.config_get("maxmemory", "maxmemory-policy")
    assert held == {"maxmemory": str(96 * 2**20), "maxmemory-policy": "noeviction"}
    assert load(None, {}, {}).redis.max_memory == "1gb"
