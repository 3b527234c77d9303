"""The commands of runbooks, read from their pages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.e2e.running import ROOT

BOOKS = ROOT / "docs/runbooks"
_FENCED = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:g6|celery) [^`\n]+)`")
_PLACE = re.compile(r"\b(?:NAME|QUEUES|PORT|DIR|FILE|CYCLE|INDEX|FIRST|LAST|URL)\b")
PROGRAMS = ("g6 ", "celery ", "redis-cli ", "redis-server ", "timedatectl ", "rm ", "amtool ")


def section(page: str, heading: str) -> str:
    """Return what a page has under a heading."""
    text = (BOOKS / page).read_text("utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def blocks(page: str, heading: str) -> list[str]:
    """Return the commands in the blocks under a heading, without what is said of them."""
    lines: list[str] = []
    for block in _FENCED.findall(section(page, heading)):
        lines += [line for line in block.splitlines() if line.startswith(PROGRAMS)]
    return [re.split(r"\s{2,}", line)[0] for line in lines]


def inline(page: str, heading: str) -> list[str]:
    """Return the commands within the sentences under a heading."""
    return _INLINE.findall(_FENCED.sub("", section(page, heading)))


def mitigation(page: str, program: str, places: Mapping[str, str]) -> str:
    """Return the one command under Mitigation that begins so, its placeholders filled in.

    Raises:
        AssertionError: The page has none, or several, or a placeholder that nothing stands for.
    """
    commands = [line for line in blocks(page, "Mitigation") if line.startswith(program)]
    assert len(commands) == 1, f"{page} has under Mitigation: {commands}"
    command = commands[0]
    for place, value in places.items():
        command = re.sub(rf"\b{place}\b", lambda _match, value=value: value, command)  # type: ignore[misc]
    assert not _PLACE.search(command), command
    return command
