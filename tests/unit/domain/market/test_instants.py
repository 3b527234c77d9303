"""Instants as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.instants import MarketTime, instant_ends, instant_of_days, instant_of_text
from g6.errors import UserError
from g6.rendering.wording import clock, in_india, moment

NOON = datetime(2026, 11, 18, 6, 30, tzinfo=UTC)
NEWEST = datetime(2026, 11, 18, 6, 25, tzinfo=UTC)
TIME = MarketTime(lambda: NOON, lambda: NEWEST, lambda: NOON)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("11:02", "2026-11-18T05:32:00Z"),
        ("9:15", "2026-11-18T03:45:00Z"),
        ("11:02:30", "2026-11-18T05:32:30Z"),
        ("11:02 IST", "2026-11-18T05:32:00Z"),
        ("today 11:02", "2026-11-18T05:32:00Z"),
        ("yesterday 15:20", "2026-11-17T09:50:00Z"),
        ("Yesterday, 15:20", "2026-11-17T09:50:00Z"),
        ("2026-11-18 11:02", "2026-11-18T05:32:00Z"),
        ("2026-11-18 9:15", "2026-11-18T03:45:00Z"),
        ("2026-11-18T11:02:30", "2026-11-18T05:32:30Z"),
        ("2026-11-18T11:02+05:30", "2026-11-18T05:32:00Z"),
        ("2026-11-18T05:32:00Z", "2026-11-18T05:32:00Z"),
        ("2026-11-18", "2026-11-17T18:30:00Z"),
        ("-5m", "2026-11-18T06:25:00Z"),
        ("-90s", "2026-11-18T06:28:30Z"),
        ("-2h", "2026-11-18T04:30:00Z"),
        ("-1d", "2026-11-17T06:30:00Z"),
        ("latest", "2026-11-18T06:25:00Z"),
        ("now", "2026-11-18T06:30:00Z"),
        ("17 Nov 11:02", "2026-11-17T05:32:00Z"),
        ("Wed 18 Nov 2026 11:02 IST", "2026-11-18T05:32:00Z"),
    ],
)
def test_each_form_is_an_instant_and_without_a_zone_indias(text: str, instant: str) -> None:
    assert isoformat_z(instant_of_text(text, TIME)) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "25:00",
        "11:2",
        "-5",
        "-m",
        "tomorrow",
        "2026-13-01",
        "31 Feb 11:00",
        "-9999999d",
    ],
)
def test_what_is_no_instant_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UserError, match="is no instant") as refused:
        instant_of_text(text, TIME)
    assert "yesterday 15:20" in refused.value.fix


def test_a_day_alone_is_its_beginning_or_its_open() -> None:
    opens = instant_of_text("2026-11-18", TIME, opens=time(9, 15))
    assert isoformat_z(opens) == "2026-11-18T03:45:00Z"


@pytest.mark.parametrize("at", [NOON, NOON.replace(second=5)])
def test_what_is_shown_can_be_asked_for(at: datetime) -> None:
    assert instant_of_text(moment(at), TIME) == at
    assert instant_of_text(in_india(isoformat_z(at)), TIME) == at
    assert instant_of_text(clock(at, at.date()), TIME) == at


@pytest.mark.parametrize("text", ["11:02", " 11:02 IST", "11:02:00", time(11, 2)])
def test_a_bare_time_is_of_the_day_that_is_asked_about(text: object) -> None:
    day = date(2026, 11, 16)
    assert isoformat_z(instant_of_days(text, TIME, day, day)) == "2026-11-16T05:32:00Z"


def test_a_bare_time_of_several_days_is_refused_with_a_fix_that_is_read() -> None:
    days = date(2026, 11, 16), date(2026, 11, 17)
    with pytest.raises(UserError, match="the time 9:15 names no day") as refused:
        instant_of_days("9:15", TIME, *days)
    _, _, written = refused.value.fix.partition(": ")
    assert isoformat_z(instant_of_days(written, TIME, *days)) == "2026-11-17T03:45:00Z"


@pytest.mark.parametrize(
    ("text", "instant"),
    [("today 11:02", "2026-11-18T05:32:00Z"), ("-5m", "2026-11-18T06:25:00Z")],
)
def test_a_time_that_says_its_day_keeps_it(text: str, instant: str) -> None:
    days = date(2026, 11, 16), date(2026, 11, 17)
    assert isoformat_z(instant_of_days(text, TIME, *days)) == instant


@pytest.mark.parametrize(
    ("first", "last", "ends"),
    [
        ("2026-11-16 11:00", "11:30", ("2026-11-16T05:30:00Z", "2026-11-16T06:00:00Z")),
        ("11:00", "2026-11-16 11:30", ("2026-11-16T05:30:00Z", "2026-11-16T06:00:00Z")),
        ("2026-11-16", "11:30", ("2026-11-15T18:30:00Z", "2026-11-16T06:00:00Z")),
        ("11:00", "11:30", ("2026-11-18T05:30:00Z", "2026-11-18T06:00:00Z")),
        ("yesterday 11:00", "today 11:30", ("2026-11-17T05:30:00Z", "2026-11-18T06:00:00Z")),
    ],
)
def test_a_bare_end_of_a_span_is_of_the_day_of_the_other(
    first: str, last: str, ends: tuple[str, str]
) -> None:
    assert tuple(map(isoformat_z, instant_ends(first, last, TIME))) == ends
