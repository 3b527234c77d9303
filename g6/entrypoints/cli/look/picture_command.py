"""A kind of picture as a command: its study's parameters and its view become options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from g6.entrypoints.cli.shared.arguments import options, study_command
from g6.errors import Unavailable, UserError
from g6.rendering.pictures.kinds import PictureKind
from g6.studies.parameters import fields_of, made

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Where to write: .png, .svg, .html, or .json for the numbers; else INDEX_KIND.png.",
    ),
]
Html = Annotated[
    bool, typer.Option("--html", help="Write a page that zooms and answers the pointer.")
]
CONFIGURED = {"data_dir": options.DataDir, "config": options.Config}


def add(group: typer.Typer, kind: PictureKind) -> None:
    """Add the command of a kind of picture to a group."""
    # `--out` stands between the index and the options in help, as the one that most calls name.
    index, *others = [
        replace(field, default=kind.defaults.get(field.name, field.default))
        for field in fields_of(kind.study.parameters)
    ]
    arguments = [
        study_command.argument_of(index),
        study_command.keyword("out", Out, default=None),
        study_command.keyword("html_", Html, default=False),
        *map(study_command.argument_of, others),
        *map(study_command.argument_of, fields_of(kind.view)),
        *(study_command.keyword(name, option, default=None) for name, option in CONFIGURED.items()),
    ]

    def command(**values: Any) -> None:
        _draw(kind, values)

    text = f"{kind.help}\n\nExample: {kind.example or kind.study.example}"
    group.command(kind.name, help=text)(study_command.signed(command, arguments))


def _draw(kind: PictureKind, values: Mapping[str, Any]) -> None:
    from g6.bootstrap.reading.study_readers import market_time, reader
    from g6.rendering.pictures import drawing
    from g6.rendering.pictures.numbers import title_of

    view = made(kind.view, values)
    out = _file(kind, values["index"], values["out"], is_page=values["html_"])
    if out.suffix not in drawing.FORMATS:
        endings = ", ".join(drawing.FORMATS)
        raise UserError(f"{out} is no picture G6 can write", f"name a file that ends in {endings}")
    settings = options.settings(values["config"], data_dir=values["data_dir"])
    parameters: object = made(kind.study.parameters, values, market_time(settings))
    document = kind.study.answer(reader(kind.study.reader, settings), parameters)
    content = drawing.content(out.suffix, kind, document, view)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)
    except OSError as error:
        raise Unavailable(
            f"{out} cannot be written: {error.strerror}", "choose another with --out FILE"
        ) from error
    typer.echo(f"{out}: {title_of(document)}")


def _file(kind: PictureKind, index: str, out: Path | None, *, is_page: bool) -> Path:
    """Return the file to write, named by index and kind where the person names none."""
    if out is None:
        return Path(f"{index.upper()}_{kind.name}{'.html' if is_page else '.png'}")
    if is_page and out.suffix != ".html":
        raise UserError(f"--html writes no {out.suffix} file", f"--out {out.with_suffix('.html')}")
    return out
