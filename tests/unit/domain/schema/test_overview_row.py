"""The typed overview row says what the table of its columns says."""

from __future__ import annotations

from typing import get_type_hints

from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.rows import OVERVIEW

TYPES = {
    "float": float,
    "iv": float,
    "integer": int,
    "flags": int,
    "instant": str,
    "date": str,
    "text": str,
}
SURE = {"timestamp", "underlying", "status"}
"""Columns that no row lacks."""


def test_the_typed_row_has_the_columns_of_the_table_in_their_order() -> None:
    assert [*OverviewRow.__annotations__] == [*(column.name for column in OVERVIEW), "config_id"]


def test_each_column_of_the_typed_row_has_the_type_of_its_kind() -> None:
    hints = get_type_hints(OverviewRow)
    for column in OVERVIEW:
        kind = TYPES[column.kind]
        assert hints[column.name] == (kind if column.name in SURE else kind | None), column.name
