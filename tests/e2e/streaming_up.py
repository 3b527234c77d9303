"""`g6 up` in a world with a look-alike and a tick stream."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.e2e.running import BIN, COMMAND_SECONDS, _naming
from tests.worlds.streaming import Streaming

LOGIN = {
    "G6_PROVIDER__TOKEN_PROVIDER": "kite",
    "KITE_API_KEY": "demo",
    "KITE_API_SECRET": "demo",
    "KITE_REQUEST_TOKEN": "demo",
}
"""What a system finds in its environment so that it buys its token from the look-alike."""


@contextmanager
def up(
    world: Streaming, variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `g6 up` in this world, and see that it ends with everything it started.

    `variables` stand in its environment as well.
    """
    environment = {**world.variables, **(variables or {})}
    with (world.base / "up.log").open("ab") as log:
        system = subprocess.Popen(
            [str(BIN / "g6"), "up", "--no-banner"], cwd=world.base, env=environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            yield system
            system.terminate()
            assert system.wait(COMMAND_SECONDS) == 0
        finally:
            if system.poll() is None:
                system.terminate()
                system.wait(COMMAND_SECONDS)
            for left in _naming(str(world.base / "rows")):
                left.kill()
