"""Results are short, and no soft time limit interrupts their writing."""

from __future__ import annotations

import os
import pickle
import signal
import traceback
from collections.abc import Iterator

import pytest
import redis
from billiard.einfo import ExceptionInfo
from billiard.exceptions import SoftTimeLimitExceeded
from celery import Celery
from celery.exceptions import Reject

from g6.adapters.redis.server import connect
from g6.entrypoints.workers.pool_results import LONGEST_TEXT, BoundedErrors, BoundedTask, TaskLimits

PIPE_BYTES = 65_536
NOWHERE = "redis://127.0.0.1:1/0"


def text_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def asks(depth: int) -> None:
    """Meet a Redis that is away, and as many errors that each come of the one before."""
    try:
        if depth:
            asks(depth - 1)
        else:
            connect(NOWHERE).ping()
    except Exception as error:
        raise OSError(f"attempt {depth}") from error


def test_an_error_with_a_long_past_leaves_a_task_without_it() -> None:
    with pytest.raises(OSError, match="attempt 2") as caught, BoundedErrors():
        asks(2)
    assert len(text_of(caught.value)) <= LONGEST_TEXT
    information = ExceptionInfo((OSError, caught.value, caught.value.__traceback__))
    assert len(pickle.dumps(information)) < PIPE_BYTES


def goes_wrong() -> None:
    try:
        raise ValueError("first")
    except ValueError as error:
        raise KeyError("then") from error


def test_an_error_with_a_short_past_keeps_it() -> None:
    with pytest.raises(KeyError) as caught, BoundedErrors():
        goes_wrong()
    assert "first" in text_of(caught.value)


def test_a_retry_that_could_not_be_sent_is_short() -> None:
    app = Celery("away", broker=NOWHERE, set_as_current=False)
    app.conf.task_publish_retry = False

    @app.task(base=BoundedTask, bind=True, shared=False)
    def away(self: BoundedTask) -> None:
        try:
            asks(0)
        except OSError as error:
            self.retry(exc=error, countdown=1)

    away.push_request(id="one", called_directly=False, delivery_info={})
    with pytest.raises(Reject) as caught:
        away.run()
    assert len(text_of(caught.value)) <= LONGEST_TEXT
    assert isinstance(caught.value.reason, Exception)
    assert not isinstance(caught.value.reason, redis.RedisError)


@pytest.fixture
def limits() -> Iterator[TaskLimits]:
    before = signal.getsignal(signal.SIGUSR1)
    yield TaskLimits()
    signal.signal(signal.SIGUSR1, before)


def test_a_soft_limit_reaches_a_pool_process_only_while_a_task_runs(limits: TaskLimits) -> None:
    limits.begin()
    os.kill(os.getpid(), signal.SIGUSR1)
    limits.admit()
    with pytest.raises(SoftTimeLimitExceeded):
        os.kill(os.getpid(), signal.SIGUSR1)
    limits.ignore()
    os.kill(os.getpid(), signal.SIGUSR1)


def test_the_signal_of_a_workers_main_process_is_left_alone(limits: TaskLimits) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    limits.admit()
    limits.ignore()
    assert signal.getsignal(signal.SIGUSR1) is before
