"""The exchange calendar: which days trade, from when to when, and what a user may lay over it."""

import importlib.util
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import exchange_calendars
import pytest

from g6.domain.market.calendar import IST, Calendar
from g6.errors import BadInput, UncoveredYear

ROOT = Path(__file__).resolve().parents[4]
SESSIONS = ROOT / "g6/config/sessions.toml"
BASE = tomllib.loads(SESSIONS.read_text(encoding="utf-8"))
CALENDAR = Calendar.parse(BASE)


def ist(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=IST)


KNOWN_DATES = [
    ("2023-01-26", "closed", ""),
    ("2023-06-28", "09:15", "15:30"),  # the day first announced for Bakri Id
    ("2023-06-29", "closed", ""),
    ("2023-11-12", "18:15", "19:15"),
    ("2024-01-20", "09:15", "15:30"),
    ("2024-01-22", "closed", ""),
    ("2024-03-02", "09:15", "12:30"),
    ("2024-05-18", "09:15", "12:30"),
    ("2024-05-20", "closed", ""),
    ("2024-11-01", "18:00", "19:00"),
    ("2024-11-20", "closed", ""),
    ("2025-02-01", "09:15", "15:30"),
    ("2025-10-21", "13:45", "14:45"),
    ("2025-10-22", "closed", ""),
    ("2026-01-15", "closed", ""),
    ("2026-02-01", "09:15", "15:30"),
    ("2026-03-30", "09:15", "15:30"),
    ("2026-07-31", "09:15", "15:30"),
    ("2026-08-03", "09:15", "15:40"),
    ("2026-11-07", "closed", ""),
    ("2026-11-08", "18:15", "19:15"),
    ("2026-11-09", "09:15", "15:40"),
    ("2026-11-24", "closed", ""),
]


@pytest.mark.parametrize("exchange", ["NSE", "BSE"])
@pytest.mark.parametrize(
    ("day", "opens", "closes"), KNOWN_DATES, ids=[day for day, *_ in KNOWN_DATES]
)
def test_known_dates_have_their_sessions(exchange: str, day: str, opens: str, closes: str) -> None:
    session = CALENDAR.session(exchange, date.fromisoformat(day))
    if opens == "closed":
        assert session is None
    else:
        assert session is not None
        assert (session.open, session.close) == (ist(day, opens), ist(day, closes))


@pytest.mark.parametrize(("year", "holidays"), [(2023, 15), (2024, 17), (2025, 14), (2026, 16)])
def test_each_year_closes_on_as_many_weekdays_as_the_circulars_say(
    year: int, holidays: int
) -> None:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    assert (
        sum(CALENDAR.holiday("NSE", day) is not None for day in days if day.year == year)
        == holidays
    )


@pytest.mark.filterwarnings("ignore:Series.values returning")  # exchange-calendars under pandas 3.1
def test_sessions_differ_from_xbom_by_the_known_special_sessions_only() -> None:
    xbom = exchange_calendars.get_calendar("XBOM", start="2023-01-01", end="2026-12-31")
    theirs = {session.date() for session in xbom.sessions}
    ours = {
        session.day
        for session in CALENDAR.sessions_between("NSE", date(2023, 1, 1), date(2026, 12, 31))
    }
    missed = "2023-11-12 2024-01-20 2024-03-02 2024-05-18 2024-11-01 2025-02-01 2025-10-21 2026-02-01 2026-11-08"
    assert theirs - ours == set()
    assert ours - theirs == {date.fromisoformat(day) for day in missed.split()}


@pytest.mark.filterwarnings("ignore:Series.values returning")
def test_the_file_is_what_its_script_writes() -> None:
    spec = importlib.util.spec_from_file_location(
        "make_sessions", ROOT / "tests" / "data" / "make_sessions.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert SESSIONS.read_text(encoding="utf-8") == script.sessions()


def test_the_days_agree_with_a_second_calendar() -> None:
    second = pytest.importorskip(
        "nse_calendar.calendar", reason="nse-trading-calendar is not installed: a cross-check only"
    )
    theirs = {day for day in second.NSETradingCalendar().trading_days if 2023 <= day.year <= 2026}
    ours = {
        session.day
        for session in CALENDAR.sessions_between("NSE", date(2023, 1, 1), date(2026, 12, 31))
    }
    assert theirs ^ ours <= {date(2026, 11, 8)}


def test_sessions_are_utc() -> None:
    session = CALENDAR.session("NSE", date(2026, 11, 20))
    assert session is not None
    assert (session.open.tzinfo, session.open.time(), session.close.time()) == (
        UTC,
        time(3, 45),
        time(10, 10),
    )


@pytest.mark.parametrize(
    ("day", "interval", "cycles"),
    [
        ("2026-11-20", 60, 386),
        ("2026-07-31", 60, 376),
        ("2026-11-20", 1, 23_101),
        ("2026-11-08", 60, 61),
        ("2026-11-20", 900, 26),
    ],
)
def test_cycles_run_from_open_to_close_both_included(day: str, interval: int, cycles: int) -> None:
    session = CALENDAR.session("NSE", date.fromisoformat(day))
    assert session is not None
    instants = session.cycles(interval)
    assert len(instants) == cycles
    assert all(
        instant.timestamp() % interval == 0 and session.holds(instant) for instant in instants
    )
    assert instants[0] == session.open


def test_an_interval_that_does_not_meet_the_open_starts_at_the_next_grid_instant() -> None:
    session = CALENDAR.session("NSE", date(2026, 11, 20))
    assert session is not None
    assert session.cycles(3600)[0] == datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def test_a_break_has_no_cycles_inside_and_both_its_ends() -> None:
    session = CALENDAR.session("NSE", date(2024, 3, 2))
    assert session is not None
    instants = session.cycles(60)
    assert len(instants) == 46 + 61
    assert {ist("2024-03-02", "10:00"), ist("2024-03-02", "11:30")} <= set(instants)
    assert not session.holds(ist("2024-03-02", "10:00:01"))


def test_the_auction_era_freezes_the_index_and_earlier_eras_do_not() -> None:
    before, since = (
        CALENDAR.session("NSE", date(2026, 7, 31)),
        CALENDAR.session("NSE", date(2026, 8, 3)),
    )
    assert before is not None
    assert since is not None
    assert before.index_freeze is before.index_resume is None
    assert (since.index_freeze, since.settlement_fix, since.index_resume) == tuple(
        ist("2026-08-03", clock) for clock in ("15:15", "15:30", "15:35")
    )


def test_special_sessions_say_what_they_are() -> None:
    muhurat, budget = (
        CALENDAR.session("NSE", date(2026, 11, 8)),
        CALENDAR.session("BSE", date(2026, 2, 1)),
    )
    assert muhurat is not None
    assert budget is not None
    assert (muhurat.special, muhurat.provisional, muhurat.index_freeze) == ("Muhurat", True, None)
    assert (budget.special, budget.provisional) == ("Union Budget", False)


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [
        ("09:14:59", False),
        ("09:15:00", True),
        ("15:40:00", True),
        ("15:40:01", False),
        ("15:41:00", False),
    ],
)
def test_contracts_trade_from_the_open_to_the_close_inclusive(clock: str, is_open: bool) -> None:
    at = ist("2026-11-20", clock)
    assert CALENDAR.is_open("NSE", at) is is_open
    assert (CALENDAR.session_at("NSE", at) is not None) is is_open


@pytest.mark.parametrize("day", ["2027-01-04", "2022-12-30"])
def test_a_session_of_an_uncovered_year_is_an_error(day: str) -> None:
    with pytest.raises(UncoveredYear, match="2026") as error:
        CALENDAR.session("NSE", date.fromisoformat(day))
    assert error.value.year == int(day[:4])


def test_walking_past_the_last_covered_year_is_an_error() -> None:
    with pytest.raises(UncoveredYear):
        CALENDAR.next_session("NSE", date(2026, 12, 31))
    with pytest.raises(UncoveredYear):
        CALENDAR.next_cycle("NSE", ist("2026-12-31", "15:41"), 60)


def test_who_runs_over_the_end_of_the_last_covered_year_knows_no_session_after_it() -> None:
    last, first = date(2026, 12, 31), date(2027, 1, 4)
    assert CALENDAR.known_session("NSE", last) == CALENDAR.session("NSE", last)
    assert CALENDAR.known_session("NSE", first) is None
    closing = ist("2026-12-31", "15:40")
    assert CALENDAR.next_known_cycle(["NSE", "BSE"], ist("2026-12-31", "15:39:30"), 60) == closing
    assert CALENDAR.next_known_cycle(["NSE", "BSE"], ist("2026-12-31", "15:41"), 60) is None
    assert CALENDAR.next_known_cycle(["NSE"], ist("2027-01-04", "11:00"), 60) is None
    assert CALENDAR.known_until(closing) == closing
    assert CALENDAR.known_until(ist("2027-01-04", "11:00")) == ist("2026-12-31", "23:59:59.999999")


def test_an_exchange_that_trades_on_is_known_after_the_last_session_of_another() -> None:
    closed = {"covered_years": [2026], "holidays": {"BSE": {date(2026, 12, 31): "BSE is closed"}}}
    calendar = Calendar.parse(BASE, closed)
    morning = ist("2026-12-31", "09:15")
    assert calendar.next_known_cycle(["NSE", "BSE"], morning, 60) == morning


@pytest.mark.parametrize(
    ("day", "clock"), [("2027-01-25", "15:40"), ("2031-06-24", "15:40"), ("2022-04-07", "15:30")]
)
def test_close_and_fix_of_an_expiry_ask_for_the_era_only(day: str, clock: str) -> None:
    assert CALENDAR.close_of("NSE", date.fromisoformat(day)) == ist(day, clock)
    assert CALENDAR.settlement_fix("NSE", date.fromisoformat(day)) == ist(day, "15:30")


def test_neighbouring_sessions_skip_weekends_and_holidays_and_find_special_days() -> None:
    assert CALENDAR.next_session("NSE", date(2026, 11, 23)).day == date(2026, 11, 25)
    assert CALENDAR.previous_session("NSE", date(2026, 11, 25)).day == date(2026, 11, 23)
    assert CALENDAR.next_session("NSE", date(2026, 11, 6)).day == date(2026, 11, 8)


@pytest.mark.parametrize(
    ("at", "interval", "cycle"),
    [
        (ist("2026-11-20", "09:14:59.5"), 60, ist("2026-11-20", "09:15")),
        (ist("2026-11-20", "11:00"), 60, ist("2026-11-20", "11:00")),
        (ist("2026-11-20", "11:00:00.000001"), 60, ist("2026-11-20", "11:01")),
        (ist("2026-11-20", "15:40"), 60, ist("2026-11-20", "15:40")),
        (ist("2026-11-20", "15:40:00.1"), 60, ist("2026-11-23", "09:15")),
        (ist("2026-11-23", "15:39:59"), 1, ist("2026-11-23", "15:39:59")),
        (ist("2026-11-23", "16:00"), 1, ist("2026-11-25", "09:15")),
        (ist("2024-03-02", "10:00:01"), 60, ist("2024-03-02", "11:30")),
        (ist("2026-11-22", "03:00"), 60, ist("2026-11-23", "09:15")),
    ],
)
def test_the_next_cycle_is_the_first_grid_instant_in_a_session(
    at: datetime, interval: int, cycle: datetime
) -> None:
    assert CALENDAR.next_cycle("NSE", at, interval) == cycle


def test_the_next_cycles_of_a_day_are_its_cycles() -> None:
    session = CALENDAR.session("NSE", date(2026, 11, 20))
    assert session is not None
    at, seen = session.open - timedelta(hours=1), []
    while (at := CALENDAR.next_cycle("NSE", at, 300)) <= session.close:
        seen.append(at)
        at += timedelta(microseconds=1)
    assert tuple(seen) == session.cycles(300)


PHASES = [
    ("08:59:59", "closed"),
    ("09:00:00", "pre-open"),
    ("09:15:00", "open"),
    ("15:14:59", "open"),
    ("15:15:00", "index frozen"),
    ("15:30:00", "closing auction"),
    ("15:35:00", "index final"),
    ("15:40:00", "index final"),
    ("15:40:01", "closed"),
]


@pytest.mark.parametrize(("clock", "phase"), PHASES)
def test_phases_of_a_day_with_a_closing_auction(clock: str, phase: str) -> None:
    assert CALENDAR.phase("NSE", ist("2026-11-20", clock)) == phase


@pytest.mark.parametrize(
    ("day", "clock", "phase"),
    [
        ("2026-07-31", "15:20:00", "open"),
        ("2026-07-31", "15:30:01", "closed"),
        ("2026-11-24", "11:00:00", "closed"),
        ("2024-05-18", "10:30:00", "break"),
        ("2024-05-18", "11:30:00", "open"),
        ("2026-11-08", "18:10:00", "pre-open"),
    ],
)
def test_phases_of_other_days(day: str, clock: str, phase: str) -> None:
    assert CALENDAR.phase("NSE", ist(day, clock)) == phase


@pytest.mark.parametrize(
    ("at", "change"),
    [
        (ist("2026-11-20", "08:00"), ist("2026-11-20", "09:00")),
        (ist("2026-11-20", "09:15"), ist("2026-11-20", "15:15")),
        (ist("2026-11-20", "15:36"), ist("2026-11-20", "15:40")),
        (ist("2026-11-20", "15:40"), ist("2026-11-23", "09:00")),
        (ist("2026-11-24", "12:00"), ist("2026-11-25", "09:00")),
    ],
)
def test_the_next_change_is_when_the_phase_changes(at: datetime, change: datetime) -> None:
    assert CALENDAR.next_change("NSE", at) == change


def test_additions_close_a_day_on_every_exchange() -> None:
    calendar = Calendar.parse(BASE, {"holidays": {"2026-12-08": "unscheduled"}})
    assert (
        calendar.session("NSE", date(2026, 12, 8))
        is calendar.session("BSE", date(2026, 12, 8))
        is None
    )
    assert calendar.holiday("NSE", date(2026, 12, 8)) == "unscheduled"


def test_additions_close_a_day_on_one_exchange() -> None:
    calendar = Calendar.parse(BASE, {"holidays": {"BSE": {"2026-12-08": "outage"}}})
    assert calendar.session("BSE", date(2026, 12, 8)) is None
    assert calendar.session("NSE", date(2026, 12, 8)) is not None


def test_additions_withdraw_a_holiday_and_a_special_session() -> None:
    calendar = Calendar.parse(
        BASE,
        {
            "specials": [{"day": "2026-11-24", "name": "holiday withdrawn"}],
            "holidays": {"2026-11-08": "no Muhurat"},
        },
    )
    session = calendar.session("NSE", date(2026, 11, 24))
    assert session is not None
    assert session.close == ist("2026-11-24", "15:40")
    assert calendar.session("NSE", date(2026, 11, 8)) is None


def test_additions_confirm_the_muhurat_with_other_hours() -> None:
    confirmed = {"day": "2026-11-08", "name": "Muhurat", "open": "18:30", "close": "19:30"}
    session = Calendar.parse(BASE, {"specials": [confirmed]}).session("NSE", date(2026, 11, 8))
    assert session is not None
    assert (session.open, session.provisional) == (ist("2026-11-08", "18:30"), False)
    assert session.settlement_fix == session.close


def test_additions_cover_another_year_and_begin_another_era() -> None:
    era = {
        "since": date(2027, 1, 1),
        "open": time(9, 15),
        "close": time(15, 45),
        "settlement_fix": time(15, 30),
    }
    calendar = Calendar.parse(BASE, {"covered_years": [2027], "hours": [era]})
    session = calendar.session("NSE", date(2027, 1, 4))
    assert session is not None
    assert session.close == ist("2027-01-04", "15:45")
    assert calendar.close_of("NSE", date(2026, 12, 29)) == ist("2026-12-29", "15:40")


@pytest.mark.parametrize(
    ("additions", "message"),
    [
        ({"holiday": {}}, "unknown key holiday"),
        ({"holidays": ["2026-12-08"]}, "wrong shape"),
        ({"holidays": {"8 Dec 2026": "x"}}, "is not a day"),
        ({"holidays": {"MCX": {"2026-12-08": "x"}}}, "is not a day|not an exchange"),
        ({"covered_years": ["2027"]}, "is not a year"),
        ({"hours": [{"since": "2027-01-01", "open": "09:15"}]}, "are needed"),
        (
            {
                "hours": [
                    {
                        "since": "2027-01-01",
                        "open": "nine",
                        "close": "15:40",
                        "settlement_fix": "15:30",
                    }
                ]
            },
            "is not a time",
        ),
        ({"specials": [{"day": "2026-12-05", "close": "08:00"}]}, "do not follow"),
        ({"specials": [{"day": "2026-12-05", "breaks": ["10:00"]}]}, "pairs of times"),
        ({"specials": [{"day": "2026-12-05", "exchanges": ["MCX"]}]}, "not an exchange: MCX"),
        ({"specials": [{"day": "2026-12-05", "opne": "09:00"}]}, "unknown key opne"),
    ],
)
def test_a_wrong_addition_is_named(additions: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message) as error:
        Calendar.parse(BASE, additions)
    assert error.value.path == "sessions.local.toml"


def test_a_calendar_without_hours_or_years_is_refused() -> None:
    with pytest.raises(BadInput, match="hours"):
        Calendar.parse({"exchanges": ["NSE"], "covered_years": [2026]})
    with pytest.raises(BadInput, match="covered_years"):
        Calendar.parse({key: value for key, value in BASE.items() if key != "covered_years"})
