"""A real server for every contract test: one per test process, a namespace of its own for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import redis

from g6.adapters.redis.server import EmbeddedServer, connect

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url) as client:
        yield client


@pytest.fixture
def namespace() -> str:
    return f"test{next(NUMBERS)}"
