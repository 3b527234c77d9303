"""The checklist of a trading day on a terminal: what is done, what is to be done, what comes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.markup import escape

from g6.domain.cycles.cycle import parse_z
from g6.rendering.parts import Line, NoView, Part
from g6.rendering.wording import clock, day_words, moment
from g6.studies.checks.trading_day import DayChecklist

MARKS = {True: "✓", False: "✗", None: "·"}
"""Done, to be done, not due yet."""


def parts(document: DayChecklist, _: NoView) -> Iterator[Part]:
    """Yield the hours, then a line per item, by the part of the day, and how many are to do."""
    if not document.items:
        yield Line(_closed(document))
        return
    if document.opens:
        hours = f"{clock(parse_z(document.opens))} to {clock(parse_z(document.closes))} IST"
        yield Line(f"{day_words(document.day)}: session from {hours}")
    for when, items in groupby(document.items, key=lambda item: item.when):
        yield Line(when)
        for item in items:
            fix = f"\n    fix: {item.fix}" if item.fix and item.ok is False else ""
            yield Line(escape(f"  {MARKS[item.ok]} {item.what}: {item.seen}{fix}"))
    open_items = sum(item.ok is False for item in document.items)
    yield Line(f"{open_items} to do" if open_items else "nothing to do now")


def _closed(document: DayChecklist) -> str:
    """Return the one sentence of a day without a session."""
    following = (
        f"the next session opens {moment(parse_z(document.next_opens))}"
        if document.next_opens
        else "the calendar does not say when they open next"
    )
    return f"{day_words(document.day)}: the exchanges are closed; {following}"
