"""The stream's client tells key and token to a server that shows a certificate for its name, and to nobody else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from g6.adapters.kite.rest_client import ask_profile, make_client
from g6.errors import ProviderBusy
from tests.worlds.certificates import Certificates, Pair, make_certificates

ROOT = Path(__file__).resolve().parents[3]
POSTBACK = {
    "type": "order",
    "data": {"user_id": "AB1234", "account_id": "AC99", "order_id": "220303000308932"},
}
TEXTS = [
    json.dumps(POSTBACK),
    json.dumps({"type": "AB1234", "data": 1}),
    "[1]",
    "12",
    "no JSON",
    '{"type": ["x"]}',
    '{"type": "message"}',
]


class Server:
    """A WebSocket server over TLS that notes what it was asked, and for which name."""

    def __init__(self, pair: Pair) -> None:
        self.paths: list[str] = []
        self.names: list[str | None] = []
        context = pair.server()
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._server = serve(self._answer, "127.0.0.1", 0, ssl=context)
        self.port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(self, connection: ServerConnection) -> None:
        self.paths.append(connection.request.path if connection.request else "")
        for text in TEXTS:
            connection.send(text)
        with suppress(Exception):
            connection.recv()

    def close(self) -> None:
        self._server.shutdown()


class Proxy:
    """An HTTP proxy that takes CONNECT, to wherever it is configured to, and notes what it was asked."""

    def __init__(self, port: int) -> None:
        self.requests: list[str] = []
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(
                    target=self._carry, args=(self._listening.accept()[0],), daemon=True
                ).start()

    def _carry(self, client: socket.socket) -> None:
        asked = b""
        with client, suppress(OSError):
            while b"\r\n\r\n" not in asked:
                asked += client.recv(4096)
            self.requests.append(asked.decode())
            with socket.create_connection(("127.0.0.1", self._to)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()

    def close(self) -> None:
        self._listening.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            sink.sendall(content)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@contextmanager
def servers(*pairs: Pair) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        made = [Server(pair) for pair in pairs]
        for server in made:
            stack.callback(server.close)
        yield made


def connected(roots: dict[str, str], **variables: str) -> tuple[dict[str, Any], str]:
    """Return what the sockets were told by name, and all that their process wrote."""
    environ = {
        name: value for name, value in os.environ.items() if "proxy" not in name.lower()
    } | variables
    command = [sys.executable, "-m", "tests.integration.stream.stream_client", json.dumps(roots)]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=100, check=True
    )
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def test_only_a_server_with_a_trusted_certificate_of_its_name_is_told_the_token(
    certificates: Certificates,
) -> None:
    with servers(certificates.good, certificates.wrong_name, certificates.self_signed) as (
        good,
        wrong,
        own,
    ):
        roots = {"good": f"wss://localhost:{good.port}", "wrong name": f"wss://localhost:{wrong.port}",
                 "self-signed": f"wss://localhost:{own.port}"}  # fmt: skip
        told, written = connected(roots, REQUESTS_CA_BUNDLE=str(certificates.authority))
    assert (wrong.paths, own.paths) == ([], [])
    assert good.paths == ["/?api_key=the-key&access_token=the-token"]
    assert good.names == ["localhost"]
    assert told["good"]["state"] == "open"
    reasons = {
        name: [facts["reason"] for event, facts in told[name]["told"] if event == "untrusted"]
        for name in told
    }
    assert reasons == {
        "good": [], "wrong name": ["it belongs to another host"], "self-signed": ["nobody who is trusted signed it"],
    }  # fmt: skip
    assert told["good"]["texts"] == {"order": 1, "message": 1, "other": 5}
    assert not [
        secret for secret in ("AB1234", "AC99", "220303000308932", "the-token") if secret in written
    ]


def test_without_a_bundle_of_ones_own_the_public_authorities_are_trusted_alone(
    certificates: Certificates,
) -> None:
    with servers(certificates.good) as (good,):
        told, _ = connected({"good": f"wss://127.0.0.1:{good.port}"})
    assert [event for event, _ in told["good"]["told"]] == ["untrusted"]
    assert good.paths == []


def test_the_stream_goes_through_the_proxy_that_rest_goes_through(
    certificates: Certificates,
) -> None:
    with servers(certificates.good) as (good,):
        proxy = Proxy(good.port)
        told, written = connected(
            {"good": f"wss://localhost:{good.port}"}, REQUESTS_CA_BUNDLE=str(certificates.authority),
            HTTPS_PROXY=f"http://me:s3cret%40x@127.0.0.1:{proxy.port}",
        )  # fmt: skip
        proxy.close()
    assert told["good"]["state"] == "open"
    assert good.names == ["localhost"]
    (asked,) = proxy.requests
    assert asked.startswith(f"CONNECT localhost:{good.port} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic bWU6czNjcmV0QHg=\r\n" in asked
    assert "s3cret" not in written


def test_a_proxy_or_a_bundle_that_cannot_serve_is_named_with_its_fix(tmp_path: Path) -> None:
    told, _ = connected(
        {"socks": "wss://kite.example"}, HTTPS_PROXY="socks5://me:s3cret@127.0.0.1:1"
    )
    assert "cannot go through socks5://***@127.0.0.1:1" in told["socks"]["told"][0][1]["sentence"]
    told, _ = connected({"bundle": "wss://kite.example"}, REQUESTS_CA_BUNDLE=str(tmp_path))
    assert "holds no certificate" in told["bundle"]["told"][0][1]["sentence"]


def test_no_proxy_leaves_hosts_out(certificates: Certificates) -> None:
    with servers(certificates.good) as (good,):
        told, _ = connected(
            {"good": f"wss://localhost:{good.port}"}, REQUESTS_CA_BUNDLE=str(certificates.authority),
            HTTPS_PROXY="http://127.0.0.1:1", NO_PROXY="localhost",
        )  # fmt: skip
    assert told["good"]["state"] == "open"


@pytest.mark.parametrize("which", ["wrong_name", "self_signed"])
def test_rest_tells_no_such_server_the_token_and_says_so(
    which: str, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.authority))
    monkeypatch.setenv("NO_PROXY", "localhost")
    with servers(getattr(certificates, which)) as (server,):
        client = make_client(
            "the-key", "the-token", root=f"https://localhost:{server.port}", timeout=5
        )
        with pytest.raises(ProviderBusy, match="certificate is refused") as caught:
            ask_profile(client)
        client.reqsession.close()
    assert server.paths == []
    assert caught.value.kind == "network"
    assert "the-key" not in str(caught.value)
