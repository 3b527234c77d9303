"""Rules: what their words say, and what is said of words that say nothing."""

from __future__ import annotations

import pytest

from g6.domain.alarms import SHIPPED, parse_quiet, rule_of_text
from g6.domain.alarms.conditions import Comparison, Crossing, GapChange, Happening, Moving
from g6.domain.alarms.figure_names import PANELS
from g6.domain.documents.panels import panel_data
from g6.domain.reports import CycleReport
from g6.domain.reports.provider_facts import ProviderFacts
from g6.domain.schema.words import Status
from g6.errors import UserError


@pytest.mark.parametrize(
    ("text", "condition", "index", "cycles"),
    [
        ("iv_rank>80", Comparison("iv_rank", ">", 80.0), "", 1),
        ("spot <= 24,500.5", Comparison("spot", "<=", 24500.5), "", 1),
        ("pcr_this_week crosses above 1.2", Crossing("pcr_this_week", "above", 1.2), "", 1),
        ("pcr of nifty this_week crosses 1", Crossing("pcr_this_week", "", 1.0), "NIFTY", 1),
        ("spot crosses support for 3 cycles", Crossing("spot", "", "support"), "", 3),
        ("forward > call_wall this_week", Comparison("forward", ">", "call_wall_this_week"), "", 1),
        (
            "wall of NIFTY this_week moves",
            Moving(("call_wall_this_week", "put_wall_this_week")),
            "NIFTY",
            1,
        ),
        ("max_pain_nearest moves", Moving(("max_pain_nearest",)), "", 1),
        ("gap of SENSEX closes", GapChange("closes"), "SENSEX", 1),
        ("event alert token", Happening("alert", "token"), "", 1),
        ("panel.health.backlog > 3", Comparison("panel.health.backlog", ">", 3.0), "", 1),
    ],
)
def test_words_say_a_condition(text: str, condition: object, index: str, cycles: int) -> None:
    rule = rule_of_text("x", text)
    assert (rule.condition, rule.index, rule.cycles) == (condition, index, cycles)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pcr_this_weak > 1", "did you mean pcr_this_week"),
        ("spot crosses suport", "did you mean support"),
        ("spot of NIFTI > 1", "did you mean NIFTY"),
        ("wall_this_week > 26000", "name call_wall_this_week or put_wall_this_week"),
        ("token expires within soon", "write 30 s, 15 m"),
        ("event alrt", "did you mean alert"),
        ("token expires within 10 ms", "write 30 s, 15 m"),
        ("token expires within 2 months", "write 30 s, 15 m"),
        ("panel.helth.backlog > 3", "did you mean health"),
        ("panel.health > 3", "there is no figure 'panel.health'"),
        ("spot > nan", "nan is no number to compare with"),
        ("spot < inf", "inf is no number to compare with"),
        ("spot >", "the number or figure after the sign is missing"),
        ("spot rises", "is no condition"),
        ("iv_rank > 80 for 0 cycles", "write: for 1 cycle"),
        ("iv_rank > 80 for -3 cycles", "write: for 1 cycle"),
        ("iv_rank > 80 for 2.6 cycles", "cycles are whole\n  fix: write: for 3 cycles"),
        ("iv_rank > 80 for 1e3 cycles", "write: for 1000 cycles"),
        ("iv_rank > 80 for 99999999999 cycles", "write: for 86400 cycles"),
        (f"iv_rank > 80 for {'9' * 5000} cycles", "write: for 86400 cycles"),
        ("iv_rank > 80 for nan cycles", "write: for 1 cycle"),
        ("iv_rank > 80 for three cycles", "write a whole number: for 3 cycles"),
        ("iv_rank > 80 for 3", "'for 3' counts no cycles"),
        ("gap opens for 5 minutes", "write a whole number: for 3 cycles"),
        (
            "event alert token for 3 cycles",
            "an event happens once\n  fix: write: event alert token",
        ),
        ("event gap.opened NIFTI", "did you mean NIFTY"),
        ("token expires within 0 m", "write: token expires within 30 m"),
        ("token expires within 3 d", "it lives for a day at most"),
        ("token expires within 99999999999999999999 d", "is longer than a year"),
    ],
)
def test_words_that_say_nothing_are_refused_with_the_nearest(text: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        rule_of_text("x", text)
    assert expected in str(caught.value)


def test_a_token_that_is_missing_before_the_open_is_a_shipped_rule() -> None:
    assert "token missing at 08:45" in [rule.when for rule in SHIPPED]


@pytest.mark.parametrize("text", ["22:00", "08:00-08:00", "22:00+05:30-08:00", "22:00-08:00Z"])
def test_quiet_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_quiet(text)


@pytest.mark.parametrize("text", ["for 1 cycle", "for 1,000 cycles", "for 86400 cycles"])
def test_a_whole_number_of_cycles_is_taken(text: str) -> None:
    assert rule_of_text("x", f"iv_rank > 80 {text}").cycles >= 1


def test_every_panel_of_a_cycle_can_be_read() -> None:
    report = CycleReport("2026-11-18T05:30:00Z", Status.MISSING, {}, {}, {}, 0.0, 1.0)
    of_cycle = panel_data(report, [], {}, provider=ProviderFacts())
    assert {*PANELS} == {*of_cycle, "quality", "end_of_day"}
