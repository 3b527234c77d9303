"""The rights on Redis are those that G6, kombu, redis-py and Flower use: nothing without a line that needs it."""

from __future__ import annotations

import re
from pathlib import Path

import kombu.transport.redis
import pybreaker
import pytest
import redis.client

import g6
from g6.adapters.redis.server.rights import COMMANDS, acl_words

OURS = sorted(
    [
        *Path(g6.__file__).parent.joinpath("adapters/redis").rglob("*.*"),
        *Path(g6.__file__).parent.joinpath("entrypoints").rglob("*.py"),
    ]
)
THEIRS = [
    Path(pybreaker.__file__),
    Path(kombu.transport.redis.__file__),
    Path(redis.client.__file__).parent / "lock.py",
]
TEXT = "\n".join(path.read_text("utf-8") for path in (*OURS, *THEIRS) if path.suffix != ".pyc")
BY_THE_CLIENT = {
    "brpop": "kombu sends it by its name",
    "incrby": "incr",
    "select": "every connection to a database other than 0",
    "client|setname": "an address with client_name",
    "exec": "a pipeline's end",
    "multi": "a pipeline's beginning",
    "unwatch": "the end of a transaction that did not begin",
    "script|exists": "a script in a pipeline",
    "script|load": "a script that the server forgot",
    "evalsha": "a script",
    "punsubscribe": "the end of a subscription",
    "scan": "scan_iter",
    "del": "delete",
}
NAMES = [name for words in COMMANDS.values() for name in words.split()]


def test_no_command_is_listed_twice() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BY_THE_CLIENT])
def test_each_command_is_used(name: str) -> None:
    call = name.replace("|", "_")
    pattern = rf"\.{call}\(|redis\.p?call\(\s*['\"]{call}['\"]"
    assert re.search(pattern, TEXT, re.IGNORECASE), name


@pytest.mark.parametrize(
    "danger", ["flushall", "flushdb", "config", "keys", "acl", "debug", "shutdown"]
)
def test_what_could_harm_others_is_not_listed(danger: str) -> None:
    assert danger not in {name.partition("|")[0] for name in NAMES}


def test_the_page_has_every_word_of_the_rights() -> None:
    page = Path(__file__).parents[3] / "docs/how-to/security.md"
    words = page.read_text("utf-8").split()
    assert [word for word in acl_words().split() if word not in words] == []
    assert {word for word in words if word.startswith("+")} <= set(acl_words().split())
