"""The Runtime: the ports, the plan and the calendar that every use case is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from g6.domain.cycles.cycle import Timing, Unit, parse_z
from g6.domain.cycles.memory_pressure import PressureRules
from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.reports import StageReport
from g6.domain.reports.option_detail import DetailRules
from g6.domain.reports.stage import StageCounts
from g6.domain.schema.frame import Frame
from g6.domain.schema.no_word import NoWord
from g6.domain.schema.words import Reason, Stage, Status
from g6.ports import (
    Bus,
    ChainMemories,
    Clock,
    Controls,
    Frames,
    InstantFeed,
    Ledger,
    Lifeline,
    MarketStart,
    Opening,
    PanelArchive,
    PanelStore,
    Provider,
    Sender,
    Store,
    Vitals,
)
from g6.ports.history import History

SWEEP_SECONDS = 2.0
"""Wall seconds between two sweeps: a partial cycle closes at most 2.5 s after its deadline."""
OVERTAKEN_SECONDS = 15.0
"""How long at least a process that was overtaken in its write may go on with that."""


@dataclass(frozen=True, slots=True)
class CycleRest:
    """A closed cycle that waits for a sink. Wall times are epoch seconds.

    Attributes:
        deadline: Of the cycle.
        begun: When a sweep looked at it last.
        until: When the next one does.
        options: Those of it that are analysed and not yet stored.
    """

    deadline: float
    begun: float
    until: float
    options: int


@dataclass(slots=True)
class ProcessMemory:
    """What one process remembers between units, so that it does not ask for it again.

    Attributes:
        stored_interest: Open interest of the last stored day before a session, by index and
            session. None where the store has none.
        kept_listings: Indices and days whose instruments are on disk.
        rests: The open cycles that sweeps do not look at for now.
    """

    stored_interest: dict[tuple[str, date], Frame | None] = field(default_factory=dict)
    kept_listings: set[tuple[str, date]] = field(default_factory=set)
    rests: dict[str, CycleRest] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The ports of one process and the decisions of one configuration.

    Attributes:
        panels: The newest panels, in Redis.
        panel_files: Their copy on disk.
        feeds: Which indices are recorded at an instant, where a recording and not the calendar
            says which cycles there are.
        quotes_seconds: How long raw quotes live.
        persisted_seconds: How long they live once their unit is persisted.
        heartbeat_seconds: Wall seconds between heartbeats.
        chain_memories: Without them nothing is known of the strikes that a window leaves out.
        market_start: Starts a simulated market's clock, None where the market runs by itself.
        instant_feed: Moves a recording's clock, None where the clock moves by itself.
        data_option: What a command in another terminal needs to find these rows, such as
            `--data-dir DIR`, empty where it finds them by itself.
        pressure_rules: When work is cut back because memory is short.
        detail_rules: Which options have metric series of their own.
    """

    plan: Plan
    timing: Timing
    calendar: Calendar
    clock: Clock
    provider: Provider
    frames: Frames
    ledger: Ledger
    store: Store
    panels: PanelStore
    panel_files: PanelArchive
    bus: Bus
    controls: Controls
    sender: Sender
    vitals: Vitals
    feeds: Callable[[datetime], Sequence[str]] | None = None
    quotes_seconds: float = 2 * 86_400.0
    persisted_seconds: float = 3_600.0
    history: History | None = None
    lifeline: Lifeline | None = None
    heartbeat_seconds: float = 2.0
    chain_memories: ChainMemories | None = None
    market_start: MarketStart | None = None
    instant_feed: InstantFeed | None = None
    data_option: str = ""
    pressure_rules: PressureRules = field(default_factory=PressureRules)
    detail_rules: DetailRules = field(default_factory=DetailRules)
    memory: ProcessMemory = field(default_factory=ProcessMemory)

    @property
    def writing_seconds(self) -> float:
        """Seconds after which a process writes no more: its time limits have ended it by then."""
        return max(OVERTAKEN_SECONDS, self.timing.hard + self.timing.lease)

    @property
    def repeats_instants(self) -> bool:
        """Whether an instant comes as often as the market is started, and not once.

        It does in recordings and simulated markets: what is stored of it may be of an earlier run.
        """
        return self.feeds is not None or self.market_start is not None

    def expected(self, cycle: str) -> tuple[str, ...]:
        """Return the indices that are due at `cycle`: enabled, and their exchange is in session."""
        at = parse_z(cycle)
        if self.feeds is not None:
            recorded = self.feeds(at)
            return tuple(name for name in self.plan.indices if name in recorded)
        in_session = []
        for name, plan in self.plan.indices.items():
            if self.trades(plan.index.exchange, at):
                in_session.append(name)
        return tuple(in_session)

    def trades(self, exchange: str, at: datetime) -> bool:
        """Tell whether contracts of an exchange trade at `at`.

        In a year that the calendar does not cover none do: nothing is collected on days of which
        nobody knows whether they have a session. What else a system does goes on.
        """
        session = self.calendar.known_session(exchange, day_of(at))
        return session is not None and session.holds(at)

    def opening(self, unit: Unit) -> Opening:
        """Return what the ledger is told when this unit's cycle opens."""
        due = self.clock.wall_of(unit.instant)
        expected = self.expected(unit.cycle) or (unit.index,)
        return Opening(expected, self.plan.config_id, due + self.timing.grace, due)


def whole_microseconds(seconds: Mapping[str, float]) -> dict[str, float]:
    """Return wall times without digits below a microsecond, which no clock here has.

    >>> whole_microseconds({"solve": 0.010000228881835938})
    {'solve': 0.01}
    """
    return {part: round(value, 6) for part, value in seconds.items()}


@dataclass(slots=True)
class Watch:
    """Splits a stage's wall time into named parts."""

    clock: Clock
    began: float = field(init=False)
    last: float = field(init=False)
    parts: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began = self.last = self.clock.wall()

    def lap(self, part: str) -> float:
        """Book the time since the last lap under `part`, and return the wall time now."""
        now = self.clock.wall()
        self.parts[part] = self.parts.get(part, 0.0) + now - self.last
        self.last = now
        return now

    def split(self, whole: str, part: str, seconds: float) -> None:
        """Move at most `seconds` from the part `whole` to `part`."""
        moved = min(seconds, self.parts.get(whole, 0.0))
        if moved > 0:
            self.parts[whole] -= moved
            self.parts[part] = self.parts.get(part, 0.0) + moved

    def report(
        self,
        unit: Unit,
        stage: Stage,
        status: Status,
        reason: Reason | NoWord = "",
        counts: StageCounts | None = None,
    ) -> StageReport:
        """Return the stage's report with its parts and their total."""
        seconds = whole_microseconds(self.parts | {"total": self.last - self.began})
        return StageReport(
            unit.cycle, unit.index, stage, status, reason, seconds=seconds, counts=counts
        )
