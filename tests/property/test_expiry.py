"""What holds for every listing and every instant."""

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from g6.domain.market.calendar import IST, Calendar
from g6.domain.market.expiry import BIT, BUCKETS, is_monthly, resolve

SESSIONS = Path(__file__).resolve().parents[2] / "g6/config/sessions.toml"
CALENDAR = Calendar.parse(tomllib.loads(SESSIONS.read_text(encoding="utf-8")))

weekdays = st.dates(date(2025, 9, 1), date(2028, 12, 31)).filter(lambda each: each.weekday() < 5)
listings = st.lists(weekdays, max_size=12)
instants = st.integers(0, 1_000 * 86_400).map(
    lambda seconds: datetime(2025, 9, 1, tzinfo=IST) + timedelta(seconds=seconds)
)


@settings(max_examples=80, deadline=None)
@given(listings, instants)
def test_buckets_are_listed_alive_and_in_order(listed: list[date], at: datetime) -> None:
    buckets = resolve(listed, at, CALENDAR, "NSE").buckets
    assert all(
        expiry in listed and CALENDAR.close_of("NSE", expiry) >= at for expiry in buckets.values()
    )
    if "next_week" in buckets:
        assert buckets["this_week"] < buckets["next_week"]
    if {"this_month", "next_month"} <= buckets.keys():
        months = [
            buckets[bucket].year * 12 + buckets[bucket].month
            for bucket in ("this_month", "next_month")
        ]
        assert months[1] - months[0] == 1


@settings(max_examples=80, deadline=None)
@given(listings, instants, st.lists(st.sampled_from([*BUCKETS, "nth:1", "nth:3"]), max_size=6))
def test_masks_and_slots_add_up(listed: list[date], at: datetime, rules: list[str]) -> None:
    resolution = resolve(listed, at, CALENDAR, "NSE", rules)
    assert resolution.expected_mask == sum(
        BIT[bucket] for bucket in resolution.buckets if bucket in BIT
    )
    assert sum(slot.mask for slot in resolution.slots) == resolution.expected_mask
    assert len({slot.expiry for slot in resolution.slots}) == len(resolution.slots)
    assert {slot.expiry for slot in resolution.slots} == set(resolution.buckets.values())


@settings(max_examples=80, deadline=None)
@given(
    st.lists(weekdays, unique=True, max_size=12).flatmap(
        lambda each: st.tuples(st.just(each), st.permutations(each))
    ),
    instants,
)
def test_the_order_of_the_listing_and_doubles_do_not_matter(
    both: tuple[list[date], list[date]], at: datetime
) -> None:
    listed, shuffled = both
    assert resolve(listed, at, CALENDAR, "NSE") == resolve(
        [*shuffled, *shuffled], at, CALENDAR, "NSE"
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(2026, 2040), st.integers(1, 12), st.integers(0, 4))
def test_a_months_last_tuesday_is_its_only_monthly_even_when_holidays_move_it(
    year: int, month: int, shift: int
) -> None:
    days = [date(year, month, 1) + timedelta(days=n) for n in range(31)]
    tuesdays = [each for each in days if each.month == month and each.weekday() == 1]
    moved = tuesdays[-1] - timedelta(days=shift)
    assert is_monthly(moved, "NSE")
    assert not any(is_monthly(each, "NSE") for each in tuesdays[:-1])
