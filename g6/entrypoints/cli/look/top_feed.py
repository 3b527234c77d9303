"""The thread of `g6 top` that reads, so that keys are answered while a server is slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from threading import Event, Thread

from g6.domain.documents.board_facts import BoardFacts
from g6.domain.reports import CycleReport
from g6.domain.schema.json_types import Document
from g6.entrypoints.cli.look.top_session import CYCLES
from g6.errors import G6Error
from g6.ports.readers import BoardReader
from g6.rendering.screens.top_board import in_their_order

__all__ = ["TopFeed", "TopReading"]

BUILD_UP_ROUNDS = 10
"""One index's build-up is asked in so many refreshes: it reads two chains, 20 ms, and changes once
a minute at most."""

OLDER_A_ROUND = 6
"""Stored cycles that are read in one round, for the sparklines."""


@dataclass(frozen=True, slots=True)
class TopReading:
    """What was read in one round.

    Attributes:
        facts: The newest state.
        strikes: The chain of `index` in `cycle`, None where no chain is seen.
        build_up: An index and its word.
        reports: Stored cycles before the one that is seen.
        past: Words of build-up by index, each list by its stored cycle.
    """

    facts: BoardFacts
    index: str = ""
    cycle: str = ""
    strikes: Sequence[Document] | None = None
    build_up: tuple[str, str] | None = None
    reports: Sequence[CycleReport] = ()
    past: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class TopFeed:
    """Reads again and again, and says when there is something to take.

    Attributes:
        reader: Where it reads.
        seconds: Between two rounds.
        wake: Called after each round.
        chain_of: The index whose chain is seen, empty for none.
        seen_at: The stored cycle that is seen, empty for now.
    """

    reader: BoardReader
    seconds: float
    wake: Callable[[], None]
    chain_of: str = ""
    seen_at: str = ""
    news: SimpleQueue[TopReading] = field(default_factory=SimpleQueue)
    _stop: Event = field(default_factory=Event)
    _rounds: int = 0
    _last: BoardFacts | None = None
    _read: set[str] = field(default_factory=set)
    _cycles: Sequence[str] = ()
    _day: str = ""
    _past: set[str] = field(default_factory=set)
    _thread: Thread | None = None
    _chain: tuple[str, str] = ("", "")

    def start(self, first: BoardFacts) -> None:
        """Begin after the first state, which somebody has read."""
        self._last = first
        self._thread = Thread(target=self._run, args=(first,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the round that is at work."""
        self._stop.set()

    def _run(self, first: BoardFacts) -> None:
        self.news.put(TopReading(first, reports=self._older(first)))
        self.wake()
        while not self._stop.wait(self.seconds):
            self.news.put(self._round())
            self.wake()

    def _older(self, facts: BoardFacts) -> list[CycleReport]:
        """Return some of the stored cycles before the one that is seen, which are not read yet.

        A day of parts takes 10 ms for each: sixty at once would hold up the present.
        """
        newest = self.seen_at or ("" if facts.report is None else facts.report.cycle)
        if not newest:
            return []
        try:
            if newest[:10] != self._day:
                self._cycles = self.reader.cycles(newest)
                self._day = newest[:10]
            before = [cycle for cycle in self._cycles if cycle < newest][-CYCLES:]
            missing = [cycle for cycle in before if cycle not in self._read][-OLDER_A_ROUND:]
            self._read.update(missing)
            stored = [self.reader.report(cycle) for cycle in missing]
        except G6Error:
            return []
        return [report for report in stored if report is not None]

    def _round(self) -> TopReading:
        try:
            facts = self.reader.facts()
        except G6Error as error:
            if self._last is None:
                raise
            return TopReading(replace(self._last, trouble=str(error)))
        self._last = facts
        self._rounds += 1
        if facts.report is None:
            return TopReading(facts)
        cycle = facts.report.cycle
        self._read.add(cycle)
        strikes = None
        index = self.chain_of
        try:
            # Rows that nobody writes are read once.
            if index and (facts.is_running or (index, cycle) != self._chain):
                strikes = self.reader.strikes(index, cycle)
                self._chain = (index, cycle)
            build_up = self._build_up(in_their_order(list(facts.report.units)))
        except G6Error as error:
            return TopReading(replace(facts, trouble=str(error)))
        older = self._older(facts)
        past = self._past_words(list(facts.report.units))
        return TopReading(facts, index, cycle, strikes, build_up, older, past)

    def _past_words(self, indices: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the words of the stored cycle that is seen, once for each such cycle."""
        cycle = self.seen_at
        if not cycle or cycle in self._past:
            return {}
        self._past.add(cycle)
        return {cycle: {index: self.reader.build_up(index, cycle) for index in indices}}

    def _build_up(self, indices: Sequence[str]) -> tuple[str, str] | None:
        """Return the word of one index, of each in its turn."""
        turn, rest = divmod(self._rounds - 1, BUILD_UP_ROUNDS)
        # The first words are wanted at once.
        if self._rounds <= len(indices):
            index = indices[self._rounds - 1]
        elif rest or not indices:
            return None
        else:
            index = indices[turn % len(indices)]
        return index, self.reader.build_up(index)
