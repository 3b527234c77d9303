"""A Celery app of no-op tasks in the shape of one G6 cycle; see floor.py."""

import os
import time
from functools import cache

import redis
from celery import Celery
from kombu import Exchange, Queue

PORT = int(os.environ["FLOOR_PORT"])
QUEUES = ("q1", "q2", "q3", "q4", "agg")
LEDGER = """
redis.call('HSET', KEYS[1], ARGV[1], '1'); redis.call('EXPIRE', KEYS[1], 60)
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[2]) and redis.call('SET', KEYS[2], '1', 'NX', 'EX', 60) then return 1 end
return 0
"""

app = Celery("floor_app", broker=f"redis://127.0.0.1:{PORT}/0")
_exchange = Exchange("floor", type="direct")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    accept_content=["json"],
    broker_connection_retry_on_startup=True,
    task_queues=[Queue(q, _exchange, routing_key=q) for q in QUEUES],
)


@cache
def client() -> redis.Redis:
    """One connection per process, made after the fork."""
    return redis.Redis(port=PORT, db=1)


def done(kind: str, run: int, sent: float) -> None:
    client().rpush(f"{kind}:{run}", repr((time.time() - sent) * 1e3))


@app.task(name="step")
def step(run: int, sent: float, number: int, chains: int, mine: int) -> None:
    """Stage `number` of chain `mine`; the last stage of the last chain fires the aggregate."""
    if number < 4:
        return
    if chains == 1:
        done("chain", run, sent)
    elif client().eval(LEDGER, 2, f"ledger:{run}", f"fired:{run}", mine, chains):
        aggregate.apply_async((run, sent), queue="agg")


@app.task(name="aggregate")
def aggregate(run: int, sent: float) -> None:
    done("cycle", run, sent)
