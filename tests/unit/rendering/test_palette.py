"""The colours are told apart by people who see red and green alike, and stand out from the paper."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from g6.rendering.pictures.marks import MARKS
from g6.rendering.pictures.palette import THEMES, Palette

Array = NDArray[np.float64]

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHTS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
TO_XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
WHITE = TO_XYZ @ np.ones(3)


def linear(colour: str) -> Array:
    values = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: Array) -> Array:
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(first: str, second: str, sight: str) -> float:
    matrix = np.array(SIGHTS[sight])
    return float(np.linalg.norm(lab(matrix @ linear(first)) - lab(matrix @ linear(second))))


def contrast(first: str, second: str) -> float:
    shares = sorted(float((TO_XYZ @ linear(colour))[1]) for colour in (first, second))
    return (shares[1] + 0.05) / (shares[0] + 0.05)


@pytest.fixture(params=THEMES)
def palette(request: pytest.FixtureRequest) -> Palette:
    return THEMES[request.param]


@pytest.mark.parametrize("sight", SIGHTS)
def test_calls_and_puts_are_far_apart(palette: Palette, sight: str) -> None:
    assert difference(palette.roles["calls"], palette.roles["puts"], sight) > 40


@pytest.mark.parametrize("sight", SIGHTS)
def test_both_ends_of_change_are_far_apart_and_from_none(palette: Palette, sight: str) -> None:
    least, none, most = (palette.change_scale[place] for place in (0, 3, -1))
    assert difference(least, most, sight) > 40
    assert difference(least, none, sight) > 30
    assert difference(none, most, sight) > 30


def test_red_and_green_would_fail() -> None:
    assert difference("#d62728", "#2ca02c", "deuteranopia") < 40


def test_levels_differ_in_dash_or_colour(palette: Palette) -> None:
    for (_, first), (_, second) in combinations(MARKS.items(), 2):
        apart = min(
            difference(palette.roles[first[0]], palette.roles[second[0]], sight) for sight in SIGHTS
        )
        assert first[1] != second[1] or apart > 15


def test_everything_stands_out_from_the_paper(palette: Palette) -> None:
    assert contrast(palette.text, palette.paper) > 7
    for name, colour in palette.roles.items():
        assert contrast(colour, palette.paper) > (2.5 if name == "quiet" else 3.0), name


def test_no_change_is_unlike_no_value(palette: Palette) -> None:
    middle = palette.change_scale[len(palette.change_scale) // 2]
    assert difference(middle, palette.missing, "deuteranopia") > 5
