"""A function that asks a picture's study and draws the answer, with a signature of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import Parameter as Argument
from inspect import Signature
from typing import TYPE_CHECKING, Any

from g6.rendering.pictures.kinds import PictureKind

if TYPE_CHECKING:
    from g6.rendering.pictures.figure import PictureFigure
    from g6.studies.parameters import Field

    Plotting = Callable[..., PictureFigure]

__all__ = ["plotting"]


def plotting(
    kind: PictureKind, asking: Callable[..., Any], asked_with: Signature, documentation: str
) -> Plotting:
    """Return the function that asks a picture's study and draws the answer.

    Args:
        kind: Which picture.
        asking: What asks the study.
        asked_with: Its arguments.
        documentation: Its docstring, whose last section lists its arguments.
    """
    from g6.rendering.answers.option_words import in_errors, of_python

    words = of_python(kind.study)
    fields = _view_fields(kind)
    arguments = [
        argument.replace(default=kind.defaults.get(argument.name, argument.default))
        for argument in asked_with.parameters.values()
    ]
    arguments.extend(map(_argument, fields))
    own = Signature(arguments)

    def plot(*positional: Any, **named: Any) -> PictureFigure:
        from g6.rendering.pictures import drawing
        from g6.studies.parameters import made

        bound = own.bind(*positional, **named)
        values = {**kind.defaults, **bound.arguments}
        look = {field.name: values.pop(field.name, field.default) for field in fields}
        view = made(kind.view, look)
        with in_errors(words):
            return drawing.figure(kind, asking(**values).document, view)

    plot.__name__ = kind.name
    plot.__qualname__ = kind.name
    sentences = [f"    {field.name}: {field.parameter.sentence}" for field in fields]
    lines = documentation.splitlines()
    plot.__doc__ = words("\n".join([kind.help, *lines[1:], *sentences]))
    plot.__signature__ = own  # type: ignore[attr-defined]
    return plot


def _argument(field: Field) -> Argument:
    return Argument(field.name, Argument.KEYWORD_ONLY, default=field.default, annotation=field.type)


def _view_fields(kind: PictureKind) -> list[Field]:
    """Return how a kind may be drawn, in the size of a notebook's page unless another is named."""
    from g6.studies.parameters import fields_of

    fields = {field.name: field for field in fields_of(kind.view)}
    fields["size"] = replace(fields["size"], default="page")
    return list(fields.values())
