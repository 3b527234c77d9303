"""How `g6 login` gets its token: a browser and a page of ours, a pasted address, or no person at all."""

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

from g6.adapters.kite.access import Access, KiteCredentials, issued_token
from g6.adapters.kite.browser_login import Callback, exchange, login_url, request_token_of
from g6.adapters.kite.token import Token
from g6.adapters.redis.controls import RedisControls
from g6.adapters.redis.server import connect
from g6.bootstrap.guarding import access, shared_state
from g6.bootstrap.redis_address import TOKEN_FILE, broker_clock, broker_url, credentials
from g6.config import Settings
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import IST
from g6.entrypoints.cli.shared import terminal
from g6.errors import G6Error, Unavailable, UserError
from g6.rendering.screens import countdown

NOWHERE = "http://127.0.0.1:9/"


@dataclass(frozen=True, slots=True)
class LoginWay:
    """How a person wants to log in."""

    given: str | None
    headless: bool
    paste: bool
    port: int
    wait: float


def sign_in(settings: Settings, way: LoginWay, *, as_json: bool) -> None:
    """Fetch a token, keep it for all workers, and say until when it is good. Errors: as `_obtained`."""
    console = terminal.console(settings, stderr=as_json)
    keeper = access(settings, shared_state(settings))
    token = _obtained(settings, credentials(settings), way, console)
    keeper.keep(token)
    _resume(settings)
    _say(settings, keeper, token, console, as_json=as_json)


def _obtained(settings: Settings, mine: KiteCredentials, way: LoginWay, console: Console) -> Token:
    """Return a fresh token. Errors: UserError, Unavailable, ProviderBusy, ProviderRefused, TokenDead."""
    now = broker_clock(settings).market
    if settings.provider.token_provider == "fake":  # noqa: S105 - a choice
        return issued_token(mine.access_token, "demo", now())
    if not (mine.api_key and mine.api_secret):
        raise UserError(
            "no API key or no API secret", "set KITE_API_KEY and KITE_API_SECRET, see .env.example"
        )
    base = settings.provider.login_url or (
        f"{settings.provider.root}/connect/login" if settings.lookalike else None
    )
    words = _request_token(login_url(mine.api_key, base), mine, way, console, settings.lookalike)
    return exchange(
        mine, words, root=settings.provider.root, timeout=settings.provider.timeout, now=now
    )


def _request_token(
    page: str, mine: KiteCredentials, way: LoginWay, console: Console, lookalike: bool
) -> str:
    """Return the request token, from where the person wants it. Errors: UserError, Unavailable."""
    if way.given is not None and way.given != "-":
        return request_token_of(way.given)
    if way.headless:
        found = mine.request_token or (_from_lookalike(page) if lookalike else "")
        fix = "g6 login --request-token TOKEN, or set KITE_REQUEST_TOKEN"
        if not found:
            raise UserError("a login without a browser needs a request token", fix)
        return found
    if way.paste or way.given == "-":
        console.print(
            f"1  open   {page}\n2  log in; the browser ends on an address with request_token=…\n3  paste that address here:"
        )
        found = request_token_of(sys.stdin.readline())
    else:
        found = _from_browser(page, way, console, lookalike)
    if not found:
        raise UserError(
            "no request token came", "g6 login --paste, and paste the address the browser ends on"
        )
    return found


def _from_browser(page: str, way: LoginWay, console: Console, lookalike: bool) -> str:
    with Callback(way.port) as callback:
        page = f"{page}&{urlencode({'callback': callback.url})}" if lookalike else page
        console.print(
            f"waiting {way.wait:g} s for a login; the redirect URL registered with your API key must be {callback.url}"
        )
        opened = webbrowser.open(page)
        console.print(
            f"{'if no browser has opened, go to' if opened else 'go to'} {page}", soft_wrap=True
        )
        return callback.wait(way.wait)


def _from_lookalike(page: str) -> str:
    """Follow a look-alike's login page, which asks nothing."""
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
    where = answer.headers.get("location", "")
    return request_token_of(where) if where.startswith(NOWHERE) else ""


def _resume(settings: Settings) -> None:
    """End a pause that the dead token began, where something runs; a running system would see the token at its next cycle too."""
    try:
        client = connect(broker_url(settings), master_name=settings.redis.master_name or "")
        controls = RedisControls(client, settings.namespace)
        paused = dict(controls.read().get("paused") or {})
        if paused.get("*") == "token":
            controls.set(
                "paused", {name: why for name, why in paused.items() if name != "*"} or None
            )
    except G6Error:
        return


def _say(
    settings: Settings, keeper: Access, token: Token, console: Console, *, as_json: bool
) -> None:
    ends = datetime.fromtimestamp(token.expires, UTC)
    path = settings.directory / TOKEN_FILE
    left = keeper.state()["seconds_left"] or 0.0
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "user": token.user,
                    "expires": isoformat_z(ends),
                    "seconds_left": left,
                    "file": str(path),
                }
            )
        )
        return
    until = f"{ends.astimezone(IST):%a %d %b %Y %H:%M} IST (in {countdown(left)})"
    console.print(f"logged in as {token.user or 'unknown'}; the token ends {until}")
    console.print(
        f"kept in {path}, for its owner only, and for every worker that runs", soft_wrap=True
    )
