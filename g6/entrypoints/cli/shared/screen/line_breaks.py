"""Sentences on a terminal break at blanks alone, and a command to be copied stays whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.text import Text

__all__ = ["broken", "broken_text"]

FIX = "fix: "
LEAST_WIDTH = 40
"""On a narrower screen lines are left to the terminal."""
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s,;()]+)"
_OPTIONS = rf"(?: --?[A-Za-z][\w-]*(?:[ =](?!-){_VALUE})?)*"
_COMMAND = re.compile(
    rf"(?<![\w@-])(?:[\w./~-]*/)?(?:g6(?: [a-z][a-z-]*){{1,2}}(?: [A-Z][A-Z0-9_]*)?{_OPTIONS}"
    rf"|celery -A \S+ \S+{_OPTIONS}|kill -\w+(?: \d+)+|pip install (?:-e )?\S+)"
)
_PIECE = re.compile(r"\S+")


def broken(sentence: str, width: int) -> str:
    r"""Return a sentence, or several lines, in lines that fit a width.

    Args:
        sentence: What is said. Lines that it has already stay.
        width: Characters of a line.

    >>> print(broken("it is in use\n  fix: stop it, or call g6 up --data-dir /tmp/other", 40))
    it is in use
      fix: stop it, or call
           g6 up --data-dir /tmp/other
    """
    return broken_text(Text(sentence), width).plain


def broken_text(sentence: Text, width: int) -> Text:
    """Return a sentence with its styles in lines that fit a width, as `broken` does."""
    if width < LEAST_WIDTH:
        return sentence
    lines: list[Text] = []
    for line in sentence.split("\n", allow_blank=True):
        if len(line) <= width:
            lines.append(line)
        else:
            lines += _lines(line, width)
    whole = Text("\n", style=sentence.style, end=sentence.end).join(lines)
    whole.style = sentence.style
    return whole


def _lines(line: Text, width: int) -> Iterator[Text]:
    """Yield the lines of one that is too long, the further ones below its first word."""
    plain = line.plain
    blanks = len(plain) - len(plain.lstrip())
    hanging = blanks + (len(FIX) if plain.startswith(FIX, blanks) else 2)
    for place, part in enumerate(line.divide([*_places(plain, width, hanging)])):
        part.rstrip()
        yield part if not place else Text(" " * hanging).append_text(part)


def _places(plain: str, width: int, hanging: int) -> Iterator[int]:
    """Yield where the further lines begin."""
    begin = 0
    room = width
    for first, last in _pieces(plain):
        # A command that is wider than the screen stays behind the word that heads it.
        if last - begin > room and plain[begin:first].strip() not in {"", FIX.strip()}:
            yield first
            begin = first
            room = width - hanging


def _pieces(plain: str) -> Iterator[tuple[int, int]]:
    """Yield from where to where nothing is broken: words, and commands with their options."""
    end = 0
    spans = [command.span() for command in _COMMAND.finditer(plain)]
    for word in _PIECE.finditer(plain):
        if word.start() < end:
            continue
        end = word.end()
        for first, last in spans:
            if word.start() <= first < end:
                # What stands at a command without a blank, such as a bracket, goes with it.
                behind = _PIECE.match(plain, last)
                end = max(end, last if behind is None else behind.end())
        yield word.start(), end
