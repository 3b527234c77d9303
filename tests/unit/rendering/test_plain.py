"""Documents as JSON and CSV."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import nan

import numpy as np

from g6.domain.documents.json_plain import json_plain
from g6.rendering.plain import as_json, write_csv


@dataclass(frozen=True, slots=True)
class Levels:
    """A small document."""

    at: datetime
    strike: np.ndarray

    def columns(self) -> Mapping[str, object]:
        return {"strike": self.strike, "at": [self.at] * len(self.strike)}


DOCUMENT = Levels(datetime(2026, 11, 18, 5, 30, tzinfo=UTC), np.array([24000.0, nan]))


def test_json_has_null_for_nan_and_z_for_instants() -> None:
    assert json.loads(as_json(DOCUMENT)) == {
        "at": "2026-11-18T05:30:00Z",
        "strike": [24000.0, None],
    }


def test_days_are_iso_as_values_and_as_keys() -> None:
    day = date(2026, 11, 24)
    assert json_plain({day: (day,)}) == {"2026-11-24": ["2026-11-24"]}


def test_a_number_has_no_tail_behind_its_decimals() -> None:
    values = [24.15 + 25.4, 85_000.35 - 84_990.1, 1.1 + 2.2, -49.55000000000001, 100 * 0.0895]
    assert as_json(values) == "[49.55, 10.25, 3.3, -49.55, 8.95]"


def test_small_and_exact_numbers_keep_every_digit() -> None:
    values = [1.2345e-11, 0.08951234567890123, 1795152600.500001, 5e-324, -0.0]
    assert json.loads(as_json(values)) == values


def test_csv_leaves_a_cell_empty_where_a_value_is_missing() -> None:
    file = io.StringIO()
    write_csv(DOCUMENT, file)  # type: ignore[arg-type]
    assert file.getvalue() == "strike,at\n24000.0,2026-11-18T05:30:00Z\n,2026-11-18T05:30:00Z\n"
