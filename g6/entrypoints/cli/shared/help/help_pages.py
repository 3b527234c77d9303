"""The help of every command, printed from a file that `make docs` writes.

Help that asks a command for its options imports the studies, pydantic and numpy, for which a person
waits. The file says the same, and completion reads it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from textwrap import wrap

from g6.domain.schema.json_reading import part, text
from g6.entrypoints.cli.shared.help.commands import COMMANDS, GROUPS

__all__ = ["HELP_FILE", "PROGRAM", "Entry", "HelpBook", "HelpPage", "book_of", "read_help"]

HELP_FILE = "help.json"
"""Below `g6.entrypoints.cli`."""
PROGRAM = "g6"
WIDEST = 100
"""Longer lines are hard to read, however wide the terminal is."""
_INDENT = 2
_GAP = 2
_OTHERS = "also:"
_NAME_WIDTH = 26
"""A longer name stands on a line of its own, so that it does not narrow every meaning."""

HelpRow = tuple[str, str]
"""A name and its meaning."""
Content = Mapping[str, object]
"""A JSON object of the help file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One option or argument.

    Attributes:
        names: The option's names, none of an argument.
        metavar: What stands in the place of its value, empty for a flag.
        meaning: What it does, with unit, default and bounds.
        is_many: Whether it takes any number of values, for an argument.
    """

    names: tuple[str, ...]
    metavar: str
    meaning: str
    is_many: bool = False

    @property
    def head(self) -> str:
        """Names and metavar, as a line of help begins."""
        return " ".join(filter(None, (", ".join(self.names), self.metavar)))


@dataclass(frozen=True, slots=True)
class HelpPage:
    """The help of one command.

    Attributes:
        words: The command's words after `g6`.
        sentence: What it does.
        details: Further paragraphs.
        example: One call.
        arguments: What stands behind the command, in order.
        options: What may stand anywhere.
        commands: The commands below it with their sentences, for a group of them.
    """

    words: str
    sentence: str
    details: tuple[str, ...] = ()
    example: str = ""
    arguments: tuple[Entry, ...] = ()
    options: tuple[Entry, ...] = ()
    commands: tuple[HelpRow, ...] = ()

    def lines(self, width: int) -> Iterator[str]:
        """Yield the page's lines, wrapped at a width in columns."""
        width = min(width, WIDEST)
        yield from wrap(f"Usage: {self._usage()}", width, subsequent_indent=" " * len("Usage: "))
        for paragraph in (self.sentence, *self.details):
            yield ""
            yield from wrap(paragraph, width)
        if self.example:
            yield ""
            yield f"Example: {self.example}"
        for title, entries in (("Arguments", self.arguments), ("Options", self.options)):
            if entries:
                yield from _titled(title, [(entry.head, entry.meaning) for entry in entries], width)
        if self.commands:
            yield from _titled("Commands", self.commands, width)

    def _usage(self) -> str:
        metavars = [entry.metavar for entry in self.arguments]
        rest = ["COMMAND"] if self.commands else [*metavars, "[OPTIONS]"]
        return " ".join([PROGRAM, self.words, *rest])


@dataclass(frozen=True, slots=True)
class HelpBook:
    """Every page, and the words that completion offers.

    Attributes:
        pages: By the command's words after `g6`.
        words: Words that values are made of, by their kind.
    """

    pages: Mapping[str, HelpPage]
    words: Mapping[str, tuple[str, ...]]

    def page(self, line: Sequence[str]) -> HelpPage | None:
        """Return the page of the command that a command line begins with.

        Args:
            line: The words after `g6`.

        Returns:
            None where there is no such command.
        """
        if not line or line[0] not in self.pages:
            return None
        page = self.pages[line[0]]
        below = next((word for word in line[1:] if not word.startswith("-")), None)
        if not page.commands or below is None:
            return page
        return self.pages.get(f"{page.words} {below}")

    def screen(self, width: int) -> Iterator[str]:
        """Yield the lines of `g6` alone, one screen: the first commands, and the others by name."""
        width = min(width, WIDEST)
        firsts = [command.name for command in COMMANDS.values() if command.is_first]
        longest = max(map(len, firsts))
        yield f"Usage: {PROGRAM} COMMAND [OPTIONS]; {PROGRAM} --help says what each command does"
        for title, group in GROUPS.items():
            names = [command.name for command in group if command.is_first]
            rows = [(name, self.pages[name].sentence) for name in names]
            # A screen of 24 lines has none to spare for what stands between groups.
            yield from list(_titled(title, rows, width, longest))[1:]
            others = " ".join(command.name for command in group if not command.is_first)
            head = f"{'':{_INDENT}}{_OTHERS} "
            yield from wrap(
                others,
                width,
                initial_indent=head,
                subsequent_indent=" " * len(head),
                break_on_hyphens=False,
            )

    def overview(self, width: int) -> Iterator[str]:
        """Yield the lines of `g6 --help`: every command with its sentence, by purpose."""
        width = min(width, WIDEST)
        longest = max(len(words) for words in self.pages if " " not in words)
        yield f"Usage: {PROGRAM} COMMAND [OPTIONS]"
        yield ""
        yield "G6 collects and analyses option chains of Indian indices."
        yield ""
        yield f"Example: {PROGRAM} demo"
        for title, group in GROUPS.items():
            rows = [(command.name, self.pages[command.name].sentence) for command in group]
            yield from _titled(title, rows, width, longest)
        general = (
            ("--help", "Behind a command: what it does, its arguments and its options."),
            ("--version", "Show the versions of G6 and of what it stands on."),
            ("--install-completion", "Let your shell complete commands, options and values."),
            ("--show-completion", "Show the script that does so."),
        )
        yield from _titled("Options", general, width)


def read_help() -> HelpBook:
    """Return the help as `make docs` wrote it."""
    file = resources.files("g6.entrypoints.cli").joinpath(HELP_FILE)
    return book_of(json.loads(file.read_text(encoding="utf-8")))


def book_of(content: Content) -> HelpBook:
    """Return the help of a help file's content."""
    all_pages = part(content, "pages")
    sentences = {words: text(part(all_pages, words), "sentence") for words in all_pages}
    pages = {words: _page(words, part(all_pages, words), sentences) for words in all_pages}
    words = {kind: _texts(members) for kind, members in part(content, "words").items()}
    return HelpBook(pages, words)


def _page(words: str, page: Content, sentences: Mapping[str, str]) -> HelpPage:
    group = f"{words} "
    below = [name for name in sentences if name.startswith(group)]
    return HelpPage(
        words=words,
        sentence=str(page["sentence"]),
        details=_texts(page.get("details")),
        example=str(page.get("example", "")),
        arguments=_entries(page.get("arguments")),
        options=_entries(page.get("options")),
        commands=tuple((name.removeprefix(group), sentences[name]) for name in below),
    )


def _entries(members: object) -> tuple[Entry, ...]:
    if not isinstance(members, list):
        return ()
    return tuple(
        Entry(
            names=_texts(member.get("names")),
            metavar=member.get("metavar", ""),
            meaning=member["meaning"],
            is_many=member.get("is_many", False),
        )
        for member in members
    )


def _texts(members: object) -> tuple[str, ...]:
    return tuple(map(str, members)) if isinstance(members, list) else ()


def _titled(title: str, rows: Sequence[HelpRow], width: int, name_width: int = 0) -> Iterator[str]:
    """Yield a title and two columns below it, the second one wrapped."""
    fitting = [len(head) for head, _ in rows if len(head) <= _NAME_WIDTH]
    name_width = name_width or max(fitting, default=_NAME_WIDTH)
    start = _INDENT + name_width + _GAP
    yield ""
    yield f"{title}:"
    for head, meaning in rows:
        lines = wrap(meaning, max(width - start, 20))
        first = f"{'':{_INDENT}}{head:<{name_width}}"
        if len(head) <= name_width and lines:
            first = f"{first}{'':{_GAP}}{lines.pop(0)}"
        yield first.rstrip()
        for line in lines:
            yield f"{'':{start}}{line}"
