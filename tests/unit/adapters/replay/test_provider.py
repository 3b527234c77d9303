"""The provider over a recording."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.replay import Recording, Replay
from g6.errors import ProviderRefused

Rows = list[dict[str, Any]]
Write = Callable[..., Path]


def test_quotes_are_the_snapshots_in_the_order_asked_for(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    provider = Replay(Recording.open(table_file(rows)))
    contracts = provider.listing("NIFTY", instants[0]).contracts.take(np.array([7, 2]))
    quotes = provider.quotes("NIFTY", contracts, instants[0])
    assert quotes.strike.tolist() == [24_100, 24_100]
    assert quotes.last[0, 1] == next(
        row["ltp"] for row in rows if row["strike"] == 24_100 and row["option_type"] == "CE"
    )
    assert set(quotes.source.ravel().tolist()) == {"replay"}
    assert quotes.observed_at == instants[0].timestamp()


def test_a_contract_the_recording_lacks_is_missing_throughout(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    other = Replay(
        Recording.open(
            table_file([row | {"strike": row["strike"] + 50} for row in rows], "other.parquet")
        )
    )
    provider = Replay(Recording.open(table_file(rows)))
    contracts = other.listing("NIFTY", instants[0]).contracts
    quotes = provider.quotes("NIFTY", contracts, instants[0])
    assert all(np.isnan(values).all() for values in quotes.values.values())


def test_an_instant_that_was_not_recorded_is_refused(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    provider = Replay(Recording.open(table_file(rows)))
    with pytest.raises(ProviderRefused, match="has no NIFTY at"):
        provider.underlying("NIFTY", instants[0] + timedelta(seconds=1))


def test_yesterdays_open_interest_is_what_the_source_says(
    answers_dir: Path, instants: tuple[datetime, ...]
) -> None:
    provider = Replay(Recording.open(answers_dir))
    contracts = provider.listing("NIFTY", instants[0]).contracts
    assert provider.previous_oi("NIFTY", contracts, instants[0])[0, 0] == 1_090 * 65


def test_it_says_what_it_replays(answers_dir: Path) -> None:
    assert Replay(Recording.open(answers_dir)).describe().to_json()["mode"] == "replay"


def test_a_days_listing_is_what_it_showed_until_then(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    early = [
        row for row in rows if row["strike"] != 24_300 or row["timestamp"] > "2026-08-19T11:28"
    ]
    provider = Replay(Recording.open(table_file(early)))
    listed = {
        hours: len(provider.listing("NIFTY", instants[0] + timedelta(hours=hours)).contracts) for hours in (-1, 0, 1)
    }  # fmt: skip
    assert listed == {-1: 12, 0: 12, 1: 15}
    with pytest.raises(ProviderRefused):
        provider.listing("NIFTY", instants[0] + timedelta(days=1))
