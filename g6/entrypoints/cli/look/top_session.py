"""What a person sees and does in `g6 top`, without a terminal: keys in, screens out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from g6.domain.documents.board_facts import BoardFacts
from g6.domain.reports import CycleReport
from g6.domain.schema.json_types import Document
from g6.entrypoints.cli.shared.screen.keyboard import BACKSPACE, ENTER, ESCAPE, INTERRUPT
from g6.errors import G6Error
from g6.ports.readers import BoardReader
from g6.rendering.screens.cells import CellScreen, StyledText
from g6.rendering.screens.top_board import (
    board_lines,
    board_screen,
    has_room_for_chain,
    in_their_order,
)
from g6.rendering.screens.top_chain import chain_screen
from g6.rendering.screens.top_head import TopView
from g6.rendering.screens.top_text import HELP, text_screen

__all__ = ["CYCLES", "Ask", "TopSession"]

CYCLES = 60
"""Cycles in a sparkline."""
_PAGE_LINES = 10
_MOST_REPORTS = 500

Ask = Callable[[str, str, str, int], list[list[StyledText]]]
"""Answers a typed question: its words, the chosen index, the stored cycle, the width."""
_SAME_KEYS = {"k": "up", "j": "down", "h": "left", "l": "right"}
_STEPS = {"up": -1, "down": 1, "page up": -_PAGE_LINES, "page down": _PAGE_LINES}


@dataclass(slots=True)
class TopSession:
    """One person at one terminal.

    Attributes:
        reader: Where stored cycles come from.
        ask: Answers what is typed behind a colon.
        facts: The newest state.
        page: board, chain, study or help.
        view: What a person chose.
        build_ups: The word of each index now.
        past_build_ups: Those of stored cycles that were seen.
    """

    reader: BoardReader
    ask: Ask
    facts: BoardFacts
    page: str = "board"
    view: TopView = field(default_factory=TopView)
    strikes: Sequence[Document] = ()
    build_ups: dict[str, str] = field(default_factory=dict)
    past_build_ups: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _reports: dict[str, CycleReport] = field(default_factory=dict)
    _cycles: Sequence[str] = ()
    _lines: Sequence[Sequence[StyledText]] = ()
    _scroll: int = 0
    _question: str = ""
    _width: int = 80
    _has_room: bool = False

    def take(self, facts: BoardFacts) -> None:
        """Take the newest state in."""
        self.facts = facts
        if facts.report is not None:
            self.remember([facts.report])
        if not self.view.index and facts.report is not None:
            names = in_their_order(list(facts.report.units))
            self.view = replace(self.view, index=names[0] if names else "")

    def remember(self, reports: Sequence[CycleReport]) -> None:
        """Keep cycles for the sparklines, and for the way back."""
        for report in reports:
            self._reports[report.cycle] = report
        # While somebody looks at the past its cycles are the oldest ones.
        if not self.view.at:
            for cycle in sorted(self._reports)[:-_MOST_REPORTS]:
                del self._reports[cycle]

    @property
    def history(self) -> list[CycleReport]:
        """The last cycles up to the one that is seen, oldest first."""
        newest = self.view.at or (self.facts.report.cycle if self.facts.report else "")
        cycles = sorted(cycle for cycle in self._reports if cycle <= newest)
        return [self._reports[cycle] for cycle in cycles[-CYCLES:]]

    @property
    def cycle(self) -> str:
        """The cycle that is seen, empty before the first."""
        newest = self.facts.report.cycle if self.facts.report else ""
        return self.view.at or newest

    def screen(self, size: tuple[int, int]) -> CellScreen:
        """Return what is to be seen."""
        self._width = size[0]
        history = self.history
        if self.page == "chain":
            return chain_screen(self.facts, history, self.strikes, self.view, size)
        if self.page == "board":
            at = self.view.at
            words = self.past_build_ups.get(at, {}) if at else self.build_ups
            count = len(self._names())
            self._has_room = not self.view.pattern and has_room_for_chain(size[1], count)
            strikes = self.strikes if self._has_room else ()
            return board_screen(self.facts, history, words, self.view, size, strikes)
        help_lines = [[(line, " ")] for line in HELP.splitlines()]
        lines = help_lines if self.page == "help" else self._lines
        return text_screen(self.facts, history, lines, self._scroll, self.view, size)

    def press(self, key: str) -> bool:
        """Do what a key means. Returns False when the person is done."""
        if key == INTERRUPT:
            return False
        if self.view.prompt:
            self._type(key)
            return True
        key = _SAME_KEYS.get(key, key)
        self.view = replace(self.view, message="")
        if key == "q":
            return False
        if key in (":", "/"):
            self.view = replace(self.view, prompt=key)
        elif key == "?":
            self.page, self._scroll = "help", 0
        elif key in ("left", "right", "end"):
            self._go_in_time(key)
        elif key in _STEPS:
            self._step(_STEPS[key])
        elif key == ENTER and self.page == "board" and self.view.index:
            self.page = "chain"
            self.read_strikes()
        elif key == ESCAPE:
            self._back()
        return True

    @property
    def chain_of(self) -> str:
        """The index whose chain is seen, empty for none."""
        is_seen = self.page == "chain" or (self.page == "board" and self._has_room)
        return self.view.index if is_seen else ""

    def read_strikes(self) -> None:
        """Read the chain that is seen."""
        if self.chain_of and self.cycle:
            try:
                self.strikes = self.reader.strikes(self.view.index, self.cycle)
            except G6Error as error:
                self._say(error)

    def _back(self) -> None:
        if self.page == "board":
            self.view = replace(self.view, pattern="", at="")
        self.page = "board"

    def _say(self, error: G6Error) -> None:
        self.view = replace(self.view, message=" ".join(str(error).split()))

    def _type(self, key: str) -> None:
        prompt = self.view.prompt
        if key == ESCAPE:
            prompt = ""
        elif key == BACKSPACE:
            prompt = prompt[:-1]
        elif key == ENTER:
            self.view = replace(self.view, prompt="")
            self._do(prompt)
            return
        elif len(key) == 1:
            prompt += key
        self.view = replace(self.view, prompt=prompt)

    def _do(self, prompt: str) -> None:
        """Do what was typed: filter the indices, or go to a study."""
        words = prompt[1:].strip()
        if prompt.startswith("/"):
            self.page = "board"
            self.view = replace(self.view, pattern=words)
            names = self._names()
            if names and self.view.index not in names:
                self.view = replace(self.view, index=names[0])
        elif words in ("q", "quit"):
            self.view = replace(self.view, message="q ends g6 top")
        elif words in ("top", "board"):
            self.page = "board"
        elif words:
            self._answer(words)

    def _answer(self, words: str) -> None:
        try:
            self._lines = self.ask(words, self.view.index, self.view.at, self._width)
        except G6Error as error:
            self._say(error)
            return
        self._question = words
        self.page, self._scroll = "study", 0

    def _names(self) -> list[str]:
        history = self.history
        report = history[-1] if history else None
        return [line.index for line in board_lines(self.facts, report, {}, self.view)]

    def _step(self, step: int) -> None:
        if self.page in ("study", "help"):
            lines = self._lines if self.page == "study" else HELP.splitlines()
            self._scroll = max(0, min(self._scroll + step, len(lines) - 1))
            return
        names = self._names()
        if not names:
            return
        place = names.index(self.view.index) if self.view.index in names else 0
        index = names[max(0, min(place + step, len(names) - 1))]
        if index != self.view.index:
            self.view = replace(self.view, index=index)
            self.read_strikes()

    def _go_in_time(self, key: str) -> None:
        """Go to the stored cycle before, to the one after, or back to now."""
        try:
            at = "" if key == "end" else self._neighbour(key)
        except G6Error as error:
            self._say(error)
            return
        self.view = replace(self.view, at=at)
        self.read_strikes()
        if self.page == "study":
            question, scroll = self._question, self._scroll
            self._answer(question)
            self._scroll = scroll

    def _neighbour(self, key: str) -> str:
        """Return the stored cycle beside the one that is seen, empty for now."""
        at = self.cycle
        if not at or (key == "right" and not self.view.at):
            return ""
        if not self.view.at or at not in self._cycles:
            self._cycles = self.reader.cycles(at)
        place = bisect_left(self._cycles, at)
        if key == "right":
            after = self._cycles[place + 1 :]
            newest = self.facts.report.cycle if self.facts.report else ""
            return after[0] if after and after[0] < newest else ""
        before = self._cycles[place - 1] if place else self.reader.day_before(at)
        if before is None:
            self.view = replace(self.view, message="no earlier cycle is stored")
            return self.view.at
        self._read(before)
        return before

    def _read(self, cycle: str) -> None:
        """Read a stored cycle. Another thread reads those before it, for the sparklines."""
        if cycle not in self._cycles:
            self._cycles = self.reader.cycles(cycle)
        if cycle not in self._reports:
            report = self.reader.report(cycle)
            if report is not None:
                self._reports[cycle] = report
