"""A recording of contracts whose lot no source covers."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Rows, snapshot

AT = datetime(2015, 1, 5, 6, 0, tzinfo=UTC)


def rows(*, in_contracts: bool) -> Rows:
    return Rows(
        np.array(["2015-01-29"], dtype="datetime64[D]"), np.array([8400.0]), np.array([0]), {"oi": np.array([12.0])},
        frozenset(("oi",)) if in_contracts else frozenset(),
    )  # fmt: skip


def test_what_counts_contracts_is_refused_with_the_reason() -> None:
    with pytest.raises(
        Malformed,
        match="the lot of NIFTY expiring 2015-01-29, as quoted on 2015-01-05, is not known",
    ):
        snapshot("NIFTY", AT, 8380.0, rows(in_contracts=True))


def test_what_counts_units_is_read_and_its_lot_stays_unknown() -> None:
    read = snapshot("NIFTY", AT, 8380.0, rows(in_contracts=False))
    assert (read.values["oi"][0, 0], read.contracts.lot_size.tolist()) == (12.0, [0])
