"""The measures of a drawn picture, by the screen that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LOOKS", "PHONE_HEAD", "PHONE_HEAT", "PHONE_PLOT", "Look"]


@dataclass(frozen=True, slots=True)
class Look:
    """The measures of one screen.

    Attributes:
        width: Inches.
        height: Inches, 0: by the number of plots.
        dpi: Dots per inch.
        text: The size of words, in points.
        letters: How many letters of the title fit a line.
        ticks: How many numbers fit beside an axis.
        legend_columns: How many entries of the legend fit a line.
        is_narrow: Whether plots stand below each other.
        over_heat: How wide lines over a heat map are beside those of a screen.
    """

    width: float
    height: float
    dpi: int
    text: float
    letters: int
    ticks: int
    legend_columns: int
    is_narrow: bool
    over_heat: float = 1.0


LOOKS: Mapping[str, Look] = {
    "screen": Look(16.0, 9.0, 100, 12.0, 150, 8, 6, is_narrow=False),
    "page": Look(11.0, 6.4, 100, 9.5, 120, 7, 5, is_narrow=False),
    # 390 pixels of a phone are 780 dots: 3.9 inches of 200.
    # Three lines of a screen's width hid the strikes at the money, which is what people look for.
    "phone": Look(3.9, 0.0, 200, 7.5, 52, 5, 2, is_narrow=True, over_heat=0.45),
}
PHONE_HEAD = 1.5
PHONE_PLOT = 2.4
PHONE_HEAT = 3.6
"""Inches of title and legend, of one plot, and of a heat map, whose rows need room."""
