"""Every command of a Lua script is one that a user of an installation may run."""

from __future__ import annotations

import re
from pathlib import Path

import kombu.transport.redis
import pytest

import g6
from g6.adapters.redis.server.rights import COMMANDS

CALL = re.compile(r"redis\.p?call\(\s*['\"](\w+)['\"]")
"""A call whose command stands in it. One that is computed would be seen by nobody."""
ALLOWED = {name for words in COMMANDS.values() for name in words.split()}
OURS = sorted(
    path
    for kind in ("*.lua", "*.py")
    for path in Path(g6.__file__).parent.joinpath("adapters/redis").rglob(kind)
)
SOURCES = [path for path in (*OURS, Path(kombu.transport.redis.__file__)) if "redis.call(" in path.read_text("utf-8")]  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=[path.name for path in SOURCES])
def test_a_script_calls_nothing_that_its_user_may_not(path: Path) -> None:
    """A script of the ledger called GETDEL before the list had it, and every cycle was refused."""
    text = path.read_text("utf-8")
    commands = CALL.findall(text)
    assert len(commands) == len(re.findall(r"redis\.p?call\(", text))
    assert {name.lower() for name in commands} <= ALLOWED


def test_the_scripts_of_the_ledger_and_of_the_frames_are_among_them() -> None:
    assert {"ledger.lua", "frames.lua", "lifeline.py", "limiter.py"} <= {
        path.name for path in SOURCES
    }
