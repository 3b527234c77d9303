"""What was read of files is remembered by an object, not by a cache over the function that reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CACHES = {"cache", "lru_cache"}
READS = {
    "glob", "iterdir", "open", "open_text", "read", "read_bytes", "read_metadata", "read_schema",
    "read_table", "read_text", "rglob", "scandir", "stat", "ParquetFile",
}  # fmt: skip
"""Calls that ask a file or a directory."""

READS_WHAT_SHIPS = {
    "g6/adapters/panel_files.py: validator": "its schema is a part of the installed package",
}
"""Cached functions without an argument that read a file of the package itself, and why."""


def cached_readings(source: str) -> Iterator[str]:
    """Yield the functions of a module that a cache stands over, and that read a file."""
    if "cache" not in source:
        return
    tree = ast.parse(source)
    wrapped = {
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and _is_cache(node.func)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        if (node.name in wrapped or any(map(_is_cache, node.decorator_list))) and _reads(node):
            yield node.name


def _is_cache(node: ast.expr) -> bool:
    while isinstance(node, ast.Call):
        node = node.func
    return ast.unparse(node).rpartition(".")[2] in CACHES


def _reads(function: ast.FunctionDef) -> bool:
    """Tell whether a function is handed a path, or asks a file itself."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    if any("Path" in ast.unparse(each.annotation) for each in arguments if each.annotation):
        return True
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in READS
        for node in ast.walk(function)
    )


def test_no_cache_stands_over_a_function_that_reads_files() -> None:
    cached = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "g6").rglob("*.py"))
        for name in cached_readings(path.read_text(encoding="utf-8"))
    ]
    assert cached == [*READS_WHAT_SHIPS]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("@lru_cache(maxsize=4)\ndef day(path: Path, inode: int) -> int: return 1", ["day"]),
        ("@functools.cache\ndef day(name: str) -> bytes: return open(name).read()", ["day"]),
        ("def day(path: Path) -> int: return 1\nday_again = lru_cache(maxsize=4)(day)", ["day"]),
        ("def day(path: Path) -> int: return 1\nday_again = lru_cache(day)", ["day"]),
        ("@lru_cache\ndef day(text: str) -> date: return date.fromisoformat(text)", []),
        ("def day(path: Path) -> bytes: return path.read_bytes()", []),
    ],
)
def test_a_cache_over_a_reading_is_seen(source: str, names: list[str]) -> None:
    assert list(cached_readings(source)) == names
