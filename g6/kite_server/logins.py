"""The tokens of the server: request tokens are good once, access tokens die every morning."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from threading import Lock

from g6.domain.market.calendar import IST, day_of
from g6.errors import BadInput
from g6.kite_server.movable_clock import MovableClock
from g6.kite_server.refusal import RequestRefusal, denied, wrong

DEMO = "demo"
REQUEST_TOKEN_LIVES = timedelta(minutes=5)
FLUSH = time(7, 15)
"""Clock time (IST) at which the day's access tokens die.

Kite's page says 06:00, its staff 07:00 to 07:30.
"""


@dataclass(frozen=True, slots=True)
class AcceptedCredentials:
    """The credentials that the server accepts.

    `access_token` and `request_token` are good from the start, the latter more than once.
    """

    api_key: str = DEMO
    api_secret: str = DEMO
    access_token: str = DEMO
    request_token: str = DEMO
    user_id: str = "DM0001"

    @classmethod
    def read(cls, path: Path) -> AcceptedCredentials:
        """Return the credentials of a JSON file.

        A token that it leaves out is refused.

        Raises:
            BadInput: The file is no JSON, or has other names.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise BadInput(path, None, f"is no file of credentials: {error}") from error
        names = set(cls.__dataclass_fields__)
        required = {"api_key", "api_secret"}
        if not isinstance(content, dict) or not required <= content.keys() <= names:
            raise BadInput(
                path,
                None,
                "needs api_key and api_secret",
                f"it may hold {', '.join(sorted(names))} and nothing else",
            )
        return cls(**({"access_token": "", "request_token": ""} | content))


def flush_between(earlier: datetime, later: datetime, flush: time = FLUSH) -> bool:
    """Tell whether a morning's flush lies between two instants."""
    day = day_of(earlier)
    first = datetime.combine(day, flush, IST)
    if first <= earlier:
        first += timedelta(days=1)
    return first <= later


@dataclass
class Logins:
    """The tokens that are good now, by the market's clock.

    Only a `renewable` server gives refresh tokens, as Kite does to approved platforms.
    """

    credentials: AcceptedCredentials
    clock: MovableClock
    flush_at: time = FLUSH
    renewable: bool = False
    exchanges: int = 0
    _access: dict[str, datetime] = field(default_factory=dict)
    _refresh: dict[str, str] = field(default_factory=dict)
    _requests: dict[str, datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        if self.credentials.access_token:
            self.admit(self.credentials.access_token)

    def admit(self, access_token: str) -> None:
        """Make an access token good until the next flush."""
        with self._lock:
            self._access[access_token] = self.clock.market()

    def flush(self) -> None:
        """Let every access token die."""
        with self._lock:
            self._access.clear()
            self._refresh.clear()

    def good(self, api_key: str, access_token: str) -> bool:
        """Tell whether the pair may ask."""
        with self._lock:
            since = self._access.get(access_token)
            if since is not None and flush_between(since, self.clock.market(), self.flush_at):
                del self._access[access_token]
                since = None
        return since is not None and hmac.compare_digest(
            api_key.encode(), self.credentials.api_key.encode()
        )

    def request_token(self) -> str:
        """Return a request token of the login page, good once and for a few minutes."""
        token = secrets.token_hex(16)
        with self._lock:
            self._requests[token] = self.clock.market()
        return token

    def exchange(self, form: dict[str, str]) -> dict[str, object]:
        """Return the session that a request token buys.

        Raises:
            RequestRefusal: The token or its checksum is wrong.
        """
        self._check(form, "request_token")
        token = form["request_token"]
        with self._lock:
            minted = self._requests.pop(token, None)
        is_configured = bool(token) and token == self.credentials.request_token
        is_fresh = minted is not None and self.clock.market() - minted <= REQUEST_TOKEN_LIVES
        if not is_configured and not is_fresh:
            raise denied("Token is invalid or has expired.")
        return self._session()

    def renew(self, form: dict[str, str]) -> dict[str, object]:
        """Return the session that a refresh token buys.

        Raises:
            RequestRefusal: The token or its checksum is wrong.
        """
        self._check(form, "refresh_token")
        with self._lock:
            access = self._refresh.pop(form["refresh_token"], None)
        if access is None:
            raise denied("Token is invalid or has expired.")
        return self._session()

    def invalidate(self, api_key: str, access_token: str) -> bool:
        """Let an access token die.

        Raises:
            RequestRefusal: It is not good.
        """
        if not self.good(api_key, access_token):
            raise denied()
        with self._lock:
            self._access.pop(access_token, None)
        return True

    def _check(self, form: dict[str, str], token: str) -> None:
        if missing := [name for name in ("api_key", token, "checksum") if not form.get(name)]:
            raise wrong(f"Missing `{missing[0]}`.")
        if form["api_key"] != self.credentials.api_key:
            raise RequestRefusal(403, "TokenException", "Invalid `api_key`.")
        text = form["api_key"] + form[token] + self.credentials.api_secret
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if not hmac.compare_digest(checksum.encode(), form["checksum"].encode()):
            raise denied("Invalid `checksum`.")

    def _session(self) -> dict[str, object]:
        # Kite's client does not encode tokens in addresses: a + would arrive as a space.
        access = secrets.token_hex(16)
        refresh = secrets.token_hex(16) if self.renewable else ""
        self.admit(access)
        with self._lock:
            self.exchanges += 1
            if refresh:
                self._refresh[refresh] = access
        now = self.clock.market().astimezone(IST)
        return {
            **person(self.credentials.user_id),
            "api_key": self.credentials.api_key,
            "access_token": access,
            "public_token": secrets.token_hex(16),
            "enctoken": secrets.token_hex(16),
            "refresh_token": refresh,
            "silo": "",
            # The client reads login_time without asking whether it is there.
            "login_time": f"{now:%Y-%m-%d %H:%M:%S}",
        }


def person(user_id: str) -> dict[str, object]:
    """Return the profile of the account that everybody logs in to."""
    return {
        "user_id": user_id,
        "user_type": "individual",
        "email": "demo@example.com",
        "user_name": "Demo Account",
        "user_shortname": "Demo",
        "broker": "ZERODHA",
        "exchanges": ["NSE", "BSE", "NFO", "BFO"],
        "products": ["CNC", "NRML", "MIS"],
        "order_types": ["MARKET", "LIMIT", "SL", "SL-M"],
        "avatar_url": None,
        "meta": {"demat_consent": "physical"},
    }
