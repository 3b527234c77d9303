"""Who may move the clock and make tokens good."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from g6.kite_server.control import PREFIX, Control


@pytest.mark.parametrize("address", ["10.0.0.7", "fd00::7"])
def test_the_control_doors_are_shut_beyond_the_loopback(address: str) -> None:
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
    }
    asyncio.run(doors(scope, receive, send))
    assert sent[0]["status"] == 403
