"""The routes, and the data that each request is answered with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from g6.kite_server import payloads
from g6.kite_server.logins import person
from g6.kite_server.market.instrument_catalogue import EXCHANGES
from g6.kite_server.market.quote_board import select
from g6.kite_server.market.tick_records import Ticks
from g6.kite_server.payloads import Payload
from g6.kite_server.quota import MOST_KEYS
from g6.kite_server.refusal import RequestRefusal, denied, wrong
from g6.kite_server.rest.historical import CandleRequest, candles
from g6.kite_server.server_state import ServerState

Shape = Callable[[Ticks], list[Payload]]


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


AnswerData = bytes | bool | Payload | Redirect
"""CSV, a truth value, a JSON object or a redirect."""


def family(path: str) -> str:
    """Return the family that a path's requests are counted in."""
    if path.startswith("/quote"):
        return "quote"
    return "historical" if path.startswith("/instruments/historical/") else "other"


def answer(server: ServerState, request: ServerRequest) -> AnswerData:
    """Return the data that a request is answered with.

    Raises:
        RequestRefusal: It is refused, as Kite refuses it.
    """
    is_route = False
    for route in ROUTES:
        match = route.pattern.fullmatch(request.path)
        is_route = is_route or match is not None
        if match and route.method == request.method:
            if not route.free and not server.logins.good(*request.pair):
                raise denied()
            return route.answer(server, request, *match.groups())
    if is_route:
        raise RequestRefusal(405, "GeneralException", "Method not allowed")
    raise RequestRefusal(404, "GeneralException", "Route not found")


def _token(server: ServerState, request: ServerRequest) -> AnswerData:
    return server.logins.exchange(request.form)


def _refresh(server: ServerState, request: ServerRequest) -> AnswerData:
    return server.logins.renew(request.form)


def _invalidate(server: ServerState, request: ServerRequest) -> AnswerData:
    return server.logins.invalidate(request.one("api_key"), request.one("access_token"))


def _login(server: ServerState, request: ServerRequest) -> AnswerData:
    """Send the browser on to the callback with a request token, as Kite does after its own page."""
    if request.one("api_key") != server.logins.credentials.api_key:
        raise wrong("Invalid `api_key`.")
    where = server.callback or request.one("callback")
    if not where:
        raise wrong(
            "Missing `callback`: start the server with --callback URL, or give it in the query."
        )
    parameters = {
        "action": "login",
        "type": "login",
        "status": "success",
        "request_token": server.logins.request_token(),
    }
    extra = request.one("redirect_params")
    separator = "&" if "?" in where else "?"
    return Redirect(f"{where}{separator}{urlencode(parameters)}{f'&{extra}' if extra else ''}")


def _profile(server: ServerState, _: ServerRequest) -> AnswerData:
    return person(server.logins.credentials.user_id)


def _margins(_: ServerState, __: ServerRequest, segment: str | None = None) -> AnswerData:
    if segment and segment not in ("equity", "commodity"):
        raise wrong("Invalid segment.")
    return margins() if segment else {"equity": margins(), "commodity": margins()}


_UTILISED = (
    "debits",
    "exposure",
    "m2m_realised",
    "m2m_unrealised",
    "option_premium",
    "payout",
    "span",
    "holding_sales",
    "turnover",
    "liquid_collateral",
    "stock_collateral",
    "delivery",
)


def margins() -> Payload:
    """Return the funds of the account, in rupees."""
    cash: dict[str, float] = dict.fromkeys(("cash", "opening_balance", "live_balance"), 100000.5)
    return {
        "enabled": True,
        "net": 100000.5,
        "available": dict.fromkeys(("adhoc_margin", "intraday_payin", "collateral"), 0) | cash,
        "utilised": dict.fromkeys(_UTILISED, 0),
    }


def _instruments(server: ServerState, _: ServerRequest, exchange: str | None = None) -> AnswerData:
    catalogue = server.catalogue()
    if exchange and exchange not in EXCHANGES and exchange not in catalogue.rows:
        raise wrong(f"Invalid exchange `{exchange}`.")
    return catalogue.csv([exchange] if exchange else list(catalogue.rows))


def _quotes(server: ServerState, request: ServerRequest) -> AnswerData:
    """Answer the keys that have data, in the order and spelling of the request."""
    if not request.keys:
        raise wrong("Missing `i`.")
    most = MOST_KEYS[request.path]
    if len(request.keys) > most:
        raise wrong(f"Too many tokens requested. Max permitted is {most}.")
    catalogue = server.catalogue()
    now = server.clock.market()
    instruments = {key: catalogue.find(key) for key in request.keys}
    listed = {key: instrument for key, instrument in instruments.items() if instrument}
    shape = _shape(server, request.path)
    answers: dict[int, Payload] = {}
    for selection in select(catalogue, dict.fromkeys(listed.values())):
        for ticks in (
            server.board.contracts(selection, now),
            server.board.indices(selection, now),
        ):
            answers |= zip(ticks["token"].tolist(), shape(ticks), strict=True)
    # Kite leaves out a key without data, or of an expired contract, without a word.
    return {key: answers[ref.token] for key, ref in listed.items() if ref.token in answers}


def _shape(server: ServerState, path: str) -> Shape:
    if path == "/quote":
        return lambda ticks: payloads.quote(ticks, server.index_depth)
    return payloads.ohlc if path == "/quote/ohlc" else payloads.ltp


def _historical(
    server: ServerState, request: ServerRequest, token: str, interval: str
) -> AnswerData:
    instrument = server.catalogue().find(token)
    if instrument is None:
        raise wrong("invalid token")
    wished = CandleRequest.read(interval, request.one("from"), request.one("to"))
    columns = 7 if request.one("oi") == "1" else 6
    return {"candles": [row[:columns] for row in candles(server, instrument, wished)]}


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path.

    `free` ones need no token.
    """

    method: str
    pattern: re.Pattern[str]
    answer: Callable[..., AnswerData]
    free: bool = False


ROUTES = tuple(
    Route(method, re.compile(pattern), function, free)
    for method, pattern, function, free in (
        ("POST", "/session/token", _token, True),
        ("DELETE", "/session/token", _invalidate, True),
        ("POST", "/session/refresh_token", _refresh, True),
        ("GET", "/connect/login", _login, True),
        ("GET", "/user/profile", _profile, False),
        ("GET", "/user/margins(?:/([a-z]+))?", _margins, False),
        # Kite's page shows the header here, and many public scripts do without it.
        ("GET", "/instruments(?:/([A-Z]+))?", _instruments, True),
        ("GET", "/quote|/quote/ohlc|/quote/ltp", _quotes, False),
        ("GET", "/instruments/historical/([^/]+)/([^/]+)", _historical, False),
    )
)
"""Every route."""
