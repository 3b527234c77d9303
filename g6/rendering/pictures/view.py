"""How a picture is drawn, whatever it shows: which strikes, in which colours, for which screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from g6.rendering.pictures.palette import THEMES
from g6.studies.parameters import Parameter

__all__ = ["PictureView", "StrikeView", "around_atm"]

Array = NDArray[np.float64]

SCREENS = ("screen", "page", "phone")

USUAL = 41
"""How many strikes a picture shows of which nobody names the number."""
Strikes = Annotated[
    int | None,
    Parameter(
        "Strikes around ATM. Else 41 of a picture, all of .json.", "41", least=3, metavar="N"
    ),
]
AllStrikes = Annotated[bool, Parameter("All strikes.", option="--all")]
ThemeName = Annotated[
    str,
    Parameter("Its colours.", "dark", choices=tuple(THEMES), metavar="light|dark"),
]
Size = Annotated[
    str,
    Parameter(
        "1600 by 900 pixels, 1100 by 640, or as wide as a phone.",
        "phone",
        choices=SCREENS,
        metavar="screen|page|phone",
    ),
]


@dataclass(frozen=True, slots=True)
class PictureView:
    """How a picture is drawn."""

    theme: ThemeName = "light"
    size: Size = "screen"


@dataclass(frozen=True, slots=True)
class StrikeView(PictureView):
    """How a picture over strikes is drawn."""

    strikes: Strikes = None
    all_strikes: AllStrikes = False


def around_atm(strike: Array, centre: float, view: PictureView) -> slice:
    """Return the strikes of a ladder that a view shows.

    Args:
        strike: Points, ascending.
        centre: ATM in points. Where it is NaN the middle of the ladder is shown.
        view: A view without strikes shows all.

    >>> around_atm(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 5.0, StrikeView(strikes=3))
    slice(2, 5, None)
    """
    count = len(strike)
    most = count
    if isinstance(view, StrikeView) and not view.all_strikes:
        most = USUAL if view.strikes is None else view.strikes
    if count <= most:
        return slice(0, count)
    middle = count // 2
    if np.isfinite(centre):
        middle = int(np.argmin(np.abs(strike - centre)))
    # At an end of the ladder the window keeps its size.
    first = min(max(0, middle - most // 2), count - most)
    return slice(first, first + most)
