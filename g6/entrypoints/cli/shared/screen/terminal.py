"""What a terminal can show: colours if configured, plain ASCII where the locale has no more."""

from __future__ import annotations

import codecs
import io
import locale
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

from g6.rendering.ascii_signs import SIGNS

if TYPE_CHECKING:
    from rich.console import Console

    from g6.config import Settings

# A name of its own: typer takes a stream that says `ascii` for a mistake and writes UTF-8 to it.
_CODEC = "g6_plain"


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(
        SIGNS.get(sign, "?") for sign in error.object[error.start : error.end]
    ), error.end


def _encode(text: str, _: str = "strict") -> tuple[bytes, int]:
    return codecs.ascii_encode(text, _CODEC)


class _Encoder(codecs.IncrementalEncoder):
    def encode(self, input: str, final: bool = False) -> bytes:  # noqa: ARG002 - holds nothing
        return _encode(input)[0]


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != _CODEC:
        return None
    decoder = codecs.getincrementaldecoder("ascii")
    return codecs.CodecInfo(
        _encode,
        codecs.ascii_decode,
        incrementalencoder=_Encoder,
        incrementaldecoder=decoder,
        name=_CODEC,
    )


def plain() -> None:
    """Make this process write ASCII only."""
    codecs.register_error(_CODEC, _plainly)
    codecs.register(_codec)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=_CODEC)


def plain_in_c_locale() -> None:
    """Make this process write ASCII only where the locale is C (`LC_ALL=C`)."""
    if locale.setlocale(locale.LC_CTYPE) in {"C", "POSIX"}:
        plain()


def console(settings: Settings | None, *, stderr: bool = False) -> Console:
    """Return the console that people read, as `console.colour` and `console.ascii` want it.

    Without settings it is as the terminal has it.
    """
    # 50 ms that `g6 --help` does not wait for
    from g6.entrypoints.cli.shared.screen.breaking_console import BreakingConsole

    if settings is None:
        return BreakingConsole(stderr=stderr, highlight=False)
    if settings.console.ascii == "always":
        plain()
    match settings.console.colour:
        case "always":
            return BreakingConsole(
                stderr=stderr, force_terminal=True, color_system="standard", highlight=False
            )
        case "never":
            return BreakingConsole(stderr=stderr, color_system=None, no_color=True, highlight=False)
        case _:
            return BreakingConsole(stderr=stderr, highlight=False)


def fitted(sentence: str, stream: TextIO) -> str:
    """Return a sentence as a stream shows it: a terminal's lines break at blanks alone."""
    if not stream.isatty():
        return sentence
    from g6.entrypoints.cli.shared.screen.line_breaks import broken

    return broken(sentence, shutil.get_terminal_size((80, 24)).columns)
