"""What commands do that bring workers of their own."""

from __future__ import annotations

import os
import signal

import pytest

from g6.entrypoints.cli.shared.manual import ended_in_order


def interrupted(unwound: list[bool]) -> None:
    """Get a SIGTERM within the block."""
    with ended_in_order():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            unwound.append(True)


def test_a_sigterm_unwinds_the_block_and_ends_with_143() -> None:
    before, unwound = signal.getsignal(signal.SIGTERM), list[bool]()
    with pytest.raises(SystemExit) as ended:
        interrupted(unwound)
    assert (ended.value.code, unwound) == (143, [True])
    assert signal.getsignal(signal.SIGTERM) == before
