"""A picture drawn with matplotlib, into a figure of its own."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import singledispatchmethod

import numpy as np
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from g6.rendering.pictures.looks import LOOKS, PHONE_HEAD, PHONE_HEAT, PHONE_PLOT, Look
from g6.rendering.pictures.palette import CONTOURS, THEMES, Palette
from g6.rendering.pictures.picture import (
    Layer,
    Picture,
    Plot,
    PlotAxis,
    PlotBars,
    PlotDots,
    PlotHeat,
    PlotLevel,
    PlotLine,
    contour_values,
    evenly,
    has_heat,
    has_numbers,
    highest_tip,
    is_visible,
)
from g6.rendering.pictures.view import PictureView

__all__ = ["PictureFigure", "figure_of"]

Dash = tuple[float, tuple[float, ...]]
"""Where it begins, and the lengths that are drawn and left out, in widths of the line."""
_DASHES: Mapping[str, str | Dash] = {
    "solid": "-",
    "dash": (0, (5, 2)),
    "dot": (0, (1, 1.6)),
    "dashdot": (0, (6, 2, 1, 2)),
}
_PHASE = 5.5
_EXTENDS = {
    (False, False): "neither",
    (True, False): "min",
    (False, True): "max",
    (True, True): "both",
}
"""Which ends of a colour scale are arrows: values lie beyond them."""
_STEPS = [1, 2, 2.5, 5, 10]
_MARKERS = {"circle": "o", "ring": "o", "triangle": "v", "dash": "_"}
_SIZES = {"dash": 2.6}
"""By the shape of a marker: its size beside that of the others."""
_MOST_PLACES = 6
_TIP = 0.55
"""The size of a level's tip, and from it to the one above it, as a share of the size of words."""
_BEHIND_BARS = 1.0
_BARS = 2.0
_LINES = 3.0


class PictureFigure(Figure):
    """A figure that a notebook shows by itself, whether or not pyplot was imported."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def figure_of(picture: Picture, view: PictureView) -> PictureFigure:
    """Return the figure of a picture, without numbers in the form 1e4 and without a display."""
    # A Figure of its own instead of pyplot's: pyplot keeps every figure, and picks a display.
    return _Drawing(picture, LOOKS[view.size], THEMES[view.theme]).figure()


class _PlainNumbers(Formatter):
    """Writes ticks with thousands separated, and with as many places as their steps need."""

    def __init__(self, form: str) -> None:
        self._sign = "+" if form.startswith("+") else ""
        self._places = 0

    def set_locs(self, locs: Iterable[float]) -> None:
        steps = np.diff(np.unique(list(locs)))
        # matplotlib's own formatter writes an offset instead: +2.397e4 over ticks of 5 and 10.
        self._places = _places_of(float(steps.min())) if len(steps) else 0

    def __call__(self, value: float, pos: int | None = None) -> str:  # noqa: ARG002 - its protocol
        rounded = round(value, self._places)
        return f"{rounded:{self._sign},.{self._places}f}" if rounded else "0"


def _shifted(dash: str | Dash, above: int) -> str | Dash:
    """Return a dash that begins later the more tips stand below its own."""
    return dash if isinstance(dash, str) else (_PHASE * above, dash[1])


def _columns(entries: int, most: int) -> int:
    """Return in how many columns a legend fills its lines evenly."""
    lines = -(-entries // most)
    return -(-entries // lines)


def _places_of(step: float) -> int:
    """Return how many decimal places a step between ticks needs."""
    places = 0
    while places < _MOST_PLACES and not np.isclose(round(step, places), step, rtol=1e-6, atol=0):
        places += 1
    return places


class _Drawing:
    """Draws one picture in the measures of a screen and the colours of a theme."""

    def __init__(self, picture: Picture, look: Look, palette: Palette) -> None:
        self._picture = picture
        self._look = look
        self._palette = palette
        self._legend: dict[str, Artist] = {}

    def figure(self) -> PictureFigure:
        look = self._look
        height = look.height or PHONE_HEAD + sum(
            PHONE_HEAT if has_heat(plot) else PHONE_PLOT for plot in self._picture.plots
        )
        figure = PictureFigure(
            figsize=(look.width, height),
            dpi=look.dpi,
            layout="constrained",
            facecolor=self._palette.paper,
        )
        title = self._picture.title
        if look.is_narrow:
            title = "\n".join(textwrap.fill(line, look.letters) for line in title.split(" · "))
        figure.suptitle(
            title,
            x=0.01,
            ha="left",
            fontsize=look.text * 1.2,
            fontweight="bold",
            color=self._palette.text,
        )
        plots = self._picture.plots
        for axes, plot in zip(self._axes(figure), plots, strict=True):
            self._draw(axes, plot, is_last=plot is plots[-1])
        if self._legend:
            figure.legend(
                list(self._legend.values()),
                list(self._legend),
                loc="outside lower center",
                ncols=_columns(len(self._legend), look.legend_columns),
                frameon=False,
                fontsize=look.text * 0.9,
                labelcolor=self._palette.text,
                handlelength=2.6,
            )
        return figure

    def _columns(self) -> int:
        return 1 if self._look.is_narrow else self._picture.columns

    def _letters_of_a_plot(self) -> int:
        """Return how many letters fit a line between the axes of one plot."""
        return max(16, self._look.letters // self._columns() - 10)

    def _axes(self, figure: Figure) -> list[Axes]:
        plots = self._picture.plots
        columns = self._columns()
        rows = -(-len(plots) // columns)
        shares = [plot.share for plot in plots] if columns == 1 else None
        grid = figure.subplots(
            rows,
            columns,
            squeeze=False,
            sharex=self._picture.shares_x,
            sharey=self._picture.shares_y,
            height_ratios=shares,
        ).ravel()
        for axes in grid[len(plots) :]:
            axes.set_axis_off()
        return list(grid[: len(plots)])

    def _draw(self, axes: Axes, plot: Plot, *, is_last: bool) -> None:
        for layer in plot.layers:
            # A layer without a value would stand in the legend alone.
            if is_visible(layer):
                self._add(layer, axes, plot)
        self._tidy(axes, plot)
        self._scale(axes.xaxis, plot.x, axes.set_xlim)
        self._scale(axes.yaxis, plot.y, axes.set_ylim)
        if self._picture.shares_x and not is_last:
            axes.tick_params(axis="x", labelbottom=False)
        if self._look.is_narrow and self._picture.shares_y:
            # Beside each other the first one's label says it for all, below each other it cannot.
            axes.set_ylabel(self._picture.plots[0].y.label)
        if not has_numbers(plot):
            axes.set_yticks([])
            lines = [
                textwrap.fill(line, self._letters_of_a_plot()) for line in plot.lacking.split("\n")
            ]
            axes.text(
                0.5, 0.5, "\n".join(lines), transform=axes.transAxes, ha="center", va="center",
                color=self._palette.roles["quiet"], fontsize=self._look.text, zorder=_LINES + 3,
                bbox={"facecolor": self._palette.paper, "edgecolor": "none"},
            )  # fmt: skip

    def _tidy(self, axes: Axes, plot: Plot) -> None:
        palette = self._palette
        text = self._look.text
        axes.set_facecolor(palette.paper)
        axes.set_xlabel(plot.x.label, color=palette.text, fontsize=text)
        axes.set_ylabel(plot.y.label, color=palette.text, fontsize=text)
        # The tips of levels stand on the upper edge, below the title.
        room = 9 + _TIP * text * max(map(highest_tip, self._picture.plots))
        axes.set_title(plot.title, color=palette.text, fontsize=text, pad=room)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(palette.grid)
        axes.tick_params(colors=palette.text, labelsize=text * 0.9)
        axes.set_axisbelow(True)
        if has_heat(plot):
            axes.set_facecolor(palette.missing)
            axes.grid(visible=False)
        else:
            axes.grid(visible=True, color=palette.grid, linewidth=0.6)

    def _scale(
        self, axis: Axis, described: PlotAxis, limit: Callable[[float, float], object]
    ) -> None:
        if np.isfinite(described.low) and np.isfinite(described.high):
            limit(described.low, described.high)
        if described.ticks:
            axis.set_ticks(*evenly(described.ticks, self._look.ticks))
        else:
            axis.set_major_locator(MaxNLocator(nbins=self._look.ticks, steps=_STEPS))
            axis.set_major_formatter(_PlainNumbers(described.form))

    def _halo(self, width: float, scale: float = 1.0) -> list[patheffects.AbstractPathEffect]:
        return [
            patheffects.Stroke(linewidth=width + 2.6 * scale, foreground=self._palette.paper),
            patheffects.Normal(),
        ]

    @singledispatchmethod
    def _add(self, layer: Layer, axes: Axes, plot: Plot) -> None:  # noqa: ARG002 - the kinds use it
        raise TypeError(f"{type(layer).__name__} is not drawn")

    @_add.register
    def _(self, layer: PlotLine, axes: Axes, plot: Plot) -> None:  # noqa: ARG002 - as all layers
        scale = self._look.over_heat if layer.is_over_heat else 1.0
        for piece in layer.pieces():
            (line,) = axes.plot(
                layer.x[piece],
                layer.y[piece],
                color=self._palette.colour_of(layer.role),
                linestyle=_DASHES[layer.dash],
                linewidth=layer.width * scale,
                drawstyle="steps-post" if layer.is_step else "default",
                # A line of one point is invisible.
                marker="." if piece.stop == piece.start + 1 else None,
                zorder=_LINES,
            )
            if layer.is_over_heat:
                line.set_path_effects(self._halo(layer.width * scale, scale))
            self._legend.setdefault(layer.name, line)
        if layer.label:
            axes.annotate(
                layer.label,
                (layer.x[0], layer.y[0]),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=0.85 * self._look.text,
                color=self._palette.text,
                path_effects=self._halo(0.0),
                zorder=_LINES + 3,
            )

    @_add.register
    def _(self, layer: PlotDots, axes: Axes, plot: Plot) -> None:  # noqa: ARG002 - as all layers
        colour = self._palette.colour_of(layer.role)
        (dots,) = axes.plot(
            layer.x,
            layer.y,
            linestyle="none",
            marker=_MARKERS[layer.shape],
            markersize=0.45 * self._look.text * _SIZES.get(layer.shape, 1.0),
            markeredgewidth=2.0 if layer.shape == "dash" else 1.0,
            markerfacecolor="none" if layer.shape == "ring" else colour,
            markeredgecolor=colour,
            zorder=_LINES + 1,
        )
        if layer.is_over_heat:
            dots.set_path_effects(self._halo(1.0))
        self._legend.setdefault(layer.name, dots)

    @_add.register
    def _(self, layer: PlotBars, axes: Axes, plot: Plot) -> None:  # noqa: ARG002 - as all layers
        bars = axes.bar(
            layer.x + layer.shift,
            layer.y,
            layer.width,
            align="edge",
            color=self._palette.colour_of(layer.role),
            zorder=_BARS,
        )
        axes.axhline(0.0, color=self._palette.text, linewidth=0.6, zorder=_BARS)
        self._legend.setdefault(layer.name, bars[0])

    @_add.register
    def _(self, layer: PlotLevel, axes: Axes, plot: Plot) -> None:
        colour = self._palette.colour_of(layer.role)
        dash = _DASHES[layer.dash]
        (entry,) = axes.plot(
            [], [], marker="v", markersize=5, color=colour, linestyle=dash, linewidth=1.4
        )
        self._legend.setdefault(layer.name, entry)
        if layer.value < plot.x.low or layer.value > plot.x.high:
            return
        # Tips were drawn beside each other once: over 200 strikes one stood at the next strike.
        place = axes.get_xaxis_transform()
        inches = _TIP * self._look.text * layer.above / 72
        raised = place + ScaledTranslation(0.0, inches, axes.figure.dpi_scale_trans)
        axes.plot(
            [layer.value, layer.value],
            [0.0, 1.0],
            transform=place,
            # A dashed line above a solid one leaves both to be seen, and so do two that are dashed
            # alike and begin at different places.
            zorder=_BEHIND_BARS + 0.01 * layer.above,
            color=colour,
            linestyle=_shifted(dash, layer.above),
            linewidth=1.4,
        )
        axes.plot(
            [layer.value],
            [1.0],
            transform=raised,
            color=colour,
            marker="v",
            markersize=_TIP * self._look.text,
            clip_on=False,
            zorder=_LINES + 2,
        )

    @_add.register
    def _(self, layer: PlotHeat, axes: Axes, plot: Plot) -> None:
        scale = self._palette.change_scale if layer.scale == "change" else self._palette.level_scale
        colours = LinearSegmentedColormap.from_list(layer.scale, list(scale))
        z = np.ma.masked_invalid(layer.z)
        is_below = bool((z < layer.low).any())
        is_above = bool((z > layer.high).any())
        extend = _EXTENDS[is_below, is_above]
        if layer.has_contours:
            levels = np.linspace(layer.low, layer.high, 25)
            x = np.broadcast_to(layer.x, z.shape)
            y = np.broadcast_to(layer.y[:, None], z.shape)
            mesh: ScalarMappable = axes.contourf(
                x, y, z, levels=levels, cmap=colours, extend="both"
            )
            lines = axes.contour(
                x,
                y,
                z,
                levels=contour_values(layer.low, layer.high),
                colors=CONTOURS,
                linewidths=0.7,
            )
            axes.clabel(lines, fmt="%.1f", fontsize=0.8 * self._look.text)
        else:
            mesh = axes.pcolormesh(
                layer.x,
                layer.y,
                z,
                cmap=colours,
                shading="nearest",
                rasterized=True,
                vmin=layer.low,
                vmax=layer.high,
            )
        bar = axes.figure.colorbar(mesh, ax=axes, extend=extend, pad=0.02, aspect=30)
        if layer.name != plot.title:
            bar.set_label(layer.name, color=self._palette.text, fontsize=self._look.text)
        if layer.has_contours:
            bar.set_ticks(contour_values(layer.low, layer.high))
        else:
            bar.ax.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=_STEPS))
        bar.ax.yaxis.set_major_formatter(_PlainNumbers(layer.form))
        bar.ax.tick_params(colors=self._palette.text, labelsize=0.9 * self._look.text)
        bar.outline.set_visible(False)
