"""The lines above and below every view of `g6 top`: cycle, market, provider, queues, keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from textwrap import shorten, wrap

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.board_facts import BoardFacts
from g6.domain.market.calendar import day_of
from g6.domain.reports import CycleReport
from g6.domain.reports.closed_cycles import closed_cycles
from g6.domain.schema.words import Status
from g6.rendering.screens.cells import PLAIN, CellScreen, StyledText
from g6.rendering.wording import clock, counts_in_words, day_words, in_india

__all__ = ["HEAD_LINES", "KEYS", "STATUS_STYLES", "TopView", "fitting", "put_foot", "put_head"]

HEAD_LINES = 5
STATUS_STYLES = {"OK": "g", "PARTIAL": "y", "MISSING": "r", "SKIPPED": "m"}
KEYS = "↑↓ index  Enter chain  ← → stored cycles  : study  / filter  ? help  q quit"
_BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class TopView:
    """What a person chose to see.

    Attributes:
        index: The index that the keys act on.
        pattern: Only indices with these letters, empty for all.
        at: The stored cycle that is seen, empty for now.
        prompt: The line that is being typed, with its first sign, empty for none.
        message: What is said below, until the next key.
    """

    index: str = ""
    pattern: str = ""
    at: str = ""
    prompt: str = ""
    message: str = ""


def fitting(clauses: Sequence[StyledText], width: int) -> list[StyledText]:
    """Return as many clauses as fit a line, a dot between two. What comes later is left out.

    >>> fitting([("cycle 11:02", " "), ("OK", "g"), ("of a long day", " ")], 20)
    [('cycle 11:02', ' '), (' · ', 'd'), ('OK', 'g')]
    """
    spans: list[StyledText] = []
    room = width
    for text, style in clauses:
        if not text:
            continue
        between = _BETWEEN if spans else ""
        room -= len(between) + len(text)
        # The first one alone is cut instead.
        if room < 0 and spans:
            break
        if between:
            spans.append((between, "d"))
        spans.append((text, style))
    return spans


def put_head(
    screen: CellScreen, facts: BoardFacts, history: Sequence[CycleReport], view: TopView
) -> None:
    """Write the lines that say when, of which cycle, and how the system fares."""
    mark, style = _mark(facts, view)
    width = screen.width - len(mark) - 1
    screen.put(0, fitting([(_clock(facts), "b"), (_market(facts), PLAIN)], width))
    screen.put(0, [(mark, style)], screen.width - len(mark))
    report = history[-1] if view.at and history else facts.report
    screen.put(1, fitting(_cycle(facts, report, history), screen.width))
    screen.put(2, fitting(_provider(facts), screen.width))
    screen.put(3, fitting(_machine(facts), screen.width))
    alert = [
        (shorten(text, screen.width, placeholder=" …"), style) for text, style in _alert(facts)
    ]
    screen.put(4, alert)


def put_foot(screen: CellScreen, view: TopView, keys: str = KEYS) -> None:
    """Write the line that is typed or said, and the keys."""
    if view.prompt:
        screen.put(screen.height - 2, [(view.prompt, "b"), (" ", "i")])
    elif view.message:
        _put_message(screen, view.message)
    elif view.pattern:
        screen.put(screen.height - 2, [(f"/{view.pattern}", "b"), ("  Esc shows all", "d")])
    screen.put(screen.height - 1, [(keys, "d")])


def _put_message(screen: CellScreen, message: str) -> None:
    """Write a sentence whole, over as many lines above the keys as it takes."""
    lines = wrap(message, screen.width)[: max(1, screen.height - HEAD_LINES - 1)]
    for place, line in enumerate(lines):
        row = screen.height - 1 - len(lines) + place
        screen.put(row, [(line.ljust(screen.width), "y")])


def _mark(facts: BoardFacts, view: TopView) -> StyledText:
    """Return the word for how old all of it is. Old data never looks like the present."""
    if view.at:
        return " STORED ", "i"
    if not facts.is_running:
        return " NOT RUNNING ", "i"
    return (" STALE ", "i") if facts.is_stale else ("now", "g")


def _clock(facts: BoardFacts) -> str:
    return f"{day_words(day_of(facts.now))} {clock(facts.now, has_seconds=True)} IST"


def _market(facts: BoardFacts) -> str:
    market = facts.market
    if not market.phase and market.until is None:
        return ""
    word = "open" if market.is_open else f"closed ({market.phase or '–'})"
    if market.until is None:
        return f"market {word}"
    until = clock(market.until, day_of(facts.now))
    return f"market {word} until {until}"


def _cycle(
    facts: BoardFacts, newest: CycleReport | None, history: Sequence[CycleReport]
) -> list[StyledText]:
    if newest is None:
        return [("no cycle yet", PLAIN)]
    whole = list(newest.units.values()).count(Status.OK)
    at = clock(parse_z(newest.cycle), day_of(facts.now), has_seconds=True)
    clauses = [
        (f"cycle {at} {newest.status}", STATUS_STYLES[newest.status]),
        (f"{whole} of {len(newest.units)} OK", PLAIN),
        (_success(history), PLAIN),
    ]
    if isfinite(newest.elapsed_seconds):
        clauses.append((f"closed after {newest.elapsed_seconds:.2f} s", PLAIN))
    clauses.append((f"{sum(newest.options.values()):,} options", PLAIN))
    timed = [report for report in history if isfinite(report.elapsed_seconds)]
    if len(timed) > 1:
        closed = closed_cycles(timed)
        times = f"p50 {closed.p50_ms / 1e3:.2f} p95 {closed.p95_ms / 1e3:.2f} s"
        clauses.append((times, PLAIN))
    return clauses


def _success(history: Sequence[CycleReport]) -> str:
    units = [status for report in history for status in report.units.values()]
    if not units:
        return ""
    share = 100.0 * units.count(Status.OK) / len(units)
    return f"success {share:.0f} % of {len(history)}"


def _provider(facts: BoardFacts) -> list[StyledText]:
    provider = facts.provider
    words = dict.fromkeys(filter(None, [facts.provider_name, provider.mode, provider.source]))
    clauses = [(f"provider {', '.join(words) or '–'}", PLAIN)]
    if provider.login is not None:
        clauses.append((f"token {provider.login.state}", PLAIN if provider.login.is_valid else "r"))
    if provider.breaker:
        clauses.append(
            (f"breaker {provider.breaker}", PLAIN if provider.breaker == "closed" else "r")
        )
    if provider.budget_left:
        requests = counts_in_words(provider.budget_left)
        clauses.append((f"requests left a minute {requests}", PLAIN))
    return clauses


def _machine(facts: BoardFacts) -> list[StyledText]:
    if facts.queues is None:
        return [(facts.place, "d")]
    waiting = {name: count for name, count in facts.queues.items() if count}
    queues = (f"queues {counts_in_words(waiting)}", "y") if waiting else ("queues empty", PLAIN)
    return [queues, (facts.workers, PLAIN), *_load(facts), (facts.place, "d")]


def _load(facts: BoardFacts) -> list[StyledText]:
    """Return what the system takes of its machine, and how long the provider takes."""
    clauses: list[StyledText] = []
    if facts.memory_bytes is not None:
        clauses.append((f"memory {facts.memory_bytes / 1e6:,.0f} MB", PLAIN))
    if facts.cpu_ratio is not None:
        clauses.append((f"processor {facts.cpu_ratio:.0%} of a core", PLAIN))
    if facts.request_p95_ms is not None:
        clauses.append((f"requests p95 {facts.request_p95_ms:.0f} ms", PLAIN))
    return clauses


def _alert(facts: BoardFacts) -> list[StyledText]:
    sentences = [facts.trouble, *facts.alerts] if facts.trouble else list(facts.alerts)
    if not sentences:
        if facts.is_stale and facts.report is not None:
            return [(f"no newer cycle than {in_india(facts.report.cycle)}; see g6 doctor", "r")]
        return []
    more = f"(+{len(sentences) - 1}) " if len(sentences) > 1 else ""
    return [(f"✗ {more}{' '.join(sentences[0].split())}", "r")]
