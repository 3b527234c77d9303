"""A study as a command: its parameters and its view become options, its document is rendered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from inspect import Parameter as Argument
from inspect import Signature
from typing import Annotated, Any, cast

import typer

from g6.entrypoints.cli.shared import options
from g6.errors import UserError
from g6.studies.documents import Document
from g6.studies.parameters import Field, fields_of, made, written
from g6.studies.table import Study, by_command

CONFIGURED = {
    "data_dir": options.DataDir,
    "config": options.Config,
    "set_": options.Set,
}
"""Options that say which settings a study is asked under."""


def add(app: typer.Typer, words: str) -> None:
    """Add the command of a study, by its words after `g6`."""
    from g6.rendering import parts

    study = by_command(words)
    name = study.name
    parameters = fields_of(study.parameters)
    view = fields_of(parts.view_of(name))
    arguments = [argument_of(field) for field in (*parameters, *view)]
    faces: dict[str, object] = {"json_": options.Json}
    if csv_help := parts.csv_help_of(name):
        faces["csv_"] = Annotated[bool, typer.Option("--csv", help=csv_help)]
    arguments += [_keyword(key, kind, default=False) for key, kind in faces.items()]
    arguments += [_keyword(key, kind, default=None) for key, kind in CONFIGURED.items()]

    def command(**values: Any) -> None:
        answer(study, values)

    app.command(study.words.split()[-1], help=help_of(study))(signed(command, arguments))


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
    kind: Any = str if parameter.read is not None else field.type
    default = field.default
    if isinstance(default, tuple):
        default = written(default)
    metavar = parameter.metavar or None
    if parameter.is_positional:
        info = typer.Argument(metavar=metavar, help=parameter.sentence)
        return Argument(
            field.name,
            Argument.POSITIONAL_OR_KEYWORD,
            default=Argument.empty if field.is_required else default,
            annotation=Annotated[kind, info],
        )
    option = typer.Option(
        field.option,
        metavar=metavar,
        help=parameter.sentence,
        min=_bound(parameter.least, kind),
        max=_bound(parameter.most, kind),
    )
    # typer takes an option without a default for required unless its type allows None.
    kind = kind | None if default is None else kind
    return _keyword(field.name, Annotated[kind, option], default=default)


def _bound(bound: float | None, kind: type) -> float | None:
    """Return a bound as help shows it: `x>=1` of a whole number, not `x>=1.0`."""
    return int(bound) if bound is not None and kind is int else bound


def _keyword(name: str, annotation: object, *, default: object) -> Argument:
    return Argument(name, Argument.KEYWORD_ONLY, default=default, annotation=annotation)


def answer(study: Study, values: Mapping[str, Any]) -> None:
    """Ask a study with the values of a command line and write its document.

    Raises:
        UserError: A value cannot be read, or two ways of writing are wanted at once.
    """
    from g6.bootstrap.study_readers import reader
    from g6.entrypoints.cli.shared import terminal
    from g6.rendering import parts, plain

    if values["json_"] and values.get("csv_"):
        raise UserError("--json and --csv exclude each other", "leave one of them out")
    settings = options.settings(values["config"], values.get("set_"), data_dir=values["data_dir"])
    parameters: object = made(study.parameters, values)
    document = cast("Document", study.answer(reader(study.reader, settings), parameters))
    if values["json_"]:
        typer.echo(plain.as_json(parts.json_value_of(study.name, document)))
    elif values.get("csv_"):
        plain.write_csv(document, sys.stdout, parts.csv_line_end_of(study.name))
    else:
        view: object = made(parts.view_of(study.name), values)
        parts.print_parts(terminal.console(settings), parts.parts_of(study.name, document, view))
