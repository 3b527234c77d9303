"""The colours of all pictures, light and dark, which nobody needs red and green to tell apart.

Calls, puts and levels are of Okabe and Ito's palette ("Color Universal Design", 2008), darkened on
white paper and lightened on black. The scales are viridis, and purple over the paper to orange.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CONTOURS", "THEMES", "Palette"]

CONTOURS = "#ffffff"
"""Of the lines of equal value on the scale of levels, which is the same on both papers."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, each as `#rrggbb`.

    Attributes:
        paper: Behind everything, and the halo of lines that cross a heat map.
        missing: Where a heat map has no value, unlike a value of zero.
        text: Words, numbers and the lines that cross a heat map.
        grid: Lines of the grid and edges of the axes.
        roles: What is drawn, by its role: `calls`, `puts`, `fit`, `quiet`, `spot`, and so on.
        level_scale: From the least to the largest value.
        change_scale: From the largest fall over none, which is the paper, to the largest rise.
    """

    paper: str
    missing: str
    text: str
    grid: str
    roles: Mapping[str, str]
    level_scale: tuple[str, ...]
    change_scale: tuple[str, ...]

    def colour_of(self, role: str) -> str:
        """Return the colour of a role, that of words for `text`."""
        return self.text if role == "text" else self.roles[role]


# Nine colours of matplotlib's viridis: interpolated between them it differs by less than 2/255.
_VIRIDIS = (
    "#440154",
    "#472d7b",
    "#3b528b",
    "#2c728e",
    "#21918c",
    "#28ae80",
    "#5ec962",
    "#addc30",
    "#fde725",
)

THEMES: Mapping[str, Palette] = {
    "light": Palette(
        paper="#ffffff",
        missing="#dcdcdc",
        text="#1a1a1a",
        grid="#e3e3e3",
        roles={
            "calls": "#0072b2",
            "puts": "#d55e00",
            "fit": "#444444",
            "quiet": "#9a9a9a",
            "spot": "#111111",
            "forward": "#b0468c",
            "atm": "#009e73",
            "pain": "#5c5c5c",
        },
        level_scale=_VIRIDIS,
        change_scale=(
            "#542788",
            "#998ec3",
            "#d8daeb",
            "#f7f7f7",
            "#fee0b6",
            "#f1a340",
            "#b35806",
        ),
    ),
    "dark": Palette(
        paper="#15181d",
        missing="#3b414a",
        text="#e8e8e8",
        grid="#343a42",
        roles={
            "calls": "#56b4e9",
            "puts": "#e69f00",
            "fit": "#d0d0d0",
            "quiet": "#7d8590",
            "spot": "#ffffff",
            "forward": "#e7a3cc",
            "atm": "#3ddbb0",
            "pain": "#f0e442",
        },
        level_scale=_VIRIDIS,
        change_scale=(
            "#c9b0ff",
            "#8f6fd6",
            "#4b3f72",
            "#1f2329",
            "#6b4a1e",
            "#c27a1f",
            "#ffb54d",
        ),
    ),
}
"""By the word of `--theme`."""
