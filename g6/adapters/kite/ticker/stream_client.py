"""Kite's WebSocket client, with the server's certificate checked and the proxy that REST takes.

kiteconnect 5.2.2 connects with twisted's bare `ClientContextFactory`: it looks at no certificate
and sends no server name, so that whoever answers at the address is handed key and token. It also
reads every text message, and the text of an order names user and account.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
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
from g6.errors.masking import mask_address

if TYPE_CHECKING:
    from twisted.internet._sslverify import IOpenSSLTrustRoot

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_BUNDLE_FIX = "name a file of PEM certificates in REQUESTS_CA_BUNDLE, or unset it"
WRONG_NAME = "it belongs to another host"


class TwistedFailure(Protocol):
    """Twisted's Failure: why a connection was lost, or a call failed."""

    value: BaseException | None

    def getErrorMessage(self) -> str:  # noqa: N802 - twisted's name
        """Return the text of the error."""
        ...


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, asked by CONNECT.

    `authorization` is left out of `repr`.
    """

    host: str
    port: int
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StreamRoute:
    """How the stream's server is reached.

    Attributes:
        host: Name that the certificate must carry.
        secure: Whether the stream is encrypted.
        trust: Twisted's trust root: the certificates that may sign the server's.
        proxy: None for the direct way.
    """

    host: str
    secure: bool
    trust: IOpenSSLTrustRoot | None = None
    proxy: Proxy | None = None


def route(root: str | None) -> StreamRoute:
    """Return the way to the stream at `root` (None: Kite's), the same that requests takes to REST.

    So HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE hold for both.

    Raises:
        BadConfig: The certificates cannot be read, or the proxy is no HTTP proxy.
    """
    address = urlsplit(root or KiteTicker.ROOT_URI)
    host = address.hostname or ""
    is_secure = address.scheme == "wss"
    url = address._replace(scheme="https" if is_secure else "http").geturl()
    with requests.Session() as session:
        environment = session.merge_environment_settings(url, {}, None, None, None)
    proxy = _proxy(select_proxy(url, environment["proxies"]))
    if not is_secure:
        return StreamRoute(host, is_secure, None, proxy)
    bundle = environment["verify"]
    if not isinstance(bundle, str):
        bundle = requests.certs.where()  # type: ignore[attr-defined]
    return StreamRoute(host, is_secure, _trust_root(Path(bundle)), proxy)


def _trust_root(bundle: Path) -> IOpenSSLTrustRoot:
    """Return the certificates of a file, or of a directory's files, to trust.

    Raises:
        BadConfig: They cannot be read, or there are none.
    """
    certificates = []
    try:
        for path in sorted(bundle.iterdir()) if bundle.is_dir() else [bundle]:
            if path.is_file():
                blocks = _PEM.findall(path.read_bytes())
                certificates += [ssl.Certificate.loadPEM(block) for block in blocks]
    except (OSError, SSL.Error, ValueError) as error:
        raise BadConfig(
            f"the certificates in {bundle} cannot be read: {error}", _BUNDLE_FIX
        ) from error
    if not certificates:
        raise BadConfig(f"{bundle} holds no certificate", _BUNDLE_FIX)
    make: Callable[[list[ssl.Certificate]], IOpenSSLTrustRoot] = ssl.trustRootFromCertificates
    return make(certificates)


def _proxy(text: str | None) -> Proxy | None:
    if not text:
        return None
    address = urlsplit(text if "://" in text else f"http://{text}")
    if address.scheme != "http" or not address.hostname:
        raise BadConfig(
            f"the tick stream cannot go through {mask_address(text)}: it takes an HTTP proxy",
            "set HTTPS_PROXY=http://host:port, or NO_PROXY to the stream's host",
        )
    pair = f"{unquote(address.username or '')}:{unquote(address.password or '')}"
    authorization = base64.b64encode(pair.encode()).decode() if address.username else ""
    return Proxy(address.hostname, address.port or 80, authorization)


class _Protocol(KiteTickerClientProtocol):  # type: ignore[misc]
    """Sends a proxy its authorization, and reports a certificate that was refused."""

    def startProxyConnect(self) -> None:  # noqa: N802 - autobahn's name
        """Ask the proxy for the way."""
        where = f"{self.factory.host}:{self.factory.port}"
        lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
        # autobahn 19.11.2 sends no Proxy-Authorization of its own.
        if authorization := self.factory.proxy["authorization"]:
            lines.append(f"Proxy-Authorization: Basic {authorization}")
        self.sendData("\r\n".join([*lines, "", ""]).encode())

    def connectionLost(self, reason: TwistedFailure) -> None:  # noqa: N802 - twisted's name
        """Report a certificate that was refused before the client hears of the end."""
        self.factory.distrust(refused_certificate(reason.value))
        super().connectionLost(reason)


def refused_certificate(error: BaseException | None) -> str:
    """Return why a server's certificate was refused, "" where the connection was lost otherwise."""
    if isinstance(error, VerificationError):
        return WRONG_NAME
    if isinstance(error, SSL.Error) and error.args and isinstance(error.args[0], list):
        words = " ".join(str(word) for entry in error.args[0] for word in entry)
        return "nobody who is trusted signed it" if "certificate verify failed" in words else ""
    return ""


class StreamClient(KiteTicker):  # type: ignore[misc]
    """A client of one token over one route.

    Args:
        key: Kite's API key.
        token: The access token.
        route: How the server is reached.
        distrust: Called with the reason when the server's certificate is refused.
        options: Options of KiteTicker.
    """

    def __init__(
        self,
        key: str,
        token: str,
        route: StreamRoute,
        *,
        distrust: Callable[[str], None],
        **options: Any,
    ) -> None:
        super().__init__(key, token, **options)
        self._route = route
        self._distrust = distrust

    def connect(self) -> None:
        """Connect, on a reactor that runs."""
        self._create_connection(
            self.socket_url,
            useragent=self._user_agent(),
            proxy=self._proxy_options(),
            headers={"X-Kite-Version": "3"},
        )
        self.factory.protocol = _Protocol
        self.factory.distrust = lambda reason: self._distrust(reason) if reason else None
        context = None
        if self._route.secure:
            context = ssl.optionsForClientTLS(self._route.host, trustRoot=self._route.trust)
        connectWS(self.factory, contextFactory=context, timeout=self.connect_timeout)

    def _proxy_options(self) -> Mapping[str, object] | None:
        proxy = self._route.proxy
        if proxy is None:
            return None
        return {"host": proxy.host, "port": proxy.port, "authorization": proxy.authorization}

    def _parse_text_message(self, payload: bytes) -> None:
        """Read nothing: a text may name the account, and one that is no object disconnects."""
