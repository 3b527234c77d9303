"""The demo on a machine without a network, without a home and without configuration: loopback is all there is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.running import BIN, World, clean_environment

FIRST = "2026-11-18T05:30:00Z"
ALONE = (
    "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "sh",
    "-c",
    'ip link set lo up && exec "$0" "$@"',
)


def can_be_alone() -> bool:
    """Tell whether this machine lets a process have a network of its own."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        return False
    return (
        subprocess.run([*ALONE, "true"], capture_output=True, check=False, timeout=20).returncode
        == 0
    )


def test_the_demo_shows_a_chain_without_a_network_or_any_file_of_ones_own(tmp_path: Path) -> None:
    if not can_be_alone():
        pytest.skip("needs unshare and ip, and the right to a network namespace")
    world = World(tmp_path, clean_environment(HOME=str(tmp_path / "nobody")))
    command = [
        *ALONE,
        str(BIN / "g6"),
        "demo",
        "--cycles",
        "1",
        "--speed",
        "4",
        "--indices",
        "NIFTY,SENSEX",
        "--data-dir",
        world.data,
    ]
    done = subprocess.run(
        list(map(str, command)),
        cwd=world.elsewhere,
        env=world.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=140,
    )
    assert done.returncode == 0, done.stderr
    assert "NIFTY, expiry 2026-11-23" in done.stdout
    assert world.check(FIRST, FIRST, ("NIFTY", "SENSEX"), 60).statuses == {"OK": 2}
    assert world.left_behind() == []
