"""`g6 plot` over a small store: every kind of picture in every format, and the numbers behind them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

KINDS = ("smile", "surface", "oi", "interest", "straddle", "overlays", "heatmap")


@pytest.fixture
def plot(g6, stored, tmp_path):
    """Draw, and return what was written."""

    def draw(kind, suffix, *extra):
        out = tmp_path / f"picture{suffix}"
        answer = g6(
            "plot", kind, "FINNIFTY", "--data-dir", str(stored.directory), "--out", str(out), *extra
        )
        assert answer.code == 0, answer.err
        return out.read_bytes()

    return draw


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_as_png(plot, kind):
    assert plot(kind, ".png").startswith(b"\x89PNG")


def test_a_page_stands_alone(plot):
    page = plot("smile", ".html").decode()
    assert page.startswith("<!doctype html>")
    assert "Plotly.newPlot" in page
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", page)


@pytest.mark.parametrize("by", ["time", "expiry"])
@pytest.mark.parametrize("of", ["oi", "iv"])
def test_a_heatmap_is_drawn_both_ways_of_both(plot, of, by):
    assert plot("heatmap", ".svg", "--of", of, "--by", by).startswith(b"<?xml")


def test_a_heatmap_is_its_matrix(plot, stored):
    document = json.loads(plot("heatmap", ".json"))
    frames = list(stored.frames.values())
    assert document["columns"] == list(stored.frames)
    assert "open interest · expiry Mon 23 Nov 2026 · Wed 18 Nov 2026" in document["title"]
    matrix = np.array(document["matrix"], dtype=float)
    for place, frame in enumerate(frames):
        wanted = frame.columns["ce_oi"].astype(float) + frame.columns["pe_oi"].astype(float)
        assert np.array_equal(matrix[:, place], wanted, equal_nan=True)


@pytest.mark.parametrize("kind", ["smile", "oi", "heatmap"])
def test_the_numbers_hold_all_strikes_unless_their_number_is_named(plot, stored, kind):
    def strikes(*extra):
        document = json.loads(plot(kind, ".json", *extra))
        return document["expiries"][0]["strike"] if kind == "smile" else document["strike"]

    frame = list(stored.frames.values())[-1]
    atm = float(frame.columns["atm"][0])
    five = strikes("--strikes", "5")
    assert len(strikes()) == len(strikes("--strikes", "5", "--all")) == len(frame)
    assert len(five) == 5
    assert five[2] == atm


def test_a_straddle_is_call_plus_put_of_the_rows(plot, stored):
    document = json.loads(plot("straddle", ".json"))
    for price, strike, frame in zip(
        document["price"], document["strike"], stored.frames.values(), strict=True
    ):
        row = frame.columns["strike"] == strike
        assert price == pytest.approx(
            float(frame.columns["ce_price"][row][0] + frame.columns["pe_price"][row][0])
        )


def test_interest_over_time_is_that_of_the_chosen_strikes(plot, stored):
    strikes = [float(each) for each in next(iter(stored.frames.values())).columns["strike"][10:13]]
    document = json.loads(plot("interest", ".json", "--strikes", ",".join(map(str, strikes))))
    for total, frame in zip(document["oi_puts"], stored.frames.values(), strict=True):
        assert total == np.nansum(
            frame.columns["pe_oi"].astype(float)[np.isin(frame.columns["strike"], strikes)]
        )


def test_the_surface_is_asked_inside_its_hull_only(plot):
    document = json.loads(plot("surface", ".json"))
    iv, moneyness = (np.array(document[name], dtype=float) for name in ("iv", "moneyness"))
    assert iv.shape == moneyness.shape
    assert np.isfinite(iv).all()


def test_fixed_legs_are_followed_with_their_signs(plot, stored):
    frames = list(stored.frames.values())
    row = int(np.flatnonzero(frames[0].columns["offset"] == 0)[0])
    day, strike = frames[0].columns["expiry"][row], frames[0].columns["strike"][row]
    document = json.loads(
        plot("straddle", ".json", "--legs", f"{day}:{strike}:CE,{day}:{strike}:pe:-2")
    )
    for value, frame in zip(document["price"], frames, strict=True):
        assert value == pytest.approx(
            float(frame.columns["ce_price"][row] - 2 * frame.columns["pe_price"][row])
        )
    assert document["rolled"] == [False, False]


def test_overlays_are_the_overviews_figures(plot):
    document = json.loads(plot("overlays", ".json", "--figure", "pcr_this_month"))
    assert list(document["weekdays"]) == ["Wednesday"]
    assert document["weekdays"]["Wednesday"][0]["minute"] == [660.0, 663.0]
    assert (document["figure"], document["unit"]) == ("pcr_this_month", "ratio")


def test_the_smile_holds_volatilities_in_percent(plot, stored):
    document = json.loads(plot("smile", ".json"))
    frame = list(stored.frames.values())[-1]
    found = np.array(document["expiries"][0]["calls"], dtype=float)
    assert np.allclose(found, 100 * frame.columns["ce_iv"].astype(float), equal_nan=True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("smile", "FINNIFTY", "--out", "picture.doc"), ".png"),
        (("heatmap", "FINNIFTY", "--of", "delta", "--out", "x.png"), "oi, iv"),
        (("overlays", "FINNIFTY", "--figure", "pcrr", "--out", "x.png"), "there is no column"),
        (("straddle", "FINNIFTY", "--legs", "24000CE", "--out", "x.png"), "no legs"),
        (
            ("straddle", "FINNIFTY", "--legs", ",".join(["2026-11-23:1:CE"] * 7), "--out", "x.png"),
            "at most 6",
        ),
        (("smile", "FINNIFTY", "--out", "/dev/null/all.png"), "cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(g6, stored, arguments, says):
    answer = g6("plot", *arguments, "--data-dir", str(stored.directory))
    assert answer.code == 2
    assert says in answer.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("straddle", "--legs", "2026-11-23:1:CE"), "its strikes go from"),
        (("straddle", "--legs", "2031-01-01:24000:CE"), "they have the expiries 2026-11-23"),
        (("interest", "--strikes", "1"), "no stored chain has strikes 1"),
        (("overlays", "--figure", "status"), "there is no number to draw"),
        (("smile", "--expiry", "2031-01-01"), "no expiry '2031-01-01'"),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".html", ".json"])
def test_what_does_not_exist_is_said_and_no_picture_written(
    g6, stored, tmp_path, arguments, says, suffix
):
    kind, *options = arguments
    out = tmp_path / f"picture{suffix}"
    answer = g6(
        "plot", kind, "FINNIFTY", *options, "--data-dir", str(stored.directory), "--out", str(out)
    )
    assert answer.code == 3, answer.err
    assert says in answer.err
    assert not out.exists()


def test_without_a_name_the_file_is_called_after_index_and_kind(g6, stored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for options in ((), ("--html",)):
        answer = g6("plot", "oi", "finnifty", *options, "--data-dir", str(stored.directory))
        assert answer.code == 0, answer.err
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "FINNIFTY_oi.html",
        "FINNIFTY_oi.png",
    ]
    assert g6("plot", "oi", "FINNIFTY", "--html", "--out", "oi.png").code == 2
