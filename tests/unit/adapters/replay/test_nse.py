"""The exchange's answers: each option is read apart from the others, and what is damaged is told with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.replay import Recording
from g6.adapters.replay.answers.answer import ExchangeAnswer
from g6.adapters.replay.answers.nse import parse_nse, parse_totals
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Snapshot, snapshot
from g6.errors import BadInput

Answer = Callable[[int], dict[str, Any]]
Damage = Callable[[dict[str, Any]], None]


def as_snapshot(read: ExchangeAnswer) -> Snapshot:
    return snapshot(read.index, read.at, read.spot, read.rows)


def newer(document: dict[str, Any]) -> dict[str, Any]:
    """An answer of the older shape as the newer one writes it, with the keys that it leaves null."""
    document = json.loads(json.dumps(document))
    names = {
        "bidprice": "buyPrice1",
        "askPrice": "sellPrice1",
        "bidQty": "buyQuantity1",
        "askQty": "sellQuantity1",
    }
    for entry in document["records"]["data"]:
        entry["expiryDates"] = entry.pop("expiryDate")
        for leg in (entry[name] for name in ("CE", "PE") if name in entry):
            day = datetime.strptime(leg["expiryDate"], "%d-%b-%Y")  # noqa: DTZ007 - a date
            for old, new in names.items():
                leg[new] = leg.pop(old)
            leg |= {"expiryDate": f"{day:%d-%m-%Y}", "optionType": None, "bidprice": None}
    return document


def test_an_answer_gives_index_instant_and_chain(
    answer: Answer, instants: tuple[datetime, ...]
) -> None:
    read = parse_nse(answer(1))
    seen = as_snapshot(read)
    assert (read.index, read.at, read.omitted) == ("NIFTY", instants[1], ())
    assert seen.contracts.symbol[0, 0] == "OPT25082026CE23900"
    assert seen.values["oi"][0, 0] == 1_100 * 65
    assert seen.values["oi_prev"][0, 0] == 1_090 * 65
    assert seen.values["bid_quantity"][0, 0] == 65


def test_the_newer_shape_says_the_same_as_the_older(answer: Answer) -> None:
    old, new = as_snapshot(parse_nse(answer(1))), as_snapshot(parse_nse(newer(answer(1))))
    for name, values in old.values.items():
        np.testing.assert_array_equal(values, new.values[name], name)
    assert new.contracts.expiries == old.contracts.expiries
    assert np.isfinite(new.values["bid"]).all()


def test_zero_means_none_for_prices_and_volatility(answer: Answer) -> None:
    seen = as_snapshot(parse_nse(answer(0)))
    assert np.isnan(seen.values["ask"]).all()
    assert seen.exchange_iv is not None
    assert np.isnan(seen.exchange_iv).all()


@pytest.mark.parametrize(
    "said",
    [0, 0.0, -1, None, "", "-", "closed", "0", [], {}, True, 10**400, float("nan"), float("inf")],
)
def test_what_is_no_print_of_the_index_is_none(answer: Answer, said: Any) -> None:
    document = answer(0)
    document["records"]["underlyingValue"] = said
    assert np.isnan(parse_nse(document).spot)


def test_figures_written_as_texts_are_read(answer: Answer) -> None:
    document = answer(0)
    document["records"]["underlyingValue"] = " 24,052.40 "
    document["records"]["data"][0]["CE"] |= {
        "openInterest": "1,234",
        "lastPrice": " 155.50 ",
        "totalTradedVolume": "-",
    }
    read = parse_nse(document)
    seen = as_snapshot(read)
    assert (read.spot, read.omitted) == (24_052.4, ())
    assert (seen.values["oi"][0, 0], seen.values["last"][0, 0]) == (1_234 * 65, 155.5)
    assert np.isnan(seen.values["volume"][0, 0])


def test_totals_are_the_exchanges_own(answer: Answer) -> None:
    assert parse_totals(answer(0)) == {"oi_calls": 4_500.0, "oi_puts": 5_500.0}


@pytest.mark.parametrize("filtered", [None, [], {"CE": [], "PE": None}, {"CE": {"totOI": "many"}}])
def test_totals_that_are_none_are_unknown(filtered: Any) -> None:
    assert all(np.isnan(value) for value in parse_totals({"filtered": filtered}).values())


def test_a_side_that_is_not_listed_has_no_symbol(answer: Answer) -> None:
    document = answer(0)
    del document["records"]["data"][0]["PE"]
    document["records"]["data"][1]["PE"] = None
    read = parse_nse(document)
    seen = as_snapshot(read)
    assert (seen.contracts.symbol[1, :2].tolist(), read.omitted) == (["", ""], ())
    assert np.isnan(seen.values["quote_time"][1, 0])


def _leg(**fields: Any) -> Damage:
    def damage(document: dict[str, Any]) -> None:
        document["records"]["data"][2]["CE"] |= fields

    return damage


def _row(**fields: Any) -> Damage:
    def damage(document: dict[str, Any]) -> None:
        document["records"]["data"][2] |= fields

    return damage


def _double(document: dict[str, Any]) -> None:
    double = json.loads(json.dumps(document["records"]["data"][1]))
    double["CE"]["openInterest"] = 7
    document["records"]["data"].append(double)


@pytest.mark.parametrize(
    ("damage", "lost", "said"),
    [
        (_leg(strikePrice=24_150), {(24_100, 0)}, "has the strike 24150 in the row of 24100"),
        (_leg(strikePrice="dear"), {(24_100, 0)}, "is not a number"),
        (_leg(strikePrice=[24_100]), {(24_100, 0)}, "is not a number"),
        (_leg(expiryDate="01-Sep-2026"), {(24_100, 0)}, "of its expiry"),
        (_leg(expiryDate="soon"), {(24_100, 0)}, "is not written as"),
        (_leg(underlying="BANKNIFTY"), {(24_100, 0)}, "is of BANKNIFTY, not of NIFTY"),
        (_row(CE=[]), {(24_100, 0)}, "CE is not an object"),
        (_row(CE="none"), {(24_100, 0)}, "CE is not an object"),
        (_row(strikePrice=0), {(24_100, 0), (24_100, 1)}, "has the strike 24100 in the row of 0"),
        (_row(expiryDate="25-Agust-2026"), {(24_100, 0), (24_100, 1)}, "is not written as"),
    ],
)
def test_a_damaged_option_costs_itself_and_is_told(
    answer: Answer, damage: Damage, lost: set[tuple[float, int]], said: str
) -> None:
    document = answer(0)
    damage(document)
    read = parse_nse(document)
    nearest = date(2026, 8, 25)
    keys = zip(
        read.rows.expiry.tolist(), read.rows.strike.tolist(), read.rows.side.tolist(), strict=True
    )
    whole = {(strike, side) for expiry, strike, side in keys if expiry == nearest}
    assert {
        (strike, side) for strike in (23_900, 24_000, 24_100, 24_200, 24_300) for side in (0, 1)
    } - whole == lost
    assert len(read.rows.strike) == 30 - len(lost)
    assert {part.row for part in read.omitted} == {3}
    assert all(said in part.reason for part in read.omitted)


@pytest.mark.parametrize("value", ["many", [], {}, True, 10**400, float("inf"), [[[]]]])
def test_a_damaged_figure_costs_itself_and_is_told(answer: Answer, value: Any) -> None:
    document = answer(0)
    _leg(openInterest=value)(document)
    read = parse_nse(document)
    assert np.count_nonzero(np.isnan(read.rows.figures["oi"])) == 1
    assert [(part.row, "openInterest of CE 24100" in part.reason) for part in read.omitted] == [
        (3, True)
    ]


def test_an_option_that_is_there_twice_with_other_figures_counts_as_it_came_first(
    answer: Answer,
) -> None:
    document = answer(0)
    _double(document)
    read = parse_nse(document)
    assert [(part.row, part.kind) for part in read.omitted] == [(16, "damaged"), (16, "copy")]
    assert len(read.rows.strike) == 30
    assert 7 not in read.rows.figures["oi"]


@pytest.mark.parametrize(
    "document",
    [
        None, 7, "text", [], {}, {"records": None}, {"records": []}, {"records": {"data": []}},
        {"records": {"data": [], "timestamp": "now"}},
        {"records": {"data": [{}], "timestamp": "11-Sep-2026 15:20:00"}}, {"records": {"data": [None, 3, "x"], "timestamp": ""}},
    ],
)  # fmt: skip
def test_another_document_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        parse_nse(document)


@pytest.mark.parametrize(
    "text",
    [
        "01-Jan-0001 00:00:00",
        "31-Dec-9999 23:59:59",
        "01-Jan-1970 05:30:00",
        "now",
        "",
        "45-Aug-2026",
    ],
)
def test_an_instant_that_cannot_be_one_is_refused(answer: Answer, text: str) -> None:
    document = answer(0)
    document["records"]["timestamp"] = text
    with pytest.raises(Malformed, match=r"records\.timestamp"):
        parse_nse(document)


def test_an_answer_of_a_share_and_one_that_was_not_asked_for_are_told_apart(answer: Answer) -> None:
    share = json.loads(json.dumps(answer(0)).replace('"NIFTY"', '"RELIANCE"'))
    with pytest.raises(Malformed, match="is no index") as caught:
        parse_nse(share)
    assert getattr(caught.value, "kind", "") == "no_index"
    with pytest.raises(Malformed, match="not asked for"):
        parse_nse(answer(0), {"BANKNIFTY"})


def test_truncated_json_is_refused_with_its_line(answers_dir: Path) -> None:
    path = answers_dir / "NIFTY_1.json"
    path.write_text(path.read_text("utf-8")[:2000], "utf-8")
    with pytest.raises(BadInput, match="not whole JSON") as caught:
        Recording.open(answers_dir, strict=True)
    assert caught.value.path == str(path)
    assert [part.kind for part in Recording.open(answers_dir).left_out] == ["damaged"]
    with pytest.raises(BadInput, match="not whole JSON"):
        Recording.open(path)


def test_the_field_is_read_at_the_instant_it_says(shared: Path) -> None:
    recording = Recording.open(shared / "data/field/nse-v3")
    at = datetime(2026, 9, 11, 9, 50, tzinfo=UTC)
    seen = recording.snapshot("NIFTY", at)
    assert seen is not None
    assert (recording.cycles(), recording.left_out) == ((at,), ())
    assert seen.contracts.expiries == (date(2026, 9, 15),)
    assert np.isfinite([seen.values["bid"], seen.values["ask"]]).all()
    assert seen.values["oi"][0, 0] == 1_070 * 65
