"""`g6 alert test`: a message reaches a web hook and a mailbox, and no address is shown anywhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from g6.adapters.notify import AppriseChannel
from g6.bootstrap.settings_checks.own_secrets import own_secrets
from g6.config import load
from g6.entrypoints.cli import main
from g6.errors import BadConfig, SinkAway

SECRET = "s3cr3t-t0ken"


class Hook(HTTPServer):
    """A web hook that remembers what it was sent."""

    documents: list[dict[str, str]]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HookHandler)
        self.documents = []


class HookHandler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.documents.append(json.loads(self.rfile.read(length)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing."""


class Mailbox:
    """A mail server that remembers what it was sent."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.mails.append(bytes(envelope.content or b"").decode())
        return "250 OK"


@pytest.fixture
def hook() -> Iterator[Hook]:
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


class OnFreePort(Controller):
    """A mail server whose port the system chooses."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    controller = OnFreePort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    yield mailbox, controller.port
    controller.stop()


def mail_address(port: int) -> str:
    return f"mailto://127.0.0.1:{port}?from=g6@example.org&to=trader@example.org&mode=insecure"


def test_a_test_message_reaches_a_web_hook_and_a_mailbox(
    hook: Hook,
    mail_server: tuple[Mailbox, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mailbox, port = mail_server
    addresses = f"json://127.0.0.1:{hook.server_port}/{SECRET} {mail_address(port)}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("G6_ALERTS__CHANNELS", addresses)
    assert main(["alert", "test"]) == 0
    answer = capsys.readouterr()
    assert [document["title"] for document in hook.documents] == ["G6: test"]
    assert len(mailbox.mails) == 1
    assert "G6: test" in mailbox.mails[0]
    assert answer.out == "channel 1 (json) took a message\nchannel 2 (mailto) took a message\n"
    assert SECRET in own_secrets(load())


def test_a_dead_channel_is_named_by_place_and_kind_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("G6_ALERTS__CHANNELS", f"json://user:{SECRET}@127.0.0.1:9/{SECRET}")
    assert main(["alert", "test"]) == 1
    answer = capfd.readouterr()
    assert "channel 1 (json) took no message" in answer.out
    assert SECRET not in answer.out + answer.err


def test_an_address_that_is_none_is_not_shown() -> None:
    with pytest.raises(BadConfig) as caught:
        AppriseChannel(2, f"nosuch://{SECRET}")
    assert "channel 2 (nosuch)" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_error_of_a_channel_says_nothing_of_its_address() -> None:
    channel = AppriseChannel(1, f"json://127.0.0.1:9/{SECRET}")
    with pytest.raises(SinkAway) as caught:
        channel.send("G6: test", "text")
    assert SECRET not in str(caught.value)


def test_a_file_of_channels_that_others_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "channels"
    path.write_text(f"# chat\njson://127.0.0.1:9/{SECRET}\n", encoding="utf-8")
    path.chmod(0o644)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("G6_ALERTS__CHANNELS_FILE", str(path))
    assert main(["alert", "test"]) == 2
    answer = capsys.readouterr()
    assert f"chmod 600 {path}" in answer.err
    assert SECRET not in answer.err
    path.chmod(0o600)
    assert main(["alert", "test"]) == 1


def test_without_a_channel_the_command_says_how_to_set_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["alert", "test"]) == 2
    assert "G6_ALERTS__CHANNELS" in capsys.readouterr().err
