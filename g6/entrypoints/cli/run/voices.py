"""The voices of a run: a board for a person at a terminal, a line of the log for all others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from rich.console import Console
from rich.text import Text

from g6 import log
from g6.config import Settings
from g6.domain.reports import Alert, CycleReport
from g6.ports import Clock
from g6.rendering import run_screen
from g6.rendering.run_screen import Notice
from g6.rendering.screens import run_board

BOARD_SECONDS = 4.0
"""Wall seconds between two boards. What closes in between is a line, unless it is not OK."""


class Voice(Protocol):
    """Tells a person or a file of a run."""

    def cycle(self, report: CycleReport, beside: str = "", refusal: str = "") -> None:
        """Tell of a closed cycle.

        Args:
            report: Its report.
            beside: What kept it from being whole, where its reasons do not say it.
            refusal: Why the store takes nothing now, empty where it does.
        """
        ...

    def alert(self, alert: Alert) -> None:
        """Tell of an alert that was raised or is over."""
        ...

    def notice(self, notice: Notice) -> None:
        """Tell of a state that has changed."""
        ...


@dataclass(slots=True)
class BoardVoice:
    """Writes boards, coloured by status, for a person who looks.

    `option` is what a command in another terminal needs to find the rows.
    """

    console: Console
    clock: Clock
    option: str = ""
    _board_at: float = field(default=0.0, init=False)
    _has_told_of_dashes: bool = field(default=False, init=False)

    def cycle(self, report: CycleReport, beside: str = "", refusal: str = "") -> None:
        """Write a cycle's line, and its board unless one was written a moment ago."""
        self._write(run_board.cycle_line(report, refusal))
        for line in run_board.lost_lines(report, self.option, beside):
            self._write(line)
        now = self.clock.wall()
        if now - self._board_at < BOARD_SECONDS:
            return
        table = run_board.board(report, self.console.width)
        if table is not None:
            self._board_at = now
            self.console.print(table)
            why = run_board.whole_chain_line(report)
            if why is not None and not self._has_told_of_dashes:
                self._has_told_of_dashes = True
                self._write(why)

    def alert(self, alert: Alert) -> None:
        """Write an alert in red, what is over in green."""
        for line in run_screen.alert_lines(alert, self.clock.market()):
            self._write(line)

    def notice(self, notice: Notice) -> None:
        """Write a state that has changed."""
        for line in run_screen.notice_lines(notice, self.clock.market()):
            self._write(line)
        log.notice(notice.subject, notice.sentence, notice.fix, is_kept=True)

    def _write(self, line: Text) -> None:
        # A fix is copied: it stays one line, wherever the terminal breaks it.
        self.console.print(line, soft_wrap=line.plain.lstrip().startswith(run_screen.FIX))


class LogVoice:
    """Writes one line of the log for each, as `log.format` has it."""

    def cycle(
        self,
        report: CycleReport,
        beside: str = "",  # noqa: ARG002 - told once
        refusal: str = "",
    ) -> None:
        """Write a cycle's line. What is beside it was a line of its own."""
        log.report(report)
        if refusal:
            log.notice("store", f"{report.cycle} is not stored: {refusal}", "")

    def alert(self, alert: Alert) -> None:
        """Write an alert as a warning."""
        log.alert(alert)

    def notice(self, notice: Notice) -> None:
        """Write a state that has changed."""
        log.notice(notice.subject, notice.sentence, notice.fix)


@dataclass(frozen=True, slots=True)
class Chorus:
    """Tells by several voices."""

    voices: Sequence[Voice]

    def cycle(self, report: CycleReport, beside: str = "", refusal: str = "") -> None:
        """Tell of a closed cycle."""
        for voice in self.voices:
            voice.cycle(report, beside, refusal)

    def alert(self, alert: Alert) -> None:
        """Tell of an alert."""
        for voice in self.voices:
            voice.alert(alert)

    def notice(self, notice: Notice) -> None:
        """Tell of a state that has changed."""
        for voice in self.voices:
            voice.notice(notice)


def voice_of(settings: Settings, console: Console, clock: Clock, option: str = "") -> Voice:
    """Return a board where the console is a terminal, and the log where it goes elsewhere.

    `log.format` of json wants lines on a terminal too.
    """
    if not console.is_terminal or settings.log.format == "json":
        return LogVoice()
    board = BoardVoice(console, clock, option)
    return board if sys.stderr.isatty() else Chorus((board, LogVoice()))


def market_now(clock: Clock) -> datetime:
    """Return the market's instant without its fraction of a second."""
    return clock.market().replace(microsecond=0)
