"""The broker's WebSocket client, except that it verifies whom it tells the token and goes the way that REST goes.

kiteconnect 5.2.2 connects with twisted's bare `ClientContextFactory`: it looks at no certificate and sends no server name, so that
whoever answers at the address is handed key and token. It also reads every text message, and an order's names user and account.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import requests.certs
from autobahn.twisted.websocket import connectWS  # type: ignore[import-untyped]
from kiteconnect import KiteTicker
from kiteconnect.ticker import KiteTickerClientProtocol
from OpenSSL import SSL
from requests.utils import select_proxy
from service_identity import VerificationError
from twisted.internet import ssl

from g6.errors import BadConfig
from g6.masking import mask_address

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_BUNDLE_FIX = "name a file of PEM certificates in REQUESTS_CA_BUNDLE, or unset it"
WRONG_NAME = "it belongs to another host"


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, asked by CONNECT; `authorization` is shown nowhere."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StreamRoute:
    """How the stream's server is reached: `trust` are the certificates it must be signed by, `proxy` None for the direct way."""

    host: str
    secure: bool
    trust: Any = None
    proxy: Proxy | None = None


def route(root: str | None) -> StreamRoute:
    """Return the way to the stream at `root` (None: the broker's) as requests takes it to REST.

    So HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE hold for both. Errors: BadConfig.
    """
    address = urlsplit(root or KiteTicker.ROOT_URI)
    secure = address.scheme == "wss"
    url = address._replace(scheme="https" if secure else "http").geturl()
    with requests.Session() as session:
        found = session.merge_environment_settings(url, {}, None, None, None)
    proxy = _proxy(select_proxy(url, found["proxies"]))
    if not secure:
        return StreamRoute(address.hostname or "", secure, None, proxy)
    bundle = found["verify"] if isinstance(found["verify"], str) else requests.certs.where()  # type: ignore[attr-defined]
    return StreamRoute(address.hostname or "", secure, _trusted(Path(bundle)), proxy)


def _trusted(bundle: Path) -> Any:
    """Return the certificates of a file, or of a directory's files, as the ones to trust. Errors: BadConfig."""
    try:
        files = sorted(bundle.iterdir()) if bundle.is_dir() else [bundle]
        blocks = [
            block for file in files if file.is_file() for block in _PEM.findall(file.read_bytes())
        ]
        certificates = [ssl.Certificate.loadPEM(block) for block in blocks]
    except (OSError, SSL.Error, ValueError) as error:
        raise BadConfig(
            f"the certificates in {bundle} cannot be read: {error}", _BUNDLE_FIX
        ) from error
    if not certificates:
        raise BadConfig(f"{bundle} holds no certificate", _BUNDLE_FIX)
    return ssl.trustRootFromCertificates(certificates)  # type: ignore[no-untyped-call]


def _proxy(given: str | None) -> Proxy | None:
    if not given:
        return None
    address = urlsplit(given if "://" in given else f"http://{given}")
    if address.scheme != "http" or not address.hostname:
        raise BadConfig(
            f"the tick stream cannot go through {mask_address(given)}: it takes an HTTP proxy",
            "set HTTPS_PROXY=http://host:port, or NO_PROXY to the stream's host",
        )
    words = f"{unquote(address.username or '')}:{unquote(address.password or '')}"
    basic = base64.b64encode(words.encode()).decode() if address.username else ""
    return Proxy(address.hostname, address.port or 80, basic)


class _Protocol(KiteTickerClientProtocol):  # type: ignore[misc]
    """Sends a proxy its authorization, and notes why a connection was lost."""

    def startProxyConnect(self) -> None:  # noqa: N802 - autobahn's name
        """Ask the proxy for the way."""
        where = f"{self.factory.host}:{self.factory.port}"
        lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
        if authorization := self.factory.proxy["authorization"]:
            lines.append(f"Proxy-Authorization: Basic {authorization}")
        self.sendData("\r\n".join([*lines, "", ""]).encode())

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - twisted's name
        """Note a certificate that was refused before the client hears of the end."""
        self.factory.distrust(distrusted(reason.value))
        super().connectionLost(reason)


def distrusted(error: BaseException | None) -> str:
    """Return why a server's certificate was refused, "" where the connection was lost for another reason."""
    if isinstance(error, VerificationError):
        return WRONG_NAME
    if isinstance(error, SSL.Error) and error.args and isinstance(error.args[0], list):
        words = " ".join(str(word) for entry in error.args[0] for word in entry)
        return "nobody who is trusted signed it" if "certificate verify failed" in words else ""
    return ""


class StreamClient(KiteTicker):  # type: ignore[misc]
    """A client of one access over one route; `distrust` hears why a server's certificate was refused."""

    def __init__(
        self,
        key: str,
        token: str,
        way: StreamRoute,
        *,
        distrust: Callable[[str], None],
        **options: Any,
    ) -> None:
        super().__init__(key, token, **options)
        self._way, self._distrust = way, distrust

    def connect(self) -> None:
        """Connect, on a reactor that runs."""
        way, proxy = self._way, None
        if way.proxy is not None:
            proxy = {
                "host": way.proxy.host,
                "port": way.proxy.port,
                "authorization": way.proxy.authorization,
            }
        self._create_connection(
            self.socket_url,
            useragent=self._user_agent(),
            proxy=proxy,
            headers={"X-Kite-Version": "3"},
        )
        self.factory.protocol = _Protocol
        self.factory.distrust = lambda why: self._distrust(why) if why else None
        verified = ssl.optionsForClientTLS(way.host, trustRoot=way.trust) if way.secure else None
        connectWS(self.factory, contextFactory=verified, timeout=self.connect_timeout)

    def _parse_text_message(self, payload: bytes) -> None:
        """Read nothing: an order's text names user and account, and one that is no object ends the connection."""
