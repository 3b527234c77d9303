"""`g6 top` in a terminal of its own: what it shows, what it leaves behind, and what a pipe gets."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worlds.boards import Terminal
from tests.worlds.stored_cycles import store_two_cycles

LIMIT_SECONDS = 200.0
PROGRAM = "import sys; from g6.entrypoints.cli import main; sys.exit(main(sys.argv[1:]))"
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


class TopProcess:
    """`g6 top` as a person has it before them."""

    def __init__(self, directory: Path, width: int, height: int, **environment: str) -> None:
        self.sent = ""
        # A read may end amid the bytes of a sign.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._stream, terminal = pty.openpty()
        self.resize(width, height)
        words = [sys.executable, "-c", PROGRAM, "top", "--data-dir", str(directory)]
        self.process = subprocess.Popen(
            [*words, "--every", "0.2"],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", **environment},
        )
        os.close(terminal)

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        self.size = (width, height)
        fcntl.ioctl(self._stream, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._stream, keys.encode())

    @property
    def lines(self) -> list[str]:
        """What is to be seen now: the last whole screen, and what was written over it."""
        terminal = Terminal(*self.size)
        terminal.write("\x1b[0m\x1b[2J" + self.sent.rpartition("\x1b[2J")[2])
        return terminal.lines

    def until(self, holds: Callable[[], bool]) -> None:
        """Read until it holds."""
        limit = time.monotonic() + LIMIT_SECONDS
        while not holds():
            assert time.monotonic() < limit, self.sent[-2000:]
            ready, _, _ = select.select([self._stream], [], [], 0.5)
            if ready:
                self._read()

    def _read(self) -> None:
        self.sent += self._decoder.decode(os.read(self._stream, 65536))

    def sees(self, text: str) -> None:
        """Read until a text is to be seen."""
        self.until(lambda: "\x1b[2J" in self.sent and text in "\n".join(self.lines))

    def code(self) -> int:
        """Read to the end, and return the exit code."""
        try:
            while True:
                self._read()
        except OSError:
            # Linux says so of a terminal that nobody holds open any more.
            return self.process.wait(LIMIT_SECONDS)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A directory with two cycles."""
    store_two_cycles(tmp_path)
    return tmp_path


def test_a_person_goes_through_views_and_cycles_and_leaves_the_terminal_as_it_was(
    rows: Path,
) -> None:
    top = TopProcess(rows, 80, 24)
    top.sees("▶ FINNIFTY")
    assert top.sent.startswith(ENTER_SCREEN)
    assert "NOT RUNNING" in top.lines[0]
    top.press("\r")
    top.sees("CALLS")
    top.press("\x1b[D")
    top.sees("STORED")
    top.press(":interest\r")
    top.sees("PgUp PgDn scroll")
    top.resize(120, 40)
    top.until(lambda: top.sent.count("\x1b[2J") == 2)
    top.press("q")
    assert top.code() == 0
    assert top.sent.endswith(LEAVE_SCREEN)


def test_a_locale_without_signs_gets_ascii_and_no_color_no_colours(rows: Path) -> None:
    top = TopProcess(rows, 80, 24, LC_ALL="C", NO_COLOR="1")
    top.sees("> FINNIFTY")
    top.press("\x03")
    assert top.code() == 0
    assert top.sent.isascii()
    assert re.search(r"\x1b\[(0;)?3\dm", top.sent) is None


def test_a_pipe_gets_lines_and_a_directory_without_rows_a_sentence(
    rows: Path, tmp_path: Path
) -> None:
    def written(directory: Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", PROGRAM, "top", "--data-dir", str(directory)]
        return subprocess.run(
            words, check=False, capture_output=True, text=True, timeout=LIMIT_SECONDS
        )

    lines = written(rows).stdout.splitlines()
    assert lines[0] == "Wed 18 Nov 2026 11:03 IST, 1 index"
    assert lines[1].startswith("11:03:00 FINNIFTY  spot ")
    assert "\x1b" not in "".join(lines)
    nothing = written(tmp_path / "none")
    assert nothing.returncode == 2
    assert "fix:" in nothing.stderr
