"""Waiting for what will come, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 90.0
"""Seconds that nobody waits in vain when all is well.

They only end a wait without hope. A worker that starts in 3 s took 40 s beside a second run of the
tests on two processors, and waits of 20 s and 30 s ended tests of systems that were well.
"""


def eventually(predicate: Callable[[], T], seconds: float = PATIENCE, every: float = 0.02) -> T:
    """Return the first true answer of `predicate`; after `seconds` the test that waits has failed."""
    limit = time.monotonic() + seconds
    while not (answer := predicate()):
        if time.monotonic() > limit:
            raise AssertionError(
                f"it did not come true within {seconds:g} s; the last answer was {answer!r}"
            )
        time.sleep(every)
    return answer
