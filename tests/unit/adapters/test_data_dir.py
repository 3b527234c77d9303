"""Who owns a data directory, and of which market its rows are."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from g6.adapters.data_dir import OWNER, owned, owner
from g6.errors import Unavailable

HOLD = """
import sys, time
from pathlib import Path
from g6.adapters.data_dir import owned
with owned(Path(sys.argv[1]), "sim") as tell:
    tell("redis://127.0.0.1:7777/0")
    print("mine", flush=True)
    time.sleep(60)
"""


def test_nobody_owns_a_new_directory(tmp_path: Path) -> None:
    assert owner(tmp_path / "none") is None


def test_a_directory_is_made_when_it_is_owned(tmp_path: Path) -> None:
    with owned(tmp_path / "a" / "b", "sim"):
        assert (tmp_path / "a" / "b").is_dir()


def test_the_owner_tells_its_pid_kind_and_broker(tmp_path: Path) -> None:
    with owned(tmp_path, "sim") as tell:
        assert owner(tmp_path) == {"pid": os.getpid(), "broker": "", "kind": "sim"}
        tell("redis://127.0.0.1:7000/0")
        assert owner(tmp_path) == {"pid": os.getpid(), "broker": "redis://127.0.0.1:7000/0", "kind": "sim"}


def test_nobody_else_may_read_where_the_broker_is(tmp_path: Path) -> None:
    with owned(tmp_path, "sim"):
        assert stat.S_IMODE((tmp_path / OWNER).stat().st_mode) == 0o600


def test_a_second_owner_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with owned(tmp_path, "sim"), pytest.raises(Unavailable, match=f"process {os.getpid()}") as refused, owned(tmp_path, "sim"):
        pass
    assert "--data-dir" in refused.value.fix


def test_the_refusal_names_the_broker_of_the_first_and_not_its_password(tmp_path: Path) -> None:
    with owned(tmp_path, "sim") as tell:
        tell("redis://:secret@127.0.0.1:6399/0")
        with pytest.raises(Unavailable, match=r"broker 127\.0\.0\.1:6399/0") as caught, owned(tmp_path, "sim"):
            pass
    assert "secret" not in str(caught.value)


def test_a_directory_is_free_again_when_the_block_ends(tmp_path: Path) -> None:
    with owned(tmp_path, "sim"):
        pass
    assert owner(tmp_path) is None
    with owned(tmp_path, "sim"):
        pass


def test_an_owner_that_was_killed_owns_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"mine\n"
        held = owner(tmp_path)
        process.kill()
    assert held == {"pid": process.pid, "broker": "redis://127.0.0.1:7777/0", "kind": "sim"}
    assert owner(tmp_path) is None


def test_a_directory_remembers_its_kind_and_refuses_another(tmp_path: Path) -> None:
    with owned(tmp_path, "sim"):
        pass
    with pytest.raises(Unavailable, match="rows of a sim market; this run's are live") as refused, owned(tmp_path, "live"):
        pass
    assert "--mix" in refused.value.fix
    assert owner(tmp_path) is None


def test_whoever_wants_both_kinds_in_one_place_gets_them(tmp_path: Path) -> None:
    with owned(tmp_path, "sim"):
        pass
    with owned(tmp_path, "live", mix=True):
        assert (owner(tmp_path) or {})["kind"] == "live"
    with owned(tmp_path, "sim"):
        pass


def test_a_path_that_cannot_be_a_directory_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(Unavailable, match="cannot be written: Not a directory") as refused,
        owned(tmp_path / "file" / "below", "sim"),
    ):
        pass
    assert "--data-dir" in refused.value.fix
