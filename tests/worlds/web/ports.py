"""Ports of the loopback for servers that a test starts."""

from __future__ import annotations

import random
import socket

FIRST, LAST = 20_000, 32_767
"""Below the ports that Linux gives to connections and to those who ask for any.

Between the choice of such a port and its use, one of the thousand connections of the tests beside
could take it, and two choices one after the other could be the same.
"""
_CHOICE = random.Random()
_GIVEN: set[int] = set()


def free_port() -> int:
    """Return a port on which nobody listens, another one at each call."""
    while True:
        port = _CHOICE.randint(FIRST, LAST)
        if port not in _GIVEN and _is_free(port):
            _GIVEN.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
