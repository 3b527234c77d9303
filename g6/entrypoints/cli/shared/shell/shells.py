"""What shells ask a completion for, and how they want the answer.

The scripts are typer's: `g6 --install-completion` and `--show-completion` write them. They call
`g6` with the line in variables, and typer would answer by importing every command.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from g6.entrypoints.cli.shared.help.help_pages import read_help
from g6.entrypoints.cli.shared.shell.completion import Candidate, Completion
from g6.entrypoints.cli.shared.shell.stored_words import StoredWords, directory_in_force

__all__ = [
    "COMPLETE_VARIABLE",
    "ShellQuestion",
    "answer_of",
    "directory_of",
    "environment",
    "question",
]

COMPLETE_VARIABLE = "_G6_COMPLETE"
_BREAKS = (":", "=")
"""Signs at which bash breaks a word: what stands before the last one is not written again."""
_PLACE = ("data_dir", "demo_dir", "provider.name", "provider.root", "namespace")
_CONFIG = "config/g6_config.json"


@dataclass(frozen=True, slots=True)
class ShellQuestion:
    """What a shell asks.

    Attributes:
        shell: bash, zsh or fish.
        line: The words after `g6` and before the cursor's.
        start: What is written of the word at the cursor.
        only_whether: Whether fish asks for an exit code alone: 0 where there is a candidate.
    """

    shell: str
    line: tuple[str, ...]
    start: str
    only_whether: bool = False


def question(environ: Mapping[str, str]) -> ShellQuestion | None:
    """Return what the shell asks, None where it is no question of bash, zsh or fish."""
    instruction = environ.get(COMPLETE_VARIABLE, "")
    match instruction:
        case "complete_bash":
            words = _glued(_split(environ.get("COMP_WORDS", "")), environ.get("COMP_CWORD", ""))
            return ShellQuestion("bash", tuple(words[:-1]), words[-1])
        case "complete_zsh" | "complete_fish":
            text = environ.get("_TYPER_COMPLETE_ARGS", "")
            words = _split(text)[1:]
            if not words or text.endswith(" "):
                words.append("")
            action = environ.get("_TYPER_COMPLETE_FISH_ACTION", "")
            shell = instruction.removeprefix("complete_")
            return ShellQuestion(shell, tuple(words[:-1]), words[-1], action == "is-args")
        case _:
            return None


def _split(text: str) -> list[str]:
    """Return the words of a line. A quotation that is not closed goes to the end."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:
        words.append(lexer.token)
    return words


def _glued(words: Sequence[str], place: str) -> list[str]:
    """Return the words after `g6` up to the cursor, put together where bash broke one.

    >>> _glued(["g6", "inspect", "NIFTY@2026-11-18T05", ":", "30"], "4")
    ['inspect', 'NIFTY@2026-11-18T05:30']
    """
    cursor = int(place) if place.isdigit() else len(words) - 1
    line = [*words[1 : cursor + 1]]
    if cursor >= len(words):
        line.append("")
    glued: list[str] = []
    is_open = False
    for word in line:
        is_break = word in _BREAKS
        if glued and (is_break or is_open):
            glued[-1] += word
        else:
            glued.append(word)
        is_open = is_break
    return glued or [""]


def answer_of(asked: ShellQuestion, environ: Mapping[str, str]) -> tuple[str, int]:
    """Return what a shell reads, and the exit code."""
    book = read_help()
    stored = StoredWords(directory_of(asked.line, environ, book.words))
    candidates = Completion(book, asked.line, asked.start, stored).candidates()
    if asked.only_whether:
        return "", 0 if candidates else 1
    match asked.shell:
        case "bash":
            return _for_bash(candidates, asked.start), 0
        case "zsh":
            return _for_zsh(candidates), 0
        case _:
            return "\n".join(f"{choice.word}\t{choice.meaning}" for choice in candidates), 0


def _for_bash(candidates: Iterable[Candidate], start: str) -> str:
    cut = max(start.rfind(sign) for sign in _BREAKS) + 1
    return "\n".join(choice.word[cut:] for choice in candidates)


def _for_zsh(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "_files"
    lines = [
        f'"{_escaped(choice.word)}":"{_escaped(choice.meaning)}"'
        if choice.meaning
        else f'"{_escaped(choice.word)}"'
        for choice in candidates
    ]
    return "_arguments '*: :((" + "\n".join(lines) + "))'"


def _escaped(text: str) -> str:
    """Return a text as it stands in the quotation that zsh evaluates twice."""
    for sign, written in (('"', '""'), ("'", "''"), ("$", "\\$"), ("`", "\\`"), (":", r"\\:")):
        text = text.replace(sign, written)
    return text


def directory_of(
    line: Sequence[str], environ: Mapping[str, str], words: Mapping[str, Sequence[str]]
) -> Path:
    """Return the data directory that the command would read, by line, environment and file.

    `words` are those of the help file.
    """
    options = _options(line)
    place = dict(zip(("data_dir", "demo_dir"), words["directories"], strict=True))
    place |= _of_file(options.get("--config", environ.get("G6_CONFIG", _CONFIG)))
    for path in _PLACE:
        if value := environ.get(f"G6_{path.upper().replace('.', '__')}"):
            place[path] = value
    place |= {path: options[path] for path in _PLACE if path in options}
    if "--provider" in options:
        place["provider.name"] = options["--provider"]
    if "--data-dir" in options:
        place |= dict.fromkeys(("data_dir", "demo_dir"), options["--data-dir"])
    return directory_in_force(place, words)


def _options(line: Sequence[str]) -> dict[str, str]:
    """Return the values of a line's options, those of `--set` by their keys."""
    options: dict[str, str] = {}
    for place, word in enumerate(line):
        name, sign, value = word.partition("=")
        if not name.startswith("--"):
            continue
        if not sign and place + 1 < len(line):
            value = line[place + 1]
        if name == "--set":
            key, _, value = value.partition("=")
            options[key] = value
        else:
            options[name] = value
    return options


def _of_file(path: str) -> dict[str, str]:
    """Return what a configuration file says of the place, nothing where it cannot be read."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    place: dict[str, str] = {}
    for key in _PLACE:
        value = content
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            place[key] = value
    return place


def environment() -> Mapping[str, str]:
    """Return the variables in which a shell says what it asks."""
    return os.environ
