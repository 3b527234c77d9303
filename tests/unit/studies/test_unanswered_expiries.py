"""Configured expiries that nothing listed answers."""

from __future__ import annotations

import pytest

from g6.bootstrap.reading.study_readers import collection_reader
from g6.config import load
from g6.studies.market.unanswered_expiries import (
    UnansweredExpiries,
    UnansweredExpiriesParameters,
    answer,
)


def asked(*expiries: str, provider: str = "sim") -> UnansweredExpiries:
    named = {"provider.name": provider, "index_params.NIFTY.expiries": list(expiries)}
    return answer(collection_reader(load(None, named, {})), UnansweredExpiriesParameters())


def test_buckets_and_listed_days_are_answered() -> None:
    assert asked("this_week", "next_month").passes


@pytest.mark.parametrize(("rule", "name"), [("2031-01-07", "2031-01-07"), ("nth:99", "nth_99")])
def test_a_day_that_is_not_listed_is_named_with_those_that_are(rule: str, name: str) -> None:
    (missing,) = asked("this_week", rule).indices
    assert missing.index == "NIFTY"
    assert f"{name} answers to no expiry; listed are 20" in missing.sentence
    assert "g6 expiries NIFTY" in missing.fix


def test_an_index_without_rules_collects_nothing() -> None:
    (missing,) = asked().indices
    assert "nothing of NIFTY would be collected" in missing.sentence


def test_a_recording_has_its_own_expiries() -> None:
    assert asked("2031-01-07", provider="replay").passes
