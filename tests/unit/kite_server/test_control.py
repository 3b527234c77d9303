"""Who may move the clock and make tokens good."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from g6.kite_server.control import PREFIX, Control


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.0.0.7", {"host": "127.0.0.1:8000"}),
        ("fd00::7", {"host": "[::1]:8000"}),
        ("127.0.0.1", {"host": "evil.example:8000"}),
        ("127.0.0.1", {"host": "127.0.0.1.evil.example"}),
        ("127.0.0.1", {"host": "127.0.0.1:8000", "origin": "https://evil.example"}),
        ("127.0.0.1", {"host": "127.0.0.1:8000", "origin": "null"}),
        ("127.0.0.1", {"host": "[::1"}),
        ("127.0.0.1", {}),
    ],
)
def test_the_control_doors_are_shut_beyond_the_loopback_and_for_pages(
    address: str, headers: dict[str, str]
) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return pytest.fail("nothing is read")

    doors = Control(None, None)  # type: ignore[arg-type]
    scope = {
        "client": (address, 4242),
        "method": "POST",
        "path": f"{PREFIX}/admit",
        "query_string": b"",
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    }
    asyncio.run(doors(scope, receive, send))
    assert sent[0]["status"] == 403
