"""The console on which sentences break at blanks alone."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from g6.entrypoints.cli.shared.screen.line_breaks import broken_text

__all__ = ["BreakingConsole"]


class BreakingConsole(Console):
    """A console whose sentences break at blanks on a terminal, and stay whole elsewhere.

    rich breaks a command that is to be copied wherever a line ends, and with `soft_wrap` the
    terminal breaks inside words.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does. Options as of `Console.print`."""
        if self.is_terminal and len(objects) == 1 and isinstance(objects[0], str | Text):
            sentence = objects[0]
            if isinstance(sentence, str):
                sentence = self.render_str(
                    sentence, markup=options.get("markup"), highlight=options.get("highlight")
                )
            objects = (broken_text(sentence, self.width),)
            options |= {"soft_wrap": True}
        super().print(*objects, **options)
