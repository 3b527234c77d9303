"""Who owns a data directory, and of which market its rows are."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from g6.adapters.data_dir.owner import (
    System,
    address,
    keep_configuration,
    owner,
    public,
)
from g6.adapters.parquet.queries.market_time import kind_of_rows
from g6.domain.schema.layout import KIND_OF_ROWS, OWNER_FILE, Folder
from g6.errors import Unavailable
from tests.worlds.owning import owned

HOLD = """
import sys, time
from pathlib import Path
from g6.adapters.clocks import WallClock
from g6.adapters.data_dir.owner import System, owned
with owned(Path(sys.argv[1]), "sim", System(sys.argv[2]), WallClock(), who="g6 up"):
    print("mine", flush=True)
    time.sleep(60)
"""
FORKED = """
import os, sys, time
from pathlib import Path
from g6.adapters.clocks import WallClock
from g6.adapters.data_dir.owner import System, owned
with owned(Path(sys.argv[1]), "sim", System(sys.argv[2]), WallClock()):
    if os.fork() == 0:
        print("mine", flush=True)
        sys.stdin.read()
        os._exit(0)
    time.sleep(60)
"""
HERE, THERE = System("redis://127.0.0.1:7000/0"), System("redis://127.0.0.1:7001/0")


@contextmanager
def held_by_another_process(
    directory: Path, broker: str = HERE.broker
) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that owns the directory; it is killed with the block."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory), broker], stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"mine\n"
            yield process
        finally:
            process.kill()


def test_nobody_owns_a_new_directory(tmp_path: Path) -> None:
    assert owner(tmp_path / "none") is None


def test_a_directory_is_made_when_it_is_owned(tmp_path: Path) -> None:
    with owned(tmp_path / "a" / "b", "sim", HERE):
        assert (tmp_path / "a" / "b").is_dir()


def test_the_owner_tells_its_pid_kind_broker_and_namespace(tmp_path: Path) -> None:
    with owned(tmp_path, "sim", System.of_its_own("shadow"), who="g6 up") as tell:
        record = owner(tmp_path) or {}
        assert (record["pid"], record["broker"], record["kind"], record["namespace"]) == (
            os.getpid(),
            "",
            "sim",
            "shadow",
        )
        tell("redis://127.0.0.1:7000/0")
        record = owner(tmp_path) or {}
        assert (record["broker"], record["members"]) == (
            "redis://127.0.0.1:7000/0",
            {str(os.getpid()): "g6 up"},
        )


def test_nobody_else_may_read_the_record_and_it_holds_no_password(tmp_path: Path) -> None:
    with owned(tmp_path, "sim", System("redis://user:hunter2@127.0.0.1:7000/0?password=hunter2")):
        assert stat.S_IMODE((tmp_path / OWNER_FILE).stat().st_mode) == 0o600
        assert "hunter2" not in (tmp_path / OWNER_FILE).read_text()


def test_another_system_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    with (
        held_by_another_process(tmp_path, "redis://:secret@127.0.0.1:7000/0") as process,
        pytest.raises(
            Unavailable, match=rf"process {process.pid}, g6 up, broker 127\.0\.0\.1:7000/0"
        ) as refused,
        owned(tmp_path, "sim", THERE),
    ):
        pass
    assert "secret" not in str(refused.value)
    assert f"kill -TERM {process.pid}" in refused.value.fix
    assert "--data-dir" in refused.value.fix


@pytest.mark.parametrize(
    "second",
    [
        System("redis://127.0.0.1:7000/1"),
        System("redis://127.0.0.1:7000/0", "shadow"),
        System("redis://otherhost:7000/0", mark="other"),
        System.of_its_own("g6"),
    ],
)
def test_another_database_namespace_or_server_is_another_system(
    tmp_path: Path, second: System
) -> None:
    with (
        owned(tmp_path, "sim", HERE),
        pytest.raises(Unavailable, match="in use by another G6"),
        owned(tmp_path, "sim", second),
    ):
        pass


@pytest.mark.parametrize(
    "second",
    [
        HERE,
        System("redis://:hunter2@localhost:7000"),
        System("unix:///run/redis.sock", mark="one"),
        System(),
    ],
)
def test_workers_of_one_system_share_a_directory_by_whatever_address(
    tmp_path: Path, second: System
) -> None:
    first = System(HERE.broker, mark="one")
    with owned(tmp_path, "sim", first), owned(tmp_path, "sim", second):
        pass
    assert owner(tmp_path) is None


def test_a_system_meets_an_import_without_a_broker_and_is_refused(tmp_path: Path) -> None:
    with (
        owned(tmp_path, None, System(), who="g6 import"),
        pytest.raises(Unavailable, match=rf"process {os.getpid()}, g6 import\)"),
        owned(tmp_path, "sim", HERE),
    ):
        pass


def test_a_directory_is_free_again_when_the_block_ends(tmp_path: Path) -> None:
    with owned(tmp_path, "sim", HERE):
        pass
    assert owner(tmp_path) is None
    with owned(tmp_path, "sim", THERE):
        pass


def test_the_last_of_several_members_frees_it(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path):
        with owned(tmp_path, "sim", HERE):
            pass
        assert owner(tmp_path) is not None
    assert owner(tmp_path) is None


def test_an_owner_that_was_killed_owns_nothing_and_is_taken_over(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path) as process:
        record = owner(tmp_path) or {}
    assert (record["pid"], record["broker"]) == (process.pid, HERE.broker)
    assert owner(tmp_path) is None
    with owned(tmp_path, "sim", THERE, who="g6 up"):
        assert (owner(tmp_path) or {})["members"] == {str(os.getpid()): "g6 up"}


def test_pool_processes_that_die_a_moment_after_their_worker_are_waited_for(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORKED, str(tmp_path), HERE.broker]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"mine\n"
        process.kill()
        # Dead and not reaped yet: on a busy machine the signal arrives after the next lines.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert owner(tmp_path) is not None
        threading.Timer(0.5, process.stdin.close).start()
        with owned(tmp_path, "sim", THERE):
            assert (owner(tmp_path) or {})["broker"] == THERE.broker


def test_a_refusal_names_a_member_that_lives_when_the_first_is_gone(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path) as first, held_by_another_process(tmp_path) as second:
        first.kill()
        first.wait()
        with (
            pytest.raises(Unavailable, match=f"process {second.pid}"),
            owned(tmp_path, "sim", THERE),
        ):
            pass


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\x00", b'{"members": 3}'])
def test_a_record_that_cannot_be_read_is_written_anew_when_nobody_lives(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / OWNER_FILE).write_bytes(content)
    with owned(tmp_path, "sim", HERE):
        assert (owner(tmp_path) or {})["pid"] == os.getpid()


def test_a_directory_remembers_its_kind_and_refuses_another(tmp_path: Path) -> None:
    with owned(tmp_path, "sim", HERE):
        pass
    with (
        pytest.raises(
            Unavailable, match="rows of a sim market; this run's are of a live market"
        ) as refused,
        owned(tmp_path, "live", HERE),
    ):
        pass
    assert "--mix" in refused.value.fix
    assert owner(tmp_path) is None


def test_another_kind_of_the_same_system_is_refused_too(tmp_path: Path) -> None:
    with (
        owned(tmp_path, "sim", HERE),
        pytest.raises(Unavailable, match="this run's are of a replay market"),
        owned(tmp_path, "replay", HERE),
    ):
        pass


def test_a_look_alike_and_the_simulated_market_are_two_markets(tmp_path: Path) -> None:
    with owned(tmp_path, "sim", HERE, source="kite"):
        assert (owner(tmp_path) or {})["kind"] == "sim"
        with owned(tmp_path, "sim", HERE, source="kite"):
            pass
    assert kind_of_rows(tmp_path) == "sim"
    with (
        pytest.raises(Unavailable, match="sim market by a look-alike of kite; this run's are of a"),
        owned(tmp_path, "sim", HERE),
    ):
        pass


def test_whoever_wants_both_kinds_in_one_place_gets_them_and_so_do_its_workers(
    tmp_path: Path,
) -> None:
    with owned(tmp_path, "sim", HERE):
        pass
    with owned(tmp_path, "live", HERE, mix=True), owned(tmp_path, "live", HERE):
        assert (owner(tmp_path) or {})["kind"] == "live"
    with owned(tmp_path, "sim", HERE):
        pass


def test_who_is_of_no_kind_neither_asks_nor_leaves_one(tmp_path: Path) -> None:
    with owned(tmp_path, None, HERE):
        assert not (tmp_path / KIND_OF_ROWS).exists()
    with owned(tmp_path, "replay", HERE):
        pass
    with owned(tmp_path, None, HERE):
        assert (tmp_path / KIND_OF_ROWS).read_text().strip() == "replay"


def test_a_path_that_cannot_be_a_directory_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(Unavailable, match="cannot be written: Not a directory") as refused,
        owned(tmp_path / "file" / "below", "sim", HERE),
    ):
        pass
    assert "--data-dir" in refused.value.fix


@pytest.mark.parametrize("name", [OWNER_FILE, KIND_OF_ROWS, Folder.CONFIGS])
def test_whatever_in_a_directory_cannot_be_written_is_said_in_one_sentence(
    tmp_path: Path, name: str
) -> None:
    if name == Folder.CONFIGS:
        (tmp_path / Folder.CONFIGS).write_text("")
        with pytest.raises(Unavailable, match="cannot be written"):
            keep_configuration(tmp_path, {"config_id": "c1"})
        return
    (tmp_path / name).mkdir()
    with (
        pytest.raises(Unavailable, match="cannot be written: Is a directory"),
        owned(tmp_path, "sim", HERE),
    ):
        pass


def test_a_configuration_is_written_once(tmp_path: Path) -> None:
    keep_configuration(tmp_path, {"config_id": "c1", "settings": {"interval": 60}})
    keep_configuration(tmp_path, {"config_id": "c1", "settings": {"interval": 30}})
    assert json.loads((tmp_path / Folder.CONFIGS / "c1.json").read_text())["settings"] == {
        "interval": 60
    }


PASSWORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).map(
    "Qq{}qQ".format
)


@given(PASSWORD, st.sampled_from(["redis", "rediss"]), st.integers(1, 65535), st.integers(0, 15))
def test_an_address_says_host_port_and_database_whatever_the_password(
    password: str, scheme: str, port: int, database: int
) -> None:
    broker = f"{scheme}://user:{password}@redis.example:{port}/{database}"
    assert address(broker) == f"redis.example:{port}/{database}"
    assert password not in public(broker)


def test_the_sentinels_of_an_address_are_all_named() -> None:
    assert address("sentinel://:pw@a;sentinel://b:26380/1") == "a:26379/0;b:26380/1"
