"""The connections of a port, of which one address may have so many."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from g6.entrypoints.web.auth import Guard, WebRefusal

__all__ = ["WebConnection"]

REFUSED_SECONDS = 5.0
"""How long a refused connection waits for a request to answer with why it is refused."""


class WebConnection(H11Protocol):
    """One connection, which is refused where its address has too many."""

    def __init__(self, guard: Guard, **connection: Any) -> None:
        super().__init__(**connection)
        self._connection_refusal: WebRefusal | None = None
        self._door_guard = guard

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, or remember why it is refused."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        self._connection_refusal = self._door_guard.connection_refusal(address, transport)
        if self._connection_refusal is not None:
            self.loop.call_later(REFUSED_SECONDS, transport.close)

    def is_refused(self) -> bool:
        """Answer the first request of a refused connection, and tell whether it is one."""
        if self._connection_refusal is None:
            return False
        # Closed before its request is read, a connection is reset, and the client reads no answer.
        self.transport.write(self._connection_refusal.as_bytes())
        self.transport.close()
        return True

    def data_received(self, data: bytes) -> None:
        """Answer requests, of a refused connection with why."""
        if not self.is_refused():
            super().data_received(data)
