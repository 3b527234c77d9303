"""JSON as it stands in Redis."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from g6.adapters.redis.payload import decode, encode
from g6.domain.schema.words import Status


def test_json_is_compact_and_utf8() -> None:
    assert encode({"a": [1, "₹"], "status": Status.OK}) == '{"a":[1,"₹"],"status":"OK"}'.encode()


def test_what_is_no_number_is_null() -> None:
    assert (
        encode([math.nan, math.inf, -math.inf, np.float64("nan"), np.float32("nan")])
        == b"[null,null,null,null,null]"
    )


def test_numpy_scalars_are_plain() -> None:
    assert decode(encode({"n": np.int64(3), "x": np.float64(0.1), "yes": np.bool_(True)})) == {
        "n": 3,
        "x": 0.1,
        "yes": True,
    }


def test_what_is_no_document_is_a_mistake() -> None:
    with pytest.raises(AttributeError):
        encode({"at": datetime(2026, 11, 20, tzinfo=UTC)})
