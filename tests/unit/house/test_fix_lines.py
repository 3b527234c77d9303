"""Every fix line of the code, found in its text, holds: its settings exist, its commands run, masking leaves it whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

from g6.config.keys import ALIASES, allowed, keys, paths, variable
from g6.entrypoints.cli import application
from g6.entrypoints.cli.shared.help.commands import COMMANDS
from g6.errors.masking import mask

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted((ROOT / "g6").rglob("*.py"))
SECTIONS = {path.split(".")[0] for path in paths() if "." in path}
HOLE = "\x00"
"""Stands where a line is completed at run time."""
FIX_ARGUMENT = {"WrongSetting": 2, "BadInput": 3, "TokenDead": 1, "BadDump": 1}
"""Where the fix stands among the arguments of an error; second, unless it is named here."""
ERRORS = {
    "G6Error", "UserError", "BadConfig", "BadInput", "Unavailable", "NothingToDo", "TokenDead", "BadDump", "UncoveredYear",
}  # fmt: skip
OTHER_DOTTED = {"provider.state", "log.json", "log.txt"}
"""Dotted words that begin as a section's name and are none of its settings."""


class Line(NamedTuple):
    where: str
    text: str


def text_of(node: ast.expr) -> Iterator[str]:
    """Return what an expression may read as: f-strings with holes, both sides of a choice, sums."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            yield "".join(part.value if isinstance(part, ast.Constant) else HOLE for part in values)  # type: ignore[misc]
        case ast.IfExp(body=body, orelse=orelse):
            yield from text_of(body)
            yield from text_of(orelse)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield from (first + second for first in text_of(left) for second in text_of(right))
        case ast.BoolOp(values=values):
            for value in values:
                yield from text_of(value)


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what the names of a module's own texts mean."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
    return found


def fixes_in(path: Path) -> Iterator[Line]:  # noqa: C901, PLR0912 - a place after another
    """Return the fix lines of a module: of errors, of alerts and events, of tables, of the lint, of refused options."""
    tree = ast.parse(path.read_text("utf-8"))
    names = constants(tree)
    where = path.relative_to(ROOT).as_posix()

    def lines(node: ast.expr | None) -> Iterator[Line]:
        if isinstance(node, ast.Name):
            node = names.get(node.id)
        if node is not None:
            yield from (Line(f"{where}:{node.lineno}", text) for text in text_of(node))

    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            at = FIX_ARGUMENT.get(name, 1)
            is_error = name in {*ERRORS, "WrongSetting", "Refusal", "Retired"} or _is_super(node)
            if is_error and len(node.args) > at:
                yield from lines(node.args[at])
            for keyword in node.keywords:
                if keyword.arg == "fix":
                    yield from lines(keyword.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "fix":
                    yield from lines(value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            named = getattr(target, "id", "")
            if re.search(r"FIX|ADVICE", named, re.IGNORECASE) and node.value is not None:
                values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
                for value in values:
                    yield from lines(value)
        elif isinstance(node, ast.FunctionDef) and node.name == "cause_of":
            yield from _of_tuples(node, lines)
    for node in ast.walk(tree):
        if (
            where == "g6/adapters/redis/server/refusals.py"
            and isinstance(node, ast.Tuple)
            and len(node.elts) == 3
        ):
            yield from lines(node.elts[2])


def _is_super(node: ast.Call) -> bool:
    match node.func:
        case ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super"))):
            return True
    return False


def _of_tuples(node: Any, lines: Any) -> Iterator[Line]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Return) and isinstance(inner.value, ast.Tuple):
            yield from lines(inner.value.elts[-1])


@pytest.fixture(scope="module")
def fix_lines() -> Sequence[Line]:
    """All of the package, read by the one process that runs these tests: not at each collection."""
    return sorted({line for path in MODULES for line in fixes_in(path)})


def commands_of(text: str) -> Iterator[list[str]]:
    """Return the `g6 …` commands of a line, as far as they are words, subcommands and options."""
    for match in re.finditer(r"(?<![\w/.-])(?<!-A )g6 (?=[a-z-])([^;,()\n]*)", text):
        yield match.group(1).split()


def wrong_command(words: list[str]) -> str:
    """Return what is no command or option of it, "" where all is well."""
    if words[0] in ("--version", "--help"):
        return ""
    if words[0] not in COMMANDS:
        return "" if words[0] in ENGLISH else f"g6 {words[0]}"
    command: Any = typer.main.get_command(application(words[0]))
    command = (
        command.commands[words[0]]
        if hasattr(command, "commands") and words[0] in command.commands
        else command
    )
    rest = words[1:]
    while rest and hasattr(command, "commands") and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    if (
        hasattr(command, "commands")
        and rest
        and re.fullmatch(r"[a-z-]+", rest[0])
        and rest[0] not in ENGLISH
    ):
        return f"g6 {' '.join(words[:2])}"
    options = {
        name
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help"}
    given = [word.partition("=")[0] for word in rest if word.startswith("--") and len(word) > 2]
    unknown = [name for name in given if name.rstrip(".:") not in options]
    if unknown:
        return f"g6 {words[0]} {unknown[0]}"
    return lacking(command, words[0], rest)


def lacking(command: Any, name: str, rest: Sequence[str]) -> str:
    """Return the required argument that a command is printed without, "" where it has all."""
    required = [
        parameter
        for parameter in command.params
        if parameter.param_type_name == "argument" and parameter.required
    ]
    if "--help" in rest:
        return ""
    flags = {
        option
        for parameter in command.params
        if getattr(parameter, "is_flag", False)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    choices = {
        choice for parameter in required for choice in re.findall("[a-z]+", parameter.metavar or "")
    }
    values = 0
    is_value = False
    for word in rest:
        if word.startswith("-"):
            is_value = "=" not in word and word not in flags
        elif is_value:
            is_value = False
        elif re.fullmatch(r"[a-z]+[.:]?", word) and word not in choices:
            # The sentence goes on: "g6 restore brings it back".
            break
        else:
            values += 1
    return (
        f"g6 {name} lacks {required[values].metavar or required[values].name}"
        if required[values:]
        else ""
    )


ENGLISH = {
    "is",
    "to",
    "on",
    "or",
    "says",
    "lists",
    "shows",
    "for",
    "and",
    "with",
    "reads",
    "writes",
    "by",
    "mends",
    "makes",
    "asks",
    "so",
}


def wrong_settings(text: str) -> list[str]:
    """Return the dotted settings, variables and bare keys behind "set" that the model does not have."""
    known = set(paths()) | {key.path for key in keys()}
    dotted = re.findall(r"(?<![\w./-])((?:[a-z_]+\.)+[a-z_]+)(?![\w/(-])", text)
    wrong = [
        name
        for name in dotted
        if name.split(".")[0] in SECTIONS and name not in known and name not in OTHER_DOTTED
    ]
    variables = {variable(path) for path in known} | set(ALIASES) | {"G6_CONFIG", "G6_INSTANCE"}
    wrong += [
        name
        for name in re.findall(r"\b(?:G6|KITE)_[A-Z0-9_]+", text)
        if name not in variables and not name.endswith("_")
    ]
    top = set(allowed(()))
    wrong += [
        name for name in re.findall(r"\bset ([a-z]+_[a-z_]+)\b(?![./])", text) if name not in top
    ]
    return wrong


def test_the_lines_are_found(fix_lines: Sequence[Line]) -> None:
    assert len(fix_lines) > 150
    modules = {
        "files",
        "errors/__init__",
        "bootstrap/settings_checks/settings_lint",
        "config/explain",
        "config/retired",
        "entrypoints/cli/__init__",
        "adapters/redis/server/refusals",
    }
    assert {line.where.split(":")[0] for line in fix_lines} >= {f"g6/{name}.py" for name in modules}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("set storage.data_dir to another disk", ["storage.data_dir"]),
        ("set data_directory", ["data_directory"]),
        ("export G6_SERVE__TOKN=x", ["G6_SERVE__TOKN"]),
        ("set storage.csv.base_dir, or data_dir", []),
    ],
)
def test_a_setting_that_is_none_is_seen(text: str, wrong: list[str]) -> None:
    assert wrong_settings(text) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("g6 dance", "g6 dance"), ("g6 data wash", "g6 data wash"), ("run g6 chain NIFTY --colour", "g6 chain --colour"),
        ("g6 data check --date 2026-11-18", ""), ("g6 up --interval 60, or wait", ""),
        ("from a backup (g6 restore), or ask", "g6 restore lacks DIR"), ("g6 restore --date 2026-11-18 brings it", "g6 restore lacks DIR"),
        ("g6 restore BACKUP --overwrite", ""), ("g6 restore --overwrite BACKUP brings it", ""), ("g6 restore \x00 --date \x00", ""),
    ],
)  # fmt: skip
def test_a_command_that_is_none_is_seen(text: str, wrong: str) -> None:
    assert (
        next((found for words in commands_of(text) if (found := wrong_command(words))), "") == wrong
    )


def test_its_settings_are_settings(fix_lines: Sequence[Line]) -> None:
    wrong = {line: names for line in fix_lines if (names := wrong_settings(line.text))}
    assert wrong == {}


def test_its_commands_are_commands(fix_lines: Sequence[Line]) -> None:
    wrong = [
        (line, name)
        for line in fix_lines
        for words in commands_of(line.text)
        if (name := wrong_command(words))
    ]
    assert wrong == []


def test_masking_leaves_it_whole(fix_lines: Sequence[Line]) -> None:
    texts = [line._replace(text=line.text.replace(HOLE, "x")) for line in fix_lines]
    assert [line for line in texts if mask(line.text) != line.text] == []
