"""A study's answer as the text that its command prints, for a screen of so many columns."""

from __future__ import annotations

import io

from rich.console import Console

from g6.rendering import parts

__all__ = ["answer_text"]


def answer_text(study: str, document: object, columns: int) -> str:
    """Return the sentences and tables of a document, without colours.

    Args:
        study: The study's name.
        document: What it answered with.
        columns: The width. Tables show as many of their columns as fit.
    """
    buffer = io.StringIO()
    console = Console(file=buffer, width=columns, no_color=True, highlight=False)
    parts.print_parts(console, parts.parts_of(study, document))
    lines = (line.rstrip() for line in buffer.getvalue().splitlines())
    return "\n".join(lines).rstrip() + "\n"
