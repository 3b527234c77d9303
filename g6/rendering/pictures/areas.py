"""Where the plots of a picture stand on a page, side by side or below each other."""

from __future__ import annotations

from dataclasses import dataclass

from g6.rendering.pictures.picture import Picture, PlotHeat

__all__ = ["Area", "areas_of", "narrow_height"]

_NARROW_PLOT = 270
_NARROW_GAP = 92
"""Pixels of one plot, and between two of them, on a phone."""
_GAP = 0.055
_GAP_OF_HEAT = 0.14
"""Room between plots side by side as a share of the width: a heat map has its scale in it."""
_ROOM_OF_SCALE = 0.1
_ROW_GAP = 0.045
_ROW_GAP_WITH_AXIS = 0.2


@dataclass(frozen=True, slots=True)
class Area:
    """Where a plot stands, as shares of the picture, and the ends of its axes' names."""

    left: float
    right: float
    bottom: float
    top: float
    x: str
    y: str
    is_lowest: bool


def narrow_height(plots: int) -> int:
    """Return the height of so many plots on a phone, in pixels."""
    return _NARROW_PLOT * plots


def areas_of(picture: Picture, *, is_narrow: bool) -> list[Area]:
    """Return the area of each plot, from the top left."""
    plots = picture.plots
    columns = 1 if is_narrow else picture.columns
    rows = -(-len(plots) // columns)
    has_heat = any(isinstance(layer, PlotHeat) for plot in plots for layer in plot.layers)
    gap = _GAP_OF_HEAT if has_heat else _GAP
    row_gap = _row_gap(picture, rows, is_narrow=is_narrow)
    shares = [plot.share for plot in plots] if columns == 1 else [1.0] * rows
    room = _ROOM_OF_SCALE if has_heat else 0.0
    width = (1 - room - gap * (columns - 1)) / columns
    unit = (1 - row_gap * (rows - 1)) / sum(shares)
    areas = []
    top = 1.0
    for row, share in enumerate(shares):
        bottom = max(0.0, top - unit * share)
        for column in range(columns):
            place = row * columns + column
            if place >= len(plots):
                break
            left = column * (width + gap)
            # plotly's first axes are x and y, the others x2, y2 and so on.
            own = "" if place == 0 else str(place + 1)
            area = Area(
                left=left,
                right=left + width,
                bottom=bottom,
                top=top,
                x="" if picture.shares_x else own,
                y=own,
                is_lowest=row == rows - 1,
            )
            areas.append(area)
        top = bottom - row_gap
    return areas


def _row_gap(picture: Picture, rows: int, *, is_narrow: bool) -> float:
    """Return the room between rows as a share of the height."""
    if picture.shares_x:
        return _ROW_GAP
    # Below a plot with an axis of its own stand its numbers and words.
    if is_narrow:
        return _NARROW_GAP / (_NARROW_PLOT * rows)
    return _ROW_GAP_WITH_AXIS / rows
