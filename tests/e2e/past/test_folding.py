"""Folding as it is scheduled: a real worker of the files' queue, the message that beat sends, one segment where parts were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from g6.adapters.parquet import ParquetStore
from g6.adapters.redis.server import EmbeddedServer
from g6.config import load
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.entrypoints.workers.app import create_app
from tests.e2e.conftest import configured
from tests.waiting import eventually

CYCLES = tuple(f"2026-11-18T05:{minute}:00Z" for minute in (15, 16, 29))


def test_the_parts_of_a_quarter_hour_that_is_over_become_a_segment(
    chain_of: Callable[..., Frame], tmp_path: Path
) -> None:
    with EmbeddedServer.start(tmp_path, append_only=False) as server:
        world = configured(tmp_path, G6_REDIS__BROKER_URL=server.url)
        store = ParquetStore(world.data)
        for cycle in (*CYCLES, "2026-11-18T05:30:00Z"):
            store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle))
        folder = world.data / "chain/underlying=NIFTY/date=2026-11-18"
        app = create_app(
            load(str(tmp_path / "small.json"), {"demo_dir": world.data}, {}), server.url
        )
        try:
            world.start(
                "worker",
                "celery",
                "-A",
                "g6",
                "worker",
                "-Q",
                "persist",
                "-c",
                "1",
                "--without-mingle",
                "--without-gossip",
            )
            app.send_task("g6.tidy")
            names = {"051500Z-053000Z.parquet", "053000Z.parquet"}
            eventually(
                lambda: {path.name for path in folder.glob("*.parquet")} == names, 90.0, every=0.1
            )
            segment = pq.read_table(folder / "051500Z-053000Z.parquet", partitioning=None)
            assert segment.num_rows == 10 * len(CYCLES)
        finally:
            app.close()
            world.end()
