"""What is told of a run beside its cycles: market and login when they change, the session's end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime

from rich.text import Text

from g6.bootstrap.reading.study_readers import past_reader
from g6.bootstrap.settings_checks.credentials import credentials
from g6.bootstrap.wiring import live_clock
from g6.config import Settings
from g6.domain.cycles.cycle import parse_z
from g6.domain.cycles.gaps import Gap
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.domain.market.trading_hours import TradingHours, trading_hours
from g6.domain.reports import CycleReport, LoginFacts
from g6.domain.reports.alerts import NO_HEARTBEAT
from g6.entrypoints.cli.run.voices import Voice, market_now
from g6.entrypoints.cli.shared.following import RunFollower
from g6.entrypoints.machine.supervisor import Stack
from g6.errors import G6Error, Retryable
from g6.pipeline import raised_alerts
from g6.ports.sources import Ability
from g6.rendering import run_screen
from g6.rendering.run_screen import Notice
from g6.studies.stored.days import cycle_gaps
from g6.studies.stored.days.past_span import PastQuestion

FIRST_TICKS_SECONDS = 10.0
"""Wall seconds from the first heartbeat with an open stream until its first ticks are in cycles."""
SILENT_SECONDS = 20.0
"""Wall seconds without a heartbeat after which a person is told."""


def has_key(settings: Settings) -> bool:
    """Tell whether a source that needs an account has an API key."""
    if not settings.source.can(Ability.ACCOUNT):
        return True
    with suppress(G6Error):
        return bool(credentials(settings).api_key)
    return False


def has_request_token(settings: Settings) -> bool:
    """Tell whether the first worker fetches the access token by itself."""
    if not settings.source.can(Ability.ACCOUNT):
        return False
    with suppress(G6Error):
        return bool(credentials(settings).request_token)
    return False


def login_before_start(settings: Settings) -> Notice | None:
    """Return what keeps an account from being asked, None where nothing is known to.

    Nobody is asked for it: a key that is there may be a wrong one.
    """
    now = live_clock(settings).market()
    if not has_key(settings):
        return run_screen.login_notice(None, has_key=False, now=now)
    return None


def hours_now(settings: Settings, stack: Stack) -> TradingHours | None:
    """Return the market's hours as they stand, None of a recording, which asks no calendar."""
    if stack.runtime.feeds is not None:
        return None
    exchanges = exchanges_of(INDICES[name] for name in settings.indices)
    return trading_hours(stack.runtime.calendar, exchanges, market_now(stack.runtime.clock))


@dataclass(slots=True)
class RunWatch:
    """Counts the cycles of a run, and tells of market, login and heartbeat when they change.

    `has_seen_close`: a session ended during the run, and its end was told. `unstored`: cycles of
    which the store refused something and has not taken it since.
    """

    settings: Settings
    stack: Stack
    voice: Voice
    write: Callable[[Text], None]
    statuses: Counter[str] = field(default_factory=Counter)
    has_seen_close: bool = False
    unstored: int = 0
    _of_session: Counter[str] = field(default_factory=Counter)
    _hours: TradingHours | None = None
    _login: LoginFacts | None = None
    _session_day: date | None = None
    _heard_from: float = 0.0
    _is_silent: bool = False
    _has_key: bool = True
    _has_request_token: bool = False
    _fed_from: float | None = None
    _refused: set[str] = field(default_factory=set)

    @property
    def _option(self) -> str:
        return self.stack.runtime.data_option

    def begin(self) -> Iterator[Notice]:
        """Yield how market and login stand at the start, and remember it."""
        self._has_key = has_key(self.settings)
        self._has_request_token = has_request_token(self.settings)
        self._hours = hours_now(self.settings, self.stack)
        self._login = self.stack.runtime.provider.describe().login
        now = market_now(self.stack.runtime.clock)
        if self._hours is not None:
            self._session_day = day_of(now) if self._hours.is_open else None
            yield run_screen.market_notice(self._hours, now)
            last = self.stack.runtime.calendar.last_day
            if ending := run_screen.calendar_notice(last, now):
                yield ending
        if login := self._login_notice(self._login, now):
            yield login
        if self.settings.streamed:
            yield run_screen.stream_notice(None)

    def beside(self, report: CycleReport) -> str:
        """Return what kept a cycle from being whole beside its reasons: a stream that connects."""
        if not self.settings.streamed:
            return ""
        clock = self.stack.runtime.clock
        since = self._fed_from
        if since is not None and clock.wall_of(parse_z(report.cycle)) > since + FIRST_TICKS_SECONDS:
            return ""
        return f"the stream is {run_screen.CONNECTING}"

    def refusal(self, cycle: str) -> str:
        """Return why a cycle that has closed is not stored, empty where the store takes it.

        The refusal of a cycle is told once.
        """
        sentence = self._refusal_now()
        if sentence:
            self._refused.add(cycle)
        return sentence

    def _refusal_now(self) -> str:
        with suppress(Retryable):
            refusals = self.stack.runtime.controls.read().longest_refusals()
            return refusals[0].sentence if refusals else ""
        return ""

    def _look_at_store(self, follower: RunFollower) -> None:
        """Tell of cycles that the store refused after their line was written."""
        # A cycle closes before it is written: the line of the first one on a full disk said OK.
        for cycle in sorted(follower.unstored - self._refused):
            if sentence := self.refusal(cycle):
                self.voice.notice(run_screen.refusal_notice(cycle, sentence))

    def count(self, report: CycleReport) -> None:
        """Count a closed cycle. One that was done again is counted already."""
        if report.attempt != 1:
            return
        self.statuses[str(report.status)] += 1
        self._of_session[str(report.status)] += 1

    def look(self, follower: RunFollower) -> None:
        """Tell what has changed since the last look."""
        self.unstored = len(follower.unstored)
        self._look_at_store(follower)
        now = market_now(self.stack.runtime.clock)
        hours = hours_now(self.settings, self.stack)
        if hours is not None:
            self._look_at_market(hours, now)
        self._look_at_login(follower, now)
        self._look_at_stream(follower)
        self._look_at_heartbeat(follower)

    def _look_at_market(self, hours: TradingHours, now: datetime) -> None:
        before = self._hours
        self._hours = hours
        if before is not None:
            old = run_screen.market_notice(before, now)
            new = run_screen.market_notice(hours, now)
            if old.key != new.key:
                self.voice.notice(new)
        if hours.is_open:
            self._session_day = day_of(now)
        elif self._session_day is not None and self._is_settled(now):
            self._tell_end(self._session_day, hours, now)
            self._session_day = None
            self.has_seen_close = True
            self._of_session.clear()

    def _is_settled(self, now: datetime) -> bool:
        """Tell whether the last cycles of a session are closed, or will not close any more."""
        with suppress(Retryable):
            if not self.stack.runtime.ledger.open_cycles():
                return True
        day = self._session_day
        if day is None or day != day_of(now):
            return True
        exchanges = exchanges_of(INDICES[name] for name in self.settings.indices)
        sessions = [self.stack.runtime.calendar.session(name, day) for name in exchanges]
        closes = max(session.close for session in sessions if session is not None)
        late = self.stack.runtime.clock.wall() - self.stack.runtime.clock.wall_of(closes)
        return late > self.stack.runtime.timing.grace + 5.0

    def _tell_end(self, day: date, hours: TradingHours, now: datetime) -> None:
        lines = run_screen.session_lines(
            self._of_session, self._stored_gaps(day), hours, now, day.isoformat(), self._option
        )
        for line in lines:
            self.write(line)

    def _stored_gaps(self, day: date) -> tuple[Gap, ...]:
        """Return the gaps of the stored day, none where nothing of it is stored."""
        with suppress(G6Error):
            span = PastQuestion(first=day, last=day)
            return cycle_gaps.answer(past_reader(self.settings), span).gaps
        return ()

    def _look_at_login(self, follower: RunFollower, now: datetime) -> None:
        if follower.heard is None:
            return
        login = follower.heard.provider.login
        old = self._login_notice(self._login, now)
        new = self._login_notice(login, now)
        self._login = login
        if new is not None and (old is None or old.key != new.key):
            self.voice.notice(new)

    def _look_at_stream(self, follower: RunFollower) -> None:
        """Tell once that the stream feeds. An alert tells of a connection that is lost later."""
        if not self.settings.streamed or self._fed_from is not None or follower.heard is None:
            return
        notice = run_screen.stream_notice(follower.heard.provider.ticker)
        if notice.key == "open":
            self._fed_from = follower.heard_at
            self.voice.notice(notice)

    def _login_notice(self, login: LoginFacts | None, now: datetime) -> Notice | None:
        if login is not None and login.state == "missing" and self._has_request_token:
            return None
        return run_screen.login_notice(login, has_key=self._has_key, now=now, option=self._option)

    def _look_at_heartbeat(self, follower: RunFollower) -> None:
        """Raise the alert of a system that nobody hears, and end it when it is heard again."""
        runtime = self.stack.runtime
        # The workers take as long as they take to start: silence counts from the first look on.
        self._heard_from = self._heard_from or runtime.clock.wall()
        silent = runtime.clock.wall() - max(follower.heard_at, self._heard_from)
        is_silent = silent > max(SILENT_SECONDS, 3 * runtime.heartbeat_seconds)
        if is_silent == self._is_silent:
            return
        alert = NO_HEARTBEAT.fire(seconds=silent, logs=self.stack.log_dir) if is_silent else None
        with suppress(Retryable):
            raised_alerts.note(runtime, runtime.controls.read(), NO_HEARTBEAT, alert)
            raised_alerts.show_alerts(runtime)
            self._is_silent = is_silent
