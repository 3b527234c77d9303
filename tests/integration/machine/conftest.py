"""A machine for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.warm_commands import WarmCommands, warm_commands
from tests.worlds.machines import Machine, machine_in


@pytest.fixture(scope="module")
def commands() -> Iterator[WarmCommands]:
    """The process that runs the doctor of every machine."""
    with warm_commands() as made:
        yield made


@pytest.fixture
def machine(tmp_path: Path, commands: WarmCommands) -> Iterator[Machine]:
    yield from machine_in(tmp_path, commands)
