"""`frame.g6`: the pictures of a frame that `g6.load` returned, from its rows alone.

>>> import g6
>>> chain = g6.load("NIFTY", "latest")  # doctest: +SKIP
>>> chain.g6.plot_oi(strikes=21)  # doctest: +SKIP
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import Parameter as Argument
from inspect import Signature
from typing import TYPE_CHECKING, Any, TypeVar

from g6.rendering.pictures.kinds import KINDS, PictureKind

if TYPE_CHECKING:
    import pandas as pd

    from g6.entrypoints.python.answers import Answer
    from g6.rendering.pictures.figure import PictureFigure

__all__ = ["FrameAccessor", "register", "with_pictures"]

T = TypeVar("T")

_PREFIX = "plot_"


def with_pictures(rows: T) -> T:
    """Return rows, after the frames of pandas have the attribute `g6` where they are such."""
    register()
    return rows


def register() -> None:
    """Give the data frames of pandas the attribute `g6`, once, where pandas is imported."""
    pandas: Any = sys.modules.get("pandas")
    # A test of what is missing may have None there. pandas warns of a second registration.
    if pandas is not None and not hasattr(pandas.DataFrame, "g6"):
        pandas.api.extensions.register_dataframe_accessor("g6")(FrameAccessor)


class FrameAccessor:
    """The pictures of a loaded frame: `plot_smile`, `plot_oi` and so on, as `g6.plot` has them.

    A frame of several indices takes `index=`. The newest cycle in the frame is drawn.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table

    def __getattr__(self, name: str) -> Callable[..., PictureFigure]:
        """Return the function that draws a kind of picture."""
        for kind in KINDS:
            if name == _PREFIX + kind.name:
                return self._plotting(kind)
        raise AttributeError(f"a frame's g6 has no {name!r}; it has {', '.join(self._names())}")

    def __dir__(self) -> list[str]:
        """Return the names that completion offers."""
        return [*object.__dir__(self), *self._names()]

    def __repr__(self) -> str:
        return f"pictures of these rows: {', '.join(self._names())}"

    def _names(self) -> list[str]:
        return [_PREFIX + kind.name for kind in KINDS]

    def _plotting(self, kind: PictureKind) -> Callable[..., PictureFigure]:
        from g6.entrypoints.python.plotting import plotting
        from g6.studies.parameters import fields_of

        table = self._table

        def asking(**values: Any) -> Answer:
            from g6.entrypoints.python.answers import Answer
            from g6.entrypoints.python.loaded_rows import LoadedRows
            from g6.studies.parameters import made

            rows = LoadedRows.of(table)
            values["index"] = values.get("index") or rows.only_index()
            parameters: Any = made(kind.study.parameters, values, rows.market_time())
            document: Any = kind.study.answer(rows, parameters)
            return Answer(kind.study.name, document)

        arguments = []
        sentences = [kind.help, "", "Args:"]
        for field in fields_of(kind.study.parameters):
            default = None if field.is_required else field.default
            arguments.append(
                Argument(field.name, Argument.KEYWORD_ONLY, default=default, annotation=field.type)
            )
            sentences.append(f"    {field.name}: {field.parameter.sentence}")
        return plotting(kind, asking, Signature(arguments), "\n".join(sentences))
