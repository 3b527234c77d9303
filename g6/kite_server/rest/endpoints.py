"""The routes: what each request is answered with, as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from g6.kite_server import payloads
from g6.kite_server.logins import person
from g6.kite_server.market.instrument_catalogue import EXCHANGES
from g6.kite_server.market.quote_board import choose
from g6.kite_server.market.tick_records import Ticks
from g6.kite_server.quota import MOST_KEYS
from g6.kite_server.refusal import Refusal, denied, wrong
from g6.kite_server.rest import historical as candles
from g6.kite_server.server_state import ServerState

Shape = Callable[[Ticks], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """One request."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    form: dict[str, str]
    headers: Mapping[str, str]

    @property
    def keys(self) -> list[str]:
        """The instruments that a quote asks for."""
        return self.query.get("i", [])

    def one(self, name: str) -> str:
        """Return a parameter of the query, "" where it is missing."""
        return self.query.get(name, [""])[0]

    @property
    def pair(self) -> tuple[str, str]:
        """API key and access token of the Authorization header."""
        key, _, token = self.headers.get("authorization", "").removeprefix("token ").partition(":")
        return key, token

    @property
    def api_key(self) -> str:
        """The key that limits are counted under."""
        return self.pair[0] or self.form.get("api_key", "") or self.one("api_key")


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that sends a browser elsewhere."""

    where: str


Told = bytes | bool | dict[str, Any] | Redirect


def family(path: str) -> str:
    """Return the family that a path's requests are counted in."""
    if path.startswith("/quote"):
        return "quote"
    return "historical" if path.startswith("/instruments/historical/") else "other"


def answer(desk: ServerState, asked: ServerRequest) -> Told:
    """Return what a request is answered with. Errors: Refusal."""
    for route in ROUTES:
        if route.method == asked.method and (match := route.pattern.fullmatch(asked.path)):
            if not route.free and not desk.logins.good(*asked.pair):
                raise denied()
            return route.answer(desk, asked, *match.groups())
    if any(route.pattern.fullmatch(asked.path) for route in ROUTES):
        raise Refusal(405, "GeneralException", "Method not allowed")
    raise Refusal(404, "GeneralException", "Route not found")


def _token(desk: ServerState, asked: ServerRequest) -> Told:
    return desk.logins.exchange(asked.form)


def _refresh(desk: ServerState, asked: ServerRequest) -> Told:
    return desk.logins.renew(asked.form)


def _invalidate(desk: ServerState, asked: ServerRequest) -> Told:
    return desk.logins.invalidate(asked.one("api_key"), asked.one("access_token"))


def _login(desk: ServerState, asked: ServerRequest) -> Told:
    """Send the browser on to the callback with a request token, as the broker does after its own page."""
    if asked.one("api_key") != desk.logins.credentials.api_key:
        raise wrong("Invalid `api_key`.")
    where = desk.callback or asked.one("callback")
    if not where:
        raise wrong(
            "Missing `callback`: start the server with --callback URL, or give it in the query."
        )
    told = {
        "action": "login",
        "type": "login",
        "status": "success",
        "request_token": desk.logins.request_token(),
    }
    extra = asked.one("redirect_params")
    return Redirect(
        f"{where}{'&' if '?' in where else '?'}{urlencode(told)}{f'&{extra}' if extra else ''}"
    )


def _profile(desk: ServerState, _: ServerRequest) -> Told:
    return person(desk.logins.credentials.user_id)


def _margins(_: ServerState, __: ServerRequest, segment: str | None = None) -> Told:
    if segment and segment not in ("equity", "commodity"):
        raise wrong("Invalid segment.")
    return margins() if segment else {"equity": margins(), "commodity": margins()}


def margins() -> dict[str, Any]:
    """Return the funds of the account, in rupees."""
    available = ("adhoc_margin", "intraday_payin", "collateral")
    utilised = (
        "debits", "exposure", "m2m_realised", "m2m_unrealised", "option_premium", "payout", "span", "holding_sales", "turnover",
        "liquid_collateral", "stock_collateral", "delivery",
    )  # fmt: skip
    cash = dict.fromkeys(("cash", "opening_balance", "live_balance"), 100000.5)
    return {
        "enabled": True,
        "net": 100000.5,
        "available": dict.fromkeys(available, 0) | cash,
        "utilised": dict.fromkeys(utilised, 0),
    }


def _instruments(desk: ServerState, _: ServerRequest, exchange: str | None = None) -> Told:
    if exchange and exchange not in EXCHANGES and exchange not in desk.catalogue().rows:
        raise wrong(f"Invalid exchange `{exchange}`.")
    catalogue = desk.catalogue()
    return catalogue.csv([exchange] if exchange else list(catalogue.rows))


def _quotes(desk: ServerState, asked: ServerRequest) -> Told:
    """Answer the keys that have data, in the order and spelling they were asked in; the others are left out without a word."""
    if not asked.keys:
        raise wrong("Missing `i`.")
    if len(asked.keys) > (most := MOST_KEYS[asked.path]):
        raise wrong(f"Too many tokens requested. Max permitted is {most}.")
    catalogue, now = desk.catalogue(), desk.clock.market()
    places = {key: place for key in asked.keys if (place := catalogue.place(key))}
    shape = _shape(desk, asked.path)
    found: dict[int, dict[str, Any]] = {}
    for chosen in choose(catalogue, dict.fromkeys(places.values())):
        for ticks in (desk.board.contracts(chosen, now), desk.board.indices(chosen, now)):
            found |= zip(ticks["token"].tolist(), shape(ticks), strict=True)
    return {key: found[place.token] for key, place in places.items() if place.token in found}


def _shape(desk: ServerState, path: str) -> Shape:
    if path == "/quote":
        return lambda ticks: payloads.quote(ticks, desk.index_depth)
    return payloads.ohlc if path == "/quote/ohlc" else payloads.ltp


def _historical(desk: ServerState, asked: ServerRequest, token: str, interval: str) -> Told:
    place = desk.catalogue().place(token)
    if place is None:
        raise wrong("invalid token")
    wanted = candles.CandleRequest.read(interval, asked.one("from"), asked.one("to"))
    rows = candles.candles(desk, place, wanted)
    keep = 7 if asked.one("oi") == "1" else 6
    return {"candles": [row[:keep] for row in rows]}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path; `free` ones need no token."""

    method: str
    pattern: re.Pattern[str]
    answer: Callable[..., Told]
    free: bool = False


ROUTES = tuple(
    Endpoint(method, re.compile(pattern), function, free)
    for method, pattern, function, free in (
        ("POST", "/session/token", _token, True),
        ("DELETE", "/session/token", _invalidate, True),
        ("POST", "/session/refresh_token", _refresh, True),
        ("GET", "/connect/login", _login, True),
        ("GET", "/user/profile", _profile, False),
        ("GET", "/user/margins(?:/([a-z]+))?", _margins, False),
        ("GET", "/instruments(?:/([A-Z]+))?", _instruments, True),
        ("GET", "/quote|/quote/ohlc|/quote/ltp", _quotes, False),
        ("GET", "/instruments/historical/([^/]+)/([^/]+)", _historical, False),
    )
)
"""Every route there is."""
