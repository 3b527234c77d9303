"""The reference page of the metrics."""

from g6.observability.catalogue import FAMILIES, series_cap
from g6.observability.glossary import render


def test_every_family_has_one_row_with_its_meaning():
    rows = [line for line in render().splitlines() if line.startswith("| `g6_")]
    for family in FAMILIES.values():
        assert [
            row
            for row in rows
            if row.startswith(f"| `{family.name}` | {family.kind} ") and family.help in row
        ]


def test_the_cap_on_series_is_documented():
    assert f"at most {series_cap(6)} series" in render()


def test_the_page_is_the_same_every_time():
    assert render() == render()


def test_no_cell_breaks_its_table():
    tables = [line for line in render().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {4, 3, 7}
