"""`g6.sample`: simulated days to work with, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from g6.errors.extras import optional


def sample(
    days: int = 20,
    indices: str | Sequence[str] = "NIFTY",
    *,
    interval: int | None = None,
    seed: int | None = None,
    to: str | date | None = None,
    data_dir: str | Path | None = None,
    processes: int | None = None,
) -> Path:
    """Write whole simulated trading days, and return the directory they are in.

    Days that are there already are left as they are. The rows are those that `g6 run` stores and
    `g6 data compact` folds for the same seed and settings.

    Args:
        days: How many trading days.
        indices: One name or several.
        interval: Seconds between cycles, as configured by default (60).
        seed: Another seed is another market.
        to: The last day. By default it is the day before the demo's.
        data_dir: Where the rows go. By default it is the demo's directory.
        processes: How many at once, as many as there are cores by default.

    Raises:
        Unavailable: The directory holds rows of a live market.
        UserError: There is no such index.
        Unavailable: scipy is not installed. The sentence has the line that installs it.
    """
    with optional():
        return _written(days, indices, interval, seed, to, data_dir, processes)


def _written(
    days: int,
    indices: str | Sequence[str],
    interval: int | None,
    seed: int | None,
    to: str | date | None,
    data_dir: str | Path | None,
    processes: int | None,
) -> Path:
    from g6.adapters.parquet.queries.patience import counted
    from g6.bootstrap.reading.study_readers import market_time
    from g6.bootstrap.sample import last_sessions, sample_plan, sample_settings, write_sample
    from g6.studies.parameters import session_day

    settings = sample_settings(
        indices=(indices,) if isinstance(indices, str) else tuple(indices),
        interval=interval,
        seed=seed,
        directory=None if data_dir is None else Path(data_dir).expanduser(),
    )
    last = session_day(to, market_time(settings)) if to else None
    plan = sample_plan(settings, last_sessions(settings, days, last))
    steps = write_sample(settings, plan, processes=processes)
    for _ in counted(((step, step.cycles) for step in steps), plan.cycles, "making days"):
        pass
    return settings.directory
