"""What is asked of a connection that is gone."""

from __future__ import annotations

import pytest
from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES, resolve_transport

from g6.entrypoints import transport


def test_each_kind_of_redis_url_has_its_transport() -> None:
    transport.install()
    kinds = {scheme: resolve_transport(scheme) for scheme in ("redis", "rediss", "sentinel")}
    assert kinds == {"redis": transport.Transport, "rediss": transport.Transport, "sentinel": transport.SentinelTransport}
    assert TRANSPORT_ALIASES["memory"] == "kombu.transport.memory:Transport"


@pytest.mark.parametrize("gone", ["connection", "client"])
def test_a_channel_whose_connection_is_gone_says_what_everybody_expects(gone: str) -> None:
    connection = Connection("redis://127.0.0.1:1/0", transport="g6.entrypoints.transport:Transport")
    made = transport.Channel.__new__(transport.Channel)
    made.connection = None
    if gone == "client":
        made.connection = connection.transport
        made.connection.client = None
    with pytest.raises(connection.connection_errors, match="closed"):
        made._connparams()
