"""Finds runs of equal lines that stand in more than one place of a tree."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

Place = tuple[Path, int]


def repeated_runs(paths: Iterable[Path], length: int) -> list[str]:
    """Return the places at which `length` lines stand that stand somewhere else too.

    Indentation, blank lines, comments, docstrings and imports do not count.
    """
    places: defaultdict[tuple[int, ...], list[Place]] = defaultdict(list)
    # A run of numbers is compared and kept at a fraction of what its ten texts cost.
    numbers: dict[str, int] = {}
    for path in paths:
        lines = list(_lines(path))
        codes = [numbers.setdefault(text, len(numbers)) for _, text in lines]
        for first in range(len(lines) - length + 1):
            places[tuple(codes[first : first + length])].append((path, lines[first][0]))
    repeated = [found for found in places.values() if len(found) > 1]
    return [" = ".join(f"{path}:{line}" for path, line in found) for found in repeated]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines that do something."""
    source = path.read_text(encoding="utf-8")
    passed_over = _passed_over(ast.parse(source))
    for number, line in enumerate(source.splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#") and number not in passed_over:
            yield number, text


def _passed_over(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines of imports and docstrings."""
    numbers: set[int] = set()
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_text or isinstance(node, ast.Import | ast.ImportFrom):
            numbers.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return numbers
