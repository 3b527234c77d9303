"""A recording as the server's market."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from g6.bootstrap.quote_sources.sources import recorded_day
from g6.config import calendar
from g6.domain.market.calendar import IST
from g6.kite_server.rest import endpoints
from g6.kite_server.server_options import ServerOptions
from g6.kite_server.server_state import ServerState, build_state

NIFTY = "NSE:NIFTY 50"
CALL = "NFO:NIFTY-2026-08-25-24000-CE"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two minutes of two strikes; the second has no put at first."""
    lines = ["timestamp,symbol,expiry,strike,option_type,spot,ltp,volume,oi"]
    for minute in (27, 28):
        for strike, side in (
            (24000, "CE"),
            (24000, "PE"),
            (24100, "CE"),
            *(((24100, "PE"),) if minute == 28 else ()),
        ):
            price = f"{24050 + minute},{100 + minute},{650 * minute},6500"
            lines.append(
                f"2026-08-19T11:{minute}:00+05:30,NIFTY,2026-08-25,{strike},{side},{price}"
            )
    file = tmp_path / "day.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture
def state(recording: Path) -> ServerState:
    return build_state(
        ServerOptions(start=at("11:27:30"), speed=0, recording=recorded_day(recording)), calendar()
    )


def at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-08-19 {time}").replace(tzinfo=IST)


@pytest.fixture
def ask(state: ServerState) -> Callable[..., Any]:
    def ask(path: str, *keys: str) -> Any:
        return endpoints.answer(
            state,
            endpoints.ServerRequest(
                "GET", path, {"i": list(keys)}, {}, {"authorization": "token demo:demo"}
            ),
        )

    return ask


def test_the_newest_instant_stands(state: ServerState, ask: Callable[..., Any]) -> None:
    first = ask("/quote", CALL, NIFTY)
    state.clock.move(at=at("11:28:10"))
    later = ask("/quote", CALL, NIFTY)
    assert [each[CALL]["last_price"] for each in (first, later)] == [127.0, 128.0]
    assert [each[NIFTY]["last_price"] for each in (first, later)] == [24077.0, 24078.0]
    assert first[CALL]["timestamp"] == "2026-08-19 11:27:00"


def test_what_was_not_recorded_is_left_out(ask: Callable[..., Any]) -> None:
    assert list(ask("/quote", CALL, "NSE:INDIA VIX", "BSE:SENSEX", "NFO:NIFTY26AUGFUT")) == [CALL]


def test_a_strike_that_comes_later_is_listed_then_and_no_token_changes(
    state: ServerState, ask: Callable[..., Any]
) -> None:
    first = {key: place.token for key, place in state.catalogue().by_key.items()}
    state.clock.move(at=at("11:28:10"))
    later = {key: place.token for key, place in state.catalogue().by_key.items()}
    assert len(later) == len(first) + 1
    assert first.items() <= later.items()
    assert len(set(later.values())) == len(later)


def test_a_recording_has_no_candles(state: ServerState) -> None:
    token = state.catalogue().by_key[CALL].token
    query = {"from": ["2026-08-19"], "to": ["2026-08-19"]}
    asked = endpoints.ServerRequest(
        "GET", f"/instruments/historical/{token}/minute", query, {}, {"authorization": "token demo:demo"}
    )  # fmt: skip
    assert endpoints.answer(state, asked) == {"candles": []}


def test_a_day_that_is_not_recorded_has_nothing(
    state: ServerState, ask: Callable[..., Any]
) -> None:
    state.clock.move(at=datetime(2026, 8, 20, 11, 0, tzinfo=IST))
    state.logins.admit("demo")
    assert ask("/quote", CALL, NIFTY) == {}
