"""Given rows as the dump."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from g6.config import calendar
from g6.domain.market.calendar import IST
from g6.domain.market.dump_layout import DUMP_COLUMNS
from g6.errors import BadInput
from g6.kite_server.market.instrument_catalogue import read_rows
from g6.kite_server.rest import endpoints
from g6.kite_server.server_options import ServerOptions
from g6.kite_server.server_state import ServerState, build_state

ROWS = """\
14866434,58072,NIFTY26AUGFUT,NIFTY,0.0,2026-08-25,0.0,0.1,65,FUT,NFO-FUT,NFO
11000066,42968,NIFTY26AUG24000CE,NIFTY,0.0,2026-08-25,24000.0,0.05,65,CE,NFO-OPT,NFO
11000322,42969,NIFTY26AUG24025PE,NIFTY,0.0,2026-08-25,24025.0,0.05,65,PE,NFO-OPT,NFO
20000002,78125,RELIANCE26AUG1400CE,RELIANCE,0.0,2026-08-25,1400.0,0.05,500,CE,NFO-OPT,NFO
738561,2885,RELIANCE,RELIANCE INDUSTRIES,0.0,,,0.05,1,EQ,NSE,NSE
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(",".join(DUMP_COLUMNS) + "\n" + ROWS)
    return path


@pytest.fixture
def state(file: Path) -> ServerState:
    return build_state(
        ServerOptions(start=datetime(2026, 8, 18, 10, tzinfo=IST), speed=0, dump=file), calendar()
    )


def ask(state: ServerState, path: str, *keys: str) -> object:
    return endpoints.answer(
        state,
        endpoints.ServerRequest(
            "GET", path, {"i": list(keys)}, {}, {"authorization": "token demo:demo"}
        ),
    )


def test_given_rows_are_served_with_their_numbers_filled(state: ServerState) -> None:
    told = ask(state, "/instruments/NFO")
    assert isinstance(told, bytes)
    assert (
        told.decode().splitlines()[2]
        == "11000066,42968,NIFTY26AUG24000CE,NIFTY,0,2026-08-25,24000,0.05,65,CE,NFO-OPT,NFO"
    )
    assert (
        b"\n738561,2885,RELIANCE,RELIANCE INDUSTRIES,0,,0,0.05,1,EQ,NSE,NSE\n"
        in state.catalogue().csv(["NSE"])
    )


def test_what_the_market_lists_is_quoted_under_the_given_token_and_the_rest_left_out(
    state: ServerState,
) -> None:
    keys = (
        "NFO:NIFTY26AUG24000CE",
        "NFO:NIFTY26AUG24025PE",
        "NFO:RELIANCE26AUG1400CE",
        "NSE:RELIANCE",
        "NSE:NIFTY 50",
    )
    told = ask(state, "/quote", *keys)
    assert isinstance(told, dict)
    assert list(told) == ["NFO:NIFTY26AUG24000CE", "NSE:NIFTY 50"]
    assert told["NFO:NIFTY26AUG24000CE"]["instrument_token"] == 11000066


def test_a_given_future_is_quoted(state: ServerState) -> None:
    told = ask(state, "/quote/ltp", "14866434")
    assert isinstance(told, dict)
    assert told["14866434"]["last_price"] > 20_000


def test_a_directory_may_hold_other_tables(file: Path) -> None:
    (file.parent / "other.csv").write_text("a,b\n1,2\n")
    assert len(read_rows(file.parent)) == 5


def test_a_row_that_is_none_is_named(file: Path) -> None:
    file.write_text(file.read_text() + "x,1,A,A,0,,0,0,0,EQ,NSE,NSE\n")
    with pytest.raises(BadInput, match="row 7"):
        read_rows(file)
