"""`g6 live`: one trading day from the login to the evening's summary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import typer
from rich.console import Console

from g6.bootstrap.reading.study_readers import past_reader, provider_reader
from g6.bootstrap.settings_checks.credentials import credentials
from g6.bootstrap.wiring import live_clock
from g6.config import Settings, calendar
from g6.domain.market.calendar import Session, day_of
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.entrypoints.cli.run.unbounded import run_until_stopped
from g6.entrypoints.cli.shared.following import stoppable
from g6.entrypoints.cli.shared.login_ways import LoginWay, sign_in, tokens_of
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.machine.fork_server import ForkServer
from g6.errors import G6Error, UserError
from g6.ports import Clock
from g6.ports.sources import Ability
from g6.rendering import parts, run_screen
from g6.rendering.wording import countdown
from g6.studies.checks.trading_day import START_BEFORE
from g6.studies.now.provider_answers import ProviderParameters
from g6.studies.now.provider_answers import answer as provider_answers
from g6.studies.stored.days import coverage_by_day
from g6.studies.stored.days.past_span import PastQuestion

LOGIN_BEFORE = timedelta(minutes=75)
"""How long before the open a login is asked for: tokens of the night end until 07:35."""


@dataclass(frozen=True, slots=True)
class LiveDay:
    """The settings of a live market, and the day that is to be collected of it."""

    settings: Settings
    console: Console
    clock: Clock
    opens: datetime
    closes: datetime

    @classmethod
    def next_of(cls, settings: Settings, console: Console) -> LiveDay:
        """Return the day that goes on, else the next one with a session.

        Raises:
            UncoveredYear: The calendar does not cover the year.
        """
        clock = live_clock(settings)
        sessions = list(_sessions(settings, clock.market()))
        opens = min(session.open for session in sessions)
        return cls(settings, console, clock, opens, max(session.close for session in sessions))

    def collect(self, way: LoginWay, *, mix: bool, anyway: bool) -> None:
        """Log in, check, wait for the open, collect until the close, and sum the day up.

        Raises:
            UserError: There is no key, or no login.
            Exit: With 1 where the provider cannot be collected from.
        """
        console = self.console
        _refuse_without_key(self.settings)
        self._say_hours()
        self._wait_until(self.opens - LOGIN_BEFORE, "login")
        if not self._has_token():
            sign_in(self.settings, way, as_json=False)
        self._check(anyway=anyway)
        self._wait_until(self.opens - START_BEFORE, "start")
        if self.clock.market() >= self.closes:
            console.print("the session is over: nothing was collected of it", highlight=False)
            return
        with ForkServer(by_fork=True, modules=self.settings.source.modules) as forks:
            is_whole = run_until_stopped(
                self.settings, forks, mix=mix, anyway=anyway, who="g6 live", until_close=True
            )
        if is_whole:
            self._sum_up(console)

    def _say_hours(self) -> None:
        now = self.clock.market()
        day = run_screen.clock_in_india(self.opens, now)
        closes = run_screen.clock_in_india(self.closes, now)
        if now < self.opens:
            self.console.print(f"the session opens {day} and closes {closes}", highlight=False)
        else:
            self.console.print(f"the session is open until {closes}", highlight=False)

    def _wait_until(self, at: datetime, what: str) -> None:
        """Wait for an instant of the market, and show how long that is."""
        if self.clock.market() >= at:
            return
        when = run_screen.clock_in_india(at, self.clock.market())
        self.console.print(f"waiting until {when} for the {what}; Ctrl-C stops", highlight=False)
        with self.console.status("") as status:
            while (left := (at - self.clock.market()).total_seconds()) > 0:
                status.update(f"{what} in {countdown(left + 59)}")
                wall = self.clock.wall_of(at) - self.clock.wall()
                self.clock.sleep(max(0.01, min(1.0, wall)))

    def _has_token(self) -> bool:
        """Tell whether a token lasts until the close. Without an account none is needed."""
        if not self.settings.source.can(Ability.ACCOUNT):
            return True
        login = tokens_of(self.settings).state()
        left = (self.closes - self.clock.market()).total_seconds()
        return login.is_valid and (login.seconds_left is None or login.seconds_left > left)

    def _check(self, *, anyway: bool) -> None:
        """Ask the provider, print its answers, and end where it cannot be collected from."""
        answers = provider_answers(provider_reader(self.settings), ProviderParameters())
        parts.print_parts(self.console, parts.parts_of("check", answers))
        if not answers.passes and not anyway:
            raise typer.Exit(1)

    def _sum_up(self, console: Console) -> None:
        """Print how the cycles of the day ended by index, as they are stored."""
        day = day_of(self.opens)
        with suppress(G6Error):
            coverage = coverage_by_day.answer(
                past_reader(self.settings), PastQuestion(first=day, last=day)
            )
            console.print(f"\nthe day {day} by index", style="bold", highlight=False)
            parts.print_parts(console, parts.parts_of("coverage", coverage))
        console.print(
            f"g6 analyze NIFTY, g6 data ls and g6 data size --data-dir {self.settings.directory} "
            "tell more",
            soft_wrap=True,
            highlight=False,
        )


def collect_day(
    settings: Settings,
    way: LoginWay,
    *,
    mix: bool = False,
    anyway: bool = False,
) -> None:
    """Collect one live day from the login to the evening."""
    if not settings.source.is_live:
        raise UserError(
            f"provider {settings.provider.name} is not live",
            "g6 live --provider kite, or g6 up for the simulated market",
        )
    with stoppable():
        console = terminal.console(settings)
        LiveDay.next_of(settings, console).collect(way, mix=mix, anyway=anyway)


def _refuse_without_key(settings: Settings) -> None:
    if not settings.source.can(Ability.ACCOUNT) or credentials(settings).api_key:
        return
    raise UserError("there is no API key", "set KITE_API_KEY and KITE_API_SECRET, see .env.example")


def _sessions(settings: Settings, now: datetime) -> Iterator[Session]:
    """Yield the session of each exchange that goes on or comes next, of the first such day."""
    days = calendar()
    sessions: list[Session] = []
    for exchange in exchanges_of(INDICES[name] for name in settings.indices):
        today = days.session(exchange, day_of(now))
        is_ahead = today is not None and now < today.close
        sessions.append(
            today if today is not None and is_ahead else days.next_session(exchange, day_of(now))
        )
    first = min(session.day for session in sessions)
    yield from (session for session in sessions if session.day == first)
