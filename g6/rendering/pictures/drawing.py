"""Documents drawn with matplotlib, each from the document alone."""

from __future__ import annotations

from functools import singledispatch

from matplotlib.figure import Figure

from g6.rendering.pictures import over_strikes, over_time
from g6.rendering.pictures.numbers import title_of
from g6.studies.stored.heatmap import Heatmap
from g6.studies.stored.interest_by_cycle import InterestByCycle
from g6.studies.stored.interest_by_strike import InterestByStrike
from g6.studies.stored.overlays import Overlays
from g6.studies.stored.smile_curves import SmileCurves
from g6.studies.stored.straddle_by_cycle import StraddleByCycle
from g6.studies.stored.surface_grid import SurfaceGrid

__all__ = ["draw"]

SIZE_INCHES = (11, 6.5)


def draw(document: object) -> Figure:
    """Return the figure of a document.

    Raises:
        TypeError: The document is of a kind that is not drawn.
    """
    # A Figure of its own instead of pyplot's: pyplot keeps every figure, and picks a display.
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    figure.suptitle(title_of(document), fontsize=12, x=0.01, ha="left")
    _draw_on(document, figure)
    return figure


@singledispatch
def _draw_on(document: object, figure: Figure) -> None:  # noqa: ARG001 - the kinds use it
    raise TypeError(f"{type(document).__name__} is not drawn")


_draw_on.register(SmileCurves, over_strikes.smile)
_draw_on.register(SurfaceGrid, over_strikes.surface)
_draw_on.register(InterestByStrike, over_strikes.interest)
_draw_on.register(Heatmap, over_strikes.heatmap)
_draw_on.register(InterestByCycle, over_time.interest)
_draw_on.register(StraddleByCycle, over_time.straddle)
_draw_on.register(Overlays, over_time.overlays)
