"""How a failed command tells why: sentences for a person, one JSON object under `--json`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from g6.entrypoints.cli.shared.help.fix_commands import FIX
from g6.entrypoints.cli.shared.screen import terminal
from g6.errors.masking import mask

__all__ = ["MISSING_LIBRARY", "UNEXPECTED", "USAGE", "Failures", "code_of"]

USAGE = "usage"
MISSING_LIBRARY = "missing_library"
UNEXPECTED = "unexpected"
JSON_OPTION = "--json"
_PIP = re.compile(r"(fix: |in a checkout )pip install")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def code_of(error: Exception) -> str:
    """Return the word for a kind of error, as scripts compare it.

    >>> code_of(FileNotFoundError())
    'file_not_found_error'
    """
    return _CAPITAL.sub("_", type(error).__name__).lower()


@dataclass(frozen=True, slots=True)
class Failures:
    """Writes to standard error why a command failed.

    Attributes:
        is_json: Whether a script reads it.
    """

    is_json: bool = False

    @classmethod
    def of_words(cls, words: Sequence[str]) -> Failures:
        """Return what writes the failures of a command line.

        >>> Failures.of_words(["chain", "NIFTY", "--json"]).is_json
        True
        """
        before_rest = words[: words.index("--")] if "--" in words else words
        return cls(JSON_OPTION in before_rest)

    def write(self, code: str, text: str, exit_code: int) -> int:
        """Write a sentence with its fix, and return the exit code.

        Args:
            code: The word for the kind of error.
            text: The sentence, and behind `fix:` what helps.
            exit_code: How the command ends.
        """
        if _PIP.search(text):
            from g6.entrypoints.cli.shared.shell import invocation  # psutil costs 20 ms

            # What a shell calls pip may install for another Python than this one.
            pip = invocation.as_typed("pip")
            text = _PIP.sub(lambda match: f"{match[1]}{pip} install", text)
        if not self.is_json:
            sys.stderr.write(f"{terminal.fitted(f'g6: {mask(text)}', sys.stderr)}\n")
            return exit_code
        sentence, sign, fix = text.rpartition(FIX)
        error = {
            "code": code,
            "exit_code": exit_code,
            "message": mask(sentence if sign else text),
            "fix": mask(fix if sign else ""),
        }
        sys.stderr.write(f"{json.dumps({'error': error}, ensure_ascii=False)}\n")
        return exit_code
