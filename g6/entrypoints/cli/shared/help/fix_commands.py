"""Commands that are printed as a fix, completed so that they act on the same directory and system.

Sentences are written where nobody knows the command line. Copied as it was, a `g6 data mend` that a
check of another directory printed went to the default one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SystemOptions"]

SETTING = "--set"
NAMES = ("--data-dir", "--config", SETTING, "--provider", "--recording")
"""Options that say on which directory and system a command acts."""
FIX = "\n  fix: "
"""What an error's fix begins with."""
_COMMAND = re.compile(r"(?<![\w/.@-])g6((?: [a-z][a-z-]*)+)")
_WORD = re.compile(r" (\S+)")
_ENDS = ";,)`"
"""Signs behind the last word of a command in a sentence."""


@dataclass(frozen=True, slots=True)
class SystemOptions:
    """What a person named of these options, in their order: name and value."""

    named: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_words(cls, words: Sequence[str]) -> SystemOptions:
        """Return the options among the words of a command line.

        >>> SystemOptions.of_words(["data", "check", "--data-dir", "my rows"]).named
        (('--data-dir', 'my rows'),)
        """
        named: list[tuple[str, str]] = []
        for place, word in enumerate(words):
            name, sign, value = word.partition("=")
            if name in NAMES and (sign or place + 1 < len(words)):
                named.append((name, value if sign else words[place + 1]))
        return cls(tuple(named))

    @classmethod
    def of_settings(
        cls, data_dir: Path | None, config: Path | None, set_: Sequence[str] | None
    ) -> SystemOptions:
        """Return the options that name a directory, a file and single settings."""
        texts: list[tuple[str, object]] = [("--data-dir", data_dir), ("--config", config)]
        texts += [("--set", assignment) for assignment in set_ or ()]
        return cls(tuple((name, str(value)) for name, value in texts if value is not None))

    def completed_fix(self, text: str) -> str:
        """Return an error's sentence with the commands of its fix completed.

        Without a fix the whole sentence is. Before a fix it may name another process by its
        command: `in use by another G6 (process 7, g6 up)` is nothing to copy.
        """
        sentence, sign, fix = text.rpartition(FIX)
        return sentence + sign + self.completed(fix)

    def completed(self, text: str) -> str:
        """Return a sentence whose commands of G6 carry the options that they can take."""
        if not self.named:
            return text
        sentence = ""
        copied = 0
        for command in _COMMAND.finditer(text):
            accepted = _options_of(command[1].split())
            if accepted is None:
                continue
            end = _end(text, command.start(1), accepted)
            present = text[command.start() : end]
            options = [
                f" {name} {shlex.quote(value)}"
                for name, value in self.named
                if name in accepted and not _says(present, name, value)
            ]
            sentence += text[copied:end] + "".join(options)
            copied = end
        return sentence + text[copied:]


def _says(command: str, name: str, value: str) -> bool:
    """Tell whether a command has the option already, of a setting for the same key."""
    if name == SETTING:
        return f"{SETTING} {value.partition('=')[0]}=" in command
    return name in command.split()


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What a command takes: its options, those of them that take a value, and how deep it lies."""

    depth: int
    options: frozenset[str]
    valued: frozenset[str]

    def __contains__(self, name: str) -> bool:
        return name in self.options


def _options_of(words: Sequence[str]) -> _Accepted | None:
    """Return the options of the command that words begin with, None where they name none."""
    import typer

    from g6.entrypoints.cli import application
    from g6.entrypoints.cli.shared.help.commands import COMMANDS

    if words[0] not in COMMANDS:
        return None
    command = typer.main.get_command(application(words[0]))
    depth = 0
    # A lone command is the app itself, and a group has its commands by name.
    for word in words:
        below = getattr(command, "commands", None)
        if below is None:
            break
        if word not in below:
            return None
        command = below[word]
        depth += 1
    if getattr(command, "commands", None) is not None:
        return None
    names: set[str] = set()
    valued: set[str] = set()
    for parameter in command.params:
        if parameter.opts[0].startswith("-"):
            names.update(parameter.opts)
            if not getattr(parameter, "is_flag", False):
                valued.update(parameter.opts)
    return _Accepted(max(depth, 1), frozenset(names), frozenset(valued))


def _end(text: str, begin: int, accepted: _Accepted) -> int:
    """Return where a command ends in a sentence: behind its options, and arguments in capitals."""
    end = begin
    is_value = False
    for place, (word, behind) in enumerate(_words(text, begin)):
        is_part = (
            place < accepted.depth
            or is_value
            or word.startswith("--")
            or not word[:1].isalpha()
            or word[:1].isupper()
        )
        if not is_part or word in {"&&", "…", "|", ">"}:
            break
        stripped = word.rstrip(_ENDS)
        end = behind - len(word) + len(stripped)
        if stripped != word:
            break
        is_value = word in accepted.valued
    return end


def _words(text: str, begin: int) -> Iterator[tuple[str, int]]:
    place = begin
    while word := _WORD.match(text, place):
        place = word.end()
        yield word[1], place
