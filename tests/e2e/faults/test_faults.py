"""The short set of faults, one after the other in one run of real processes; `make chaos` does all of them."""

from __future__ import annotations

import pytest

from tests.chaos import faults
from tests.chaos.table import FAULTS, Outcome, order, run_together

SHORT = sorted((each for each in FAULTS if each.short), key=lambda each: order(each.number))
assert faults


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return {outcome.fault.number: outcome for outcome in run_together(SHORT)}


@pytest.mark.parametrize(
    "number", [each.number for each in SHORT], ids=[each.name for each in SHORT]
)
def test_a_fault_is_survived(outcomes: dict[str, Outcome], number: str) -> None:
    assert outcomes[number].wrong() == []


def test_whatever_is_not_whole_says_why(outcomes: dict[str, Outcome]) -> None:
    said = {reason for outcome in outcomes.values() for reason in outcome.reasons}
    allowed = {
        f"MISSING {reason}"
        for reason in ("late", "expired", "provider", "frame_missing", "redis_down")
    }
    allowed |= {
        f"SKIPPED {reason}" for reason in ("redis_down", "ledger_lost", "overrun", "no_worker")
    }
    assert said <= allowed


def test_most_of_it_is_whole(outcomes: dict[str, Outcome]) -> None:
    rows = sum(outcome.found.rows_found for outcome in outcomes.values())
    whole = sum(outcome.found.statuses["OK"] for outcome in outcomes.values())
    assert whole >= 0.6 * rows > 0
