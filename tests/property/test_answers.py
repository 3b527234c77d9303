"""Random damage to an answer never ends a replay, and costs only what is damaged."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from g6.adapters.replay.answer_documents import parse_document
from g6.adapters.replay.answers.answer import ExchangeAnswer
from g6.adapters.replay.answers.answer_files import AnswerFiles
from g6.adapters.replay.answers.bse import parse_bse
from g6.adapters.replay.answers.nse import parse_nse
from g6.adapters.replay.malformed import Malformed

STRIKES = (23_300, 23_350, 23_400, 23_450, 23_500)
PLACE = Path("NIFTY_20260911_152000.json")


def nse() -> dict[str, Any]:
    """A small answer of the newer shape."""
    leg = {
        "underlying": "NIFTY", "expiryDate": "15-09-2026", "openInterest": 1_070, "changeinOpenInterest": 10,
        "totalTradedVolume": 5_007, "impliedVolatility": 12.0, "lastPrice": 155.5,
        "buyPrice1": 155.45, "sellPrice1": 155.55, "buyQuantity1": 65,
        "sellQuantity1": 65, "totalBuyQuantity": 6_500, "totalSellQuantity": 6_500,
    }  # fmt: skip
    data = [
        {
            "strikePrice": strike,
            "expiryDates": "15-Sep-2026",
            "CE": leg | {"strikePrice": strike},
            "PE": leg | {"strikePrice": strike},
        }
        for strike in STRIKES
    ]
    return {
        "records": {"timestamp": "11-Sep-2026 15:20:00", "underlyingValue": 23_398.1, "data": data}
    }


def bse() -> dict[str, Any]:
    """A small answer of BSE's shape."""
    figures = {
        "Open_Interest": "1,070",
        "Last_Trd_Price": "155.5",
        "Vol_Traded": "5,007",
        "IV": "12.0",
        "Absolute_Change_OI": "10",
    }
    rows = [
        {"Strike_Price": f"{strike:,}.00", "End_TimeStamp": "17 Sep 2026", "Ula_Code": "SENSEX", "UlaValue": "77,400.1"}
        | figures | {f"C_{name}": value for name, value in figures.items()}
        for strike in range(77_000, 77_500, 100)
    ]  # fmt: skip
    return {"Table": rows, "ASON": {"DT_TM": "11 Sep 2026 | 15:20"}}


junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(min_value=10**300, max_value=10**400), st.floats(), st.text(max_size=12),
    st.just([]), st.just({}), st.lists(st.none(), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(["-", "", "0001-01-01", "01-Jan-0001", "1,23,456", "NaN", "inf", "15-13-2026", "\ud800"]),
)  # fmt: skip


def places(document: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, the document itself left out."""
    parts = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    return [place for key, value in parts for place in ((*here, key), *places(value, (*here, key)))]


def damaged(document: Any, changes: list[tuple[int, Any]]) -> Any:
    """The document with junk at random places; a place that is not there any more is left alone."""
    document, every = copy.deepcopy(document), places(document)
    for number, value in changes:
        *way, last = every[number % len(every)]
        at = document
        try:
            for key in way:
                at = at[key]
            at[last] = copy.deepcopy(
                value
            )  # an empty object of the strategy is shared by all examples
        except (KeyError, IndexError, TypeError):
            continue
    return document


def options(answer: ExchangeAnswer) -> dict[tuple[float, int], list[float]]:
    rows = answer.rows
    names = sorted(rows.figures)
    columns = np.array([rows.figures[name] for name in names]).T.tolist()
    return {
        (strike, side): figures
        for strike, side, figures in zip(
            rows.strike.tolist(), rows.side.tolist(), columns, strict=True
        )
    }


changes = st.lists(
    st.tuples(st.integers(min_value=0, max_value=10_000), junk), min_size=1, max_size=6
)


@settings(max_examples=300, deadline=None)
@given(changes)
def test_an_answer_of_nse_with_junk_anywhere_is_read_or_refused_with_a_reason(
    found: list[tuple[int, Any]],
) -> None:
    reasons: list[str] = []
    try:
        parse_nse(damaged(nse(), found))
    except Malformed as error:
        reasons.append(error.reason)
    assert all(reasons)


@settings(max_examples=300, deadline=None)
@given(changes)
def test_an_answer_of_bse_with_junk_anywhere_is_read_or_refused_with_a_reason(
    found: list[tuple[int, Any]],
) -> None:
    reasons: list[str] = []
    try:
        parse_bse(damaged(bse(), found), PLACE)
    except Malformed as error:
        reasons.append(error.reason)
    assert all(reasons)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(min_value=0, max_value=len(STRIKES) - 1),
    st.sampled_from(["row", "CE", "PE"]),
    st.integers(0, 40),
    junk,
)
def test_junk_in_one_option_leaves_the_others_as_they_were(
    row: int, part: str, number: int, value: Any
) -> None:
    whole, document = options(parse_nse(nse())), nse()
    entry = document["records"]["data"][row]
    target = entry if part == "row" else entry[part]
    target[sorted(target)[number % len(target)]] = value
    kept = options(parse_nse(document))
    for key, figures in whole.items():
        if key[0] != STRIKES[row] or (part in ("CE", "PE") and key[1] != ("CE", "PE").index(part)):
            np.testing.assert_array_equal(kept[key], figures)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=60), st.integers(min_value=0, max_value=2_000), st.sampled_from([nse, bse])
)
def test_bytes_torn_out_of_a_file_end_in_a_reason(raw: bytes, at: int, make: Any) -> None:
    text = json.dumps(make()).encode()
    place = at % len(text)
    reasons: list[str] = []
    try:
        parse_document((text[:place] + raw + text[place + len(raw) :]).decode("utf-8", "replace"))
    except Malformed as error:
        reasons.append(error.reason)
    assert all(reasons)


@settings(max_examples=60, deadline=None)
@given(changes=changes)
def test_a_directory_with_a_damaged_poll_keeps_the_others(
    tmp_path_factory: Any, changes: list[tuple[int, Any]]
) -> None:
    directory = tmp_path_factory.mktemp("polls")
    for minute in (20, 21):
        text = json.dumps(nse()).replace("15:20:00", f"15:{minute}:00")
        (directory / f"{minute}.json").write_text(text, "utf-8")
    text = json.dumps(damaged(nse(), changes)).replace("15:20:00", "15:22:00")
    (directory / "22.json").write_text(text, "utf-8")
    source = AnswerFiles(sorted(directory.iterdir()))
    instants = source.instants()["NIFTY"]
    assert len(instants) >= 2
    for index, ats in source.instants().items():
        for at in ats:
            source.read(index, at)
