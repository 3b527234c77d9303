"""Whole simulated days, made by the use cases without workers, over all cores.

settings = sample_settings(indices=["NIFTY"])
days = last_sessions(settings, 20)
for step in write_sample(settings, sample_plan(settings, days)):
    ...
"""

from g6.bootstrap.sample.sample_block import SampleProgress
from g6.bootstrap.sample.sample_days import (
    SIMULATED,
    DayLot,
    SamplePlan,
    last_sessions,
    sample_plan,
    sample_settings,
    write_sample,
)

__all__ = [
    "SIMULATED",
    "DayLot",
    "SamplePlan",
    "SampleProgress",
    "last_sessions",
    "sample_plan",
    "sample_settings",
    "write_sample",
]
