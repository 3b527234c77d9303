"""The commands of runbooks and of the alerts' fixes run, on a system that works.

Those that lead out of a fault are run against it by `make pager`, as the page has them.
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.adapters.redis.server import EmbeddedServer
from g6.observability.catalogue.alerts import ALERTING_RULES
from tests.e2e.running import BIN, COMMAND_SECONDS, Child, World, clean_environment
from tests.e2e.warm_commands import warm
from tests.pager.runbooks import blocks, inline
from tests.waiting import eventually
from tests.worlds.kite import kite_server

HEADINGS = ("Diagnosis", "Mitigation")
GOES_ON = ("g6 serve", "celery -A g6 beat", "celery -A g6 worker")
"""Commands that go on until they are ended."""
LOGIN = ("g6 login", "g6 check kite")
"""Commands that need Kite, the first one first."""
SENDS = ("g6 influx backfill",)
"""Commands that need a server of time series: tests/integration/influx runs them."""
PLACES = {
    "{{ $labels.index }}": "NIFTY",
    "{{ $labels.queue }}": "maintenance",
    "INDEX": "NIFTY",
    "NAME": "another",
    "QUEUES": "maintenance",
}
OURS = ("g6 ", "celery ")


def commands(page: str) -> list[str]:
    """Return the commands of G6 that a page shows where it says what to do."""
    found: list[str] = []
    for heading in HEADINGS:
        found += [*blocks(page, heading), *inline(page, heading)]
    # What `g6 up` does by itself is said on a page, and is no command to enter.
    return [command for command in found if command.startswith(OURS) and command != "g6 up"]


def fixes(fix: str) -> list[str]:
    """Return the commands of G6 in an alert's fix."""
    clauses = [
        re.split(r" shows | if |^start workers: ", clause.strip()) for clause in fix.split(";")
    ]
    return [part.strip() for parts in clauses for part in parts if part.startswith(OURS)]


def filled(command: str, cycle: str = "CYCLE") -> str:
    """Return a command, its placeholders filled in."""
    cycles = {"CYCLE": cycle, "FIRST": cycle, "LAST": cycle}
    for place, value in (PLACES | cycles).items():
        command = command.replace(place, value)
    return command


def shown() -> list[str]:
    """Return the commands of all alerts, those that differ in a placeholder's name once."""
    found: dict[str, str] = {}
    for rule in ALERTING_RULES:
        for command in (*commands(rule.runbook), *fixes(rule.fix)):
            found.setdefault(filled(command), command)
    return sorted(found.values())


ALL = shown()
ENDING = [command for command in ALL if not command.startswith((*GOES_ON, *LOGIN, *SENDS))]
LASTING = [command for command in ALL if command.startswith(GOES_ON)]


def run(world: World, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    # The directory is in the environment: not every command has an option for it.
    program, *words = shlex.split(command)
    if program == "g6":
        return warm().g6(words, world.environment, world.elsewhere, COMMAND_SECONDS)
    return subprocess.run(
        [str(BIN / program), *words],
        cwd=world.elsewhere,
        env=dict(world.environment),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("command", ENDING)
def test_a_command_of_a_runbook_runs(live: World, command: str) -> None:
    done = run(live, filled(command, live.newest()))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_commands_of_runbooks_that_go_on_start_and_end(live: World) -> None:
    # Side by side: five workers one after the other took 40 s of waiting.
    first = len(live.children)
    for number, command in enumerate(LASTING, first):
        live.start(f"started-{number}", *shlex.split(filled(command)))
    children = live.children[first:]
    # What they say is of no use: beat's banner stands in a buffer until its end.
    for command, child in zip(LASTING, children, strict=True):
        eventually(lambda child=child: catches_its_end(child) or not child.alive, every=0.1)
        assert child.alive, (command, child.said)
    for child in children:
        child.popen.terminate()
    ends = {
        command: child.popen.wait(COMMAND_SECONDS)
        for command, child in zip(LASTING, children, strict=True)
    }
    assert ends == dict.fromkeys(LASTING, 0)


def catches_its_end(child: Child) -> bool:
    """Return whether a process has a handler for SIGTERM, as Linux tells it."""
    status = Path(f"/proc/{child.pid}/status").read_text("ascii")
    (mask,) = re.findall(r"^SigCgt:\s+(\w+)$", status, re.MULTILINE)
    return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.fixture
def at_kite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose commands find a look-alike of Kite and a Redis."""
    base = tmp_path_factory.mktemp("kite")
    start = "2026-11-20T05:00:00Z"
    with (
        EmbeddedServer.start(base / "broker", append_only=False) as server,
        kite_server(start=start, in_thread=True) as kite,
    ):
        world = World(base)
        world.environment = clean_environment(
            G6_DEMO_DIR=str(world.data),
            G6_REDIS__BROKER_URL=server.url,
            G6_PROVIDER__NAME="kite",
            G6_PROVIDER__ROOT=kite.root,
            G6_PROVIDER__WS_ROOT=kite.ws,
            G6_MARKET__START=start,
            G6_MARKET__ORIGIN=repr(time.time()),
            G6_PROVIDER__TIMEOUT="15",
            G6_TOKEN_HEADLESS="1",
            KITE_API_KEY="demo",
            KITE_API_SECRET="demo",
            KITE_REQUEST_TOKEN="demo",
        )
        yield world


def test_the_commands_for_a_login_run(at_kite: World) -> None:
    assert set(LOGIN) <= set(ALL)
    for command in LOGIN:
        # A look-alike on a busy machine may be slower than a command waits for it.
        eventually(lambda command=command: run(at_kite, command).returncode == 0, every=0.5)


def test_every_alerts_page_has_commands() -> None:
    pages = {rule.runbook for rule in ALERTING_RULES}
    bare = [
        page
        for page in sorted(pages)
        if not [command for heading in HEADINGS for command in blocks(page, heading)]
    ]
    assert bare == []
