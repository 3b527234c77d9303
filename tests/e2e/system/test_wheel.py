"""The wheel, in an environment of its own and far from the checkout, has all that the first minutes need."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.running import ROOT, clean_environment

ONE_INDEX = ("--indices", "NIFTY", "--speed", "60")


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with the wheel, and a directory to work in."""

    environment: Path
    place: Path

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the environment, and return what it wrote."""
        done = subprocess.run(
            [self.environment / "bin" / program, *arguments],
            cwd=self.place,
            env=clean_environment(PYTHONPATH=""),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel and install it beside the libraries of this environment, without the checkout."""
    base = tmp_path_factory.mktemp("wheel")
    _call([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(base)])
    environment = base / "environment"
    venv.create(environment, symlinks=True)
    (wheel,) = base.glob("g6-*.whl")
    python = str(environment / "bin/python")
    place = ["--python", python, "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    _call([sys.executable, "-m", "pip", "--disable-pip-version-check", *place])
    # Only a directory of .pth files is read for more of them: the editable checkout stays unknown.
    packages = next((environment / "lib").glob("python*/site-packages"))
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", "utf-8")
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    return Installed(environment, elsewhere)


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_is_that_of_the_wheel(installed: Installed) -> None:
    where = installed.run("python", "-c", "import g6; print(g6.__file__)").strip()
    assert Path(where).is_relative_to(installed.environment)


def test_demo_chain_and_plot_run_as_the_readme_has_them(installed: Installed) -> None:
    shown = installed.run("g6", "demo", "--cycles", "2", *ONE_INDEX)
    assert "first chain after" in shown
    assert "✓ put-call parity" in shown
    assert "CALLS" in installed.run("g6", "chain", "NIFTY")
    installed.run("g6", "plot", "smile", "NIFTY", "--out", "smile.png")
    assert (installed.place / "smile.png").read_bytes().startswith(b"\x89PNG")
    asked = "import g6; print(g6.ask.interest('NIFTY', cycles=2))"
    assert "NIFTY" in installed.run("python", "-c", asked)


def test_a_configuration_is_written_and_checked_without_the_checkout(installed: Installed) -> None:
    installed.run("g6", "init", "--yes")
    assert "config id" in installed.run("g6", "config", "check")
