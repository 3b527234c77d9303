"""Completion of a command line: commands, options, and the values that arguments and options take.

A metavar says what a value is. Of its alternatives those in small letters are words of their own
(`close|open|MINUTES`), and the others are kinds (`DATE|BUCKET`) that `_KINDS` finds words for.
Nothing here imports typer or the settings: a shell waits for every press of the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from g6.entrypoints.cli.shared.help.help_pages import Entry, HelpBook, HelpPage
from g6.entrypoints.cli.shared.shell.stored_words import StoredWords

__all__ = ["Candidate", "Completion"]

_WORD = re.compile(r"[a-z0-9_-]+")
_LIST_END = ",…"
_PROVIDERS = "g6.providers"
"""The entry point group under which other distributions register a source."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One word that may stand at the cursor.

    Attributes:
        word: The word.
        meaning: What it is, empty where the word says it.
    """

    word: str
    meaning: str = ""


@dataclass(slots=True)
class Completion:
    """A command line up to the cursor.

    Attributes:
        book: The help of every command.
        line: The words after `g6` and before the cursor's.
        start: What is written of the word at the cursor.
        stored: The words of the data directory.
    """

    book: HelpBook
    line: Sequence[str]
    start: str
    stored: StoredWords
    _values: dict[str, str] = field(default_factory=dict)

    def candidates(self) -> list[Candidate]:
        """Return what may stand at the cursor, in the order to offer it."""
        return [choice for choice in self._choices() if choice.word.startswith(self.start)]

    def _choices(self) -> Iterator[Candidate]:
        page = self.book.page(self.line)
        if page is None:
            if not any(not word.startswith("-") for word in self.line):
                yield from self._beginnings()
            return
        if page.commands:
            yield from (Candidate(name, sentence) for name, sentence in page.commands)
            return
        pending, arguments = self._read(page)
        if pending is not None:
            yield from self._values_of(pending, self.start)
            return
        name, sign, _ = self.start.partition("=")
        option = _option(page, name)
        if sign and option is not None:
            # The shell replaces the word as a whole: what stands before the value is kept.
            for choice in self._values_of(option, self.start.removeprefix(f"{name}=")):
                yield Candidate(f"{name}={choice.word}", choice.meaning)
            return
        argument = _argument(page, len(arguments))
        if argument is not None and not self.start.startswith("-"):
            yield from self._values_of(argument, self.start)
        if argument is None or self.start.startswith("-"):
            yield from self._options(page)

    def _beginnings(self) -> Iterator[Candidate]:
        if self.start.startswith("-"):
            for name in ("--help", "--version", "--install-completion", "--show-completion"):
                yield Candidate(name)
            return
        for words, page in self.book.pages.items():
            if " " not in words:
                yield Candidate(words, page.sentence)

    def _read(self, page: HelpPage) -> tuple[Entry | None, list[str]]:
        """Return the option whose value the cursor is at, and the arguments before it."""
        arguments: list[str] = []
        pending: Entry | None = None
        for word in self.line[len(page.words.split()) :]:
            if pending is not None:
                self._note(pending, word)
                pending = None
            elif word.startswith("-"):
                name, sign, value = word.partition("=")
                option = _option(page, name)
                if option is not None and option.metavar:
                    pending = None if sign else option
                    self._note(option, value)
            else:
                argument = _argument(page, len(arguments))
                arguments.append(word)
                if argument is not None:
                    self._note(argument, word)
        return pending, arguments

    def _note(self, entry: Entry, value: str) -> None:
        self._values[entry.metavar.strip("[]")] = value
        self._values.update(dict.fromkeys(entry.names, value))

    def _options(self, page: HelpPage) -> Iterator[Candidate]:
        for entry in page.options:
            is_written = any(name in self.line for name in entry.names)
            if not is_written or "repeatable" in entry.meaning:
                yield Candidate(max(entry.names, key=len), entry.meaning)

    def _values_of(self, entry: Entry, start: str) -> Iterator[Candidate]:
        """Yield the values of an option or argument, those of a list behind its last comma."""
        metavar = entry.metavar.strip("[]…").removesuffix("]")
        head = ""
        if entry.metavar.endswith(_LIST_END):
            head = start[: start.rfind(",") + 1]
            metavar = metavar.removesuffix(",")
        for part in metavar.split("|"):
            if _WORD.fullmatch(part):
                yield Candidate(f"{head}{part}")
            elif part in _KINDS:
                yield from (Candidate(f"{head}{word}") for word in _KINDS[part](self))

    def index(self) -> str:
        """Return the index that the line names already, empty where it names none."""
        name = self._values.get("INDEX", "").upper()
        return name if name in self.book.words["indices"] else ""

    def value(self, option: str) -> str:
        """Return the value that the line gives an option, empty without one."""
        return self._values.get(option, "")


def _option(page: HelpPage, name: str) -> Entry | None:
    return next((entry for entry in page.options if name in entry.names), None)


def _argument(page: HelpPage, place: int) -> Entry | None:
    if place < len(page.arguments):
        return page.arguments[place]
    if page.arguments and page.arguments[-1].is_many:
        return page.arguments[-1]
    return None


def _from_book(kind: str) -> Callable[[Completion], Sequence[str]]:
    return lambda completion: completion.book.words[kind]


def _providers(completion: Completion) -> list[str]:
    from importlib.metadata import entry_points  # 20 ms that other values do not wait for

    plugged_in = (point.name for point in entry_points(group=_PROVIDERS))
    return [*completion.book.words["providers"], *sorted(plugged_in)]


def _days(completion: Completion) -> list[str]:
    return completion.stored.days(completion.index())


_KINDS: Mapping[str, Callable[[Completion], Sequence[str]]] = {
    "BUCKET": _from_book("buckets"),
    "COLUMN": _from_book("figures"),
    "CYCLE": lambda completion: completion.stored.cycles(),
    "DATE": lambda completion: completion.stored.expiries(completion.index()),
    "DAY": _days,
    "INDEX": _from_book("indices"),
    "INSTANT": lambda completion: completion.stored.cycles(),
    "KEY=VALUE": _from_book("settings"),
    "KIND": _from_book("kinds"),
    "PANEL": lambda completion: completion.stored.panels(completion.value("--panels-dir")),
    "PROVIDER": _providers,
    "SECTION": _from_book("sections"),
    "SNAPSHOT": _from_book("indices"),
    "SYMBOL": _from_book("indices"),
    "YYYY-MM": lambda completion: completion.stored.months(),
}
"""What finds the words of a kind of value."""
