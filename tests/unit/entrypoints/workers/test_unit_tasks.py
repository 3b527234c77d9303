"""How a unit ends when its task fails, by what it failed with: the reasons that the runbooks speak of."""

from __future__ import annotations

from datetime import timedelta

import pytest
import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from celery import Celery
from celery.exceptions import Ignore

from g6.domain.pricing.priced_chain import PricedChain
from g6.entrypoints.workers import tasks
from g6.entrypoints.workers.jobs import jobs_with
from g6.errors import BreakerOpen, FrameMissing, ProviderBusy, ProviderRefused, StoreBusy, TokenDead
from g6.pipeline.computing import COMPUTING, Computing
from tests.worlds.pipeline import FIRST, NIFTY, World

ENDS = [
    (SoftTimeLimitExceeded(), ("MISSING", "time_limit")),
    (ZeroDivisionError(), ("MISSING", "error")),
    (ProviderBusy("429"), ("MISSING", "provider")),
    (ProviderRefused("no such index"), ("MISSING", "provider")),
    (StoreBusy("cannot write"), ("MISSING", "store")),
    (FrameMissing("gone"), ("MISSING", "frame_missing")),
    (BreakerOpen("failed too often"), ("SKIPPED", "breaker")),
    (TokenDead("refused"), ("SKIPPED", "token")),
]


def celery(world: World, computing: Computing = COMPUTING) -> Celery:
    app = Celery("unit", set_as_current=False)
    tasks.register(app, jobs_with(computing))
    app.runtime = world.runtime
    return app


@pytest.mark.parametrize(("error", "end"), ENDS, ids=lambda value: type(value).__name__)
def test_a_collection_that_fails_ends_its_unit_with_the_reason(
    error: Exception, end: tuple[str, str]
) -> None:
    world = World()
    world.provider.errors = {"NIFTY": error}
    celery(world).tasks["g6.collect"].apply(args=(FIRST, "NIFTY"))
    record = world.ledger.record(FIRST)
    assert record is not None
    assert (record.units["NIFTY"].status, record.units["NIFTY"].reason) == end
    assert "BANKNIFTY" not in record.units or not record.units["BANKNIFTY"].status


def test_a_log_line_of_a_task_names_cycle_index_and_trace() -> None:
    world = World()
    world.provider.errors = {"NIFTY": ZeroDivisionError()}
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        task = celery(world).tasks["g6.collect"]
        task.push_request(id="task", g6={"version": 1, "trace": "t1"})
        with pytest.raises(Ignore):
            task.run(FIRST, "NIFTY")
    (line,) = lines
    assert (line["cycle"], line["index"], line["trace"]) == (FIRST, "NIFTY", "t1")


def too_slow(*_: object) -> PricedChain:
    raise SoftTimeLimitExceeded


def test_an_analysis_that_is_too_slow_ends_as_time_limit() -> None:
    world = World()
    world.run(NIFTY, "collect")
    celery(world, Computing(price=too_slow)).tasks["g6.analyse"].apply(args=([FIRST, "NIFTY"],))
    record = world.ledger.record(FIRST)
    assert record is not None
    assert (record.units["NIFTY"].status, record.units["NIFTY"].reason) == ("MISSING", "time_limit")


def test_the_limit_of_a_unit_begun_in_time_comes_before_its_deadline_and_the_next_cycle() -> None:
    for step in (1.0, 3.0, 5.0, 60.0, timedelta(hours=1).total_seconds()):
        timing = World().runtime.timing.__class__(step)
        assert timing.soft < min(timing.grace, step)
