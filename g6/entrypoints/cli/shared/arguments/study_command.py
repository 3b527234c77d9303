"""A study as a command: its parameters and its view become options, its document is rendered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import Parameter as Argument
from inspect import Signature
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from g6.config import Settings
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.help.fix_commands import SystemOptions
from g6.errors import NothingToDo, UserError
from g6.studies.documents import (
    Changing,
    Mending,
    OfCycle,
    SearchDocument,
    StudyDocument,
    Verdict,
)
from g6.studies.parameters import Field, fields_of, made, written
from g6.studies.study_limits import WITHOUT_AT, refuse_instant
from g6.studies.table import Study, by_command

CONFIGURED: Mapping[str, tuple[str, object]] = {
    "data_dir": ("data_dir", options.DataDir),
    "config": ("config", options.Config),
    "set": ("set_", options.Set),
    "provider": ("provider", options.ProviderName),
    "provider*": ("provider", options.ProviderWord),
    "recording": ("recording", options.Recording),
}
"""By the names of `Study.settings`: what says under which settings a study is asked."""
NoInstant = Annotated[
    str | None,
    typer.Option("--at", "--as-of", hidden=True, help="Not of this study: the error says why."),
]
"""Taken by a study that has no past, so that its error says why and what helps."""
WATCH_SECONDS = 1.0

OptionValues = Mapping[str, Any]
"""The values of a command line, by the names of its options and arguments."""


def add(app: typer.Typer, words: str) -> None:
    """Add the command of a study, by its words after `g6`."""
    study = by_command(words)
    arguments = sorted(_arguments(study), key=lambda argument: argument.kind)

    def command(**values: Any) -> None:
        answer(study, values)

    app.command(study.words.split()[-1], help=help_of(study))(signed(command, arguments))


def _arguments(study: Study) -> Iterator[Argument]:
    """Yield parameters and view, how the answer is written, and what is configured."""
    from g6.rendering import parts

    yield from map(argument_of, fields_of(study.parameters))
    yield from map(argument_of, fields_of(parts.view_of(study.name)))
    yield keyword("json_", options.Json, default=False)
    if csv_help := parts.csv_help_of(study.name):
        csv = Annotated[bool, typer.Option("--csv", help=csv_help)]
        yield keyword("csv_", csv, default=False)
    if study.watch:
        watch = Annotated[bool, typer.Option("--watch", help=study.watch)]
        yield keyword("watch", watch, default=False)
    if study.follow:
        follow = Annotated[bool, typer.Option("--follow", "-f", help=study.follow)]
        yield keyword("follow", follow, default=False)
    if study.bundle:
        bundle = Annotated[Path | None, typer.Option("--bundle", metavar="FILE", help=study.bundle)]
        yield keyword("bundle", bundle, default=None)
    if study.name in WITHOUT_AT:
        yield keyword("at", NoInstant, default=None)
    for setting in study.settings:
        name, annotation = CONFIGURED[setting]
        kind = Argument.POSITIONAL_OR_KEYWORD if setting.endswith("*") else Argument.KEYWORD_ONLY
        yield Argument(name, kind, default=None, annotation=annotation)


def signed(function: Callable[..., None], arguments: list[Argument]) -> Callable[..., None]:
    """Give a function that takes any names the arguments that typer makes options of."""
    function.__signature__ = Signature(arguments)  # type: ignore[attr-defined]
    function.__annotations__ = {argument.name: argument.annotation for argument in arguments}
    return function


def help_of(study: Study) -> str:
    """Return the help of a study's command."""
    return "\n\n".join(filter(None, (study.sentence, study.details, f"Example: {study.example}")))


def argument_of(field: Field) -> Argument:
    """Return what typer makes an option or an argument of."""
    parameter = field.parameter
    is_text = parameter.read is not None or parameter.read_at is not None
    kind: Any = str if is_text else field.type
    default = field.default
    if isinstance(default, tuple):
        default = written(default)
    metavar = parameter.metavar or None
    if parameter.is_positional:
        info = typer.Argument(metavar=metavar, help=parameter.sentence)
        if field.is_many:
            kind = list[str]
            default = None
        kind = kind | None if default is None else kind
        return Argument(
            field.name,
            Argument.POSITIONAL_OR_KEYWORD,
            default=Argument.empty if field.is_required else default,
            annotation=Annotated[kind, info],
        )
    option = typer.Option(
        field.option,
        *parameter.also,
        metavar=metavar,
        help=parameter.sentence,
        min=_bound(parameter.least, kind),
        max=_bound(parameter.most, kind),
    )
    # typer takes an option without a default for required unless its type allows None.
    kind = kind | None if default is None else kind
    return keyword(field.name, Annotated[kind, option], default=default)


def _bound(bound: float | None, kind: object) -> float | None:
    """Return a bound as help shows it: `x>=1` of a whole number, not `x>=1.0`."""
    return int(bound) if bound is not None and kind in (int, int | None) else bound


def keyword(name: str, annotation: object, *, default: object) -> Argument:
    """Return what typer makes an option of."""
    return Argument(name, Argument.KEYWORD_ONLY, default=default, annotation=annotation)


def answer(study: Study, values: OptionValues) -> None:
    """Ask a study with the values of a command line and write its document.

    Raises:
        UserError: A value cannot be read, or two ways of writing are wanted at once.
        NothingToDo: What was searched for is not there.
        Exit: The document judges what it shows, and something does not pass.
    """
    from g6.entrypoints.machine.study_reading import reader, time_of
    from g6.rendering import parts

    refuse_instant(study.name, [name for name, value in values.items() if value is not None])
    if values["json_"] and values.get("csv_"):
        raise UserError("--json and --csv exclude each other", "leave one of them out")
    settings = settings_of(study, values)
    # Without a running system there is no latest cycle of it: that is said first.
    source = reader(study.reader, settings)
    parameters: object = made(study.parameters, values, time_of(settings))
    if values.get("watch") or values.get("follow"):
        view: object = made(parts.view_of(study.name), values)
        _watch(study, source, parameters, view, settings, as_json=values["json_"])
        return
    track = _tracks(study, settings, as_json=values["json_"])
    document = cast("StudyDocument", study.answer(source, parameters, *track))
    if isinstance(document, SearchDocument) and document.nothing:
        raise NothingToDo(document.nothing)
    _write(study, document, values, settings)
    if settings is not None and (bundle := values.get("bundle")) is not None:
        from g6.entrypoints.machine.bug_report import write_bug_report

        health = parts.json_value_of(study.name, document)
        typer.echo(write_bug_report(bundle, settings, health).sentence, err=True)
    if isinstance(document, Verdict) and not document.passes:
        raise typer.Exit(1)


def show(study: Study, settings: Settings, *, as_json: bool) -> None:
    """Write the answer of a study without parameters, for a command that builds the settings."""
    from g6.entrypoints.machine.study_reading import reader

    document = cast(
        "StudyDocument", study.answer(reader(study.reader, settings), study.parameters())
    )
    write(study, document, settings, as_json=as_json)


def write(study: Study, document: StudyDocument, settings: Settings, *, as_json: bool) -> None:
    """Write a document of a study as JSON, or as a person reads it."""
    from g6.entrypoints.cli.shared.screen import terminal
    from g6.rendering import parts

    if as_json:
        _write_json(study.name, document, parts.json_indent_of(study.name))
        return
    parts.print_parts(terminal.console(settings), parts.parts_of(study.name, document))


def settings_of(study: Study, values: OptionValues) -> Settings | None:
    """Return the settings that a study is asked under, None where it reads none."""
    if not study.settings:
        return None
    from g6.bootstrap.reading.reading_place import reading_settings

    provider = values.get("provider")
    # The word itself means the configured one: g6 check provider.
    if provider == "provider":
        provider = None
    return reading_settings(
        options.settings(
            values.get("config"),
            values.get("set_"),
            data_dir=values.get("data_dir"),
            provider=provider,
            recording=values.get("recording"),
        )
    )


def _tracks(
    study: Study, settings: Settings | None, *, as_json: bool
) -> tuple[Callable[..., object], ...]:
    """Return what shows the progress of a study that has any."""
    if not study.progress:
        return ()
    from g6.entrypoints.cli.shared.screen import terminal
    from g6.entrypoints.cli.shared.screen.progress import followed

    console = terminal.console(settings, stderr=as_json)
    return (partial(followed, what=study.progress, console=console),)


def _write(
    study: Study, document: StudyDocument, values: OptionValues, settings: Settings | None
) -> None:
    """Write a document as JSON, as CSV, or as its view shows it to a person."""
    from g6.entrypoints.cli.shared.screen import terminal
    from g6.rendering import parts, plain

    name = study.name
    named = SystemOptions.of_settings(
        values.get("data_dir"), values.get("config"), values.get("set_")
    )
    if isinstance(document, Mending):
        document = document.with_fixes(named.completed)
    if values.get("quiet"):
        return
    view: object = made(parts.view_of(name), values)
    if values["json_"] or values.get("csv_"):
        document = cast("StudyDocument", parts.narrowed(name, document, view))
    if values["json_"]:
        _write_json(name, document, parts.json_indent_of(name))
        return
    if values.get("csv_"):
        plain.write_csv(document, sys.stdout, parts.csv_line_end_of(name))
        return
    console = terminal.console(settings)
    # A heading that scrolled away heads nothing: who names no number of strikes gets a screenful.
    if console.is_terminal and view == parts.view_of(name)():
        view = parts.fitted(name, view, console.height)
    shown = parts.with_commands(parts.parts_of(name, document, view), named.completed)
    parts.print_parts(console, shown)
    for note in parts.notes_of(name, document):
        typer.echo(terminal.fitted(named.completed(note), sys.stderr), err=True)


def _write_json(name: str, document: object, indent: int | None = None) -> None:
    """Write a document as JSON: as a whole, or a line each of what it holds."""
    from g6.rendering import parts, plain

    lines = parts.json_lines_of(name, document)
    if lines is None:
        typer.echo(plain.as_json(parts.json_value_of(name, document), indent))
        return
    for line in lines:
        typer.echo(plain.as_json(line))


def _watch(
    study: Study,
    source: Any,
    parameters: object,
    view: object,
    settings: Settings | None,
    *,
    as_json: bool,
) -> None:
    """Show what is new, in a line or on the whole screen, until somebody stops it."""
    from g6.rendering import parts

    last_mark: str | None = ""
    while True:
        document = cast("StudyDocument", study.answer(source, parameters))
        if isinstance(document, Changing):
            # Without a mark there is nothing to show: what was shown last is the newest still.
            mark: str | None = document.mark or last_mark
        else:
            mark = cast("OfCycle", document).cycle
        if mark != last_mark:
            last_mark = mark
            line = parts.line_of(study.name, document)
            if as_json:
                _write_json(study.name, parts.narrowed(study.name, document, view))
            elif line is None:
                _show_screen(study, document, view, settings)
            else:
                typer.echo(line)
        source.wait(WATCH_SECONDS)


def _show_screen(
    study: Study, document: StudyDocument, view: object, settings: Settings | None
) -> None:
    """Write a document over what a terminal shows, elsewhere below it."""
    from g6.entrypoints.cli.shared.screen import terminal
    from g6.rendering import parts

    console = terminal.console(settings)
    if console.is_terminal:
        view = parts.fitted(study.name, view, console.height)
        console.clear()
    parts.print_parts(console, parts.parts_of(study.name, document, view))
