"""Keys: what a terminal sends, and the terminal's state while its keys are read one by one."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = [
    "BACKSPACE",
    "ENTER",
    "ESCAPE",
    "INTERRUPT",
    "Keyboard",
    "keys_of",
    "whole_screen",
    "without_echo",
]

ENTER = "enter"
ESCAPE = "escape"
BACKSPACE = "backspace"
INTERRUPT = "interrupt"
_NAMES = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left",
    "\x1b[5~": "page up", "\x1b[6~": "page down",
    "\x1b[H": "home", "\x1b[F": "end", "\x1bOH": "home", "\x1bOF": "end",
    "\x1b[1~": "home", "\x1b[4~": "end",
    "\r": ENTER, "\n": ENTER, "\x7f": BACKSPACE, "\x08": BACKSPACE, "\x03": INTERRUPT,
    "\x1b": ESCAPE,
}  # fmt: skip
_PIECES = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)
_BYTES = 4096
ENTER_SCREEN = "\x1b[?1049h\x1b[?25l\x1b[?7l"
LEAVE_SCREEN = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
"""The other screen of a terminal, without a cursor and without wrapping, and back."""


def keys_of(text: str) -> list[str]:
    r"""Return the names of keys in what a terminal sent; a letter is its own name.

    >>> keys_of("q\x1b[A:")
    ['q', 'up', ':']
    """
    keys = []
    for piece in _PIECES.findall(text):
        name = _NAMES.get(piece, piece)
        if piece in _NAMES or (len(piece) == 1 and piece.isprintable()):
            keys.append(name)
    return keys


class Keyboard:
    """Waits for keys, for a new size of the terminal, or until it is woken."""

    def __init__(self, stream: int) -> None:
        self._stream = stream
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        os.set_blocking(self._read_end, False)

    def wake(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Let a wait end, from a signal or another thread."""
        try:
            os.write(self._write_end, b".")
        except BlockingIOError:
            # The pipe is full of such wishes already.
            return

    def keys(self, seconds: float) -> list[str]:
        """Return the keys that were pressed, after at most so many seconds."""
        ready, _, _ = select.select([self._stream, self._read_end], [], [], max(0.0, seconds))
        if self._read_end in ready:
            os.read(self._read_end, _BYTES)
        if self._stream not in ready:
            return []
        content = os.read(self._stream, _BYTES)
        # A terminal that is gone is read as nothing for ever.
        return keys_of(content.decode("utf-8", "replace")) if content else [INTERRUPT]


@contextmanager
def whole_screen(keyboard: Keyboard, stream: int) -> Iterator[None]:
    """Make the terminal a screen until the block ends, and leave it as it was."""
    before = termios.tcgetattr(stream)
    resized = signal.signal(signal.SIGWINCH, keyboard.wake)
    try:
        tty.setcbreak(stream)
        # Ctrl-C is a key: it ends the screen in order.
        mode = termios.tcgetattr(stream)
        mode[3] &= ~termios.ISIG
        termios.tcsetattr(stream, termios.TCSANOW, mode)
        sys.stdout.write(ENTER_SCREEN)
        sys.stdout.flush()
        yield
    finally:
        sys.stdout.write(LEAVE_SCREEN)
        sys.stdout.flush()
        termios.tcsetattr(stream, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, resized)


@contextmanager
def without_echo(stream: int) -> Iterator[None]:
    """Let keys be read one by one until the block ends, Ctrl-C aside, which stays a signal."""
    before = termios.tcgetattr(stream)
    try:
        tty.setcbreak(stream)
        yield
    finally:
        termios.tcsetattr(stream, termios.TCSADRAIN, before)
