"""Documents drawn with matplotlib: one function per kind of picture, each from the document alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from g6.domain.market.calendar import IST

__all__ = ["DRAWN", "draw"]

Document = Mapping[str, Any]

CALLS, PUTS, FIT, QUIET = "#1f6fb4", "#d1701a", "#444444", "#9a9a9a"
MARKS = ("#222222", "#7a3b9d", CALLS, PUTS)
LAKH = 1e5
_REACH = 0.06
"""How far from the forward a heatmap of volatility goes, as a share of it."""


def draw(kind: str, document: Document) -> Figure:
    """Return the figure of a document."""
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    figure.suptitle(document["title"], fontsize=12, x=0.01, ha="left")
    DRAWN[kind](figure, document)
    return figure


def _tidy(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


def _smile(figure: Figure, document: Document) -> None:
    expiries = document["expiries"]
    panels = figure.subplots(1, len(expiries), squeeze=False)[0]
    for axes, each in zip(panels, expiries, strict=True):
        strike, forward, fitted = (
            np.asarray(each[name]) for name in ("strike", "forward", "fitted")
        )
        near = (
            np.abs(strike / forward - 1) <= each["reach"]
            if np.isfinite(each["reach"])
            else np.ones(len(strike), dtype=np.bool_)
        )
        for side, out, colour in (
            ("puts", strike <= forward, PUTS),
            ("calls", strike > forward, CALLS),
        ):
            values = np.asarray(each[side])
            inside = (
                near
                & ~out
                & ~np.isclose(
                    values, np.asarray(each["calls" if side == "puts" else "puts"]), rtol=1e-6
                )
            )
            axes.scatter(
                strike[near & out],
                values[near & out],
                s=16,
                color=colour,
                label=f"{side}, out of the money",
            )
            axes.scatter(
                strike[inside],
                values[inside],
                s=16,
                facecolors="none",
                edgecolors=colour,
                linewidth=0.8,
            )
        axes.plot(strike[near], fitted[near], color=FIT, linewidth=1.2, label="surface")
        axes.axvline(forward, color=QUIET, linestyle=":", linewidth=1, label="forward")
        axes.set_title(f"{each['expiry']}  quality {each['quality']:.3f}", fontsize=10)
        _tidy(axes, "strike, points", "implied volatility, %" if axes is panels[0] else "")
        axes.locator_params(axis="x", nbins=5)
    panels[0].legend(frameon=False, fontsize=8)


def _surface(figure: Figure, document: Document) -> None:
    axes = figure.subplots()
    iv, moneyness = np.ma.masked_invalid(document["iv"]), np.asarray(document["moneyness"])
    days = np.broadcast_to(np.asarray(document["days"])[:, None], moneyness.shape)
    if iv.count():
        least, most = float(iv.min()), float(np.quantile(iv.compressed(), 0.95))
        levels = np.linspace(least, max(most, least + 0.1), 25)
        drawn = axes.contourf(moneyness, days, iv, levels=levels, cmap="viridis", extend="max")
        figure.colorbar(drawn, ax=axes, label="implied volatility, %", format="%.1f")
    for each in document["expiries"]:
        axes.axhline(each["days"], color=QUIET, linewidth=0.8, linestyle="--")
        axes.text(
            0.995,
            each["days"],
            f"{each['expiry']} ",
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="bottom",
            fontsize=8,
        )
    axes.margins(y=0.04)
    _tidy(axes, "moneyness K/F", "days to expiry")
    axes.grid(visible=False)


def _oi(figure: Figure, document: Document) -> None:
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    strike = np.asarray(document["strike"])
    held, change = np.asarray(document["oi"]) / LAKH, np.asarray(document["change"]) / LAKH
    shown = _where_interest_is(strike, held)
    width = 0.42 * float(np.min(np.diff(strike))) if len(strike) > 1 else 1.0
    for axes, values in ((top, held), (bottom, change)):
        axes.bar(strike[shown] - width / 2, values[0][shown], width, color=CALLS, label="calls")
        axes.bar(strike[shown] + width / 2, values[1][shown], width, color=PUTS, label="puts")
        _tidy(axes, "", "OI, lakh units")
    for (name, level), colour, style in zip(
        document["marks"].items(), MARKS, (":", "--", "-.", "-."), strict=True
    ):
        top.axvline(
            level, color=colour, linestyle=style, linewidth=1.1, label=f"{name} {level:,.0f}"
        )
    _tidy(bottom, "strike, points", "change since previous session")
    bottom.yaxis.label.set_fontsize(8)
    top.legend(frameon=False, ncols=3)


def _where_interest_is(strike: Any, held: Any) -> Any:
    """Strikes from the first to the last that hold more than one percent of the largest."""
    total = np.nansum(held, axis=0)
    busy = np.flatnonzero(total > 0.01 * np.max(total, initial=0.0))
    shown = np.zeros(len(strike), dtype=np.bool_)
    if len(busy):
        shown[busy[0] : busy[-1] + 1] = True
    return shown


def _straddle(figure: Figure, document: Document) -> None:
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    place, sessions = _sessions(document["instant"], document["expiry"])
    price = np.asarray(document["price"])
    for first, last in sessions:
        part = slice(first, last)
        top.plot(
            place[part],
            price[part],
            color=CALLS,
            linewidth=1.4,
            label="worth now" if first == 0 else None,
        )
        bottom.plot(place[part], document["spot"][part], color=FIT, linewidth=1.2)
    for first, last in _sessions(
        document["instant"], list(zip(document["expiry"], document["strike"], strict=True))
    )[1]:
        part, label = slice(first, last), "day's VWAP of the same" if first == 0 else None
        top.plot(place[part], document["vwap"][part], color=QUIET, linewidth=1, label=label)
    rolled = np.flatnonzero(document["rolled"])
    if len(rolled):
        top.scatter(
            place[rolled],
            price[rolled],
            color=PUTS,
            s=22,
            marker="v",
            zorder=3,
            label="strike or expiry rolled",
        )
    _tidy(top, "", "premium, points")
    _tidy(bottom, "time in India", "index, points")
    _label_sessions(bottom, document["instant"], place)
    top.legend(frameon=False, ncols=3)


def _interest(figure: Figure, document: Document) -> None:
    ratios, pain, sums = figure.subplots(3, 1, sharex=True, height_ratios=(2, 1, 1.4))
    place, sessions = _sessions(document["instant"], document["expiry"])
    lines = (
        (ratios, "pcr", 1.0, FIT, "open interest"), (ratios, "pcr_volume", 1.0, QUIET, "volume of the day"),
        (pain, "max_pain", 1.0, MARKS[1], None), (sums, "oi_calls", LAKH, CALLS, "calls"), (sums, "oi_puts", LAKH, PUTS, "puts"),
    )  # fmt: skip
    for axes, name, unit, colour, label in lines:
        values = np.asarray(document[name]) / unit
        for first, last in sessions:
            look = {
                "linewidth": 1.4,
                "marker": "." if last == first + 1 else None,
                "label": label if first == 0 else None,
            }
            axes.plot(place[first:last], values[first:last], color=colour, **look)
    _tidy(ratios, "", "puts over calls")
    _tidy(pain, "", "max pain, points")
    _tidy(sums, "time in India", "OI, lakh units")
    _label_sessions(sums, document["instant"], place)
    for axes in (ratios, sums):
        axes.legend(frameon=False, ncols=2)


def _sessions(
    instants: Sequence[str], expiries: Sequence[Any]
) -> tuple[Any, list[tuple[int, int]]]:
    """Cycles side by side, nights left out: places on the axis, and the ranges that belong to one session and one expiry."""
    keys = [
        (datetime.fromisoformat(at).astimezone(IST).date(), expiry)
        for at, expiry in zip(instants, expiries, strict=True)
    ]
    starts = [i for i in range(len(keys)) if i == 0 or keys[i] != keys[i - 1]]
    return np.arange(len(keys)), list(zip(starts, [*starts[1:], len(keys)], strict=True))


def _label_sessions(axes: Axes, instants: Sequence[str], place: Any) -> None:
    at = [datetime.fromisoformat(each).astimezone(IST) for each in instants]
    chosen = np.unique(np.linspace(0, len(at) - 1, min(9, len(at))).astype(int))
    several = at[0].date() != at[-1].date()
    axes.set_xticks(
        place[chosen], [f"{at[i]:%d %b\n%H:%M}" if several else f"{at[i]:%H:%M}" for i in chosen]
    )


def _overlays(figure: Figure, document: Document) -> None:
    weekdays = document["weekdays"]
    panels = figure.subplots(1, max(1, len(weekdays)), sharey=True, squeeze=False)[0]
    for axes, (name, curves) in zip(panels, weekdays.items(), strict=False):
        for age, each in enumerate(reversed(curves)):
            look = (
                {"color": CALLS, "linewidth": 1.6, "label": str(each["day"]), "zorder": 3}
                if age == 0
                else {"color": QUIET}
            )
            axes.plot(each["minute"], each["value"], **({"linewidth": 0.8} | look))
        axes.set_title(f"{name} ({len(curves)})", fontsize=10)
        _tidy(
            axes,
            "time in India",
            ", ".join(filter(None, (document["figure"], document["unit"])))
            if axes is panels[0]
            else "",
        )
        axes.xaxis.set_major_formatter(
            FuncFormatter(lambda minute, _: f"{int(minute) // 60:02d}:{int(minute) % 60:02d}")
        )
        axes.set_xticks([600, 720, 840])
        axes.legend(frameon=False, fontsize=8)


def _heatmap(figure: Figure, document: Document) -> None:
    axes = figure.subplots()
    strike, matrix = (
        np.asarray(document["strike"]),
        np.asarray(document["matrix"], dtype=np.float64),
    )
    scale, label = (
        (LAKH, "OI of both sides, lakh units")
        if document["of"] == "oi"
        else (1.0, "implied volatility, %")
    )
    place = np.arange(matrix.shape[1])
    shown = _worth_showing(document, strike, matrix)
    strike, values = strike[shown], np.ma.masked_invalid(matrix[shown] / scale)
    most = float(np.quantile(values.compressed(), 0.99)) if values.count() else None
    drawn = axes.pcolormesh(place, strike, values, cmap="viridis", shading="nearest", vmax=most)
    axes.plot(
        place,
        document["forward"],
        color="white",
        linewidth=1.2,
        marker="o" if document["by"] == "expiry" else None,
    )
    figure.colorbar(drawn, ax=axes, label=label, extend="max")
    _tidy(
        axes,
        "time in India (line: forward)" if document["by"] == "time" else "expiry (line: forward)",
        "strike, points",
    )
    axes.grid(visible=False)
    if document["by"] == "time":
        _label_sessions(axes, document["columns"], place)
    else:
        axes.set_xticks(place, document["columns"])


def _worth_showing(document: Document, strike: Any, matrix: Any) -> Any:
    """Strikes with some interest, or near enough to the money for a volatility to mean something."""
    if document["of"] == "oi":
        return _where_interest_is(
            strike,
            np.nan_to_num(np.nanmax(matrix, axis=1, initial=0.0, where=np.isfinite(matrix)))[None],
        )
    forward = np.asarray(document["forward"], dtype=np.float64)
    known = forward[np.isfinite(forward)]
    near = (
        (strike >= (1 - _REACH) * known.min()) & (strike <= (1 + _REACH) * known.max())
        if len(known)
        else strike > 0
    )
    return near & np.isfinite(matrix).any(axis=1)


DRAWN = {
    "smile": _smile, "surface": _surface, "oi": _oi, "straddle": _straddle, "overlays": _overlays, "heatmap": _heatmap,
    "interest": _interest,
}  # fmt: skip
