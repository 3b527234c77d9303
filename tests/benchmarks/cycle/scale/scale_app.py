"""The Celery application of the scale runs: G6 as it is, asking a provider whose quotes were simulated before.

Workers and beat (`celery -A cycle.scale.scale_app …`) read the quotes from the file NULL_RESULTS.
"""

import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

from cycle.scale.prepared_market import PreparedMarket

from g6.config import load
from g6.domain.cycles.cycle import Unit
from g6.domain.reports import CollectCounts, Switches
from g6.domain.schema.frame import Frame
from g6.entrypoints.workers.app import G6, create_app
from g6.entrypoints.workers.jobs import jobs_with
from g6.pipeline import Runtime
from g6.pipeline.computing import COMPUTING
from g6.pipeline.runtime import Watch


def _application() -> G6:
    prepared = pickle.loads(Path(os.environ["NULL_RESULTS"]).read_bytes())  # noqa: S301 (written by the benchmark a moment ago)
    market = PreparedMarket(prepared)

    def gather(
        runtime: Runtime, unit: Unit, switches: Switches, watch: Watch
    ) -> tuple[Frame, CollectCounts]:
        return COMPUTING.gather(replace(runtime, provider=market), unit, switches, watch)

    return create_app(load(), jobs=jobs_with(replace(COMPUTING, gather=gather)))


def __getattr__(name: str) -> Any:
    """Make `app` when Celery asks for it."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = _application()
    return made
