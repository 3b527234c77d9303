"""What one screen of all indices says, read from panels, status or stored rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import nan

from g6.domain.cycles.cycle import parse_z
from g6.domain.reports import CycleReport, ProviderFacts
from g6.domain.schema.json_reading import entries, part
from g6.domain.schema.json_types import Document
from g6.domain.schema.no_word import stored_reason
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Reason, Status

__all__ = [
    "BoardFacts",
    "MarketState",
    "alerts_of_panel",
    "market_of_status",
    "report_of_panels",
    "report_of_rows",
]

STALE_INTERVALS = 2
"""In session data is old once it is older than so many intervals."""
_CYCLE_SECONDS = 5.0
"""A cycle closes some seconds after its instant: before, the one before it is the newest."""


@dataclass(frozen=True, slots=True)
class MarketState:
    """The session of the exchanges as a whole.

    Attributes:
        is_open: Whether options trade.
        phase: The word of the first exchange that is open.
        until: When trading ends, or begins next while none trades. None unknown.
    """

    is_open: bool = False
    phase: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """A system and its market at one moment.

    Attributes:
        now: The market's instant.
        interval: Market seconds between cycles, 0 unknown.
        report: The newest cycle with its overview rows, None before the first.
        provider: What the provider says of itself.
        provider_name: Its name.
        market: The session.
        queues: Messages that wait, by queue, None where nobody is asked.
        workers: The living workers, in words.
        memory_bytes: Memory of all processes, None unknown.
        cpu_ratio: Cores that all workers keep busy, None unknown.
        request_p95_ms: Milliseconds that 95 of 100 requests to the provider took at most, None
            where nobody counts them.
        alerts: Sentences of what is wrong, the fix behind each.
        place: Where all this is read.
        is_running: Whether a system runs, so that cycles are to come.
        trouble: What keeps it from being read now.
    """

    now: datetime
    interval: float
    report: CycleReport | None
    provider: ProviderFacts = field(default_factory=ProviderFacts)
    provider_name: str = ""
    market: MarketState = field(default_factory=MarketState)
    queues: Mapping[str, int] | None = None
    workers: str = ""
    memory_bytes: float | None = None
    cpu_ratio: float | None = None
    request_p95_ms: float | None = None
    alerts: Sequence[str] = ()
    place: str = ""
    is_running: bool = True
    trouble: str = ""

    @property
    def age_seconds(self) -> float:
        """The market seconds since the newest cycle, NaN without one."""
        if self.report is None:
            return nan
        return (self.now - parse_z(self.report.cycle)).total_seconds()

    @property
    def is_stale(self) -> bool:
        """Whether what is shown must not be taken for the present."""
        if self.trouble:
            return True
        limit = STALE_INTERVALS * self.interval + _CYCLE_SECONDS
        return self.market.is_open and self.is_running and self.age_seconds > limit


def report_of_panels(cycle: Document, overview: Document) -> CycleReport | None:
    """Return the report that the panels `cycle` and `overview` make, None before the first.

    Args:
        cycle: The data of the first panel.
        overview: The data of the second.

    >>> report_of_panels({}, {}) is None
    True
    """
    if not cycle:
        return None
    report = CycleReport.from_json({**cycle, "rows": overview.get("rows")})
    # A reader between the two writes of panels would show the figures of one under the other.
    rows = tuple(row for row in report.rows if row.get("timestamp") == report.cycle)
    return CycleReport.from_json({**report.to_json(), "rows": rows})


def report_of_rows(cycle: str, rows: Sequence[OverviewRow]) -> CycleReport:
    """Return the report of a stored cycle. How long it took is not stored.

    >>> report_of_rows("2026-11-18T05:30:00Z", [{"underlying": "NIFTY", "status": "OK"}]).status
    <Status.OK: 'OK'>
    """
    units: dict[str, Status] = {}
    reasons: dict[str, Reason] = {}
    options: dict[str, int] = {}
    for row in rows:
        index = row["underlying"]
        units[index] = Status(row["status"])
        options[index] = int(row.get("options") or 0)
        if reason := stored_reason(row.get("reason")):
            reasons[index] = reason
    words = set(units.values()) or {Status.MISSING}
    status = words.pop() if len(words) == 1 else Status.PARTIAL
    return CycleReport(cycle, status, units, reasons, options, nan, nan, rows=tuple(rows))


def alerts_of_panel(data: Document) -> tuple[str, ...]:
    """Return the sentences of panel `alerts`, with what helps.

    >>> alerts_of_panel({"alerts": [{"name": "provider", "reason": "no quotes", "fix": "wait"}]})
    ('no quotes; fix: wait',)
    """
    sentences = []
    for entry in entries(data, "alerts"):
        reason = str(entry.get("reason") or entry.get("name") or "").replace("_", " ")
        index = entry.get("index")
        if index:
            sentence = f"{index} {entry.get('status')}"
            sentence += f": {reason}; see g6 trace" if reason else "; see g6 trace"
        else:
            fix = entry.get("fix")
            sentence = f"{reason}; fix: {fix}" if fix else reason
        sentences.append(sentence)
    return tuple(sentences)


def market_of_status(status: Document) -> MarketState:
    """Return the session as the status document has it.

    >>> market_of_status({"market": {"open": True, "phase": "open", "closes": None}}).phase
    'open'
    """
    market = part(status, "market")
    is_open = bool(market.get("open"))
    change = market.get("closes" if is_open else "opens")
    until = parse_z(str(change)) if change else None
    return MarketState(is_open, str(market.get("phase") or ""), until)
