"""The look-alike under the broker's own client: every endpoint G6 needs, and what each refusal becomes there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from kiteconnect import KiteConnect
from kiteconnect import exceptions as kite_errors

from g6.bootstrap.quote_sources.sources import recorded_day
from tests.waiting import eventually
from tests.worlds.kite import Kite, kite_server

START = "2026-11-20T10:00:00+05:30"
CALL, NIFTY, FUTURE = "NFO:NIFTY26NOV24000CE", "NSE:NIFTY 50", "NFO:NIFTY26NOVFUT"
IST = timezone(timedelta(hours=5, minutes=30))


@pytest.fixture(scope="module")
def server() -> Iterator[Kite]:
    with kite_server(in_thread=True, start=START) as kite:
        yield kite


@pytest.fixture
def kite(server: Kite) -> Kite:
    """The server without faults or limits, the demo token good."""
    server.clear_faults()
    server.limits(quote=0, historical=0, other=0)
    server.clock(at=START)
    server.admit("demo")
    return server


def client_of(kite: Kite, **options: Any) -> KiteConnect:
    client = KiteConnect("demo", "demo", root=kite.root, **options)
    client.reqsession.trust_env = False
    return client


@pytest.fixture
def client(kite: Kite) -> Iterator[KiteConnect]:
    client = client_of(kite)
    yield client
    client.reqsession.close()


def raw(kite: Kite, path: str, **query: Any) -> Any:
    """The answer as it is on the wire."""
    headers = {"Authorization": "token demo:demo"}
    return httpx.get(
        kite.root + path, params=query, headers=headers, trust_env=False, timeout=90
    ).json()


def test_a_request_token_buys_a_session(client: KiteConnect, kite: Kite) -> None:
    before = kite.state()["exchanges"]
    session = client.generate_session("demo", api_secret="demo")
    assert isinstance(session["login_time"], datetime)
    assert client.access_token == session["access_token"]
    assert client.profile()["user_id"] == session["user_id"]
    assert kite.state()["exchanges"] == before + 1


def test_a_wrong_secret_buys_nothing(client: KiteConnect) -> None:
    with pytest.raises(kite_errors.TokenException):
        client.generate_session("demo", api_secret="guess")


def test_an_invalidated_token_is_dead(kite: Kite) -> None:
    client = client_of(kite)
    client.set_access_token(client.generate_session("demo", "demo")["access_token"])
    assert client.invalidate_access_token() is True
    with pytest.raises(kite_errors.TokenException):
        client.profile()
    client.reqsession.close()


def test_the_login_page_sends_the_browser_back_with_a_token(
    kite: Kite, client: KiteConnect
) -> None:
    kite.callback("http://127.0.0.1:1/callback")
    page = httpx.get(
        f"{kite.root}/connect/login", params={"api_key": "demo", "v": "3"}, trust_env=False
    )
    told = httpx.URL(page.headers["location"])
    assert page.status_code == 302
    assert (told.path, told.params["action"], told.params["status"]) == (
        "/callback",
        "login",
        "success",
    )
    assert client.generate_session(told.params["request_token"], "demo")["access_token"]


def test_a_platform_renews_its_session() -> None:
    with kite_server(in_thread=True, start=START, renewable=True) as kite:
        client = client_of(kite)
        session = client.generate_session("demo", "demo")
        renewed = client.renew_access_token(session["refresh_token"], "demo")
        assert client.access_token == renewed["access_token"] != session["access_token"]
        assert client.profile()["broker"] == "ZERODHA"
        client.reqsession.close()


def test_profile_and_margins_answer(client: KiteConnect) -> None:
    assert {"NFO", "BFO"} <= set(client.profile()["exchanges"])
    assert set(client.margins()) == {"equity", "commodity"}
    assert client.margins("equity")["net"] > 0


def test_an_exchanges_dump_is_typed_as_the_client_types_it(client: KiteConnect) -> None:
    rows = client.instruments("NFO")
    option = next(row for row in rows if row["tradingsymbol"] == "NIFTY26NOV24000CE")
    assert (option["expiry"], option["strike"], option["lot_size"], option["tick_size"]) == (
        date(2026, 11, 23),
        24000.0,
        65,
        0.05,
    )
    assert option["instrument_token"] == int(option["exchange_token"]) * 256 + 2


def test_the_whole_dump_holds_every_exchange(client: KiteConnect) -> None:
    rows = client.instruments()
    assert {row["exchange"] for row in rows} == {"NSE", "BSE", "NFO", "BFO"}
    index = next(row for row in rows if row["tradingsymbol"] == "NIFTY 50")
    assert (index["instrument_token"], index["expiry"], index["lot_size"], index["segment"]) == (
        256265,
        "",
        0,
        "INDICES",
    )


def test_the_dump_needs_no_token_and_travels_compressed(kite: Kite) -> None:
    answer = httpx.get(f"{kite.root}/instruments/BSE", trust_env=False, timeout=90)
    assert answer.headers["content-encoding"] == "gzip"
    assert "csv" in answer.headers["content-type"]
    assert answer.text.startswith(
        "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    )


def test_quotes_answer_under_the_keys_that_were_asked(client: KiteConnect) -> None:
    told = client.quote([CALL, NIFTY, FUTURE, "NFO:NONE", "256265"])
    assert list(told) == [CALL, NIFTY, FUTURE, "256265"]
    assert isinstance(told[CALL]["timestamp"], datetime)
    assert isinstance(told[CALL]["last_trade_time"], datetime)


def test_a_client_may_ask_in_any_form(client: KiteConnect) -> None:
    assert (
        list(client.ltp(CALL, NIFTY))
        == list(client.ltp([CALL, NIFTY]))
        == list(client.ltp((CALL, NIFTY)))
        == [CALL, NIFTY]
    )


def test_five_hundred_keys_fit_one_request(client: KiteConnect) -> None:
    keys = [
        f"NFO:{row['tradingsymbol']}"
        for row in client.instruments("NFO")
        if row["name"] == "MIDCPNIFTY"
    ][:500]
    assert list(client.quote(keys)) == keys


def test_a_thousand_keys_fit_one_short_request(client: KiteConnect) -> None:
    keys = [f"NFO:{row['tradingsymbol']}" for row in client.instruments("NFO")][:1000]
    assert list(client.ohlc(keys)) == list(client.ltp(keys)) == keys


def test_one_key_more_is_refused(client: KiteConnect) -> None:
    with pytest.raises(kite_errors.InputException, match="Max permitted is 500"):
        client.quote([f"NFO:X{n}" for n in range(501)])


def test_candles_come_with_a_zone(client: KiteConnect) -> None:
    told = client.historical_data(
        256265, "2026-11-20 09:15:00", "2026-11-20 09:17:00", "minute", oi=True
    )
    assert [row["date"] for row in told] == [
        datetime(2026, 11, 20, 9, minute, tzinfo=IST) for minute in (15, 16, 17)
    ]
    assert told[0]["oi"] == told[0]["volume"] == 0


def test_a_bad_token_has_no_candles(client: KiteConnect) -> None:
    with pytest.raises(kite_errors.InputException, match="invalid token"):
        client.historical_data(1, "2026-11-20", "2026-11-20", "day")


@pytest.mark.parametrize(
    ("mock", "path", "query"),
    [
        ("quote.json", "/quote", {"i": CALL}),
        ("ohlc.json", "/quote/ohlc", {"i": CALL}),
        ("ltp.json", "/quote/ltp", {"i": CALL}),
        ("profile.json", "/user/profile", {}),
        ("margins.json", "/user/margins", {}),
        ("margins_equity.json", "/user/margins/equity", {}),
    ],
)
def test_fields_and_types_are_the_official_samples(
    kite: Kite, shared: Path, mock: str, path: str, query: dict[str, str]
) -> None:
    sample = json.loads((shared / "data/kite/kiteconnect-mocks" / mock).read_text(encoding="utf-8"))
    assert shape(raw(kite, path, **query), CALL) == shape(sample, "NSE:INFY")


@pytest.mark.parametrize("oi", ["0", "1"])
def test_candles_have_the_official_samples_columns(kite: Kite, shared: Path, oi: str) -> None:
    file = (
        shared
        / "data/kite/kiteconnect-mocks"
        / ("historical_oi.json" if oi == "1" else "historical_minute.json")
    )
    sample = json.loads(file.read_text(encoding="utf-8"))
    token = raw(kite, "/quote/ltp", i=CALL)["data"][CALL]["instrument_token"]
    span = {"from": "2026-11-20 09:15:00", "to": "2026-11-20 09:20:00", "oi": oi}
    told = raw(kite, f"/instruments/historical/{token}/minute", **span)
    assert shape(told["data"]["candles"][0]) == shape(sample["data"]["candles"][0])


def test_a_session_has_the_official_samples_fields(
    kite: Kite, client: KiteConnect, shared: Path
) -> None:
    sample = json.loads(
        (shared / "data/kite/kiteconnect-mocks/generate_session.json").read_text(encoding="utf-8")
    )
    told = client.generate_session("demo", "demo")
    assert told.keys() == sample["data"].keys()


def test_the_dump_has_the_official_samples_columns(kite: Kite, shared: Path) -> None:
    sample = (shared / "data/kite/kiteconnect-mocks/instruments_all.csv").read_text(
        encoding="utf-8"
    )
    assert (
        httpx.get(f"{kite.root}/instruments", trust_env=False, timeout=90).text.splitlines()[0]
        == sample.splitlines()[0]
    )


def shape(told: Any, key: str = "") -> Any:
    """Names and kinds of a JSON document: all numbers are one kind, a missing text is a text, the asked key is any."""
    if isinstance(told, dict):
        return {"*" if name == key else name: shape(value, key) for name, value in told.items()}
    if isinstance(told, list):
        kinds = [shape(value, key) for value in told]
        return kinds[:1] if all(kind == kinds[0] for kind in kinds) else kinds
    if isinstance(told, bool):
        return "bool"
    return "number" if isinstance(told, int | float) else "text"


REFUSALS = [
    ({"name": "403"}, kite_errors.TokenException, 403),
    (
        {"name": "error", "value": "403", "error_type": "PermissionException"},
        kite_errors.PermissionException,
        403,
    ),
    (
        {"name": "error", "value": "403", "error_type": "UserException"},
        kite_errors.GeneralException,
        403,
    ),
    (
        {"name": "error", "value": "400", "error_type": "InputException"},
        kite_errors.InputException,
        400,
    ),
    (
        {"name": "error", "value": "500", "error_type": "OrderException"},
        kite_errors.OrderException,
        500,
    ),
    (
        {"name": "error", "value": "400", "error_type": "MarginException"},
        kite_errors.GeneralException,
        400,
    ),
    (
        {"name": "error", "value": "400", "error_type": "HoldingException"},
        kite_errors.GeneralException,
        400,
    ),
    ({"name": "429"}, kite_errors.NetworkException, 429),
    (
        {"name": "error", "value": "503", "error_type": "NetworkException"},
        kite_errors.NetworkException,
        503,
    ),
    (
        {"name": "error", "value": "502", "error_type": "DataException"},
        kite_errors.DataException,
        502,
    ),
    (
        {"name": "error", "value": "504", "error_type": "DataException"},
        kite_errors.DataException,
        504,
    ),
    ({"name": "error", "value": "500"}, kite_errors.GeneralException, 500),
    (
        {"name": "error", "value": "500", "error_type": "UnheardOfException"},
        kite_errors.GeneralException,
        500,
    ),
    ({"name": "html"}, kite_errors.DataException, 502),
    ({"name": "html", "value": "504"}, kite_errors.DataException, 502),
    ({"name": "truncated"}, kite_errors.DataException, 502),
    ({"name": "no_error_type"}, TypeError, None),
    ({"name": "no_content_type"}, KeyError, None),
    ({"name": "reset"}, requests.exceptions.ConnectionError, None),
]


@pytest.mark.parametrize(("told", "expected", "code"), REFUSALS, ids=lambda each: str(each)[:70])
def test_a_fault_becomes_the_clients_error(
    kite: Kite,
    client: KiteConnect,
    told: dict[str, str],
    expected: type[Exception],
    code: int | None,
) -> None:
    kite.fault(**told, count=1)
    with pytest.raises(expected) as raised:
        client.quote(NIFTY)
    assert type(raised.value) is expected
    assert getattr(raised.value, "code", None) == code
    assert list(client.quote(NIFTY)) == [NIFTY]


def test_a_slow_server_is_a_timeout(kite: Kite) -> None:
    client = client_of(kite, timeout=0.2)
    kite.fault("delay", value="5", count=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.profile()
    client.reqsession.close()


def test_a_flush_may_be_a_fault(kite: Kite, client: KiteConnect) -> None:
    kite.fault("flush")
    with pytest.raises(kite_errors.TokenException):
        client.profile()


def test_a_dead_token_calls_the_sessions_hook(kite: Kite, client: KiteConnect) -> None:
    called = []
    client.set_session_expiry_hook(lambda: called.append(True))
    kite.flush()
    with pytest.raises(kite_errors.TokenException, match="Incorrect `api_key` or `access_token`"):
        client.profile()
    assert called == [True]


def test_a_share_of_the_keys_may_be_missing(kite: Kite, client: KiteConnect) -> None:
    keys = [f"NFO:{row['tradingsymbol']}" for row in client.instruments("NFO")][:100]
    kite.fault("missing_keys", value="0.1", count=1)
    assert len(client.quote(keys)) == 90
    assert len(client.quote(keys)) == 100


def test_the_quote_family_shares_one_request_a_second(kite: Kite, client: KiteConnect) -> None:
    kite.limits(quote=1)
    before = len(kite.arrivals("quote"))
    said: list[str] = []

    def is_refused() -> bool:
        said.extend(_said(ask) for ask in (client.quote, client.ohlc, client.ltp, client.quote))
        return "429 Too many requests" in said

    # On a busy machine each of four may come in a second of its own.
    eventually(is_refused)
    arrivals = kite.arrivals("quote")[before:]
    seconds = {int(each["time"]) for each in arrivals}
    assert said.count("429 Too many requests") == len(arrivals) - len(seconds)
    assert {each["keys"] for each in arrivals} == {1}


def _said(ask: Callable[[str], Any]) -> str:
    try:
        ask(NIFTY)
    except kite_errors.NetworkException as error:
        return f"{error.code} {error}"
    return ""


def test_the_morning_ends_every_token(kite: Kite, client: KiteConnect) -> None:
    kite.clock(at="2026-11-21T07:00:00+05:30")
    assert client.profile()
    kite.clock(advance=30 * 60)
    with pytest.raises(kite_errors.TokenException):
        client.profile()


def test_real_rows_can_be_its_dump(shared: Path) -> None:
    rows = shared / "data/kite/instruments_index_subset_20260818.csv"
    with kite_server(in_thread=True, start="2026-08-18T10:00:00+05:30", dump=rows) as kite:
        kite.limits(quote=0, other=0)
        client = client_of(kite)
        listed = client.instruments("NFO") + client.instruments("BFO")
        assert len(listed) == 3398
        assert {row["tradingsymbol"] for row in listed} >= {"NIFTY26AUGFUT"}
        keys = ["NFO:NIFTY26AUG24000CE", "NFO:NIFTY26AUGFUT", NIFTY]
        told = client.quote(keys)
        tokens = {row["tradingsymbol"]: row["instrument_token"] for row in listed}
        assert told[keys[0]]["instrument_token"] == tokens["NIFTY26AUG24000CE"]
        assert list(told) == keys
        client.reqsession.close()


def test_a_recorded_day_can_be_its_market(shared: Path) -> None:
    recording = shared / "data/recorded/nifty_2026-08-19_1127-1156.parquet"
    with kite_server(
        in_thread=True,
        start="2026-08-19T11:30:10+05:30",
        speed=0,
        recording=recorded_day(recording),
    ) as kite:
        kite.limits(quote=0, other=0)
        client = client_of(kite)
        rows = [row for row in client.instruments("NFO") if row["name"] == "NIFTY"]
        keys = [f"NFO:{row['tradingsymbol']}" for row in rows][:400]
        first = client.quote([*keys, NIFTY])
        kite.clock(advance=60)
        later = client.quote([*keys, NIFTY])
        assert len(first) > 350
        assert len({row["instrument_token"] for row in rows}) == len(rows)
        assert first[NIFTY]["last_price"] != later[NIFTY]["last_price"]
        assert client.ltp([str(rows[0]["instrument_token"])])
        client.reqsession.close()
