"""The market tests itself: its figures beside those of a real half hour.

It stands beside the market because it looks into the world behind it, which no study may do.
`g6 demo --self-test`, the pictures of the documentation and the tests use it.
"""

from g6.simulation.self_test.checked_figures import CheckedFigure, self_test
from g6.simulation.self_test.sample_recording import (
    MINUTES,
    START,
    SampleRecording,
    parity_gap,
    record,
    shares,
    smile,
)

__all__ = [
    "MINUTES",
    "START",
    "CheckedFigure",
    "SampleRecording",
    "parity_gap",
    "record",
    "self_test",
    "shares",
    "smile",
]
