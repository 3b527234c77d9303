"""Finds annotations of mappings and lists of which nobody knows what is in them, by any name."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

CONTAINERS = frozenset(
    {"Mapping", "MutableMapping", "dict", "list", "Sequence", "Iterable", "Iterator"}
)
MAPPINGS = frozenset({"Mapping", "MutableMapping", "dict"})
JSON_DOORS = re.compile(
    r"(to|from|as)_json|json_values?|document|header|parse(_\w+)?|\w+_from_json|\w+_of_(panels?|status)"
)
"""Names of what is JSON by its name: a method that writes it, a function that reads it, a field."""
Name = tuple[str, str]
"""A module and a name in it."""
Judge = Callable[[ast.AST, set[str]], bool]
"""Tells whether a part of an annotation is untyped, from the aliases that its module knows."""


def untyped_mappings(paths: Iterable[Path], root: Path) -> list[str]:
    """Return the places of annotations with `Any` in the place of what is held.

    An alias counts at each of its uses, in the module that defines it and where it is imported to.
    Its definition and its imports do not count.
    """
    return [place for place, _ in _places(paths, root, _is_untyped, _annotations)]


def crossing_mappings(paths: Iterable[Path], root: Path) -> list[str]:
    """Return the places where a mapping of names to objects may leave its module.

    These are the public functions, methods and fields that take or give one, under whatever alias,
    each once.
    What is JSON by its name does not count.
    """
    places: dict[tuple[str, str], str] = {}
    for place, name in _places(paths, root, _is_of_objects, _public_annotations):
        if not JSON_DOORS.fullmatch(name):
            places.setdefault((place.partition(":")[0], name), place)
    return list(places.values())


def _places(
    paths: Iterable[Path],
    root: Path,
    is_untyped: Judge,
    annotations: Callable[[ast.Module], Iterator[tuple[ast.expr, str]]],
) -> Iterator[tuple[str, str]]:
    """Yield the place of each untyped annotation, and whose it is."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    modules = {_module_of(path, root): tree for path, tree in trees.items()}
    aliases = _aliases(modules, is_untyped)
    for path, tree in trees.items():
        own = {name for module, name in aliases if module == _module_of(path, root)}
        file = path.relative_to(root).as_posix()
        for annotation, owner in annotations(tree):
            if any(is_untyped(node, own) for node in _nodes(annotation)):
                yield f"{file}:{annotation.lineno}", owner


def _module_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _aliases(modules: Mapping[str, ast.Module], is_untyped: Judge) -> set[Name]:
    """Return the names that stand for such a mapping, once no more are found."""
    aliases: set[Name] = set()
    count = -1
    while len(aliases) > count:
        count = len(aliases)
        for module, tree in modules.items():
            own = {name for where, name in aliases if where == module}
            for name, value in _definitions(tree):
                if any(is_untyped(node, own) for node in _nodes(value)):
                    aliases.add((module, name))
            for source, name, as_name in _imports(tree):
                if (source, name) in aliases:
                    aliases.add((module, as_name))
    return aliases


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names of a module that a type may be given to: those with a capital."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            is_alias = isinstance(node.value, ast.Subscript | ast.Name | ast.BinOp)
            if is_alias and name[0].isupper() and not name.isupper():
                yield name, node.value
        elif (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.value is not None
            and _last_name(node.annotation) == "TypeAlias"
        ):
            yield node.target.id, node.value


def _imports(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.name, alias.asname or alias.name


def _annotations(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield what a module's parameters, results and names are declared to be, and no name."""
    for node in ast.walk(tree):
        declared: ast.expr | None = None
        if isinstance(node, ast.arg | ast.AnnAssign):
            declared = node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            declared = node.returns
        elif isinstance(node, ast.Call):
            is_cast = isinstance(node.func, ast.Name) and node.func.id == "cast"
            declared = node.args[0] if is_cast else None
        if declared is not None and _last_name(declared) != "TypeAlias":
            yield declared, ""


def _public_annotations(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[tuple[ast.expr, str]]:
    """Yield what public functions, methods and fields are declared to take and to be."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if not name.startswith("_") or name in ("__init__", "__call__"):
                    yield from ((annotation, name) for annotation in _signature(node))
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield from _public_annotations(node)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                if not name.startswith("_") and _last_name(annotation) != "TypeAlias":
                    yield annotation, name


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    signature = node.args
    arguments = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
    for argument in (*arguments, signature.vararg, signature.kwarg):
        if argument is not None and argument.annotation is not None:
            yield argument.annotation
    if node.returns is not None:
        yield node.returns


def _nodes(annotation: ast.expr) -> Iterator[ast.AST]:
    """Yield the parts of an annotation, those of its quoted parts too, and a bare container whole."""
    within = {id(node.value) for node in ast.walk(annotation) if isinstance(node, ast.Subscript)}
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                yield from _nodes(ast.parse(node.value, mode="eval").body)
            except SyntaxError:
                continue
        elif id(node) not in within:
            yield node


def _is_untyped(node: ast.AST, aliases: set[str]) -> bool:
    """Tell whether a node is `dict`, `Mapping[str, Any]`, `Any | None` or the like, or the name of one."""
    if isinstance(node, ast.Name):
        return node.id in aliases or node.id in CONTAINERS
    if isinstance(node, ast.BinOp):
        return _is_any(node.left) or _is_any(node.right)
    if not isinstance(node, ast.Subscript) or _last_name(node.value) not in CONTAINERS:
        return False
    values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return _is_any(values[-1])


def _is_of_objects(node: ast.AST, aliases: set[str]) -> bool:
    """Tell whether a node is `Mapping[str, object]` or the like, or the name of one."""
    if isinstance(node, ast.Name):
        return node.id in aliases
    if not isinstance(node, ast.Subscript) or _last_name(node.value) not in MAPPINGS:
        return False
    values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return _last_name(values[-1]) == "object"


def _is_any(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant) and node.value == "Any":
        return True
    return _last_name(node) == "Any"


def _last_name(node: ast.expr) -> str:
    """Return the name, or of `typing.Any` its last part."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
