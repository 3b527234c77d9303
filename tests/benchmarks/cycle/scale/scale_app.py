"""The Celery application of the scale runs: G6 as it is, on a market whose quotes were simulated before.

Workers and beat (`celery -A cycle.scale.scale_app …`) read the quotes from the directory NULL_RESULTS.
"""

import os
from pathlib import Path
from typing import Any

from cycle.scale.prepared_market import PreparedIndices, PreparedMarket
from null_app import put_in_place

from g6.config import load
from g6.entrypoints.workers import app as workers
from g6.entrypoints.workers.app import G6


def _application() -> G6:
    market = PreparedMarket(PreparedIndices(Path(os.environ["NULL_RESULTS"])))
    # A worker warms up on the simulated market and has it work out its first day before it forks. Its
    # tapes, 7.6 MB an index in all processes together, were what "a process of collect holds" grew by.
    put_in_place(workers, "provider", lambda _wiring: market)
    put_in_place(workers, "warmed_market", lambda _settings: market)
    return workers.create_app(load())


def __getattr__(name: str) -> Any:
    """Make `app` when Celery asks for it."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = _application()
    return made
