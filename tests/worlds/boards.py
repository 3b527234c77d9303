"""Three cycles of a small world as the screen of all indices reads them, and a terminal that shows what it is sent."""

from __future__ import annotations

import re
from pathlib import Path

from g6.adapters.parquet.queries.stored_reader import DirectoryReader
from g6.bootstrap.reading.board_reading import RunningBoard
from g6.config import calendar, load
from g6.domain.cycles.cycle import parse_z
from tests.worlds.pipeline import SETTINGS, World

CYCLES = ("2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z", "2026-11-18T05:32:00Z")


def board_of(world: World) -> RunningBoard:
    """Return the reader of a world's panels and its store."""
    reader = DirectoryReader(
        Path("data"), world.store, calendar(), lambda *_: None, world.runtime.clock
    )
    return RunningBoard(load(None, SETTINGS, {}), world.store, reader, world.runtime)


def world_of_three_cycles() -> World:
    """Return a world whose clock stands a second after the last of three cycles."""
    world = World()
    for cycle in CYCLES:
        world.clock.now = parse_z(cycle).timestamp()
        world.cycle(cycle)
    world.clock.now += 1.0
    return world


class Terminal:
    """Understands the few sequences that the screen writes, and refuses any other."""

    _PIECES = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([^\x1b]+)")

    def __init__(self, width: int, height: int) -> None:
        self.rows = [[" "] * width for _ in range(height)]
        self._row = self._column = 0

    def write(self, text: str) -> None:
        """Show what is written."""
        end = 0
        for piece in self._PIECES.finditer(text):
            assert piece.start() == end, text[end : piece.start()]
            end = piece.end()
            numbers, letter, plain = piece.groups()
            if plain:
                for sign in plain:
                    self.rows[self._row][self._column] = sign
                    self._column += 1
            elif letter == "H":
                row, column = map(int, numbers.split(";"))
                self._row, self._column = row - 1, column - 1
            elif letter == "J":
                self.rows = [[" "] * len(row) for row in self.rows]
            else:
                assert letter in "mhl", letter
        assert end == len(text)

    @property
    def lines(self) -> list[str]:
        """The rows without blanks at their ends."""
        return ["".join(row).rstrip() for row in self.rows]
