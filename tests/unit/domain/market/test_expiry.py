"""Which listed expiry is which bucket, over four years of rules, and how much time it has left."""

import csv
import math
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from g6.domain.market.calendar import IST, Calendar
from g6.domain.market.expiry import (
    BIT,
    BUCKETS,
    Resolution,
    dte,
    is_monthly,
    resolve,
    rule_of,
    years_to,
)
from g6.errors import BadConfig
from tests.worlds.kite_symbols import monthly_by_symbol

ROOT = Path(__file__).resolve().parents[4]
SHARED = ROOT.parent / "shared" / "data" / "kite"
CALENDAR = Calendar.parse(
    tomllib.loads((ROOT / "g6/config/sessions.toml").read_text(encoding="utf-8"))
)
BSE_ROOTS = {"SENSEX", "BANKEX", "SENSEX50", "FOCIT"}


def day(text: str) -> date:
    return date.fromisoformat(text)


def ist(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


def own_rows() -> Iterator[tuple[str, str, tuple[date, ...], datetime, dict[str, date]]]:
    table = tomllib.loads((ROOT / "tests" / "data" / "buckets.toml").read_text(encoding="utf-8"))
    for listing in table["listing"]:
        expiries = tuple(day(text) for text in listing["expiries"].split())
        for row in listing["rows"].strip().splitlines():
            on, clock, *answers = row.split()
            want = {
                bucket: day(answer)
                for bucket, answer in zip(BUCKETS, answers, strict=True)
                if answer != "-"
            }
            yield listing["underlying"], listing["exchange"], expiries, ist(f"{on} {clock}"), want


OWN = list(own_rows())


@pytest.mark.parametrize(
    ("underlying", "exchange", "listed", "at", "want"),
    OWN,
    ids=[f"{row[0]} {row[3]:%Y-%m-%d %H:%M:%S}" for row in OWN],
)
def test_the_buckets_of_four_years(
    underlying: str, exchange: str, listed: tuple[date, ...], at: datetime, want: dict[str, date]
) -> None:
    resolution = resolve(listed, at, CALENDAR, exchange, underlying=underlying)
    assert dict(resolution.buckets) == want
    assert resolution.expected_mask == sum(BIT[bucket] for bucket in want)


def test_the_table_is_as_large_as_it_should_be() -> None:
    assert len(OWN) >= 40


@pytest.mark.skipif(not SHARED.exists(), reason="the shared samples are not beside the project")
def test_every_worked_answer_of_the_shared_table_is_given() -> None:
    listings: dict[tuple[str, str], list[date]] = defaultdict(list)
    with (SHARED / "expected_buckets_listings.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            listings[row["listing"], row["index"]].append(day(row["expiry"]))
    with (SHARED / "expected_buckets.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    wrong = []
    for row in rows:
        at = ist(f"{row['date']} {row['session_time_note'].removesuffix(' IST')}")
        exchange = "BSE" if row["index"] in BSE_ROOTS else "NSE"
        found = resolve(
            listings[row["listing"], row["index"]], at, CALENDAR, exchange, underlying=row["index"]
        )
        want = {bucket: day(row[bucket]) for bucket in BUCKETS if row[bucket]}
        counts = (int(row["expected_mask"]), int(row["distinct_expiries"]))
        if dict(found.buckets) != want or (found.expected_mask, len(found.slots)) != counts:
            wrong.append((row, found))
    assert len(rows) == 178
    assert wrong == []


@pytest.mark.skipif(not SHARED.exists(), reason="the shared samples are not beside the project")
def test_monthlies_of_a_real_dump_are_those_whose_symbols_carry_the_month() -> None:
    with (SHARED / "expiries_20260818.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    at = ist("2026-08-18 10:00")
    wrong = [
        row["example"]
        for row in rows
        if not is_monthly(
            day(row["expiry"]), "BSE" if row["name"] in BSE_ROOTS else "NSE", row["name"], at
        )
        == monthly_by_symbol(row["example"], row["name"])
        == (row["monthly_symbol"] == "True")
    ]
    assert len(rows) == 64
    assert wrong == []


NIFTY = (
    date(2026, 11, 23),
    date(2026, 12, 1),
    date(2026, 12, 8),
    date(2026, 12, 29),
    date(2027, 1, 25),
)
AT = ist("2026-11-20 11:00")


def of(*rules: str | date) -> Resolution:
    return resolve(NIFTY, AT, CALENDAR, "NSE", rules, underlying="NIFTY")


def slots(resolution: Resolution) -> tuple[tuple[str, date, int], ...]:
    return tuple((slot.bucket, slot.expiry, slot.mask) for slot in resolution.slots)


def test_a_slot_carries_the_fix_and_the_close_of_its_day() -> None:
    (slot,) = of("this_week").slots
    assert slot.fix == CALENDAR.settlement_fix("NSE", slot.expiry)
    assert slot.close == CALENDAR.close_of("NSE", slot.expiry)


def test_a_date_in_two_buckets_is_one_slot_with_both_bits() -> None:
    assert slots(of(*BUCKETS)) == (
        ("this_week", day("2026-11-23"), 5),
        ("next_week", day("2026-12-01"), 2),
        ("next_month", day("2026-12-29"), 8),
    )


def test_a_slot_is_named_by_its_first_bucket_in_any_order_of_rules() -> None:
    assert slots(of("this_month", "this_week")) == (("this_week", day("2026-11-23"), 5),)


def test_only_configured_buckets_are_expected() -> None:
    resolution = of("next_month")
    assert (resolution.expected_mask, [slot.mask for slot in resolution.slots]) == (8, [8])


def test_a_custom_date_carries_no_bit_and_is_named_by_itself() -> None:
    assert slots(of(day("2026-12-08"))) == (("2026-12-08", day("2026-12-08"), 0),)


def test_a_custom_rule_on_a_buckets_date_shares_its_slot() -> None:
    resolution = of("nth:1", "2026-11-23", "this_week")
    assert slots(resolution) == (("this_week", day("2026-11-23"), 1),)
    assert list(resolution.buckets) == ["this_week", "nth_1", "2026-11-23"]


def test_nth_counts_the_expiries_alive() -> None:
    assert slots(of("nth:3")) == (("nth_3", day("2026-12-08"), 0),)
    later = resolve(
        NIFTY, ist("2026-11-23 15:40:01"), CALENDAR, "NSE", ["nth:3"], underlying="NIFTY"
    )
    assert slots(later) == (("nth_3", day("2026-12-29"), 0),)


def test_what_nothing_listed_answers_is_named_and_not_expected() -> None:
    resolution = of("this_week", "nth:9", "2026-12-15")
    assert resolution.not_listed == ("nth_9", "2026-12-15")
    assert resolution.expected_mask == 1
    without_weeklies = resolve(NIFTY[:1], AT, CALENDAR, "NSE", underlying="NIFTY")
    assert without_weeklies.not_listed == ("this_week", "next_week", "next_month")


def test_nothing_listed_answers_nothing() -> None:
    assert resolve((), AT, CALENDAR, "NSE").slots == ()


def test_an_expiry_lives_through_the_closing_cycle_and_no_longer() -> None:
    close = ist("2026-11-23 15:40:00")
    assert resolve(NIFTY, close, CALENDAR, "NSE", ["nth:1"]).buckets["nth_1"] == day("2026-11-23")
    assert resolve(NIFTY, close.replace(microsecond=1), CALENDAR, "NSE", ["nth:1"]).buckets[
        "nth_1"
    ] == day("2026-12-01")


def test_the_calendar_month_is_that_of_india() -> None:
    at = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)  # 1 December, 01:30 in India
    listed = (day("2026-12-29"), day("2027-01-25"))
    assert dict(resolve(listed, at, CALENDAR, "NSE").buckets) == {
        "this_month": day("2026-12-29"),
        "next_month": day("2027-01-25"),
    }


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("this_week", "this_week"),
        (" This-Week ", "this_week"),
        ("NEXT WEEK", "next_week"),
        ("weekly", "this_week"),
        ("current_month", "this_month"),
        ("monthly", "this_month"),
        ("m2", "next_month"),
        ("nth:3", "nth_3"),
        ("nth_12", "nth_12"),
        ("2026-12-29", date(2026, 12, 29)),
        (date(2026, 12, 29), date(2026, 12, 29)),
    ],
)
def test_rules_have_one_spelling(text: str | date, rule: str | date) -> None:
    assert rule_of(text) == rule


@pytest.mark.parametrize("text", ["this_weak", "nth:0", "nth", "2026-13-01", ""])
def test_an_unknown_rule_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(
        BadConfig, match=r"this_week, next_week, this_month, next_month, a date and nth:N"
    ):
        rule_of(text)


def test_a_misspelt_rule_gets_the_nearest_one_suggested() -> None:
    with pytest.raises(BadConfig, match="did you mean this_week"):
        rule_of("this_weak")


@pytest.mark.parametrize("fix_clock", ["15:30:00", "15:40:00"])
def test_a_year_has_365_days(fix_clock: str) -> None:
    fix = ist(f"2026-11-23 {fix_clock}")
    assert years_to(fix, fix.replace(year=2025)) == 1.0


def test_the_last_minute_is_not_shorter_than_a_minute() -> None:
    fix = CALENDAR.settlement_fix("NSE", day("2026-11-23"))
    minute = 60 / (365 * 86_400)
    assert years_to(fix, ist("2026-11-23 15:29:59")) == minute
    assert years_to(fix, ist("2026-11-23 15:28:59")) == pytest.approx(61 / 60 * minute, rel=1e-12)


@pytest.mark.parametrize("clock", ["15:30:00", "15:35:00", "15:40:00"])
def test_from_the_fix_on_there_is_no_time_left(clock: str) -> None:
    assert math.isnan(
        years_to(CALENDAR.settlement_fix("NSE", day("2026-11-23")), ist(f"2026-11-23 {clock}"))
    )


def test_time_to_an_expiry_of_an_uncovered_year_is_known() -> None:
    fix = CALENDAR.settlement_fix("NSE", day("2027-01-25"))
    assert years_to(fix, ist("2026-11-25 15:30:00")) == 61 / 365


@pytest.mark.parametrize(
    ("at", "days"), [("2026-11-23 09:15", 0), ("2026-11-22 23:59:59", 1), ("2026-11-24 00:00", -1)]
)
def test_days_to_expiry_are_calendar_days_in_india(at: str, days: int) -> None:
    assert dte(day("2026-11-23"), ist(at).astimezone(UTC)) == days
