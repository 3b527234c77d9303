"""A study as a picture: its parameters become options, and its document is drawn into a file."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping
from inspect import Parameter as Argument
from pathlib import Path
from typing import Annotated, Any

import typer

from g6.entrypoints.cli.shared import options, study_command
from g6.errors import Unavailable, UserError
from g6.studies.parameters import Field, fields_of, made
from g6.studies.table import Study

FORMATS = (".png", ".svg", ".html", ".json")

Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", help="Where to write: .png, .svg, .html, or .json for the numbers."
    ),
]
CONFIGURED = {"data_dir": options.DataDir, "config": options.Config}


def add(
    group: typer.Typer,
    study: Study,
    *,
    sentence: str = "",
    example: str = "",
    defaults: Mapping[str, object] | None = None,
) -> None:
    """Add the picture of a study to a group of commands.

    Args:
        group: The group.
        study: The study whose document is drawn.
        sentence: What the picture shows, where it is not the study's own sentence.
        example: One call, where it is not the study's own.
        defaults: Defaults of parameters that a picture has otherwise than the study.
    """
    changed = defaults or {}
    # `--out` stands between the index and the options in help, as the one that a picture needs.
    index, *others = [
        Field(field.name, field.type, changed.get(field.name, field.default), field.parameter)
        for field in fields_of(study.parameters)
    ]
    arguments = [
        study_command.argument_of(index),
        Argument("out", Argument.KEYWORD_ONLY, annotation=Out),
        *map(study_command.argument_of, others),
        *(
            Argument(name, Argument.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in CONFIGURED.items()
        ),
    ]

    def command(**values: Any) -> None:
        _draw(study, values)

    text = f"{sentence or study.sentence}\n\nExample: {example or study.example}"
    name = study.words.split()[-1]
    group.command(name, help=text)(study_command.signed(command, arguments))


def _draw(study: Study, values: Mapping[str, Any]) -> None:
    from g6.bootstrap.study_readers import market_time, reader
    from g6.rendering import plain
    from g6.rendering.pictures.numbers import numbers_of, title_of

    out: Path = values["out"]
    settings = options.settings(values["config"], data_dir=values["data_dir"])
    parameters: object = made(study.parameters, values, market_time(settings))
    document = study.answer(reader(study.reader, settings), parameters)
    if out.suffix not in FORMATS:
        raise UserError(
            f"{out} is no picture G6 can write", f"name a file that ends in {', '.join(FORMATS)}"
        )
    if out.suffix == ".json":
        content = plain.as_json(numbers_of(document)).encode()
    else:
        content = _picture(document, out.suffix)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Unavailable(
            f"{out} cannot be written: {error.strerror}", "choose another with --out FILE"
        ) from error
    typer.echo(f"{out}: {title_of(document)}")


def _picture(document: object, suffix: str) -> bytes:
    # matplotlib is an extra, and `.json` is written without it.
    try:
        from g6.rendering.pictures.drawing import draw
    except ImportError as error:
        raise Unavailable(
            "pictures need matplotlib, which is not installed",
            "pip install 'g6[plot]', or --out FILE.json",
        ) from error
    buffer = io.BytesIO()
    draw(document).savefig(buffer, format="png" if suffix == ".png" else "svg", dpi=120)
    if suffix != ".html":
        return buffer.getvalue()
    return _page(document, buffer.getvalue().decode())


def _page(document: object, picture: str) -> bytes:
    from g6.rendering.pictures.numbers import title_of

    title = html.escape(title_of(document))
    head = f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
    return f"{head}{picture[picture.index('<svg') :]}</html>\n".encode()
