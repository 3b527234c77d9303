"""`g6 up` in a world with a look-alike and a tick stream."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.running import BIN, _naming
from tests.worlds.streaming import Streaming


@contextmanager
def up(world: Streaming) -> Iterator[subprocess.Popen[bytes]]:
    """Run `g6 up` in this world, and see that it ends with everything it started."""
    with (world.base / "up.log").open("ab") as log:
        system = subprocess.Popen(
            [str(BIN / "g6"), "up", "--no-banner"], cwd=world.base, env=dict(world.variables), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            yield system
            system.terminate()
            assert system.wait(60) == 0
        finally:
            if system.poll() is None:
                system.terminate()
                system.wait(60)
            for left in _naming(str(world.base / "rows")):
                left.kill()
