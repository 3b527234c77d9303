"""`g6 check` in a shell that names no provider asks the provider of the system that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from g6.adapters.redis.server import EmbeddedServer
from g6.bootstrap.ownership import redis_namespace
from g6.bootstrap.reading.provider_reading import AskedProvider
from g6.bootstrap.reading.study_readers import provider_reader
from g6.config import load


@pytest.mark.parametrize(("named", "asked"), [({}, "kite"), ({"provider.name": "sim"}, "sim")])
def test_who_names_no_provider_asks_that_of_the_running_system(
    tmp_path: Path, named: dict[str, str], asked: str
) -> None:
    with EmbeddedServer.start(tmp_path, append_only=False) as server:
        settings = load(None, {"redis.broker_url": server.url, **named}, {})
        root = "http://127.0.0.1:1"
        redis_namespace(settings, server.url).put_settings(
            {"values": {"provider.name": "kite", "provider.root": root}}
        )
        reader = provider_reader(settings)
        assert isinstance(reader, AskedProvider)
        own = reader._settings.provider
        assert (own.name, own.root == root) == (asked, asked == "kite")


def test_where_nothing_runs_the_configured_provider_is_asked(tmp_path: Path) -> None:
    reader = provider_reader(load(None, {"data_dir": tmp_path, "demo_dir": tmp_path}, {}))
    assert not reader.is_live
