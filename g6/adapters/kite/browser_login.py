"""Logging in: the broker's page in a browser, its answer to a page of ours, and the exchange of the one for an access token."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from g6.adapters.kite.access import KiteCredentials, issued_token
from g6.adapters.kite.rest_client import Client, make_client, translated
from g6.adapters.kite.token import Token
from g6.errors import ProviderRefused, TokenDead, Unavailable

LOGIN_URL = "https://kite.zerodha.com/connect/login"
PAGE = "<!doctype html><meta charset=utf-8><title>G6</title><p style='font:1.2em sans-serif;margin:3em'>{}</p>"


def login_url(api_key: str, base: str | None = None) -> str:
    """Return the address of the page on which a person logs in; it answers to the redirect URL registered with the key."""
    return f"{base or LOGIN_URL}?{urlencode({'v': '3', 'api_key': api_key})}"


def exchange(
    credentials: KiteCredentials,
    request_token: str,
    *,
    root: str | None = None,
    timeout: float = 7.0,
    now: Callable[[], datetime],
) -> Token:
    """Return the access token that a request token buys, once. Errors: ProviderBusy, ProviderRefused."""
    if not (credentials.api_key and credentials.api_secret):
        raise ProviderRefused(
            "an exchange needs the API key and the API secret: set KITE_API_KEY and KITE_API_SECRET"
        )
    try:
        session = _generate(
            make_client(credentials.api_key, root=root, timeout=timeout),
            request_token,
            credentials.api_secret,
        )
    except TokenDead as error:
        raise ProviderRefused(
            "Kite refuses the request token or the API secret; a request token is good once, for minutes"
        ) from error
    return issued_token(str(session["access_token"]), str(session.get("user_id", "")), now())


@translated
def _generate(client: Client, request_token: str, api_secret: str) -> dict[str, Any]:
    session: dict[str, Any] = client.generate_session(request_token, api_secret=api_secret)
    return session


def request_token_of(text: str) -> str:
    """Return the request token in what a person pasted: the token itself, or the whole address they were sent to."""
    text = text.strip()
    found = parse_qs(urlsplit(text).query).get("request_token", [])
    return found[0] if found else text


@dataclass(slots=True)
class Callback:
    """A page on this machine that waits for the broker to send the person back; ends with its block."""

    port: int = 0
    token: str = ""
    refused: str = ""
    _came: threading.Event = field(default_factory=threading.Event)
    _server: HTTPServer | None = None

    def __enter__(self) -> Callback:
        """Listen on loopback. Errors: Unavailable."""
        try:
            self._server = HTTPServer(("127.0.0.1", self.port), _page(self))
        except OSError as error:
            raise Unavailable(
                f"cannot listen on 127.0.0.1:{self.port}: {error.strerror}",
                "g6 login --port N with the port of your redirect URL",
            ) from error
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="callback", daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    @property
    def url(self) -> str:
        """The address to register as redirect URL."""
        return f"http://127.0.0.1:{self.port}/"

    def wait(self, seconds: float) -> str:
        """Return the request token that came, "" when none did in `seconds`."""
        self._came.wait(seconds)
        return self.token

    def came(self, query: str) -> str:
        """Take what the broker sent along; return what the person reads."""
        told = parse_qs(query)
        token = told.get("request_token", [""])[0]
        if not token:
            return "G6 waits for a login; this address came without a request token."
        if told.get("status", ["success"])[0] != "success":
            self.refused = told["status"][0]
        self.token = token
        self._came.set()
        return "Logged in. You can close this page; G6 goes on in the terminal."


def _page(callback: Callback) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(callback.came(urlsplit(self.path).query)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the address carries the request token."""

    return Page
