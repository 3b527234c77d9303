"""What runs: the labels of g6_build_info."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from g6.domain.cycles.cycle import isoformat_z

PACKAGE = Path(__file__).parents[1]


def build_labels(config_hash: str, package: Path = PACKAGE) -> dict[str, str]:
    """Return version, git_commit (empty outside a checkout), config_hash, and build_time: when this copy of G6 was made."""
    try:
        number = version("g6")
    except PackageNotFoundError:
        number = "0"
    made = int((package / "__init__.py").stat().st_mtime)
    return {
        "version": number,
        "git_commit": _commit(package.parent / ".git"),
        "config_hash": config_hash,
        "build_time": isoformat_z(float(made)),
    }


def _commit(git: Path) -> str:
    """Return the commit a checkout stands at, by its files: a program would have to be there."""
    try:
        head = (git / "HEAD").read_text("utf-8").strip()
        name = head.removeprefix("ref: ")
        if name == head:
            return head[:12]
        if (git / name).is_file():
            return (git / name).read_text("utf-8").strip()[:12]
        packed = (git / "packed-refs").read_text("utf-8").splitlines()
        return next((line.split()[0][:12] for line in packed if line.endswith(f" {name}")), "")
    except OSError:
        return ""
