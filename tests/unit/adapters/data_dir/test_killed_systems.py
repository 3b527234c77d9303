"""A supervisor that was killed is known by what it had written down in its directory."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from g6.adapters.data_dir.killed_systems import identity_of, killed_systems
from g6.bootstrap.wiring import redis_url
from g6.config import load
from g6.domain.schema.layout import Folder
from g6.errors import Unavailable

GONE = {"pid": os.getpid(), "started": 1.0}
"""An earlier process with the number of this one."""


def written(directory: Path, supervisor: dict[str, float], who: str) -> None:
    (directory / Folder.RUNNING).mkdir(parents=True)
    record = {"host": socket.gethostname(), "who": who, "supervisor": supervisor, "processes": []}
    (directory / Folder.RUNNING / "4711.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("who", "command"), [("g6 up", "g6 up"), ("g6 demo", "g6 demo"), ("g6 import", "g6 up")]
)
def test_who_looks_is_told_that_it_was_killed_and_what_starts_it_again(
    who: str, command: str, tmp_path: Path
) -> None:
    written(tmp_path, GONE, who)
    with pytest.raises(Unavailable) as refused:
        redis_url(load(None, {"data_dir": tmp_path, "demo_dir": tmp_path}, {}))
    assert refused.value.sentence.startswith(f"{who} of {tmp_path} (process {GONE['pid']}) was")
    assert refused.value.fix.startswith(f"{command} starts it again")


def test_one_that_lives_was_not_killed(tmp_path: Path) -> None:
    written(tmp_path, identity_of(os.getpid()), "g6 up")
    assert [*killed_systems(tmp_path / Folder.RUNNING)] == []
