"""What runs here: versions, for `--version` and the start line."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Annotated

import typer

NEIGHBOURS = ("celery", "kombu", "redis", "kiteconnect")


def versions() -> dict[str, str]:
    """Return versions by name: g6, its commit, Python, and the libraries that are installed."""
    names = {"g6": _installed("g6"), "commit": _commit(), "python": platform.python_version()}
    return {
        name: version
        for name, version in (names | {name: _installed(name) for name in NEIGHBOURS}).items()
        if version
    }


def _installed(name: str) -> str:
    try:
        return installed(name)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    root = Path(__file__).resolve().parents[5]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            [git, "-C", str(root), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()


def _print_versions(is_given: bool) -> None:
    if is_given:
        typer.echo("  ".join(f"{name} {version}" for name, version in versions().items()))
        raise typer.Exit


Option = Annotated[
    bool,
    typer.Option(
        "--version", callback=_print_versions, is_eager=True, help="Show versions and exit."
    ),
]


def root(version: Option = False) -> None:
    """Collect and analyse option chains of Indian indices."""
