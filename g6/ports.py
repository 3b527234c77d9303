"""The protocols: everything the use cases need from outside, in the market's words.

Instants are aware datetimes in UTC (market time) or float epoch seconds (`wall`, wall time). Every port has a contract test
that runs over all its adapters. Adapters raise the errors of `g6.errors` only.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from g6.domain.cycle import CycleReport, StageReport, Unit
from g6.domain.frame import Frame
from g6.domain.instrument import Contracts, Listing
from g6.domain.quote import Quotes, Underlying


class Clock(Protocol):
    """Two faces of time. Live they coincide; a simulated or replayed market moves the first only."""

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        ...

    def market(self) -> datetime:
        """Return the market's instant, UTC."""
        ...

    def wall_of(self, instant: datetime) -> float:
        """Return the wall time (epoch seconds) at which the market reaches `instant`."""
        ...


class Provider(Hashable, Protocol):
    """A source of listings and quotes: a broker, the simulated market, a recording."""

    name: str

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed on the day of `at`. Errors: ProviderBusy, ProviderRefused."""
        ...

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index, its nearest future and VIX."""
        ...

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of `contracts` and of the underlying, asked for together. A key without an answer is NaN throughout."""
        ...

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> Any:
        """Return the open interest `(2, n)` at the end of the previous session, NaN where the provider does not know it."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Return facts for people and panels: mode (live|sim|replay), source, budget_left, breaker, …; no secrets."""
        ...


class Frames(Protocol):
    """Claim checks: one columnar frame per unit and stage, with a time to live."""

    def put(self, unit: Unit, stage: str, frame: Frame, seconds: float) -> int:
        """Store `frame` for `seconds` wall seconds; return its size in bytes."""
        ...

    def get(self, unit: Unit, stage: str) -> Frame:
        """Return the frame. Errors: FrameMissing."""
        ...

    def expire(self, unit: Unit, stage: str, seconds: float) -> None:
        """Give a stored frame a new time to live; a frame that is gone stays gone."""
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """What the ledger is told when a cycle opens: who is expected, under which configuration, until when (wall seconds)."""

    expected: tuple[str, ...]
    config_id: str
    deadline: float
    due: float


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage in the ledger: `state` is "" (never begun), run, done; wall times in epoch seconds, 0 unknown."""

    state: str = ""
    holder: str = ""
    lease_until: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    starts: int = 0


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One unit in the ledger. `status` is "" until analytics is terminal; `summary` is its overview row."""

    task: str = ""
    attempt: int = 1
    status: str = ""
    reason: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    stages: Mapping[str, StageState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """One cycle in the ledger; `fired` and `closed` are wall times, 0 for not yet."""

    cycle: str
    opening: Opening
    opened: float
    fired: float
    closed: float
    units: Mapping[str, UnitRecord]
    attempt: int = 1


class Ledger(Protocol):
    """The truth about cycles, units and stages. Each call is one atomic step; `now` is wall time in epoch seconds."""

    def begin(self, unit: Unit, task: str, opening: Opening, now: float, lease: float) -> str:
        """Open the cycle if nobody has, and claim the unit for stage collect by task id.

        Answers: `run`; `done` (collect is done, the chain may go on); `twin` (another task holds it); `overrun` (the index's
        previous cycle is still being collected: the unit is now SKIPPED); `overrun!` (that, and this call completed the cycle);
        `closed` (the unit is terminal already).
        """
        ...

    def start(self, unit: Unit, stage: str, task: str, now: float, lease: float) -> str:
        """Take the lease of a later stage. Answers `run`, `done`, `busy` (another task's lease is alive), `closed`, `unknown`."""
        ...

    def renew(self, unit: Unit, stage: str, task: str, until: float, now: float) -> bool:
        """Lengthen a lease to `until`; False when it is not ours any more."""
        ...

    def done(self, unit: Unit, stage: str, task: str, now: float, report: StageReport | None = None) -> bool:
        """Record that a stage's output is there and publish its report, in one step; False when it was done already."""
        ...

    def finish(
        self, unit: Unit, status: str, reason: str, summary: Mapping[str, Any], now: float, report: StageReport | None = None
    ) -> str:
        """Make the unit terminal for analytics, once, and publish its report.

        OK and PARTIAL also end stage analyse; OK under a configuration other than the cycle's becomes PARTIAL, reason `config`
        (`summary["config_id"]` is compared). Answers: `late` (it was terminal already), `finished`, or `completed` for the one
        call that completes the cycle: its caller sends the aggregate.
        """
        ...

    def skip(self, unit: Unit, opening: Opening, reason: str, now: float) -> str:
        """Open the cycle if nobody has and make the unit SKIPPED; answers as `finish`."""
        ...

    def open_cycles(self) -> Sequence[CycleRecord]:
        """Return the cycles that are not closed or not wholly persisted, oldest first."""
        ...

    def record(self, cycle: str) -> CycleRecord | None:
        """Return one cycle's record, None when the ledger does not know it."""
        ...

    def fire_again(self, cycle: str, now: float, after: float = 2.0) -> bool:
        """Claim the right to send the aggregate of a fired cycle again; False when somebody just did or it is closed."""
        ...

    def close(self, cycle: str, now: float, report: CycleReport | None = None) -> bool:
        """Record that overview and panels are out and publish the report; True the first time (per attempt)."""
        ...

    def settle(self, cycle: str) -> None:
        """Forget a cycle from `open_cycles`: closed, and persisted as far as it ever will be."""
        ...

    def reopen(self, unit: Unit, first_stage: str, opening: Opening, now: float) -> int:
        """Raise the attempt for a rerun of a unit from `analyse` or `persist` on; return the attempt."""
        ...

    def walked(self) -> str | None:
        """Return the instant up to which the grid was walked for cycles nobody opened, None when not known."""
        ...

    def walk(self, cycle: str) -> None:
        """Remember that the grid was walked up to `cycle`."""
        ...

    def last_closed(self) -> str | None:
        """Return the newest closed cycle, None when not known."""
        ...

    def remember_atm(self, index: str, cycle: str, session: str, atm: Mapping[str, float]) -> None:
        """Keep the ATM per expiry of the latest cycle analysed this session; an older cycle changes nothing."""
        ...

    def recall_atm(self, index: str, session: str) -> Mapping[str, float]:
        """Return what `remember_atm` kept for this session, else empty."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """What one write did: rows and bytes per sink, and torn lines repaired."""

    rows: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    repaired: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)


class Store(Hashable, Protocol):
    """Where rows stay. Writing the same unit twice replaces; a crash leaves nothing half. Errors: StoreBusy."""

    def write_chain(self, unit: Unit, frame: Frame) -> Written:
        """Write one unit's chain (columns of `rows.CHAIN`)."""
        ...

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> Written:
        """Write overview rows (keys of `rows.OVERVIEW`) of one cycle; rows of other indices already there stay."""
        ...

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return a stored unit's chain with its header, None when there is none."""
        ...

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices that have an overview row, by cycle, for instants from `first` to `last`."""
        ...

    def last_overview(self) -> datetime | None:
        """Return the newest instant that has an overview row."""
        ...

    def last_oi(self, index: str, before: date) -> Frame | None:
        """Return expiry, strike, ce_oi, pe_oi of the last chain stored before the session day `before`."""
        ...

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Keep a day's instruments for ever."""
        ...


class PanelStore(Protocol):
    """The newest panels; a panel yields only to a newer cycle (or the same one, rerun)."""

    def put(self, cycle: str, panels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Store panel documents by name, as of `cycle`; return the names that were taken."""
        ...

    def get(self, name: str) -> Mapping[str, Any] | None:
        """Return one panel's document."""
        ...

    def names(self) -> Sequence[str]:
        """Return the names there are."""
        ...


class PanelArchive(PanelStore, Protocol):
    """A panel store that can be held against its own manifest."""

    def verify(self) -> Mapping[str, str]:
        """Return what is wrong with the stored documents: file -> issue code; empty when all is well."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the bus: `{id, ts, type, key, payload, meta}`; `ts` ISO wall time."""

    id: str
    ts: str
    type: str
    key: str
    payload: Mapping[str, Any]
    meta: Mapping[str, Any] = field(default_factory=dict)


class Bus(Protocol):
    """The stream of events; ids are monotonic, old ones are trimmed by length."""

    def publish(self, type: str, payload: Mapping[str, Any], *, key: str = "", meta: Mapping[str, Any] | None = None) -> str:
        """Append an event, return its id."""
        ...

    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return up to `count` events after id `after` ("0": all there are, "$": only new ones).

        Waits up to `block_seconds` for the first.
        """
        ...

    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id and the number of events ever published."""
        ...


class Controls(Protocol):
    """Switches that reach a running system: read once per unit by collect, stamped into its frame."""

    def read(self) -> Mapping[str, Any]:
        """Return the switches in force, for instance {"greeks": False, "paused": {"*": "token"}}."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set one switch; None removes it."""
        ...


class Vitals(Protocol):
    """How the system is, for the heartbeat."""

    def read(self) -> Mapping[str, Any]:
        """Return queues (depth by name), workers (facts by name), clock_skew_seconds, retained_events, disk_free_bytes."""
        ...


class Limiter(Protocol):
    """One shared sequence of request slots for all workers and hosts."""

    def reserve(self, family: str, count: int = 1) -> float:
        """Reserve the next slot(s) of `family`; return the seconds to wait before the (first) request."""
        ...


class Sender(Protocol):
    """Moves work: the pipeline's only way to send a task."""

    def stages(self, unit: Unit, stages: Iterable[str], *, manual: bool = False) -> str:
        """Send a chain of stages for a unit with a fresh task id; return the id of the first."""
        ...

    def aggregate(self, cycle: str) -> None:
        """Send the aggregate of a cycle."""
        ...

    def publish(self, cycle: str) -> None:
        """Send the persistence of a cycle's overview and panels."""
        ...
