"""The ways to an access token: a browser, a pasted address, or a request token without a person."""

from __future__ import annotations

import json
import sys
import webbrowser
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import typer
from rich.console import Console

from g6.adapters.kite.access import Access, KiteCredentials
from g6.adapters.kite.browser_login import exchange, login_url, request_token_of
from g6.adapters.kite.token import Token, issued_token
from g6.bootstrap.processes.redis_ports import controls
from g6.bootstrap.quote_sources.guarding import shared_state
from g6.bootstrap.quote_sources.kite_source import redirect_page, token_keeper
from g6.bootstrap.settings_checks.credentials import credentials
from g6.bootstrap.wiring import live_clock, wire, wire_if_running
from g6.config import Settings
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.reports.switches import EVERY_INDEX
from g6.domain.schema.layout import TOKEN_FILE
from g6.domain.schema.words import Reason
from g6.entrypoints.cli.shared.screen import terminal
from g6.errors import G6Error, Unavailable, UserError
from g6.rendering.wording import countdown, moment

READ_IT = "-"
"""In place of a request token: read the address from standard input."""
NOWHERE = "http://127.0.0.1:9/"
"""An address that nothing answers: a look-alike's redirect is read, not followed."""


@dataclass(frozen=True, slots=True)
class LoginWay:
    """How a person wants to log in.

    `request_token` is a token or the address that carries it, `-` to read it from standard input.
    `port` and `wait_seconds` are of the page that a browser is sent to.
    """

    request_token: str | None
    headless: bool
    paste: bool
    port: int
    wait_seconds: float

    @property
    def is_pasted(self) -> bool:
        """Whether a person pastes the address that the browser ends on."""
        return self.paste or self.request_token == READ_IT


def sign_in(settings: Settings, way: LoginWay, *, as_json: bool) -> None:
    """Fetch a token, keep it for all workers, and say until when it is good.

    Raises:
        UserError: There is no API key, or no request token came.
        Unavailable: No browser or port can be used.
        ProviderBusy: Kite does not answer.
        ProviderRefused: Kite refuses the key.
        TokenDead: Kite refuses the request token.
    """
    console = terminal.console(settings, stderr=as_json)
    keeper = tokens_of(settings)
    token = _fresh_token(settings, way, console)
    keeper.keep(token)
    _end_pause(settings)
    _show(settings, keeper, token, console, as_json=as_json)


def tokens_of(settings: Settings) -> Access:
    """Return the keeper of the access token, shared with the system that runs, if one does."""
    wiring = wire_if_running(settings)
    shared = shared_state(wiring)
    return token_keeper(settings, wiring.clock, shared.cache, shared.notify)


def _fresh_token(settings: Settings, way: LoginWay, console: Console) -> Token:
    own = credentials(settings)
    now = live_clock(settings).market
    if settings.provider.token_provider == "fake":  # noqa: S105 - a choice
        return issued_token(own.access_token, "demo", now())
    if not (own.api_key and own.api_secret):
        raise UserError(
            "no API key or no API secret", "set KITE_API_KEY and KITE_API_SECRET, see .env.example"
        )
    base = settings.provider.login_url or (
        f"{settings.provider.root}/connect/login" if settings.lookalike else None
    )
    page = login_url(own.api_key, base)
    request_token = _request_token(page, own, way, console, settings.lookalike)
    # A look-alike's request token may be the word that its key and secret are.
    if not settings.lookalike and request_token in (own.api_key, own.api_secret):
        raise UserError(
            "what was pasted is the API key or the API secret, not a request token",
            "paste the address that the browser ends on after the login",
        )
    return exchange(
        own, request_token, root=settings.provider.root, timeout=settings.provider.timeout, now=now
    )


def _request_token(
    page: str, own: KiteCredentials, way: LoginWay, console: Console, lookalike: bool
) -> str:
    """Return the request token, from where the person wants it.

    Raises:
        UserError: None came.
        Unavailable: No browser or port can be used.
    """
    if way.request_token is not None and not way.is_pasted:
        return request_token_of(way.request_token)
    if way.headless:
        return _without_person(page, own, lookalike)
    request_token = (
        _from_pasted_address(page, console)
        if way.is_pasted
        else _from_browser(page, way, console, lookalike)
    )
    if not request_token:
        raise UserError(
            "no request token came", "g6 login --paste, and paste the address the browser ends on"
        )
    return request_token


def _without_person(page: str, own: KiteCredentials, lookalike: bool) -> str:
    request_token = own.request_token or (_from_lookalike(page) if lookalike else "")
    if not request_token:
        raise UserError(
            "a login without a browser needs a request token",
            "g6 login --request-token TOKEN, or set KITE_REQUEST_TOKEN",
        )
    return request_token


def _from_pasted_address(page: str, console: Console) -> str:
    console.print(
        f"1  open   {page}\n"
        "2  log in; the browser ends on an address with request_token=…\n"
        "3  paste that address here:"
    )
    return request_token_of(sys.stdin.readline())


def _from_browser(page: str, way: LoginWay, console: Console, lookalike: bool) -> str:
    with redirect_page(way.port) as callback:
        page = f"{page}&{urlencode({'callback': callback.url})}" if lookalike else page
        console.print(
            f"waiting {way.wait_seconds:g} s for a login; "
            f"the redirect URL registered with your API key must be {callback.url}"
        )
        has_browser = webbrowser.open(page)
        advice = "if no browser has opened, go to" if has_browser else "go to"
        console.print(f"{advice} {page}", soft_wrap=True)
        return callback.wait(way.wait_seconds)


def _from_lookalike(page: str) -> str:
    """Follow a look-alike's login page, which asks nothing."""
    # httpx 0.28 sends a request to 127.0.0.1 through HTTP_PROXY too, where nobody answers for this
    # machine: trust_env is off.
    try:
        answer = httpx.get(
            f"{page}&{urlencode({'callback': NOWHERE})}",
            follow_redirects=False,
            timeout=5,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise Unavailable(
            f"the look-alike's login page does not answer: {type(error).__name__}",
            "start it: g6 kite-server",
        ) from error
    location = answer.headers.get("location", "")
    return request_token_of(location) if location.startswith(NOWHERE) else ""


def _end_pause(settings: Settings) -> None:
    """End a pause that the dead token began, where a system runs.

    The system would see the token at its next cycle too.
    """
    # A Redis that does not answer is a G6Error like one that is not known: the token stands in its
    # file by now, and a system that starts later reads it there.
    try:
        switches = controls(wire(settings))
        paused = dict(switches.read().paused)
        if paused.get(EVERY_INDEX) == Reason.TOKEN:
            del paused[EVERY_INDEX]
            switches.set("paused", paused or None)
    except G6Error:
        return


def _show(
    settings: Settings, keeper: Access, token: Token, console: Console, *, as_json: bool
) -> None:
    ends = datetime.fromtimestamp(token.expires, UTC)
    path = settings.directory / TOKEN_FILE
    seconds = keeper.state().seconds_left or 0.0
    if as_json:
        document = {
            "user": token.user,
            "expires": isoformat_z(ends),
            "seconds_left": seconds,
            "file": str(path),
        }
        typer.echo(json.dumps(document))
        return
    until = f"{moment(ends)} (in {countdown(seconds)})"
    console.print(f"logged in as {token.user or 'unknown'}; the token ends {until}")
    console.print(
        f"kept in {path}, for its owner only, and for every worker that runs", soft_wrap=True
    )
