"""The login: Kite's page in a browser, its redirect to a page of ours, the exchange for a token."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from g6.adapters.kite.access import KiteCredentials
from g6.adapters.kite.limits import LOGIN_URL
from g6.adapters.kite.rest_client import RestClient, make_client, translated
from g6.adapters.kite.token import Token, issued_token
from g6.errors import ProviderRefused, TokenDead, Unavailable, UserError

REFUSED: Mapping[str, tuple[str, str]] = {
    "checksum": (
        "Kite refuses the API secret: it is not that of this API key",
        "copy KITE_API_SECRET from the app at Kite's developer console again, then g6 login",
    ),
    "api_key": (
        "Kite knows no such API key",
        "copy KITE_API_KEY from the app at Kite's developer console again, then g6 login",
    ),
}
"""Sentence and fix by a word of Kite's refusal."""
REFUSED_TOKEN = (
    "Kite refuses the request token, which is good once and for a few minutes",
    "g6 login again, and use the address of the new login at once",
)
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")

PAGE = (
    "<!doctype html><meta charset=utf-8><title>G6</title>"
    "<p style='font:1.2em sans-serif;margin:3em'>{}</p>"
)


def login_url(api_key: str, base: str | None = None) -> str:
    """Return the page on which a person logs in.

    It redirects to the address registered with the key.
    """
    # kiteconnect's `root` does not change its login address, which is a class attribute.
    return f"{base or LOGIN_URL}?{urlencode({'v': '3', 'api_key': api_key})}"


def exchange(
    credentials: KiteCredentials,
    request_token: str,
    *,
    root: str | None = None,
    timeout: float = 7.0,
    now: Callable[[], datetime],
) -> Token:
    """Return the access token that a request token buys, once.

    Raises:
        ProviderBusy: Kite has a bad moment.
        ProviderRefused: The key or the secret is missing, or Kite refuses them or the token.
    """
    if not (credentials.api_key and credentials.api_secret):
        raise ProviderRefused(
            "an exchange needs the API key and the API secret: set KITE_API_KEY and KITE_API_SECRET"
        )
    client = make_client(credentials.api_key, root=root, timeout=timeout)
    try:
        session = _generate(client, request_token, credentials.api_secret)
    except (TokenDead, ProviderRefused) as error:
        raise _refusal(error) from error
    return issued_token(str(session["access_token"]), str(session.get("user_id", "")), now())


@translated
def _generate(client: RestClient, request_token: str, api_secret: str) -> Mapping[str, object]:
    session: Mapping[str, object] = client.generate_session(request_token, api_secret=api_secret)
    return session


def _refusal(error: TokenDead | ProviderRefused) -> ProviderRefused:
    """Return which of key, secret and request token Kite refuses, with what mends it."""
    for word, (sentence, fix) in REFUSED.items():
        if word in error.sentence:
            return ProviderRefused(sentence, fix)
    if isinstance(error, ProviderRefused):
        return error
    return ProviderRefused(*REFUSED_TOKEN)


def request_token_of(text: str) -> str:
    """Return the request token in a pasted text: the token itself, or the address it came with.

    Raises:
        UserError: The text is neither.
    """
    text = text.strip()
    try:
        query = parse_qs(urlsplit(text).query)
    except ValueError:
        query = {}
    tokens = query.get("request_token", [])
    token = tokens[0] if tokens else text
    if not token or _TOKEN.fullmatch(token):
        return token
    is_address = "://" in text or "?" in text or text.startswith("www.")
    if is_address:
        sentence = "the pasted address carries no request_token"
        fix = "log in on that page first, then paste the address that the browser ends on"
    else:
        sentence = "the pasted text is neither a request token nor an address that carries one"
        fix = "paste the whole address that the browser ends on after the login"
    raise UserError(sentence, fix)


@dataclass(slots=True)
class Callback:
    """A page on this machine that waits for Kite's redirect.

    It ends with its `with` block.
    """

    port: int = 0
    token: str = ""
    refused: str = ""
    _arrived: threading.Event = field(default_factory=threading.Event)
    _server: HTTPServer | None = None

    def __enter__(self) -> Callback:
        """Listen on loopback.

        Raises:
            Unavailable: The port is taken.
        """
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
        """Return the request token that arrived, "" when none did in `seconds`."""
        self._arrived.wait(seconds)
        return self.token

    def receive(self, query: str) -> str:
        """Take the query of Kite's redirect and return what the person reads."""
        values = parse_qs(query)
        token = values.get("request_token", [""])[0]
        if not token:
            return "G6 waits for a login; this address came without a request token."
        status = values.get("status", ["success"])[0]
        if status != "success":
            self.refused = status
        self.token = token
        self._arrived.set()
        return "Logged in. You can close this page; G6 goes on in the terminal."


def _page(callback: Callback) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(callback.receive(urlsplit(self.path).query)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing: the address carries the request token."""

    return Page
