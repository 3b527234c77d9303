"""What pictures show: levels, scales, strikes, plain numbers, and a page that stands alone."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from g6.bootstrap.reading.study_readers import directory_reader
from g6.domain.market.calendar import IST
from g6.errors import NothingToDo
from g6.rendering.pictures.areas import Area
from g6.rendering.pictures.figure import figure_of
from g6.rendering.pictures.heat_traces import HeatTraces
from g6.rendering.pictures.kinds import KINDS, kind_of
from g6.rendering.pictures.marks import clock_axis, levels
from g6.rendering.pictures.numbers import title_of
from g6.rendering.pictures.page import SCRIPT_SHA256, page_of
from g6.rendering.pictures.palette import THEMES
from g6.rendering.pictures.picture import (
    Picture,
    Plot,
    PlotAxis,
    PlotBars,
    PlotDots,
    PlotHeat,
    PlotLevel,
    PlotLine,
)
from g6.rendering.pictures.view import StrikeView
from g6.studies.parameters import made
from tests.worlds.stored_cycles import Stored, store_two_cycles

NAMES = [kind.name for kind in KINDS]
LEVELS = {"spot", "forward", "ATM"}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return store_two_cycles(tmp_path_factory.mktemp("pictures"))


def described(
    stored: Stored, name: str, view: dict[str, object] | None = None, **values: object
) -> Picture:
    kind = kind_of(name)
    reader = directory_reader(stored.directory)
    document = kind.study.answer(
        reader, made(kind.study.parameters, {"index": "FINNIFTY", **values})
    )
    return kind.describe(document, made(kind.view, view or {}))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "overlays"])
def test_spot_forward_and_atm_are_marked(stored: Stored, name: str) -> None:
    picture = described(stored, name)
    names = {layer.name.split()[0] for plot in picture.plots for layer in plot.layers}
    assert names >= LEVELS


@pytest.mark.parametrize("name", NAMES)
def test_a_title_names_index_and_instant_and_axes_have_units(stored: Stored, name: str) -> None:
    picture = described(stored, name)
    assert picture.title.startswith("FINNIFTY ")
    assert picture.title.endswith("Wed 18 Nov 2026 11:03 IST")
    if name != "overlays":
        assert "expiry Mon 23 Nov 2026" in picture.title
    assert any(plot.x.label for plot in picture.plots)
    assert picture.plots[0].y.label


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", ["screen", "page", "phone"])
def test_numbers_are_plain_and_in_thousands(stored: Stored, name: str, size: str) -> None:
    view = made(kind_of(name).view, {"size": size})
    figure = figure_of(described(stored, name, {"size": size}), view)
    figure.draw_without_rendering()
    texts = [
        tick.get_text()
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in [*axis.get_ticklabels(), axis.get_offset_text()]
    ]
    assert any(texts)
    for text in texts:
        assert not re.search(r"e[+-]|\d{4}(?! IST)", text.replace("2026", "")), text


def test_overlays_are_named_in_words_and_in_units_that_people_read(stored: Stored) -> None:
    picture = described(stored, "overlays")
    assert picture.title.startswith("FINNIFTY ATM straddle, nearest expiry, by weekday")
    volatility = described(stored, "overlays", figure="atm_iv_this_month")
    assert volatility.plots[0].y.label == "ATM IV, this month, %"
    lines = [layer for layer in volatility.plots[0].layers if isinstance(layer, PlotLine)]
    assert np.nanmin(lines[-1].y) > 1.0


def test_a_smile_without_a_volatility_says_why(stored: Stored) -> None:
    kind = kind_of("smile")
    reader = directory_reader(stored.directory)
    document = kind.study.answer(reader, made(kind.study.parameters, {"index": "FINNIFTY"}))
    curve = document.expiries[0]
    nothing = np.full(len(curve.strike), np.nan)
    over = replace(curve, calls=nothing, puts=nothing, fitted=nothing, lacks="expired")
    beside = replace(document, expiries=(over, curve))
    assert "expired, no time is left" in kind.describe(beside, StrikeView()).plots[0].lacking
    alone = replace(document, expiries=(over,))
    with pytest.raises(NothingToDo, match="expired, no time is left"):
        kind.describe(alone, StrikeView())


def test_levels_lie_behind_the_bars(stored: Stored) -> None:
    picture = described(stored, "oi")
    figure = figure_of(picture, StrikeView())
    for axes in figure.axes:
        bars = min(patch.get_zorder() for patch in axes.patches)
        levels = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
        assert len(levels) >= len(LEVELS)
        assert all(line.get_zorder() < bars for line in levels)


def test_open_interest_stands_above_its_change(stored: Stored) -> None:
    top, bottom = described(stored, "oi").plots
    for plot in (top, bottom):
        assert [layer.name for layer in plot.layers if isinstance(layer, PlotBars)] == [
            "calls",
            "puts",
        ]
    assert "change" in bottom.y.label


def test_open_interest_changes_from_its_first_sum_that_is_there(stored: Stored) -> None:
    kind = kind_of("interest")
    reader = directory_reader(stored.directory)
    document = kind.study.answer(reader, made(kind.study.parameters, {"index": "FINNIFTY"}))
    whole, last = document.cycles
    narrow = replace(whole, oi_calls=np.nan, oi_puts=np.nan)
    picture = kind.describe(replace(document, cycles=(narrow, whole, last)), StrikeView())
    calls, puts = (layer.y for layer in picture.plots[-1].layers)
    assert np.isnan([calls[0], puts[0]]).all()
    assert (calls[1], puts[1]) == (0.0, 0.0)
    assert calls[2] == pytest.approx((last.oi_calls - whole.oi_calls) / 1e5)


def test_smiles_share_their_scales(stored: Stored) -> None:
    picture = described(stored, "smile")
    assert picture.shares_y
    assert len({(plot.x.low, plot.x.high, plot.y.low, plot.y.high) for plot in picture.plots}) == 1


def bars(picture: Picture) -> int:
    (layer, *_) = (layer for layer in picture.plots[0].layers if isinstance(layer, PlotBars))
    return len(layer.x)


def test_strikes_around_atm_are_shown_unless_all_are_wanted(stored: Stored) -> None:
    listed = len(next(iter(stored.frames.values())))
    assert bars(described(stored, "oi", {"strikes": 5})) == 5
    assert bars(described(stored, "oi")) == min(41, listed)
    assert bars(described(stored, "oi", {"all_strikes": True, "strikes": 5})) == listed


def test_a_level_beyond_the_strikes_is_named_with_its_side(stored: Stored) -> None:
    (top, _) = described(stored, "oi", {"strikes": 3}).plots
    names = [layer.name for layer in top.layers if isinstance(layer, PlotLevel)]
    outside = [
        layer
        for layer in top.layers
        if isinstance(layer, PlotLevel) and not top.x.low <= layer.value <= top.x.high
    ]
    assert len([name for name in names if name.endswith(("left)", "right)"))]) == len(outside)


def test_lines_that_cross_a_heat_map_have_a_halo(stored: Stored) -> None:
    picture = described(stored, "heatmap")
    for plot in picture.plots:
        (heat, *lines) = plot.layers
        assert isinstance(heat, PlotHeat)
        assert all(isinstance(line, PlotLine | PlotDots) and line.is_over_heat for line in lines)


def test_a_heat_map_shows_change_about_zero_beside_the_level(stored: Stored) -> None:
    level, change = (plot.layers[0] for plot in described(stored, "heatmap").plots)
    assert isinstance(level, PlotHeat)
    assert isinstance(change, PlotHeat)
    assert (level.scale, change.scale) == ("level", "change")
    assert change.low == -change.high
    frame = list(stored.frames.values())[-1]
    expected = sum(
        frame.columns[f"{side}_oi"].astype(float) - frame.columns[f"{side}_oi_prev"].astype(float)
        for side in ("ce", "pe")
    )
    assert np.nanmax(np.abs(change.z[:, -1])) == pytest.approx(np.nanmax(np.abs(expected)) / 1e5)


def test_a_picture_without_a_number_is_refused(stored: Stored) -> None:
    with pytest.raises(NothingToDo, match="no number to draw"):
        described(stored, "overlays", figure="status")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_holds_both_arrangements_with_axes_for_every_trace(
    stored: Stored, name: str, theme: str
) -> None:
    page = page_of(described(stored, name), made(kind_of(name).view, {"theme": theme}))
    (text,) = re.findall(r"const arrangements = (.*);\n", page)
    arrangements = json.loads(text)
    for arrangement in arrangements.values():
        layout = arrangement["layout"]
        assert arrangement["data"]
        for trace in arrangement["data"]:
            for axis in ("xaxis", "yaxis"):
                assert axis + trace[axis][1:] in layout
    assert len(arrangements["wide"]["data"]) == len(arrangements["narrow"]["data"])
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=", page)


def test_the_script_of_pages_is_the_one_that_was_vetted() -> None:
    directory = files("g6.rendering.pictures") / "plotly"
    content = (directory / "plotly-cartesian.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SCRIPT_SHA256
    assert b"plotly.js (cartesian - minified) v4.1.1" in content[:200]
    assert "Permission is hereby granted" in (directory / "LICENSE").read_text(encoding="utf-8")


def test_every_kind_is_drawn_from_the_study_of_its_name(stored: Stored, tmp_path: Path) -> None:
    del tmp_path
    for kind in KINDS:
        assert kind.study.name == kind.name
        assert title_of.dispatch(kind.study.document) is not title_of.dispatch(object)


def test_tips_of_levels_at_one_place_stand_above_each_other_over_their_own_strikes() -> None:
    axis = PlotAxis("strike, points", low=23000.0, high=25000.0)
    values = {
        "spot": 23977.0,
        "forward": 24049.0,
        "ATM": 24050.0,
        "max pain": 24050.0,
        "call gamma wall": float("nan"),
        "put gamma wall": 24300.0,
    }
    marks = levels(values, axis, are_named=True)
    assert [mark.above for mark in marks] == [0, 0, 1, 2, 0]
    assert [mark.value for mark in marks] == [23977.0, 24049.0, 24050.0, 24050.0, 24300.0]


def test_walls_of_gamma_and_the_most_open_interest_have_words_of_their_own(stored: Stored) -> None:
    (top, _) = described(stored, "oi", {"all_strikes": True}).plots
    names = {layer.name.rsplit(" ", 1)[0] for layer in top.layers}
    assert names >= {"call gamma wall", "put gamma wall", "highest call OI", "highest put OI"}
    (call,) = (layer for layer in top.layers if layer.name.startswith("highest call OI"))
    (bars,) = (
        layer for layer in top.layers if isinstance(layer, PlotBars) and layer.name == "calls"
    )
    assert isinstance(call, PlotDots)
    assert call.y[0] == np.nanmax(bars.y)


def test_round_clocks_are_named_below_a_day() -> None:
    opens = datetime(2026, 11, 20, 9, 15, tzinfo=IST)
    day = clock_axis([opens + timedelta(minutes=minute) for minute in range(376)])
    hours = ["10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]
    assert [text for _, text in day.ticks] == hours
    few = clock_axis([opens + timedelta(seconds=7 * place) for place in range(2)])
    assert [text for _, text in few.ticks] == ["09:15:00", "09:15:07"]


def test_a_surface_ends_where_its_rows_do() -> None:
    """A page has the same columns in all rows: what lies beyond a row's end is covered."""
    moneyness = np.array([np.linspace(0.9, 1.1, 5), np.linspace(0.8, 1.2, 5)])
    heat = PlotHeat(
        "%", moneyness, np.array([1.0, 9.0]), np.ones((2, 5)), "level", 0, 2, has_contours=True
    )
    axis = PlotAxis("moneyness")
    area = Area(left=0.0, right=1.0, bottom=0.0, top=1.0, x="", y="", is_lowest=True)
    traces = list(
        HeatTraces(heat, Plot(axis, axis, (heat,)), area, THEMES["light"]).traces(is_narrow=False)
    )
    assert [trace["type"] for trace in traces] == ["contour", "scatter", "scatter"]
    assert traces[1]["x"] == [0.9, 0.8, 0.8, 0.8]
    assert traces[2]["x"] == [1.1, 1.2, 1.2, 1.2]
    (near, far) = traces[0]["z"]  # type: ignore[misc]
    assert near.count(None) > far.count(None) == 0
