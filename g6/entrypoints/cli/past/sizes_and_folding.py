"""`g6 data size` and `g6 data compact`: how large the stored days are, and folding them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from g6.config import Settings, calendar
from g6.domain.market.calendar import Calendar
from g6.entrypoints.cli.shared.arguments import options, study_command
from g6.entrypoints.cli.shared.arguments.day_options import Date, day_given
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import G6Error, UserError
from g6.rendering.wording import counted, day_words, megabytes
from g6.studies.study_limits import refuse_instant
from g6.studies.table import by_command

if TYPE_CHECKING:
    from g6.ports.history import FoldReport

Estimate = Annotated[
    bool,
    typer.Option("--estimate", help="Estimate what a day of this configuration will take instead."),
]


@dataclass(frozen=True, slots=True)
class FoldedDay:
    """One day of an index after folding, or the reason why it was left as it is."""

    name: str
    day: date
    files_before: int
    report: FoldReport | None
    error: str = ""

    def document(self) -> dict[str, object]:
        """Return the day as JSON has it."""
        facts: dict[str, object] = {
            "name": self.name,
            "day": self.day.isoformat(),
            "files_before": self.files_before,
        }
        if self.report is None:
            return facts | {"error": self.error}
        return facts | asdict(self.report)


def size(
    *,
    estimate: Estimate = False,
    interval: options.Interval = None,
    indices: options.Indices = None,
    json_: options.Json = False,
    at: study_command.NoInstant = None,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Measure what is stored, or estimate what a day will take.

    Example: g6 data size --estimate --interval 30
    """
    study = by_command("data size --estimate" if estimate else "data size")
    if at is not None:
        refuse_instant(study.name, ["at"])
    settings = options.settings(config, set_, data_dir=data_dir, interval=interval, indices=indices)
    study_command.show(study, settings, as_json=json_)


def compact(
    context: typer.Context,
    *,
    date_: Date = None,
    certify: Annotated[
        bool,
        typer.Option("--certify", help="Certify the day of --date anew, as its files are now."),
    ] = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Fold each day that is over into one file, and certify it.

    Readers may read meanwhile. What is stopped half way goes on where it was when it is called
    again. g6 certificate shows what a day holds and lacks.

    Example: g6 data compact --date 2026-11-18
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    options.own_rows(context, settings, "g6 data compact")
    console = terminal.console(settings, stderr=json_)
    day = day_given(date_, settings)
    if certify:
        _mark(settings, day)
    folded = fold_days(settings, day, console)
    refused = certify_days(settings, day, console)
    if json_:
        typer.echo(json.dumps([day.document() for day in folded]))
    else:
        _show_folded(terminal.console(settings), settings, folded)
    for refusal in refused:
        console.print(f"not certified: {refusal}", soft_wrap=True, highlight=False)
    if refused or any(day.report is None for day in folded):
        raise typer.Exit(1)


def fold_days(settings: Settings, day: date | None, console: Console) -> list[FoldedDay]:
    """Fold each day that is over, or one, and return what became of each of its indices."""
    from g6.bootstrap.stored_files.certified_days import stored_days

    history = stored_days(settings)
    sessions = calendar()
    loose_days = [
        loose
        for loose in history.loose_days()
        if loose.day == day or (day is None and _is_over(loose.day, sessions))
    ]
    folded: list[FoldedDay] = []
    # A damaged day is named and left alone, and the others are folded.
    for loose in followed(loose_days, "compacting", console):
        try:
            report = history.compact(loose.name, loose.day)
        except G6Error as error:
            folded.append(FoldedDay(loose.name, loose.day, loose.files, None, str(error)))
        else:
            folded.append(FoldedDay(loose.name, loose.day, loose.files, report))
    return folded


def certify_days(settings: Settings, day: date | None, console: Console) -> list[G6Error]:
    """Issue the certificates that are due, of all days that are over or of one.

    Returns:
        What refused.
    """
    from g6.bootstrap.stored_files.directory_certificates import (
        issue_certificates,
        uncertified_days,
    )
    from g6.bootstrap.stored_files.newest_certificates import CertificateList
    from g6.studies.stored.days.certificate_checks import LIST_GONE

    sessions = calendar()
    due = [
        whole
        for whole in uncertified_days(settings)
        if whole == day or (day is None and _is_over(whole, sessions))
    ]
    refused: list[G6Error] = []
    listed = CertificateList(settings)
    was_missing = False
    # A damaged certificate is named by what reads it next.
    with suppress(G6Error):
        was_missing = listed.is_missing()
    for whole in followed(due, "certifying", console) if due else ():
        try:
            issue_certificates(settings, [whole], listing=False)
        except G6Error as error:
            refused.append(error)
    # Those that were issued before a kill, or by a version that kept no list, come in as well.
    try:
        if listed.note(was_missing=was_missing):
            console.print(f"warning: {LIST_GONE}; g6 data check says so too", soft_wrap=True)
    except G6Error as error:
        refused.append(error)
    return refused


def _mark(settings: Settings, day: date | None) -> None:
    """Note the files of a day as rewritten on purpose.

    Raises:
        UserError: No day is named.
    """
    if day is None:
        raise UserError("which day is to be certified anew?", "add --date 2026-11-18")
    from g6.bootstrap.stored_files.directory_certificates import mark_all

    mark_all(settings, day)


def _show_folded(console: Console, settings: Settings, folded: Sequence[FoldedDay]) -> None:
    for day in folded:
        console.print(f"{day_words(day.day)}  {day.name:<10}  {_sentence(day)}", soft_wrap=True)
        for path in day.report.left if day.report else ():
            console.print(f"  left alone: {path}", soft_wrap=True, highlight=False)
    if not folded:
        console.print(
            f"every day that is over is compacted in {settings.directory}", soft_wrap=True
        )


def _sentence(folded: FoldedDay) -> str:
    report = folded.report
    if report is None:
        return folded.error
    files = counted(folded.files_before, "file")
    sentence = f"{files} into 1, {counted(report.rows, 'row')}, {megabytes(report.bytes)}"
    if report.damaged:
        sentence += f"; {report.damaged} damaged left alone, see g6 data check"
    return sentence


def _is_over(day: date, sessions: Calendar) -> bool:
    """Tell whether a day is over by the wall clock.

    Simulated days may lie anywhere. Those ahead are left alone.
    """
    now = datetime.now(UTC)
    return now > max(sessions.close_of(exchange, day) for exchange in ("NSE", "BSE"))
