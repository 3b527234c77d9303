"""What a person reads of a run: its cycles, the market, the login, alerts and the end."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from rich.console import Console

from g6.config import calendar
from g6.domain.cycles.gaps import Gap
from g6.domain.market.calendar import IST
from g6.domain.market.trading_hours import trading_hours
from g6.domain.reports import Alert, CycleReport, LoginFacts, StreamFacts
from g6.domain.reports.provider_facts import ConnectionFacts
from g6.domain.schema.words import Reason, Status
from g6.rendering import run_screen
from g6.rendering.screens import run_board
from tests.worlds.pipeline import World

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=IST)


@pytest.fixture(scope="module")
def report() -> CycleReport:
    """A closed cycle of two indices, one of which was left out."""
    world = World()
    world.controls.set("paused", {"BANKNIFTY": "by hand"})
    world.cycle()
    (document,) = world.reports("cycle.report")
    return CycleReport.from_json(dict(document))


def text_of(part: Any, width: int) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as written:
        console.print(part)
    return written.get()


def test_a_cycles_line_says_time_in_india_status_options_and_when_it_closed(
    report: CycleReport,
) -> None:
    line = run_board.cycle_line(report).plain
    assert line.startswith("11:00:00 PARTIAL  2 indices, ")
    assert "options, closed after 0.0 s" in line


def test_a_cycle_that_is_not_stored_says_so_in_its_line(report: CycleReport) -> None:
    line = run_board.cycle_line(report, "cannot write a/b: No space left on device").plain
    assert line.endswith("closed after 0.0 s, not stored: disk full")
    assert "not stored" not in run_board.cycle_line(report).plain


def test_an_index_that_was_left_out_has_a_line_with_its_reason(report: CycleReport) -> None:
    (line,) = run_board.lost_lines(report)
    assert line.plain == "  SKIPPED BANKNIFTY: paused, see g6 trace 11:00"


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_board_fills_the_terminal_and_cuts_nothing(report: CycleReport, width: int) -> None:
    table = run_board.board(report, width)
    assert table is not None
    heading, row = text_of(table, width).splitlines()
    assert "…" not in heading + row
    assert row.startswith("  NIFTY")
    names = [column.heading for column in run_board.fitting_columns(width)]
    assert all(name in heading for name in names)
    assert len(names) == {80: 8, 120: 12, 200: 18}[width]


def test_a_cycle_of_which_nothing_was_analysed_has_no_board(report: CycleReport) -> None:
    lost = CycleReport.from_json(report.to_json() | {"rows": []})
    assert run_board.board(lost, 80) is None


def test_a_closed_market_says_when_it_opens_and_which_command_lists_sessions() -> None:
    hours = trading_hours(calendar(), ("NSE", "BSE"), NOW)
    notice = run_screen.market_notice(hours, NOW)
    assert notice.sentence == (
        "closed: Sunday; the next session opens tomorrow 09:15 (in 21 h 15 min)"
    )
    assert notice.fix == "g6 calendar 2026-11 lists the sessions"
    later = datetime(2026, 11, 22, 13, 0, tzinfo=IST)
    assert run_screen.market_notice(hours, later).key == notice.key


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 12, 2), "ends on 2026-12-31, in 29 days"),
        (date(2026, 12, 30), "ends on 2026-12-31, tomorrow"),
        (date(2026, 12, 31), "ends on 2026-12-31, today"),
        (date(2026, 12, 1), ""),
        (date(2027, 1, 1), ""),
    ],
)
def test_a_start_tells_weeks_before_that_the_calendar_ends(day: date, told: str) -> None:
    noon = datetime.combine(day, time(12), IST)
    notice = run_screen.calendar_notice(calendar().last_day, noon)
    if not told:
        assert notice is None
        return
    assert notice is not None
    assert notice.sentence.startswith(told)
    assert "add 2027 to config/sessions.local.toml" in notice.fix
    assert not notice.is_trouble


@pytest.mark.parametrize(
    ("login", "has_key", "told", "fix"),
    [
        (None, False, "there is no API key", "KITE_API_KEY"),
        (LoginFacts("expired", None, 0.0), True, "the access token is expired", "g6 login"),
        (LoginFacts("missing"), True, "the access token is missing", "g6 login"),
        (
            LoginFacts("valid", "2026-11-23T00:30:00Z", 64_800.0),
            True,
            "there is an access token until tomorrow 06:00 (for 18 h 00 min); Kite takes or refuses",
            "",
        ),
    ],
)
def test_the_login_is_told_with_what_helps(
    login: LoginFacts | None, has_key: bool, told: str, fix: str
) -> None:
    notice = run_screen.login_notice(login, has_key=has_key, now=NOW)
    assert notice is not None
    assert told in notice.sentence
    assert fix in notice.fix
    assert notice.is_trouble is bool(fix)


def test_a_source_without_an_account_says_nothing_of_a_login() -> None:
    assert run_screen.login_notice(None, has_key=True, now=NOW) is None


def test_an_alert_is_red_with_its_fix_and_green_when_it_is_over() -> None:
    raised, fix = run_screen.alert_lines(Alert("disk", "full", "free space"), NOW)
    assert raised.plain == "12:00:00 ✗ full"
    assert str(raised.spans[-1].style) == "bold red"
    assert fix.plain == "  fix: free space"
    (over,) = run_screen.alert_lines(Alert("disk", "over", None, is_over=True), NOW)
    assert str(over.spans[-1].style) == "green"


def test_the_end_of_a_session_counts_cycles_and_gaps_and_names_the_next() -> None:
    hours = trading_hours(calendar(), ("NSE",), NOW)
    gaps = [Gap("NIFTY", NOW, NOW, Status.MISSING, "no_row", 3)]
    lines = [
        line.plain for line in run_screen.session_lines({"OK": 383}, gaps, hours, NOW, "2026-11-20")
    ]
    assert lines[1:3] == ["  cycles    383 closed: OK 383", "  gaps      NIFTY 3 not collected"]
    assert "g6 data gaps --from 2026-11-20 --to 2026-11-20" in lines[3]
    assert lines[4] == "  next      tomorrow 09:15"


def test_the_last_line_says_how_many_cycles_and_where_the_files_are() -> None:
    assert run_screen.end_line({"OK": 2, "PARTIAL": 1}, "data/x") == (
        "stopped: 3 cycles (OK 2, PARTIAL 1), files in data/x"
    )
    assert run_screen.end_line({"OK": 65}, "data/x", 60) == (
        "stopped: 65 cycles (OK 65), 60 of them not stored or not wholly, files in data/x"
    )
    assert run_screen.end_line({}, "data/x") == "stopped: 0 cycles, files in data/x"


@pytest.mark.parametrize(
    ("status", "reason", "options", "told"),
    [
        (Status.SKIPPED, Reason.TOKEN, 0, "nothing was collected (token): g6 check"),
        (Status.MISSING, Reason.FRAME_MISSING, 0, "nothing was collected (frame missing)"),
        (Status.PARTIAL, Reason.NO_QUOTES, 3, ""),
    ],
)
def test_a_run_that_collected_nothing_says_why(
    status: Status, reason: Reason, options: int, told: str
) -> None:
    report = CycleReport(
        "2026-11-20T04:05:00Z",
        status,
        {"NIFTY": status},
        {"NIFTY": reason},
        {"NIFTY": options},
        0.0,
        0.2,
    )
    sentence = run_screen.nothing_collected([report])
    assert sentence.startswith(told)
    assert bool(sentence) == bool(told)
    assert run_screen.nothing_collected([]) == ""


def test_a_stream_that_connects_is_said_and_so_is_that_it_feeds() -> None:
    waiting = StreamFacts({"0": ConnectionFacts("waiting"), "1": ConnectionFacts("open")})
    for stream in (None, StreamFacts({}), waiting):
        notice = run_screen.stream_notice(stream)
        assert (notice.key, notice.is_trouble) == ("connecting", False)
        assert notice.sentence.startswith("still connecting: ")
    feeding = StreamFacts({"0": ConnectionFacts("open")}, tokens=3900)
    assert run_screen.stream_notice(feeding).sentence == "connected, 3,900 contracts"


def test_what_kept_a_cycle_from_being_whole_stands_beside_its_reason(report: CycleReport) -> None:
    (line,) = run_board.lost_lines(report, beside="the stream is still connecting")
    assert "paused, the stream is still connecting, see g6 trace" in line.plain
