"""The evaluation of rules: edges, hysteresis, patience, cool-down, quiet hours and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan

import pytest

from g6.domain.alarms import (
    GAP,
    SECONDS_LEFT,
    TOKEN_GOOD,
    AlarmRule,
    AlarmState,
    FigureFacts,
    evaluate,
    parse_quiet,
    rule_of_text,
)

OPEN = datetime(2026, 11, 18, 3, 45, tzinfo=UTC)


def outcomes(
    rule: AlarmRule,
    values: Sequence[Mapping[str, float]],
    index: str = "NIFTY",
    begin: datetime = OPEN,
) -> list[tuple[int, str]]:
    """Return the cycles at which a rule fires, from 0 and a minute apart, with each outcome."""
    state = AlarmState()
    fired = []
    for place, figures in enumerate(values):
        facts = FigureFacts(begin + timedelta(minutes=place), index, figures)
        state, alarms = evaluate([rule], state, facts)
        # What is remembered goes over a restart as it is.
        state = AlarmState.from_json(state.to_json())
        fired += [(place, str(alarm.outcome)) for alarm in alarms]
    return fired


def cycles(text: str, figure: str, values: Sequence[float], **changes: object) -> list[int]:
    rule = replace(rule_of_text("x", text), cool_down=0.0, per_hour=100, **changes)  # type: ignore[arg-type]
    return [place for place, _ in outcomes(rule, [{figure: value} for value in values])]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("spot > 10", [9, 11, 12, 9, 11], [1, 4]),
        ("spot > 10", [11, 12], [0]),
        ("spot > 10", [nan, nan, 11, nan, 12], [2]),
        ("spot > 10 for 3 cycles", [11, 11, 9, 11, 11, 11, 11], [5]),
        ("spot > 10 for 3 cycles", [11, 11, nan, 11, 11], []),
        ("spot crosses above 10", [11, 12, 9, 11], [3]),
        ("spot crosses above 10", [9, nan, 11], [2]),
        ("spot crosses above 10", [9, 10, 11], [2]),
        ("spot crosses below 10", [9, 11, 9], [2]),
        ("spot crosses 10", [9, 11, 9], [1, 2]),
        ("spot crosses 10 for 2 cycles", [9, 11, 9, 11, 11], [4]),
        ("spot moves", [9, 9, 10, nan, 10, 9], [2, 5]),
        ("spot moves for 2 cycles", [9, 10, 9, 10, 10], [4]),
    ],
)
def test_a_rule_fires_at_edges(text: str, values: list[float], expected: list[int]) -> None:
    assert cycles(text, "spot", values) == expected


def test_a_figure_must_come_back_by_the_hysteresis_before_a_rule_fires_again() -> None:
    values = [9.0, 10.1, 9.9, 10.1, 9.4, 10.1]
    assert cycles("spot > 10", "spot", values) == [1, 3, 5]
    assert cycles("spot > 10", "spot", values, hysteresis=0.5) == [1, 5]
    assert cycles("spot crosses above 10", "spot", values, hysteresis=0.5) == [1, 5]


def test_a_figure_may_be_held_against_a_figure() -> None:
    rule = rule_of_text("x", "spot crosses support")
    values = [{"spot": 10.0, "support": 9.0}, {"spot": 10.0, "support": 11.0}, {"spot": 10.0}]
    assert outcomes(rule, values) == [(1, "send")]


def test_gaps_open_and_close() -> None:
    assert cycles("gap opens", GAP, [0, 1, 1, 0, 1]) == [1, 4]
    assert cycles("gap closes", GAP, [0, 1, 1, 0, 0]) == [3]
    assert cycles("gap opens for 2 cycles", GAP, [1, 0, 1, 1]) == [3]


def test_a_message_is_not_repeated_within_the_cool_down() -> None:
    rule = replace(rule_of_text("x", "spot > 10"), cool_down=180.0)
    values = [{"spot": float(value)} for value in (11, 9, 11, 9, 11)]
    assert outcomes(rule, values) == [(0, "send"), (2, "cooling"), (4, "send")]


@pytest.mark.parametrize("name", ["x", "calls/puts"])
def test_messages_of_an_hour_are_limited(name: str) -> None:
    rule = replace(rule_of_text(name, "spot > 10"), cool_down=0.0, per_hour=2)
    values = [{"spot": float(11 if place % 2 else 9)} for place in range(64)]
    sent = [place for place, outcome in outcomes(rule, values) if outcome == "send"]
    assert sent == [1, 3, 61, 63]


def test_nobody_is_told_in_quiet_hours() -> None:
    rule = replace(rule_of_text("x", "spot > 10"), quiet=parse_quiet("09:00-09:16"))
    values = [{"spot": 11.0}, {"spot": 9.0}, {"spot": 11.0}]
    assert outcomes(rule, values) == [(0, "quiet"), (2, "send")]


def test_a_rule_of_one_index_leaves_the_others_alone() -> None:
    rule = rule_of_text("x", "spot of SENSEX > 10")
    assert outcomes(rule, [{"spot": 11.0}], "NIFTY") == []
    assert outcomes(rule, [{"spot": 11.0}], "SENSEX") == [(0, "send")]


def test_a_session_begins_afresh() -> None:
    rule = rule_of_text("x", "spot > 10")
    state = AlarmState()
    for days in (0, 1):
        facts = FigureFacts(OPEN + timedelta(days=days), "NIFTY", {"spot": 11.0})
        state, alarms = evaluate([rule], state, facts)
        assert len(alarms) == 1


def test_a_token_that_is_missing_is_told_of_once_a_day_from_a_quarter_to_nine() -> None:
    rule = rule_of_text("x", "token missing at 08:45")
    begin = datetime(2026, 11, 18, 3, 13, tzinfo=UTC)
    values = [{TOKEN_GOOD: 0.0}] * 5
    assert outcomes(rule, values, "", begin) == [(2, "send")]
    assert outcomes(rule, [{TOKEN_GOOD: 1.0}] * 5, "", begin) == []


def test_a_token_that_ends_soon_is_told_of_once() -> None:
    rule = rule_of_text("x", "token expires within 30 m")
    left = [{SECONDS_LEFT: seconds} for seconds in (2000.0, 1800.0, 1700.0, 0.0)]
    assert outcomes(rule, left, "") == [(1, "send")]
