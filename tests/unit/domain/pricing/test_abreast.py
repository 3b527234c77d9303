"""Expiries side by side in one table."""

import numpy as np

from g6.domain.pricing.padded import abreast


def test_expiries_of_one_length_are_rows_of_a_table() -> None:
    assert abreast([0, 3, 6])(np.arange(6.0)).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_shorter_expiry_ends_in_nan() -> None:
    table = abreast([0, 2, 5])(np.stack([np.arange(5.0), 10 + np.arange(5.0)]))
    assert np.array_equal(
        table, [[[0, 1, np.nan], [2, 3, 4]], [[10, 11, np.nan], [12, 13, 14]]], equal_nan=True
    )


def test_the_last_expiry_may_be_the_short_one() -> None:
    assert np.array_equal(abreast([0, 2, 3])(np.arange(3.0)), [[0, 1], [2, np.nan]], equal_nan=True)


def test_no_expiry_is_an_empty_table() -> None:
    assert abreast([0])(np.zeros((2, 0))).shape == (2, 0, 0)
