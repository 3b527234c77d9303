"""Waiting for what will come, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(predicate: Callable[[], T], seconds: float = 20.0, every: float = 0.02) -> T:
    """Return the first true answer of `predicate`; after `seconds` the test that waits has failed."""
    limit = time.monotonic() + seconds
    while not (answer := predicate()):
        if time.monotonic() > limit:
            raise AssertionError(
                f"it did not come true within {seconds:g} s; the last answer was {answer!r}"
            )
        time.sleep(every)
    return answer
