"""Where the page of a data directory listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from g6.config import load
from g6.entrypoints.web.opening import page_port


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
