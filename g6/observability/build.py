"""The labels of g6_build_info: the version, commit and configuration that run."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from g6.domain.cycles.cycle import isoformat_z

PACKAGE = Path(__file__).parents[1]


def build_labels(config_hash: str, package: Path = PACKAGE) -> dict[str, str]:
    """Return version, git_commit, config_hash and build_time.

    The commit is empty outside a checkout. The time is that at which this copy of G6 was made.
    """
    try:
        number = version("g6")
    except PackageNotFoundError:
        number = "0"
    modified = int((package / "__init__.py").stat().st_mtime)
    return {
        "version": number,
        "git_commit": _commit(package.parent / ".git"),
        "config_hash": config_hash,
        "build_time": isoformat_z(float(modified)),
    }


def _commit(git: Path) -> str:
    """Return the commit that a checkout stands at, read from its files: git need not be there."""
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
