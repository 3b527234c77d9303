"""Rows that came later, over HTTP: seen from when they were known, told where they replaced others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from g6 import pipeline
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.documents.board_facts import report_of_rows
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import Quotes
from g6.studies.stored.days.day_replay import DayReplay
from tests.worlds.pipeline import FIRST, World, after
from tests.worlds.providers import AlteredMarket
from tests.worlds.web.asked_over_http import StudyClient, client_of

DAY = "2026-11-18"
LATE_SECONDS = 1800.0
MISSED = after(FIRST, 60)


class LateMarket(AlteredMarket):
    """A market that is asked for the past: what it says is observed when it is asked."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self.wall = wall

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        return replace(super().quotes(index, contracts, at), observed_at=self.wall())


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(store=ParquetStore(tmp_path))  # type: ignore[arg-type]
    world.cycle(FIRST)
    return world


def instant(client: StudyClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["instant"])


def test_rows_that_are_filled_in_appear_from_when_they_were_known(
    world: World, tmp_path: Path
) -> None:
    client = client_of(tmp_path)
    world.clock.now = parse_z(MISSED).timestamp() + LATE_SECONDS
    runtime = replace(world.runtime, provider=LateMarket(world.clock.wall))
    for index in runtime.plan.indices:
        assert pipeline.repair(runtime, Unit(MISSED, index)).has_chain
    known = parse_z(client.get("/v1/chain?index=NIFTY").json()["observed_at"])
    assert known - parse_z(MISSED) >= timedelta(seconds=LATE_SECONDS)
    for path in (
        "/v1/chain?index=NIFTY&",
        "/v1/oi?index=NIFTY&",
        "/v1/panels/index_NIFTY?",
        "/v1/panels/overview?",
    ):
        before = isoformat_z(known - timedelta(seconds=1))
        assert instant(client, f"{path}at={MISSED}") == FIRST, path
        assert instant(client, f"{path}at={before}") == FIRST, path
        assert instant(client, f"{path}at={isoformat_z(known + timedelta(seconds=1))}") == MISSED, (
            path
        )


def test_a_day_that_was_computed_again_is_told_as_revised(world: World, tmp_path: Path) -> None:
    client = client_of(tmp_path)
    for name in ("NIFTY", "BANKNIFTY", "overview"):
        ParquetHistory(tmp_path).compact(name, date(2026, 11, 18))
    path = f"/v1/chain?index=NIFTY&at={FIRST}"
    before = client.get(path).json()
    world.settle_on(greeks__risk_free_rate=0.12)
    runtime = replace(world.runtime, history=ParquetHistory(tmp_path))
    assert pipeline.recompute(runtime, DAY, "NIFTY").changed
    revised = client.get(path).json()
    assert revised["revised"] is True
    assert revised["config_id"] != before["config_id"]
    assert revised["data"] != before["data"]
    assert client.get(f"/v1/panels/index_NIFTY?at={FIRST}").json()["revised"] is True
    assert "revised" not in client.get(f"/v1/chain?index=BANKNIFTY&at={FIRST}").json()
    world.settle_on()
    runtime = replace(world.runtime, history=ParquetHistory(tmp_path))
    assert pipeline.recompute(runtime, DAY, "NIFTY").changed
    again = client.get(path).json()
    del again["answered_at"], before["answered_at"]
    assert again == before


def test_a_day_with_rows_that_were_filled_in_is_told_to_listeners_and_on_the_board(
    world: World, tmp_path: Path
) -> None:
    for index in world.runtime.plan.indices:
        pipeline.repair(world.runtime, Unit(MISSED, index))
    rows = world.store.read_overview(MISSED)
    assert {row["reason"] for row in rows} == {"backfill"}
    assert report_of_rows(MISSED, rows).reasons == {}
    world.clock.now = parse_z(MISSED).timestamp() + LATE_SECONDS
    replay = DayReplay(world.store, world.bus, world.clock, parse_z(FIRST))
    assert replay.begin(is_patient=False) is not None
    told = replay.step(is_patient=False)
    assert told
    assert {event.cycle for event in told} == {MISSED}
    pipeline.rerun(world.runtime, Unit(MISSED, "NIFTY"))
