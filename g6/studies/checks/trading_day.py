"""The checklist of a trading day: what is to be there before the open, and done after the close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.cycles.gaps import NO_ROW, Gap
from g6.domain.documents.machine_facts import MachineFacts
from g6.domain.market.calendar import Session, day_of
from g6.domain.market.instants import clock_in_words
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.domain.schema.words import OF_THEIR_OWN_TIME, MarketKind, Status
from g6.errors import NothingToDo, UncoveredYear
from g6.ports.readers import DayReader, Holding
from g6.studies.checks.machine_health import findings
from g6.studies.documents import columns_of
from g6.studies.parameters import Parameter, session_day
from g6.studies.stored.days import coverage_by_day, cycle_gaps
from g6.studies.stored.days.past_span import PastQuestion

__all__ = ["AFTER", "BEFORE", "DayChecklist", "DayItem", "DayParameters", "answer"]

BEFORE = "before the open"
DURING = "in the session"
AFTER = "after the close"
CHECKS = ("token", "instruments", "disk", "clock", "settings", "calendar")
"""What the doctor looks at that a day cannot do without."""
START_BEFORE = timedelta(minutes=5)
"""How long before the open everything is started, so that the first cycle finds it warm."""
STORED_AFTER = timedelta(minutes=5)
"""Time after the close for the closing cycle to be stored and the day to be folded."""


@dataclass(frozen=True, slots=True)
class DayParameters:
    """Asks for the checklist of a day."""

    date: Annotated[
        date | None,
        Parameter(
            "The day; else today, or the newest day of a simulated market.",
            "2026-11-18",
            metavar="DAY",
            read_at=session_day,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class DayItem:
    """One line of the checklist.

    Attributes:
        when: Before the open, in the session, after the close.
        what: What is to be there, or to be done.
        ok: Whether it is, None where it is not due yet.
        seen: What it is like.
        fix: The command that does it, empty where nothing is to be done.
    """

    when: str
    what: str
    ok: bool | None
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class DayChecklist:
    """The checklist of a day.

    Attributes:
        day: The day in India.
        opens: When options begin to trade, ISO, empty on a closed day.
        closes: When they end.
        next_opens: Of a closed day: when they trade next, empty where the calendar does not say.
        items: The lines, in the order of the day. None on a closed day.
    """

    day: date
    opens: str = ""
    closes: str = ""
    next_opens: str = ""
    items: tuple[DayItem, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether nothing is to be done now."""
        return all(item.ok is not False for item in self.items)

    def with_fixes(self, completed: Callable[[str], str]) -> DayChecklist:
        """Return the same with every fix completed by a function."""
        return replace(
            self, items=tuple(replace(item, fix=completed(item.fix)) for item in self.items)
        )

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per item."""
        return columns_of(DayItem, self.items)


def answer(reader: DayReader, parameters: DayParameters) -> DayChecklist:
    """Return what is done of a day and what is to be done."""
    at = reader.at
    day = parameters.date or day_of(at)
    calendar = reader.past.calendar
    try:
        sessions = [calendar.session(exchange, day) for exchange in _exchanges(reader, day)]
    except UncoveredYear as error:
        item = DayItem(BEFORE, "calendar", ok=False, seen=error.sentence, fix=error.fix)
        return DayChecklist(day, items=(item,))
    trading = [session for session in sessions if session is not None]
    if not trading:
        return DayChecklist(day, next_opens=_next_open(reader, day))
    hours = _Hours.of(trading, at)
    items: list[DayItem] = []
    refused_since = ""
    if day >= day_of(at):
        facts = reader.machine.facts()
        items += _before(facts, hours)
        items.append(_running(facts, hours, reader.start))
        for sentence, fix in facts.alerts:
            items.append(DayItem(DURING, "alert", ok=False, seen=sentence, fix=fix))
        refused_since = facts.refused_since
    items += (_refused(item, refused_since) for item in _after(reader, day, hours))
    return DayChecklist(
        day, isoformat_z(hours.opens), isoformat_z(hours.closes), items=tuple(items)
    )


def _exchanges(reader: DayReader, day: date) -> Sequence[str]:
    """Return the exchanges of the indices that a day has rows of, else of the enabled ones."""
    stored = reader.past.outcomes(day, day).get(day, {})
    collected = exchanges_of(INDICES[name] for name in stored if name in INDICES)
    return sorted(collected) or reader.exchanges


@dataclass(frozen=True, slots=True)
class _Hours:
    """The hours of a day, of all exchanges together, and the instant that it is."""

    opens: datetime
    closes: datetime
    at: datetime
    special: str = ""

    @classmethod
    def of(cls, sessions: Sequence[Session], at: datetime) -> _Hours:
        special = next((session.special for session in sessions if session.special), "")
        return cls(
            min(session.open for session in sessions),
            max(session.close for session in sessions),
            at,
            special or "",
        )

    @property
    def is_over(self) -> bool:
        """Whether the day's last rows should be stored."""
        return self.at > self.closes + STORED_AFTER

    @property
    def seconds_to_close(self) -> float:
        return (self.closes - self.at).total_seconds()


def _next_open(reader: DayReader, day: date) -> str:
    calendar = reader.past.calendar
    try:
        following = [calendar.next_session(exchange, day) for exchange in reader.exchanges]
    except UncoveredYear:
        return ""
    return isoformat_z(min(session.open for session in following))


def _before(facts: MachineFacts, hours: _Hours) -> Iterator[DayItem]:
    """Yield what is to be there before the open, as the doctor finds it."""
    has_clock = False
    for finding in findings(facts):
        if finding.check not in CHECKS:
            continue
        has_clock = has_clock or finding.check == "clock"
        item = DayItem(BEFORE, finding.check, finding.ok, finding.seen, finding.fix)
        if hours.is_over:
            item = replace(item, ok=True if item.ok else None)
        elif finding.check == "token" and finding.ok:
            item = _token(facts, hours, item)
        yield item
    if not has_clock:
        yield DayItem(BEFORE, "clock", None, "compared with that of Redis, once there is one")


def _token(facts: MachineFacts, hours: _Hours, item: DayItem) -> DayItem:
    """Return the line of a valid token, which must last until the close."""
    left = None if facts.login is None else facts.login.seconds_left
    if left is None or left > hours.seconds_to_close:
        return item
    return replace(item, ok=False, seen=f"{item.seen}: it ends before the close", fix="g6 login")


def _running(facts: MachineFacts, hours: _Hours, start: str) -> DayItem:
    """Return whether somebody collects, or when somebody has to."""
    if facts.drivers:
        driver = facts.drivers[0]
        seen = f"{driver.who}, process {driver.pid} on {driver.host}"
        return DayItem(DURING, "collection", ok=True, seen=seen)
    if hours.is_over or hours.at < hours.opens - START_BEFORE:
        return DayItem(DURING, "collection", None, "nothing runs", start)
    return DayItem(DURING, "collection", ok=False, seen="nothing runs", fix=start)


def _after(reader: DayReader, day: date, hours: _Hours) -> Iterator[DayItem]:
    """Yield completeness, gaps and folding of what is stored."""
    if hours.at < hours.opens:
        for what in ("completeness", "gaps", "compaction"):
            yield DayItem(AFTER, what, None, "the session has not begun")
        return
    # What is still to come of a running session is no gap.
    span = PastQuestion(first=day, last=day, until=None if hours.is_over else hours.at)
    try:
        gaps = cycle_gaps.answer(reader.past, span)
        part = _collected_part(reader, day, gaps)
        if part is not None:
            span = part.question
            gaps = cycle_gaps.answer(reader.past, span)
        coverage = coverage_by_day.answer(reader.past, span)
    except NothingToDo:
        # A repair reads the same days and has nothing to fill between.
        seen = "nothing of the day is stored"
        yield DayItem(AFTER, "completeness", ok=False, seen=seen, fix=reader.start)
        return
    days = f"--from {day} --to {day}"
    yield _completeness(coverage, hours, days, part)
    yield _gaps(reader, gaps, days, part, hours)
    holdings = [holding for holding in reader.archive.holdings() if holding.day == day]
    yield _compaction(holdings, hours, day)


def _refused(item: DayItem, since: str) -> DayItem:
    """Return a line of what is stored, not well while the store refuses cycles.

    A simulated market's day ends with its newest row, so that nothing was missing on a full disk.
    """
    if not since or item.what not in ("completeness", "gaps"):
        return item
    first = clock_in_words(parse_z(since))
    return replace(item, ok=False, seen=f"{item.seen}; not stored: the cycles from {first} on")


@dataclass(frozen=True, slots=True)
class _DayPart:
    """The part of a day of a market of its own time that somebody has collected.

    Attributes:
        first: Its first row. Such a market begins wherever it was started.
        last: Its last row.
        has_ended: Whether it was ended there, so that nothing behind it was due.
    """

    day: date
    first: datetime
    last: datetime
    has_ended: bool

    @property
    def question(self) -> PastQuestion:
        """The instants that count."""
        until = self.last if self.has_ended else None
        return PastQuestion(first=self.day, last=self.day, since=self.first, until=until)

    @property
    def in_words(self) -> str:
        return f", collected from {clock_in_words(self.first)} to {clock_in_words(self.last)} IST"

    def edges(self, hours: _Hours) -> str:
        """Return what nobody collected before its first row and behind its last one."""
        words = []
        if self.first > hours.opens:
            words.append(f"G6 started at {clock_in_words(self.first)}")
        if self.ends_early(hours):
            closes = clock_in_words(hours.closes)
            words.append(f"ended at {clock_in_words(self.last)} of {closes}")
        return f"; not collected: {', '.join(words)}" if words else ""

    def ends_early(self, hours: _Hours) -> bool:
        """Tell whether it was ended before the close."""
        return self.has_ended and self.last < hours.closes


def _collected_part(reader: DayReader, day: date, document: cycle_gaps.Gaps) -> _DayPart | None:
    """Return the collected part of a day, None where all of the day counts."""
    if reader.past.kind() not in OF_THEIR_OWN_TIME or not document.collected:
        return None
    first = min(span.first for span in document.collected)
    last = max(span.last for span in document.collected)
    return _DayPart(day, first, last, has_ended=_has_ended(reader, day))


def _has_ended(reader: DayReader, day: date) -> bool:
    """Tell whether a market of its own time was ended where its rows of a day end.

    While it runs, its clock says how far its rows must come. One that was killed, and a simulated
    one that went on to a later day, has left out what follows. A recording may end anywhere.
    """
    past = reader.past
    if day < max(past.overview_days(), default=day):
        return past.kind() != MarketKind.SIM
    return not past.is_running() and not reader.was_killed


def _completeness(
    coverage: coverage_by_day.Coverage, hours: _Hours, days: str, part: _DayPart | None
) -> DayItem:
    due = sum(line.counts.due for line in coverage.days)
    ok = sum(line.counts.ok for line in coverage.days)
    short = [
        f"{line.index} {line.counts.ok} of {line.counts.due}"
        for line in coverage.days
        if line.counts.ok < line.counts.due
    ]
    # A part that ends with its newest row has nothing that is still to come.
    so_far = part.in_words if part else "" if hours.is_over else " so far"
    if not short:
        return DayItem(AFTER, "completeness", ok=True, seen=f"{ok:,} of {due:,} units OK{so_far}")
    seen = f"{ok:,} of {due:,} units OK{so_far}: {', '.join(short)}"
    return DayItem(AFTER, "completeness", ok=False, seen=seen, fix=f"g6 data gaps {days}")


def _gaps(
    reader: DayReader,
    document: cycle_gaps.Gaps,
    days: str,
    part: _DayPart | None,
    hours: _Hours,
) -> DayItem:
    if not document.gaps:
        # A day that was ended on purpose needs nothing done, and is no whole day all the same.
        is_whole = part is None or not part.ends_early(hours)
        edges = "" if part is None else part.edges(hours)
        return DayItem(AFTER, "gaps", ok=True if is_whole else None, seen=f"none{edges}")
    reasons: Counter[str] = Counter()
    for gap in document.gaps:
        reasons[_why(gap)] += gap.cycles
    causes = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    seen = f"{len(document.gaps)} of {document.cycles} cycles together: {causes}"
    if beside := dict.fromkeys(filter(None, map(document.beside, document.gaps))):
        seen += f" ({', '.join(beside)})"
    # A row that is there is never touched by a repair.
    if all(gap.status == Status.PARTIAL for gap in document.gaps):
        return DayItem(AFTER, "gaps", None, f"{seen}; a part came, and nothing brings the rest")
    goes_on = part is not None and any(gap.last > part.last for gap in document.gaps)
    if goes_on and reader.was_killed:
        # It goes on behind its last row, where a repair fills nothing.
        return DayItem(AFTER, "gaps", ok=False, seen=f"{seen}; G6 was killed", fix=reader.start)
    return DayItem(AFTER, "gaps", ok=False, seen=seen, fix=f"g6 data repair {days}")


def _why(gap: Gap) -> str:
    """Return in words why a gap is one."""
    if gap.reason == NO_ROW:
        return "not collected"
    return (gap.reason or gap.status).replace("_", " ")


def _compaction(holdings: Sequence[Holding], hours: _Hours, day: date) -> DayItem:
    loose = [holding.name for holding in holdings if holding.parts or holding.segments]
    if not loose:
        return DayItem(AFTER, "compaction", ok=True, seen="each index is one file")
    seen = f"{', '.join(loose)} in several files"
    if not hours.is_over:
        return DayItem(AFTER, "compaction", None, f"{seen} until the day is over")
    fix = f"g6 data compact --date {day}"
    return DayItem(AFTER, "compaction", ok=False, seen=seen, fix=fix)
