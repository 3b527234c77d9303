"""The exchange's answers: parsed purely, refused with the entry that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.replay import Recording
from g6.adapters.replay.nse import parse_nse, parse_totals
from g6.adapters.replay.snapshot import Malformed
from g6.errors import BadInput

Answer = Callable[[int], dict[str, Any]]


def test_an_answer_gives_index_instant_and_chain(answer: Answer, instants: tuple[datetime, ...]) -> None:
    index, at, seen = parse_nse(answer(1))
    assert (index, at) == ("NIFTY", instants[1])
    assert seen.contracts.symbol[0, 0] == "OPT25082026CE23900"
    assert seen.values["oi"][0, 0] == 1_100 * 65
    assert seen.values["oi_prev"][0, 0] == 1_090 * 65
    assert seen.values["bid_quantity"][0, 0] == 65


def test_zero_means_none_for_prices_and_volatility(answer: Answer) -> None:
    seen = parse_nse(answer(0))[2]
    assert np.isnan(seen.values["ask"]).all()
    assert seen.exchange_iv is not None
    assert np.isnan(seen.exchange_iv).all()


def test_totals_are_the_exchanges_own(answer: Answer) -> None:
    assert parse_totals(answer(0)) == {"oi_calls": 4_500.0, "oi_puts": 5_500.0}


def test_a_side_that_is_not_listed_has_no_symbol(answer: Answer) -> None:
    document = answer(0)
    del document["records"]["data"][0]["PE"]
    seen = parse_nse(document)[2]
    assert seen.contracts.symbol[1, 0] == ""
    assert np.isnan(seen.values["quote_time"][1, 0])


def _break_number(document: dict[str, Any]) -> None:
    document["records"]["data"][2]["CE"]["openInterest"] = "many"


def _break_strike(document: dict[str, Any]) -> None:
    document["records"]["data"][2]["CE"]["strikePrice"] = None


def _break_expiry(document: dict[str, Any]) -> None:
    document["records"]["data"][2]["expiryDate"] = "2026-08-25"


def _double(document: dict[str, Any]) -> None:
    document["records"]["data"][2] = document["records"]["data"][1]


@pytest.mark.parametrize("damage", [_break_number, _break_strike, _break_expiry, _double])
def test_a_bad_entry_is_refused_with_its_row(answer: Answer, damage: Callable[[dict[str, Any]], None]) -> None:
    document = answer(0)
    damage(document)
    with pytest.raises(Malformed) as caught:
        parse_nse(document)
    assert caught.value.row == 3


@pytest.mark.parametrize("document", [[], {}, {"records": {"data": []}}, {"records": {"data": [], "timestamp": "now"}}])
def test_another_document_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        parse_nse(document)


def test_truncated_json_is_refused_with_its_line(answers_dir: Path) -> None:
    path = answers_dir / "NIFTY_1.json"
    path.write_text(path.read_text("utf-8")[:2000], "utf-8")
    with pytest.raises(BadInput, match="not whole JSON") as caught:
        Recording.open(answers_dir)
    assert caught.value.path == str(path)


def test_two_answers_of_one_instant_are_refused(answers_dir: Path, answer: Answer) -> None:
    (answers_dir / "again.json").write_text(json.dumps(answer(0)), "utf-8")
    with pytest.raises(BadInput, match="same instant"):
        Recording.open(answers_dir)
