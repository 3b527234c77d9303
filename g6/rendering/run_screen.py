"""What a run says of itself beside its cycles: its start, the market, the login, its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from textwrap import wrap

from rich.text import Text

from g6.domain.cycles.cycle import parse_z
from g6.domain.cycles.gaps import NO_ROW, Gap
from g6.domain.market.calendar import DAYS_AHEAD, IST, day_of
from g6.domain.market.instants import with_indian_clocks
from g6.domain.market.trading_hours import TradingHours
from g6.domain.reports import Alert, CycleReport, LoginFacts, StreamFacts
from g6.domain.reports.closed_cycles import ClosedCycles
from g6.rendering.wording import clock, countdown, counted, counts_in_words, day_words

__all__ = [
    "CONNECTING",
    "Notice",
    "alert_lines",
    "calendar_notice",
    "clock_in_india",
    "end_line",
    "login_notice",
    "market_notice",
    "nothing_collected",
    "notice_lines",
    "refusal_notice",
    "session_lines",
    "start_lines",
    "stream_notice",
    "summary_lines",
]

CONNECTING = "still connecting"
LABEL_WIDTH = 10
FIX = "fix: "
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """A state of the run that a person should know, told when it changes.

    Attributes:
        subject: What it is of: market, login.
        sentence: The state in words.
        fix: The command that helps, empty where there is nothing to do.
        is_trouble: Whether nothing is collected because of it.
        key: What changes when the state does. A countdown is no part of it.
    """

    subject: str
    sentence: str
    fix: str = ""
    is_trouble: bool = False
    key: str = ""


def clock_in_india(at: datetime, now: datetime) -> str:
    """Return a time of India's clock, with the day where it is not today.

    >>> noon = parse_z("2026-11-20T06:30:00Z")
    >>> clock_in_india(noon, noon), clock_in_india(noon + _DAY, noon)
    ('12:00', 'tomorrow 12:00')
    >>> clock_in_india(noon + 3 * _DAY, noon)
    'Mon 23 Nov 12:00'
    """
    today = day_of(now)
    days = (day_of(at) - today).days
    if days == 0:
        return clock(at)
    return f"{'tomorrow' if days == 1 else day_words(day_of(at), today)} {clock(at)}"


def market_notice(hours: TradingHours, now: datetime) -> Notice:
    """Return what a person is told of the market's hours."""
    if hours.is_open and hours.until is not None:
        sentence = f"open until {clock_in_india(hours.until, now)}"
        if hours.frozen_from is not None:
            frozen = clock_in_india(hours.frozen_from, now)
            sentence += f"; the index itself stands still from {frozen}"
        return Notice("market", sentence, key="open")
    key = f"closed {hours.why} {hours.opens}"
    sentence = f"closed: {hours.why}"
    if hours.opens is None:
        fix = "add the year to config/sessions.local.toml, see docs/how-to/holidays.md"
        return Notice("market", sentence, fix, is_trouble=True, key=key)
    seconds = (hours.opens - now).total_seconds()
    opens = clock_in_india(hours.opens, now)
    sentence += f"; the next session opens {opens} (in {_span(seconds)})"
    fix = f"g6 calendar {hours.opens.astimezone(IST):%Y-%m} lists the sessions"
    return Notice("market", sentence, fix, is_trouble=True, key=key)


def calendar_notice(last: date, now: datetime) -> Notice | None:
    """Return that the exchange calendar ends soon, None while it does not.

    Args:
        last: The last day that the calendar covers.
        now: The market's instant.
    """
    days = (last - day_of(now)).days
    if not 0 <= days < DAYS_AHEAD:
        return None
    sentence = f"ends on {last}, {_in_days(days)}: nothing is collected after it"
    fix = f"add {last.year + 1} to config/sessions.local.toml, see docs/how-to/holidays.md"
    return Notice("calendar", sentence, fix)


def _in_days(days: int) -> str:
    return ("today", "tomorrow")[days] if days < 2 else f"in {days} days"


def login_notice(
    login: LoginFacts | None, *, has_key: bool, now: datetime, option: str = ""
) -> Notice | None:
    """Return what a person is told of the account, None of a source without one.

    Args:
        login: The access token as the provider describes it.
        has_key: Whether an API key is configured.
        now: The market's instant.
        option: What a command in another terminal needs to find the rows, such as --data-dir DIR.
    """
    if not has_key:
        sentence = "there is no API key: nothing can be collected"
        fix = "set KITE_API_KEY and KITE_API_SECRET (see .env.example), then start again"
        return Notice("login", sentence, fix, is_trouble=True, key="no key")
    if login is None:
        return None
    if not login.is_valid:
        sentence = f"the access token is {login.state}: nothing is collected until there is one"
        command = f"g6 login {option}".rstrip()
        fix = f"{command} in another terminal: this run goes on by itself"
        return Notice("login", sentence, fix, is_trouble=True, key=login.state)
    # A wrong token was called valid, and refused by the first request.
    sentence = "there is an access token"
    if login.expires:
        sentence += f" until {clock_in_india(parse_z(login.expires), now)}"
    if login.seconds_left:
        sentence += f" (for {countdown(login.seconds_left)})"
    sentence += "; Kite takes or refuses it at the first request"
    return Notice("login", sentence, key="valid")


def stream_notice(stream: StreamFacts | None) -> Notice:
    """Return what a person is told of the tick stream until it feeds."""
    connections = {} if stream is None else stream.connections
    count = sum(connection.state == "open" for connection in connections.values())
    if stream is None or not count or count < len(connections):
        sentence = f"{CONNECTING}: until it feeds, quotes are asked for, and cycles may be PARTIAL"
        return Notice("stream", sentence, key="connecting")
    return Notice("stream", f"connected, {counted(stream.tokens, 'contract')}", key="open")


def start_lines(title: str, rows: Sequence[tuple[str, str]], width: int) -> Iterator[Text]:
    """Yield the lines of a start: a title, and facts with their labels.

    Args:
        title: The first line.
        rows: Label and fact of each. A fix stays one line, so that it can be copied.
        width: Characters of a line of the terminal.
    """
    yield Text(title, style="bold")
    for label, fact in rows:
        lines = [fact] if fact.startswith(FIX) else folded(fact, width - LABEL_WIDTH - 2)
        for place, line in enumerate(lines):
            yield Text.assemble((f"  {'' if place else label:<{LABEL_WIDTH}}", "dim"), line)


def folded(sentence: str, width: int) -> list[str]:
    """Return a sentence in lines that break at blanks alone."""
    return wrap(sentence, max(width, 20), break_long_words=False, break_on_hyphens=False)


def refusal_notice(cycle: str, refusal: str) -> Notice:
    """Return that a cycle is not stored, and why.

    Args:
        cycle: The cycle's instant as its name.
        refusal: What the store said.
    """
    instant = parse_z(cycle)
    sentence = f"the cycle of {clock(instant, has_seconds=True)} is not stored: {refusal}"
    return Notice("store", sentence, is_trouble=True, key=cycle)


def notice_lines(notice: Notice, now: datetime) -> Iterator[Text]:
    """Yield the lines of a state that has changed: when, what, and what helps."""
    line = Text(f"{clock(now, has_seconds=True)} ", style="bold")
    line.append(f"{notice.subject}: ", style="bold")
    line.append(notice.sentence, style="yellow" if notice.is_trouble else "green")
    yield line
    if notice.fix:
        yield Text(f"  fix: {notice.fix}")


def alert_lines(alert: Alert, now: datetime) -> Iterator[Text]:
    """Yield the lines of an alert that was raised, red, or is over, green."""
    style = "green" if alert.is_over else "bold red"
    mark = "✓" if alert.is_over else "✗"
    sentence = with_indian_clocks(alert.sentence, day_of(now))
    yield Text.assemble((f"{clock(now, has_seconds=True)} ", "bold"), (f"{mark} {sentence}", style))
    if alert.fix:
        yield Text(f"  fix: {alert.fix}")


def session_lines(
    statuses: Mapping[str, int],
    gaps: Sequence[Gap],
    hours: TradingHours,
    now: datetime,
    day: str,
    option: str = "",
) -> Iterator[Text]:
    """Yield the lines of a session that is over.

    Args:
        statuses: Cycles of this run by how they closed.
        gaps: The gaps of the stored day.
        hours: The market's hours now, which tell the next session.
        now: The market's instant.
        day: The session's day, ISO.
        option: What a command in another terminal needs to find the rows, such as --data-dir DIR.
    """
    closed = sum(statuses.values())
    words = counts_in_words(statuses) or "none"
    yield Text(f"the session of {day} is over", style="bold")
    yield Text(f"  {'cycles':<{LABEL_WIDTH}}{closed} closed: {words}")
    yield Text(f"  {'gaps':<{LABEL_WIDTH}}{_gap_words(gaps)}")
    if gaps:
        command = f"g6 data gaps --from {day} --to {day} {option}".rstrip()
        yield Text(f"  {'':<{LABEL_WIDTH}}{command} lists them")
    if hours.opens is not None:
        yield Text(f"  {'next':<{LABEL_WIDTH}}{clock_in_india(hours.opens, now)}")


def end_line(statuses: Mapping[str, int], directory: str, unstored: int = 0) -> str:
    """Return the last line of a run: its cycles by status, and where the files are.

    Args:
        statuses: Cycles of this run by how they closed.
        directory: Where the files are.
        unstored: Cycles of which the store refused something to the end.
    """
    closed = sum(statuses.values())
    words = f" ({counts_in_words(statuses)})" if statuses else ""
    lost = f", {unstored:,} of them not stored or not wholly" if unstored else ""
    return f"stopped: {counted(closed, 'cycle')}{words}{lost}, files in {directory}"


def _gap_words(gaps: Sequence[Gap]) -> str:
    """Return the cycles that are not OK by index and reason."""
    counts: dict[str, dict[str, int]] = {}
    for gap in gaps:
        reasons = counts.setdefault(gap.index, {})
        reason = (gap.reason or gap.status).replace("_", " ")
        if gap.reason == NO_ROW:
            reason = "not collected"
        reasons[reason] = reasons.get(reason, 0) + gap.cycles
    parts: list[str] = []
    for index, reasons in counts.items():
        parts += [f"{index} {count} {reason}" for reason, count in reasons.items()]
    return ", ".join(parts) or "none"


def _span(seconds: float) -> str:
    """Return a span in the largest units that say enough.

    >>> _span(200_000), _span(3_660), _span(20)
    ('2 days 7 h', '1 h 01 min', '20 s')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    days, rest = divmod(seconds, 86_400)
    if not days:
        return countdown(seconds)
    return f"{days:.0f} {'day' if days == 1 else 'days'} {rest // 3600:.0f} h"


def nothing_collected(reports: Collection[CycleReport]) -> str:
    """Return that the cycles of a run collected no option, and why, empty where they did.

    Args:
        reports: The cycles that closed.
    """
    # A refused token skips every unit. The run closed its cycles, and cron saw a success.
    if not reports or any(sum(report.options.values()) for report in reports):
        return ""
    reasons = Counter(str(reason) for report in reports for reason in report.reasons.values())
    words = ", ".join(reason.replace("_", " ") for reason, _ in reasons.most_common())
    why = f" ({words})" if words else ""
    return f"nothing was collected{why}: g6 check asks the source why"


def summary_lines(closed: ClosedCycles, cycles: int) -> Iterator[str]:
    """Yield how many of a bounded run's cycles closed and how soon."""
    statuses = ", ".join(f"{count} {status}" for status, count in closed.statuses.items())
    yield f"{closed.count:,} of {cycles:,} cycles closed: {statuses or 'none'}"
    if closed.count:
        yield (
            f"{closed.options:.0f} options a cycle; "
            f"closed {closed.p50_ms:.0f} ms (p50), {closed.p95_ms:.0f} ms (p95) after their instant"
        )
