"""Documents as JSON and CSV."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import inf, nan, nextafter, ulp

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from g6.domain.documents.json_plain import LEAST_TAIL, json_plain, plain_number
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


def rounded(value: float) -> float:
    """Return what a number becomes by rounding every one of them."""
    near = round(value, 4)
    tail = abs(value - near)
    if value.is_integer() or (near and (tail <= LEAST_TAIL or tail <= 2 * ulp(value))):
        return near
    near = float(f"{value:.12g}")
    if near != value and abs(value) < 3e38 and float(np.float32(value)) == value:
        return float(str(np.float32(value)))
    return near if abs(value - near) <= 2 * ulp(value) else value


@given(st.floats(-1e6, 1e6, width=32))
def test_a_number_of_single_precision_has_the_digits_of_that(number: float) -> None:
    plain = plain_number(number)
    assert np.float32(plain) == np.float32(number)
    assert len(f"{plain!r}".partition("e")[0].strip("-0").replace(".", "")) <= 12


@settings(max_examples=2000)
@given(
    number=st.floats(-1e12, 1e12),
    digits=st.integers(0, 7),
    steps=st.integers(-4, 4),
    beside=st.floats(-3e-10, 3e-10),
)
def test_a_number_is_what_rounding_it_gives(
    number: float, digits: int, steps: int, beside: float
) -> None:
    near = round(number, digits)
    for _ in range(abs(steps)):
        near = nextafter(near, inf if steps > 0 else -inf)
    for value in (number, near, near + beside, 1.1 * near):
        plain = plain_number(value)
        assert repr(plain) == repr(rounded(value))
        # A panel goes through it twice.
        assert repr(plain_number(plain)) == repr(plain)


def test_csv_leaves_a_cell_empty_where_a_value_is_missing() -> None:
    file = io.StringIO()
    write_csv(DOCUMENT, file)  # type: ignore[arg-type]
    assert file.getvalue() == "strike,at\n24000.0,2026-11-18T05:30:00Z\n,2026-11-18T05:30:00Z\n"
