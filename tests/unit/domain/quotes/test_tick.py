"""Until when streamed quotes stand: as long as the connection lives and the index's other contracts tick."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from g6.domain.quotes.tick import NO_FEED, NOBODY, REST, STREAM, blank, stands_until

TOLD = (100.0, 160.0, 199.0)


def standing(
    *,
    late: tuple[float, ...] = (0.5, 0.5, 0.5),
    fresh: tuple[bool, ...] = (True, True, True),
    **columns: Any,
) -> Any:
    rows = blank(3)
    rows["feed"], rows["source"], rows["quote_time"] = 0, STREAM, TOLD
    for name, values in columns.items():
        rows[name] = values
    known: NDArray[np.float64] = stands_until(rows, np.array(fresh), np.array(late))
    return known.tolist()


def test_an_unchanged_quote_stands_up_to_the_newest_tick_of_its_index() -> None:
    assert standing() == [199.0, 199.0, 199.0]


def test_a_tick_that_was_kept_and_sent_on_subscribing_is_as_old_as_it_says() -> None:
    assert standing(late=(3600.0, 0.5, 0.5)) == [100.0, 199.0, 199.0]


def test_quotes_of_a_market_that_stopped_grow_old_together() -> None:
    assert standing(quote_time=(100.0, 99.0, 98.0)) == [100.0, 100.0, 100.0]


def test_a_quote_of_a_dead_connection_is_as_old_as_it_says() -> None:
    assert standing(fresh=(False, True, True)) == [100.0, 199.0, 199.0]


def test_another_connections_ticks_say_nothing_of_a_quote() -> None:
    assert standing(feed=(1, 0, 0)) == [100.0, 199.0, 199.0]


def test_an_answer_over_rest_to_a_streamed_contract_stands_by_the_streams_ticks_alone() -> None:
    assert standing(source=(REST, STREAM, STREAM)) == [199.0, 199.0, 199.0]
    assert standing(source=(STREAM, STREAM, REST)) == [160.0, 160.0, 199.0]
    assert standing(source=REST) == list(TOLD)


@pytest.mark.parametrize("columns", [{"feed": NO_FEED, "source": REST}, {"source": NOBODY}])
def test_what_nobody_streams_is_as_old_as_it_says(columns: dict[str, Any]) -> None:
    assert standing(**columns) == list(TOLD)


def test_a_quote_without_a_time_has_none() -> None:
    told = standing(quote_time=(np.nan, 160.0, 199.0), late=(np.nan, 0.5, 0.5))
    assert np.isnan(told[0])
    assert told[1:] == [199.0, 199.0]
