"""`g6 expiries` and `g6 instrument`: from the provider, and of any past day from the kept dumps alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.parquet import ParquetStore
from g6.domain.market.instrument import Contracts, Future, Listing
from tests.worlds.kite import Kite, kite_server

# NIFTY's lot by the exchange's circulars: 25 for contracts of 2024, 75 for those introduced from 20 November 2024.
DAYS = {
    date(2024, 11, 14): {"2024-11-21": 25, "2024-11-28": 25},
    date(2024, 12, 20): {"2024-12-26": 25, "2025-01-30": 75},
}
CALL = "NIFTY24D2624000CE"


def listing(on: date, lots: dict[str, int]) -> Listing:
    strikes = np.array([23_900.0, 23_950.0, 24_000.0, 24_050.0])
    expiry = np.repeat(np.array(list(lots), dtype="datetime64[D]"), len(strikes))
    symbol = np.array(
        [
            [f"NIFTY-{day}-{strike:g}{side}" for day in lots for strike in strikes]
            for side in ("CE", "PE")
        ],
        dtype=object,
    )
    symbol[0, 2], symbol[1, 3] = CALL, ""
    n = len(expiry)
    contracts = Contracts(
        "NIFTY", expiry, np.tile(strikes, len(lots)), np.repeat(list(lots.values()), len(strikes)), np.full(n, 0.05), symbol,
        np.where(symbol == "", 0, 1000 + np.arange(2 * n).reshape(2, n)),
    )  # fmt: skip
    return Listing(
        "NIFTY", on, contracts, (Future("NIFTY24DECFUT", 77, date(2024, 12, 26), 25, 0.05),)
    )


@pytest.fixture
def kept(tmp_path: Path) -> str:
    store = ParquetStore(tmp_path)
    for on, lots in DAYS.items():
        store.keep_listing(listing(on, lots), "NFO")
    return str(tmp_path)


def test_expiries_show_rule_date_strikes_and_why(g6: Any) -> None:
    shown = g6("expiries", "nifty", "--as-of", "2026-11-20T04:05:00Z").out
    assert "this_week   Mon 23 Nov 2026     3 " in shown
    assert "this_week: first expiry alive" in shown
    assert "50   65  0.05" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_bucket_that_is_not_listed_says_so(g6: Any) -> None:
    lines = [line.split() for line in g6("expiries", "BANKNIFTY").out.splitlines()]
    assert ["this_week", "not", "listed"] in lines


def test_lots_ticks_and_steps_of_a_past_day_come_from_what_was_kept(g6: Any, kept: str) -> None:
    shown = g6(
        "expiries", "NIFTY", "--as-of", "2024-12-20", "--provider", "kite", "--data-dir", kept
    )
    assert "from kept on 2024-12-20" in shown.out
    assert "this_month Thu 26 Dec 2024 6 4 23,900 24,050 50 25 0.05" in " ".join(shown.out.split())
    assert "next_month Thu 30 Jan 2025 41 4 23,900 24,050 50 75 0.05" in " ".join(shown.out.split())


def test_a_day_between_is_answered_by_the_newest_dump_before_it(g6: Any, kept: str) -> None:
    told = json.loads(
        g6("expiries", "NIFTY", "--as-of", "2024-11-20", "--kept", "--json", "--data-dir", kept).out
    )["indices"][0]
    assert (told["on"], told["rules"]["this_month"]["expiry"]) == ("2024-11-14", "2024-11-28")
    assert {each["expiry"]: each["lot_size"] for each in told["expiries"]} == {
        "2024-11-21": [25],
        "2024-11-28": [25],
    }


def test_a_day_before_everything_kept_names_the_first_one(g6: Any, kept: str) -> None:
    answer = g6("expiries", "NIFTY", "--as-of", "2024-01-01", "--kept", "--data-dir", kept)
    assert (answer.code, "the first kept day is 2024-11-14" in answer.err) == (3, True)


def test_a_broker_that_does_not_answer_is_stood_in_for_by_the_newest_dump(
    g6: Any, kept: str
) -> None:
    shown = g6("expiries", "NIFTY", "--provider", "kite", "--data-dir", kept)
    assert (shown.code, "from kept on 2024-12-20 (" in shown.out) == (0, True)


def test_one_index_that_nobody_knows_does_not_hide_the_others(g6: Any, kept: str) -> None:
    asked = ("expiries", "--as-of", "2024-12-20", "--kept", "--data-dir", kept)
    answer = g6(*asked)
    assert answer.code == 1
    assert "NIFTY  2 expiries listed on Fri 20 Dec 2024" in answer.out
    assert "BANKNIFTY  not known: no instruments of BANKNIFTY are kept" in answer.out
    assert "BANKNIFTY" in json.loads(g6(*asked, "--json").out)["unknown"]


def test_an_index_that_is_not_enabled_has_expiries_as_well(g6: Any) -> None:
    off = ("--set", "index_params.BANKNIFTY.enabled=false")
    assert "BANKNIFTY  " in g6("expiries", "BANKNIFTY", *off).out
    assert "BANKNIFTY" not in g6("expiries", *off).out


def test_a_simulation_has_nothing_to_download(g6: Any) -> None:
    answer = g6("expiries", "NIFTY", "--refresh")
    assert (answer.code, "--provider kite" in answer.err) == (2, True)


@pytest.fixture(scope="module")
def kite() -> Iterator[Kite]:
    with kite_server(start="2026-11-20T05:00:00Z", speed=0.0, in_thread=True) as running:
        yield running


def test_a_refresh_downloads_the_days_dumps_again(g6: Any, kite: Kite, tmp_path: Path) -> None:
    told = {
        "provider.root": kite.root, "provider.token_provider": "fake", "market.start": "2026-11-20T05:00:00Z",
        "market.origin": repr(time.time()), "ticker.enabled": "false",
    }  # fmt: skip
    common = [
        *(word for name, value in told.items() for word in ("--set", f"{name}={value}")),
        "--data-dir",
        str(tmp_path),
    ]
    assert "from kite" in g6("expiries", "NIFTY", "--provider", "kite", *common).out
    asked = [each["path"] for each in kite.arrivals() if "instruments" in each["path"]]
    g6("expiries", "NIFTY", "--provider", "kite", *common)
    assert [each["path"] for each in kite.arrivals() if "instruments" in each["path"]] == asked
    shown = g6("expiries", "NIFTY", "--provider", "kite", "--refresh", *common).out
    assert "downloaded again: 1 download" in shown
    assert (
        len([each for each in kite.arrivals() if "instruments" in each["path"]]) == len(asked) + 1
    )


def test_a_contract_is_described_with_the_first_and_last_day_it_was_kept(
    g6: Any, kept: str
) -> None:
    told = json.loads(
        g6("instrument", CALL, "--as-of", "2024-12-20", "--kept", "--json", "--data-dir", kept).out
    )[0]
    assert (told["key"], told["expiry"], told["lot_size"], told["strike"]) == (
        f"NFO:{CALL}",
        "2024-12-26",
        25,
        24_000.0,
    )
    assert (told["buckets"], told["monthly"], told["dte"]) == (["this_month"], True, 6)
    assert (told["kept_first"], told["kept_last"]) == ("2024-11-14", "2024-12-20")


def test_a_token_finds_its_contract_and_that_of_an_index_its_index(g6: Any, kept: str) -> None:
    common = (
        "--as-of",
        "2024-12-20",
        "--kept",
        "--data-dir",
        kept,
        "--set",
        "index_params.BANKNIFTY.enabled=false",
    )
    assert "NIFTY24DECFUT" in g6("instrument", "77", *common).out
    assert "key         NSE:NIFTY 50" in g6("instrument", "NIFTY", *common).out


def test_an_index_has_the_expiries_lots_and_strikes_of_that_day(g6: Any, kept: str) -> None:
    asked = ("instrument", "NIFTY", "--as-of", "2024-11-20", "--kept", "--data-dir", kept)
    (told,) = json.loads(g6(*asked, "--json").out)
    assert told["listed_on"] == "2024-11-14"
    assert {each["expiry"]: each["lot_size"] for each in told["expiries"]} == {
        "2024-11-21": [25],
        "2024-11-28": [25],
    }
    assert [each["strikes"] for each in told["expiries"]] == [
        [23_900.0, 23_950.0, 24_000.0, 24_050.0]
    ] * 2
    words = " ".join(g6(*asked).out.split())
    assert "Thu 21 Nov 2024 lot 25 units 4 23,900 24,050 50" in words


def test_search_takes_parts_of_symbols_strikes_and_days(g6: Any) -> None:
    found = g6(
        "instrument", "search", "nifty", "24000", "2026-12-01", "--as-of", "2026-11-20"
    ).out.splitlines()
    assert [line.split()[0] for line in found] == ["NFO:NIFTY26D0124000CE", "NFO:NIFTY26D0124000PE"]


def test_what_is_not_listed_is_said_with_how_to_search(g6: Any) -> None:
    answer = g6("instrument", "NIFTY26NOV99999CE")
    assert (answer.code, "g6 instrument search" in answer.err) == (3, True)
