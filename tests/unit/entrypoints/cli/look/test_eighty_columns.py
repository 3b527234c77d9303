"""Every table of a screen of 80 columns is whole: columns are left out, and no text is cut."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import g6 as package
from g6.bootstrap.reading.study_readers import directory_reader
from g6.rendering.parts import fitted, parts_of, print_parts, view_of
from g6.rendering.screens.top_text import HELP
from g6.rendering.tables.stored.strike_window import StrikesView
from g6.studies.stored import (
    analysis,
    dossier,
    exposures_by_strike,
    interest_by_cycle,
    spreads,
    straddle_by_cycle,
)
from g6.studies.stored.overview import ladder, levels_by_cycle, payoff_by_level

INDEX = "FINNIFTY"


def shown(study: str, document: object, width: int, view: object = None) -> str:
    """Return what a console of a width prints."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_parts(console, parts_of(study, document, view))
    return console.file.getvalue()


def _overview():
    """Return a board whose texts are as wide as any: a long name, a long status, five digits."""
    document = package.ask.overview(data_dir="tests/data/store").document
    row = document.rows[0]
    figures = dict.fromkeys(row.figures, 56789.05) | {
        "change_pct": -12.34, "pcr_nearest": 12.345, "atm_iv_nearest": 0.999,
    }  # fmt: skip
    wide = replace(row, index="MIDCPNIFTY", status="PARTIAL", figures=figures)
    return replace(document, rows=(wide, row))


def _straddle(stored):
    reader = directory_reader(stored.directory)
    return straddle_by_cycle.answer(reader, straddle_by_cycle.StraddleParameters(INDEX))


def _ladder(stored):
    return ladder.answer(directory_reader(stored.directory), ladder.LadderParameters(INDEX))


@pytest.mark.parametrize("width", [50, 60, 70, 80, 100])
def test_the_overview_leaves_columns_out_and_cuts_none(width):
    text = shown("overview", _overview(), width)
    assert "…" not in text
    assert "spot" in text
    heads = text.partition("──")[0]
    assert ("pain" in heads) == (width >= 100)
    assert ("ATM" in heads) == (width >= 60)


def test_the_overview_uses_the_room_of_a_wide_terminal():
    text = shown("overview", _overview(), 200)
    assert all(head in text for head in ("support", "resist.", "OI puts", "forward", "VIX"))


def test_figures_of_the_whole_chain_that_are_dashes_are_explained():
    document = _overview()
    figures = document.rows[0].figures
    known = replace(document.rows[0], figures={**figures, "pcr_nearest": 0.9})
    unknown = replace(document.rows[0], figures={**figures, "pcr_nearest": float("nan")})
    whole = shown("overview", replace(document, rows=(known,)), 80)
    assert "the open interest of some strikes is not known" not in whole
    text = shown("overview", replace(document, rows=(unknown,)), 80)
    assert "the open interest of some strikes is not known" in text


def test_a_ladder_shows_the_window_that_was_asked_for(stored):
    reader = directory_reader(stored.directory)
    asked = ladder.answer(reader, ladder.LadderParameters(INDEX, window=14))
    text = shown("ladder", asked, 80)
    assert "--strikes" not in text
    assert "21 of 29 strikes" in shown("ladder", asked, 80, StrikesView(21))


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_straddle_has_a_form_of_its_own(stored, width):
    document = _straddle(stored)
    text = shown("straddle", document, width)
    assert "…" not in text
    assert "True" not in text
    assert "False" not in text
    assert f"{document.strike[-1]:,.0f}" in text
    assert f"{document.expiry[-1]:%d %b}" in text
    assert str(document.expiry[-1]) not in text
    assert ("forward" in text) == (width >= 60)


def test_a_straddle_is_printed_in_python_as_on_a_terminal(stored):
    answer = package.ask.straddle(INDEX, data_dir=stored.directory)
    assert str(answer) == shown("straddle", answer.document, 80).rstrip("\n")


@pytest.mark.parametrize("study", ["smile", "oi"])
def test_a_table_of_columns_says_what_it_has_no_room_for(stored, study):
    document = getattr(package.ask, study)(INDEX, data_dir=stored.directory).document
    narrow = shown(study, document, 20)
    assert "…" not in narrow
    assert "no room for" in narrow
    assert "no room for" not in shown(study, document, 400)


def test_the_ladder_shows_the_strikes_near_the_money_and_says_how_many(stored):
    document = _ladder(stored)
    count = len(document.strike)
    few = shown("ladder", document, 80, StrikesView(5))
    strikes = [f"{strike:,.0f}" for strike in document.strike]
    centre = int(np.nanargmin(np.abs(document.offset)))
    assert [strike in few for strike in strikes] == [
        abs(place - centre) <= 2 for place in range(count)
    ]
    assert f"5 of {count} strikes; --strikes 0 shows all" in few
    every = shown("ladder", document, 80, StrikesView(0))
    assert all(strike in every for strike in strikes)
    assert "--strikes" not in every
    assert "lakh" in every.splitlines()[3]
    assert "…" not in every


@pytest.mark.parametrize("width", [70, 80])
def test_a_ladder_of_prices_in_thousands_is_not_cut(stored, width):
    document = _ladder(stored)
    sides = {name: 1000.0 + values for name, values in document.sides.items()}
    text = shown("ladder", replace(document, sides=sides), width)
    assert "…" not in text
    assert "1,0" in text


def _interest(stored):
    """Return open interest of more cycles than a screen has lines."""
    reader = directory_reader(stored.directory)
    document = interest_by_cycle.answer(reader, interest_by_cycle.InterestParameters(INDEX))
    return replace(document, cycles=document.cycles * 30)


def _exposures(stored):
    reader = directory_reader(stored.directory)
    return exposures_by_strike.answer(reader, exposures_by_strike.ExposureParameters(INDEX))


def _analysis(stored):
    """Return the analysis of two indices, of as many expiries as are collected."""
    reader = directory_reader(stored.directory)
    document = analysis.answer(reader, analysis.AnalysisParameters(INDEX))
    index = document.indices[0]
    return replace(document, indices=(replace(index, expiries=index.expiries * 4), index))


def _levels(stored):
    """Return the levels of more cycles than a screen has lines."""
    reader = directory_reader(stored.directory)
    document = levels_by_cycle.answer(reader, levels_by_cycle.LevelParameters(INDEX))
    return replace(
        document,
        cycles=30 * document.cycles,
        instant=document.instant * 30,
        expiry=document.expiry * 30,
        figures={name: values * 30 for name, values in document.figures.items()},
    )


def _payoff(stored):
    reader = directory_reader(stored.directory)
    return payoff_by_level.answer(reader, payoff_by_level.PayoffParameters(INDEX))


def _dossier(stored):
    reader = directory_reader(stored.directory)
    return dossier.answer(reader, dossier.DossierParameters(INDEX))


def _spreads(stored):
    reader = directory_reader(stored.directory)
    return spreads.answer(reader, spreads.SpreadParameters(INDEX))


@pytest.mark.parametrize(
    ("study", "document_of", "hint"),
    [
        ("interest", _interest, "--all shows all"),
        ("exposures", _exposures, "--strikes 0 shows all"),
        ("levels", _levels, "--all shows all"),
        ("payoff", _payoff, "levels; --all shows all"),
        ("spreads", _spreads, "strikes: --strikes N"),
        ("dossier", _dossier, "term structure, and why a change is a dash: --all"),
        ("analyze", _analysis, "1 of 2 indices, without exposures and risk: --all"),
    ],
)
def test_a_screen_of_24_lines_holds_a_table_and_says_how_to_see_the_rest(
    stored, study, document_of, hint
):
    document = document_of(stored)
    view = fitted(study, view_of(study)(), 24)
    text = shown(study, document, 80, view)
    assert len(text.splitlines()) < 24
    assert max(map(len, text.splitlines())) <= 80
    assert hint in text
    everything = shown(study, document, 80)
    assert len(everything.splitlines()) >= 24


def test_a_low_screen_shows_the_first_figures_of_a_dossier_and_a_high_one_everything(stored):
    document = _dossier(stored)
    low = shown("dossier", document, 80, fitted("dossier", view_of("dossier")(), 16))
    assert len(low.splitlines()) < 16
    assert "9 of 17 figures, without term structure" in low
    assert "India VIX" in low
    assert "resistance" not in low
    high = fitted("dossier", view_of("dossier")(), 60)
    assert shown("dossier", document, 80, high) == shown("dossier", document, 80)


@pytest.mark.parametrize(
    ("study", "hint"),
    [
        ("spreads", "strikes: strikes=N"),
        ("exposures", "strikes; strikes=0 shows all"),
        ("dossier", "(windows=… asks for others)"),
    ],
)
def test_python_and_a_notebook_name_options_as_arguments(stored, study, hint):
    answer = getattr(package.ask, study)(INDEX, data_dir=stored.directory)
    text = " ".join(str(answer).split())
    assert hint in text
    assert hint in " ".join(answer._repr_html_().split())
    assert "--" not in text


def test_python_shows_as_many_strikes_as_are_asked_for(stored):
    answer = package.ask.spreads(INDEX, strikes=5, data_dir=stored.directory)
    assert "5 of" in str(answer)
    whole = package.ask.exposures(INDEX, strikes=0, data_dir=stored.directory)
    assert "strikes=" not in str(whole)
    assert len(whole.strike) > 21
    assert "strikes: Strikes around ATM" in package.ask.exposures.__doc__


def test_exposures_and_analysis_say_the_convention_in_the_same_words(g6, stored):
    sentence = "dealers taken as calls + / puts −"
    for command in ("exposures", "analyze"):
        answer = g6(command, INDEX, "--data-dir", str(stored.directory))
        assert sentence in answer.out
        assert "dealer short" not in answer.out


def test_no_line_of_the_help_is_cut_on_eighty_columns():
    assert max(map(len, HELP.splitlines())) <= 80
