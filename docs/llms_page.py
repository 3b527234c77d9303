"""The pages of the documentation for language models, as https://llmstxt.org has it."""

from __future__ import annotations

import re

__all__ = ["page"]

HEAD = """# G6

> G6 collects whole option chains of Indian indices on a wall-clock grid, computes implied volatility and Greeks, stores them for good,
> and answers questions about any stored instant: on the command line, in Python (`g6.load`, `g6.ask`), over HTTP and as tools (`g6 mcp`).

Written by `make docs` from docs/index.md. `g6 demo` needs no account, and `g6 COMMAND --help` has an example.
"""
SECTIONS = ("Learn", "How to", "Understand", "Fix a problem", "Look up")
"""Sections of the index that lead to pages."""
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
_ROW = re.compile(r"\| ([^|]+) \| \[([^\]]+)\]\(([^)]+)\) \|")


def page(index: str) -> str:
    r"""Return the list of pages that the index of the documentation leads to.

    >>> page("## Look up\n\n[Settings](reference/settings.md)\n").splitlines()[-1]
    '- [Settings](reference/settings.md)'
    """
    parts = [HEAD]
    for section in re.split(r"^## ", index, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        if title in SECTIONS:
            parts.append(f"## {title}\n\n" + "\n".join(_lines(text)) + "\n")
    return "\n".join(parts)


def _lines(text: str) -> list[str]:
    """Return a line for each page of a section, with what it is for where a table says so."""
    rows = _ROW.findall(text)
    if rows:
        return [f"- [{name}]({target}): {purpose}" for purpose, name, target in rows]
    links = _LINK.findall(text)
    return [f"- [{name}]({target})" for name, target in links if target != "llms.txt"]
