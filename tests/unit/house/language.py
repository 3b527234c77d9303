"""Counts what the language of the package is held to: names, comments, lines, docstrings, kinds of statements."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PARTICIPLES = frozenset({
    "each", "found", "known", "held", "told", "seen", "wanted", "kept", "asked", "chosen", "left",
    "done", "said", "shown", "given", "made", "taken", "meant",
})  # fmt: skip
"""Names that say what was done to a value and not what it holds."""
WIDTH = 100
MIRRORED = ("g6/ports", "g6/adapters/memory", "g6/adapters/redis")
"""A port and its two adapters carry one name on purpose, so the three files count as one.

`ports/ledger`, `memory/ledger` and `redis/ledger` are held together by one contract suite. A second
name for each would hide which file answers for which port.
"""
VALUES = (ast.Constant, ast.Dict, ast.Tuple, ast.List, ast.Set)
"""What no alias of a type is."""
NO_REASON = ("# noqa", "# type:", "# fmt:", "#!")


@dataclass(frozen=True, slots=True)
class Language:
    """What was counted over some files. Rates are per 1,000 lines but where the name says otherwise."""

    lines: int
    participle_pct: float
    comments: float
    long_lines: int
    semicolons_per_100_docstrings: float
    double_assignments: float
    comprehensions: float
    any: float
    format_skips: int
    doubled_classes: tuple[str, ...]
    doubled_files: tuple[str, ...]


def counted(paths: Iterable[Path]) -> Language:
    """Count the files of one package."""
    counts: Counter[str] = Counter()
    meanings: dict[str, set[str]] = {}
    files: set[tuple[str, str]] = set()
    for path in paths:
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        counts["lines"] += len(lines)
        counts["long"] += sum(len(line) > WIDTH for line in lines)
        counts["skips"] += source.count("# fmt: skip")
        counts["comments"] += sum(1 for _ in _comments(source))
        tree = ast.parse(source)
        counts.update(_counts_of(tree))
        for name, meaning in _types_of(tree, path):
            meanings.setdefault(name, set()).add(meaning)
        if not path.name.startswith("__"):
            files.add((path.name, _folder_of(path)))
    names = Counter(name for name, _ in files)
    thousands = counts["lines"] / 1000
    return Language(
        lines=counts["lines"],
        participle_pct=100 * counts["participles"] / max(1, counts["bindings"]),
        comments=counts["comments"] / thousands,
        long_lines=counts["long"],
        semicolons_per_100_docstrings=100 * counts["semicolons"] / max(1, counts["docstrings"]),
        double_assignments=counts["doubles"] / thousands,
        comprehensions=counts["comprehensions"] / thousands,
        any=counts["any"] / thousands,
        format_skips=counts["skips"],
        doubled_classes=tuple(sorted(name for name, values in meanings.items() if len(values) > 1)),
        doubled_files=tuple(sorted(name for name, times in names.items() if times > 1)),
    )


def _types_of(tree: ast.Module, path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of each class, and of each alias, with what it means.

    Two aliases of one value mean the same. An alias of `Annotated` means nothing: it is what typer or a
    study makes an option of, has the name of the option, and stands beside no other type.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, f"class {path}:{node.lineno}"
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            if not ast.unparse(statement.annotation).endswith("TypeAlias"):
                continue
            target, value = statement.target, statement.value
        else:
            continue
        if not isinstance(target, ast.Name) or not _is_type_name(target.id):
            continue
        meaning = ast.unparse(value)
        is_plain = isinstance(statement, ast.Assign) and isinstance(value, VALUES)
        if not is_plain and not meaning.startswith("Annotated["):
            yield target.id, meaning


def _is_type_name(name: str) -> bool:
    """Tell whether a name is written as those of classes are, seen from every module."""
    return name[:1].isupper() and not name.isupper()


def _folder_of(path: Path) -> str:
    """Return a file's folder, and one word for the folders that mirror one another."""
    folder = path.parent.as_posix()
    return "mirrored" if folder.endswith(MIRRORED) else folder


def _comments(source: str) -> Iterator[str]:
    """Yield the lines of comments that say something; a directive to a tool says nothing."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith(NO_REASON):
            yield token.string


def _counts_of(tree: ast.Module) -> Counter[str]:
    counts: Counter[str] = Counter()
    for node in ast.walk(tree):
        for name in _bound(node):
            counts["bindings"] += 1
            counts["participles"] += name in PARTICIPLES
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            counts["docstrings"] += text is not None
            counts["semicolons"] += (text or "").count(";")
        counts["doubles"] += _assigns_two(node)
        counts["comprehensions"] += isinstance(
            node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
        )
        counts["any"] += isinstance(node, ast.Name) and node.id == "Any"
    return counts


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg


def _assigns_two(node: ast.AST) -> bool:
    """Tell whether a statement is `a, b = x, y`: two facts on one line."""
    if not isinstance(node, ast.Assign):
        return False
    return isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple)
