"""Where the page of a data directory listens."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from g6.config import load
from g6.entrypoints.machine.study_reading import reader
from g6.entrypoints.web.opening import page_app, page_port
from tests.worlds.stored_cycles import store_two_cycles
from tests.worlds.web.asked_over_http import StudyClient


@pytest.mark.parametrize(
    ("named", "set_", "environment", "port"),
    [
        (None, {}, {}, (0, "--port")),
        (8123, {"serve.web_port": 8200}, {}, (8123, "--port")),
        (0, {"serve.web_port": 8200}, {}, (0, "--port")),
        (None, {"serve.web_port": 8200}, {}, (8200, "serve.web_port")),
        (None, {}, {"G6_SERVE__WEB_PORT": "8300"}, (8300, "serve.web_port")),
    ],
)
def test_a_port_that_is_named_is_taken(
    named: int | None, set_: dict[str, object], environment: dict[str, str], port: tuple[int, str]
) -> None:
    assert page_port(load(None, set_, environment), named) == port


def test_the_port_of_a_file_is_that_of_its_system(tmp_path: Path) -> None:
    file = tmp_path / "g6.json"
    file.write_text('{"serve": {"web_port": 8400}}', encoding="utf-8")
    assert page_port(load(file, {}, {}), None) == (0, "--port")


def test_a_page_over_a_directory_is_guarded_as_that_of_a_system(tmp_path: Path) -> None:
    directory = store_two_cycles(tmp_path / "data").directory
    settings = load("", {"demo_dir": directory}, {})
    client = StudyClient(page_app(settings, partial(reader, settings=settings)))
    path = "/v1/chain.html?index=FINNIFTY"
    answer = client.ask("GET", path, {"X-Request-ID": "abc", "Host": "localhost:8000"})
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == "abc"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get(path, {"Host": "rebound.example"}).status_code == 421
