"""A real server for every contract test: one per test process, a namespace of its own for each test.

The tests are a user with the rights of an installation, so that a command which is not listed fails here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import redis

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.adapters.redis.server.rights import acl_words

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as server,
        connect(server.url) as admin,
    ):
        rights = acl_words("test*").split()
        admin.execute_command("ACL", "SETUSER", "tests", "on", ">password", *rights)
        yield server.url.replace("redis://", "redis://tests:password@")


@pytest.fixture(scope="session")
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url) as client:
        yield client


@pytest.fixture
def namespace() -> str:
    return f"test{next(NUMBERS)}"
