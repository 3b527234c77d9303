"""The contracts name what the code has: every derived column and every published field, once."""

from __future__ import annotations

from dataclasses import fields

import pytest

from g6.domain.figures import book_spreads, breadth, exposures, series
from g6.domain.figures import build_up as open_interest
from g6.domain.figures.by_expiry import ExpiryFigures
from g6.domain.figures.contracts import definitions as contracts
from g6.domain.figures.contracts.definitions import DEFINITIONS
from g6.domain.figures.smile import expected_moves, surface, term_structure
from g6.domain.schema import rows

IDS = [each.id for each in DEFINITIONS]
DERIVED = [
    column.name for column in rows.OVERVIEW
    if column.name.startswith(("pcr_", "atm_iv_", "em_", "oi_", "straddle", "max_pain", "rr", "bf", "support", "resistance"))
]  # fmt: skip


def test_no_id_stands_for_two_things():
    assert len(IDS) == len(set(IDS))


@pytest.mark.parametrize("name", DERIVED)
def test_every_derived_column_of_the_overview_has_its_contract(name):
    assert name in IDS


def test_an_id_without_a_point_is_a_column_with_the_same_kind_of_unit():
    columns = {column.name: column for column in rows.OVERVIEW}
    for each in DEFINITIONS:
        if "." not in each.id:
            assert each.unit.replace("√year", "sqrt(year)") == columns[each.id].unit, each.id


def test_exposures_and_risk_are_the_fields_there_are():
    named = {each.removeprefix("exposures.") for each in IDS if each.startswith("exposures.")}
    assert named == {
        *exposures.EXPOSURES,
        "wall_call",
        "wall_put",
        "interest_call",
        "interest_put",
        "flip",
        "regime",
    }
    measured = {field.name for field in fields(exposures.Risk)} - {
        "bucket",
        "moneyness",
        "options",
        "oi",
    }
    assert {each.removeprefix("risk.") for each in IDS if each.startswith("risk.")} == measured


def test_the_other_ids_name_what_the_code_has():
    there = {
        "open_interest": open_interest, "series": series, "term_structure": term_structure, "breadth": breadth, "spreads": book_spreads,
        "expected_moves": expected_moves,
    }  # fmt: skip
    for subject, field in (each.split(".") for each in IDS if "." in each):
        if subject in there and not (subject == "series" and field in {"percentile", "straddle"}):
            assert hasattr(there[subject], {"z_score": "z_scores"}.get(field, field)), field
    assert hasattr(surface.Surface, "iv")
    assert {"em_session", "slope", "curvature"} <= {field.name for field in fields(ExpiryFigures)}


def test_every_contract_says_unit_and_definition():
    assert all(each.unit and each.definition for each in DEFINITIONS)


def test_gamma_exposure_names_its_convention():
    assert (
        next(each for each in DEFINITIONS if each.id == "exposures.gex").convention
        == exposures.CONVENTION
    )


def test_the_page_and_the_document_hold_every_contract():
    page = contracts.as_page()
    assert [each["id"] for each in contracts.as_document()] == IDS
    assert all(f"`{each}`" in page for each in IDS)


@pytest.mark.parametrize("figure", DEFINITIONS, ids=lambda figure: figure.id)
def test_every_figure_names_the_function_that_makes_it(figure):
    assert figure.function.__module__.startswith("g6.domain.figures.")
    assert figure.function.__doc__
