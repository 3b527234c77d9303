"""A study's document as a picture: a figure, or the bytes of a file."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from g6.errors.extras import optional
from g6.rendering import plain
from g6.rendering.pictures.kinds import PictureKind
from g6.rendering.pictures.numbers import numbers_of, within_strikes
from g6.rendering.pictures.page import page_of
from g6.rendering.pictures.view import PictureView, StrikeView

if TYPE_CHECKING:
    from g6.rendering.pictures.figure import PictureFigure

__all__ = ["FORMATS", "content", "figure"]


def figure(kind: PictureKind, document: object, view: PictureView) -> PictureFigure:
    """Return the matplotlib figure of a document.

    Raises:
        NothingToDo: There is no number to draw.
        Unavailable: matplotlib is not installed.
    """
    picture = kind.describe(document, view)
    # matplotlib is an extra: numbers and pages are written without it.
    with optional():
        from g6.rendering.pictures.figure import figure_of
    return figure_of(picture, view)


def content(suffix: str, kind: PictureKind, document: object, view: PictureView) -> bytes:
    """Return the content of a picture's file.

    Raises:
        NothingToDo: There is no number to draw.
        KeyError: The suffix is none of `FORMATS`.
    """
    return FORMATS[suffix](kind, document, view)


def _png(kind: PictureKind, document: object, view: PictureView) -> bytes:
    return _saved(kind, document, view, "png")


def _svg(kind: PictureKind, document: object, view: PictureView) -> bytes:
    return _saved(kind, document, view, "svg")


def _saved(kind: PictureKind, document: object, view: PictureView, form: str) -> bytes:
    buffer = io.BytesIO()
    figure(kind, document, view).savefig(buffer, format=form)
    return buffer.getvalue()


def _page(kind: PictureKind, document: object, view: PictureView) -> bytes:
    return page_of(kind.describe(document, view), view).encode()


def _numbers(kind: PictureKind, document: object, view: PictureView) -> bytes:
    # An empty picture has no numbers either, so that both say so alike.
    kind.describe(document, view)
    if isinstance(view, StrikeView) and view.strikes is not None:
        document = within_strikes(document, view)
    return plain.as_json(numbers_of(document)).encode()


FORMATS: Mapping[str, Callable[[PictureKind, object, PictureView], bytes]] = {
    ".png": _png,
    ".svg": _svg,
    ".html": _page,
    ".json": _numbers,
}
"""What writes a file, by the end of its name."""
