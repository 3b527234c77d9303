"""BSE's answers: strings with blanks and commas, calls under C_, puts without, counts in contracts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.replay import Recording
from g6.adapters.replay.answers.bse import parse_bse, parse_totals
from g6.adapters.replay.malformed import Malformed

AT = datetime(2026, 9, 11, 9, 50, tzinfo=UTC)
HERE = Path("answer.json")


def row(strike: int, **fields: Any) -> dict[str, Any]:
    """One strike as the exchange writes it."""
    return {
        "C_Series_Code": f"SENSEX26917{strike}CE", "C_Open_Interest": " 1,070", "C_Absolute_Change_OI": "-5",
        "C_Last_Trd_Price": "1,155.50", "C_Vol_Traded": "5,007", "C_IV": "12.0000", "C_BIdQty": "20", "C_BidPrice": "1,155.45 ",
        "C_OfferPrice": "1,155.55", "C_OfferQty": "40", "C_NetChange": "1.2", "Strike_Price": f"{strike:,}.00",
        "Strike_Price1": f"{strike}.00", "p_Series_Code": f"SENSEX26917{strike}PE", "Open_Interest": "", "Absolute_Change_OI": "",
        "Last_Trd_Price": "", "Vol_Traded": "", "IV": "", "BIdQty": "", "BidPrice": "", "OfferPrice": "", "OfferQty": "",
        "Ula_Code": "SENSEX", "UlaValue": "77,397.77", "End_TimeStamp": "17 Sep 2026",
    } | fields  # fmt: skip


def document(*rows: Any, **fields: Any) -> dict[str, Any]:
    ason = {"DT_TM": "11 Sep 2026 | 15:20 "}
    totals = {"tot_C_Open_Interest": "2,140", "tot_Open_Interest": "0"}
    return {"Table": list(rows) or [row(77_300), row(77_400)], "ASON": ason, **totals, **fields}


def test_an_answer_gives_index_instant_and_both_sides() -> None:
    read = parse_bse(document(), HERE)
    assert (read.index, read.at, read.spot, read.omitted) == ("SENSEX", AT, 77_397.77, ())
    assert set(read.rows.expiry.tolist()) == {date(2026, 9, 17)}
    call, put = read.rows.side == 0, read.rows.side == 1
    assert read.rows.figures["last"][call].tolist() == [1_155.5, 1_155.5]
    assert read.rows.figures["oi"][call].tolist() == [1_070, 1_070]
    assert read.rows.figures["oi_prev"][call].tolist() == [1_075, 1_075]
    assert read.rows.figures["exchange_iv"][call].tolist() == [0.12, 0.12]
    assert np.isnan(
        [read.rows.figures[name][put] for name in ("last", "oi", "volume", "bid", "exchange_iv")]
    ).all()
    assert parse_totals(document()) == {"oi_calls": 2_140.0, "oi_puts": 0.0}


def test_counts_are_contracts(tmp_path: Path) -> None:
    (tmp_path / "1520.json").write_text(json.dumps(document()), "utf-8")
    recording = Recording.open(tmp_path)
    seen = recording.snapshot("SENSEX", AT)
    assert seen is not None
    assert (recording.cycles(), recording.left_out) == ((AT,), ())
    assert seen.values["oi"][0].tolist() == [1_070 * 20, 1_070 * 20]
    assert recording.totals("SENSEX", AT) == {"oi_calls": 2_140.0, "oi_puts": 0.0}


@pytest.mark.parametrize(
    "name",
    [
        "SENSEX_20260911_152000.json",
        "SENSEX_2026-09-11T15:20.json",
        "2026-09-11/sensex_1520.json",
        "sensex/20260911 15-20-00.json",
    ],
)
def test_what_an_archive_did_not_keep_is_in_its_name(name: str) -> None:
    bare = row(77_300, Ula_Code=None, C_Series_Code=None, p_Series_Code=None)
    read = parse_bse({"Table": [bare]}, Path(name))
    assert (read.index, read.at, len(read.rows.strike)) == ("SENSEX", AT, 2)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"Ula_Code": None, "C_Series_Code": "", "p_Series_Code": ""}, "names no underlying"),
        ({"Ula_Code": "RELIANCE"}, "is no index"),
    ],
)
def test_an_answer_that_is_of_no_index_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        parse_bse(document(row(77_300, C_Series_Code="", p_Series_Code="") | fields), HERE)


def test_an_answer_without_an_instant_is_refused_with_what_helps() -> None:
    with pytest.raises(Malformed, match=r"SENSEX_20260911_152000\.json"):
        parse_bse({"Table": [row(77_300)]}, HERE)


@pytest.mark.parametrize("table", [None, [], "", {}, {"a": 1}, 7, [None], [[]], [{}], ["x"]])
def test_a_table_of_no_options_is_refused(table: Any) -> None:
    with pytest.raises(Malformed):
        parse_bse({"Table": table, "ASON": {"DT_TM": "11 Sep 2026 | 15:20"}}, Path("SENSEX_x.json"))


@pytest.mark.parametrize(
    "damaged",
    [
        None, "text", [], row(77_500, Strike_Price="dear", Strike_Price1=None), row(77_500, Strike_Price1="77600"),
        row(77_500, Strike_Price="", Strike_Price1=""), row(77_500, End_TimeStamp="soon"),
    ],
)  # fmt: skip
def test_a_damaged_row_costs_itself(damaged: Any) -> None:
    read = parse_bse(document(row(77_300), damaged, row(77_400)), HERE)
    assert sorted(set(read.rows.strike.tolist())) == [77_300, 77_400]
    assert [part.row for part in read.omitted] == [2]
    assert read.omitted[0].kind == "damaged"


def test_a_damaged_figure_costs_itself() -> None:
    read = parse_bse(
        document(row(77_300, C_Open_Interest=["1"], C_Vol_Traded="-7"), row(77_400)), HERE
    )
    assert np.count_nonzero(np.isnan(read.rows.figures["oi"][read.rows.side == 0])) == 1
    assert sorted(part.reason for part in read.omitted) == [
        "Open_Interest of CE 77300 \"['1']\" is no figure", "Vol_Traded of CE 77300 -7 cannot be",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spots", "spot", "source"),
    [
        (("77,397.77", "77,400.00", "77,397.77"), 77_397.77, "live"),
        (("70,000.00", "77,397.77", "77,397.77"), 77_397.77, "disputed"),
        (("0", "77,397.77", "closed"), 77_397.77, "live"),
    ],
)
def test_rows_that_disagree_on_the_index_have_its_middle(
    tmp_path: Path, spots: tuple[str, ...], spot: float, source: str
) -> None:
    rows = [row(77_300 + 100 * place, UlaValue=said) for place, said in enumerate(spots)]
    (tmp_path / "1520.json").write_text(json.dumps(document(*rows)), "utf-8")
    seen = Recording.open(tmp_path).snapshot("SENSEX", AT)
    assert seen is not None
    assert (seen.spot.spot, seen.spot.spot_source) == (spot, source)
