"""A machine of its own for a test of the doctor: a Redis, a directory, processes, and a shell that runs what is printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from g6.adapters.redis.server import connect
from tests.e2e.running import COMMAND_SECONDS, clean_environment
from tests.e2e.warm_commands import warm
from tests.waiting import eventually
from tests.worlds.web.ports import free_port

BIN = Path(sys.executable).parent
SERVER = shutil.which("redis-server")
CLIENT = shutil.which("redis-cli")
_COMMAND = re.compile(r"(.+?)(?:; |, | on [\w.-]+(?:;|,|$)|\n|$)")
_OPEN = ("celery -A g6 ", "g6 serve")
"""Commands that run until somebody ends them."""


def command_of(fix: str) -> str:
    """Return the command that a fix begins with.

    >>> command_of("kill -TERM 7 on here, then g6 up")
    'kill -TERM 7'
    """
    match = _COMMAND.match(fix)
    assert match is not None, fix
    return match[1]


@dataclass(slots=True)
class Machine:
    """A directory and what runs in it. Commands are entered as a person enters them: in a shell, in `elsewhere`."""

    base: Path
    environment: dict[str, str] = field(default_factory=clean_environment)
    prefix: Sequence[str] = ()
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.elsewhere.mkdir(parents=True, exist_ok=True)
        self.settings(
            G6_DEMO_DIR=str(self.rows), G6_DATA_DIR=str(self.rows), G6_FEATURES__SERVE="false"
        )

    @property
    def rows(self) -> Path:
        return self.base / "rows"

    @property
    def elsewhere(self) -> Path:
        return self.base / "elsewhere"

    def settings(self, **variables: str) -> None:
        """Set variables of every later command."""
        self.environment |= variables

    @property
    def _variables(self) -> dict[str, str]:
        """The environment of commands, with the programs of this machine first on the path."""
        # A fork does not see a file system that is mounted for the children of one process alone.
        warm_programs = [] if self.prefix else [str(warm().program.parent)]
        places = [str(self.base / "bin"), *warm_programs, str(BIN), os.environ["PATH"]]
        return self.environment | {"PATH": ":".join(places)}

    def program(self, name: str, script: str) -> None:
        """Put a program on the path, before those of the machine."""
        path = self.base / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def shell(
        self, line: str, seconds: float = COMMAND_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run a line to its end."""
        return subprocess.run(
            [*self.prefix, "bash", "-c", line],
            cwd=self.elsewhere,
            env=self._variables,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def start(self, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a command and leave it running."""
        log = (self.base / f"child-{len(self.children)}.log").open("ab")
        with log:
            child = subprocess.Popen(
                [*self.prefix, *command],
                cwd=self.elsewhere,
                env=self._variables | variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.children.append(child)
        return child

    def python(self, code: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start lines of Python and leave them running."""
        return self.start(sys.executable, "-c", code, **variables)

    def doctor(self, before: str = "") -> Mapping[str, Mapping[str, Any]]:
        """Return what the doctor finds wrong, by check."""
        # What a shell limits holds for its own children alone.
        program = BIN / "g6" if before else "g6"
        ran = self.shell(f"{before} {program} doctor --json")
        assert ran.returncode in (0, 1), ran.stderr
        assert ran.stdout, ran.stderr
        document = json.loads(ran.stdout)
        assert document["ok"] == (ran.returncode == 0)
        return {finding["check"]: finding for finding in document["findings"] if not finding["ok"]}

    def follow(self, fix: str) -> None:
        """Do what a fix says: run the command that it begins with."""
        command = command_of(fix)
        if command.startswith(_OPEN):
            self.start("bash", "-c", f"exec {command}")
            return
        ran = self.shell(command)
        assert ran.returncode == 0, (command, ran.stdout, ran.stderr)

    def end(self) -> None:
        """End what still runs."""
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(15)
            if child.poll() is None:
                child.kill()
                child.wait(60)

    def redis(self, *options: str) -> str:
        """Start a Redis for the machine and return its address."""
        port = free_port()
        assert SERVER is not None
        self.start(
            SERVER,
            *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(self.base), "--save", ""),
            *(options or ("--appendonly", "yes", "--maxmemory-policy", "noeviction")),
        )
        address = f"redis://127.0.0.1:{port}/0"
        eventually(lambda: answers(address))
        self.settings(G6_REDIS__BROKER_URL=address)
        return address


def answers(address: str) -> bool:
    """Tell whether a Redis answers, be it that it wants a password."""
    with connect(address) as client:
        try:
            return bool(client.ping())
        except redis.AuthenticationError:
            return True
        except redis.RedisError:
            return False


def machine_in(base: Path) -> Iterator[Machine]:
    """Yield a machine and end what runs on it."""
    made = Machine(base)
    try:
        yield made
    finally:
        made.end()
