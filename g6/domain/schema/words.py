"""The words of rows, panels, events and metric labels, as enums that carry each word's facts.

Every enum is a `StrEnum`, so that a member is stored, compared and sent as its own text. `Flag`
alone holds bits. A list of words elsewhere is made from these.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum

__all__ = [
    "ANALYSED",
    "STAGES",
    "Bucket",
    "DropReason",
    "EventType",
    "Flag",
    "GapReason",
    "IvStatus",
    "QueueName",
    "QuoteSource",
    "Reason",
    "Severity",
    "SinkName",
    "SpotSource",
    "Stage",
    "Status",
    "WriteReason",
]


class Severity(StrEnum):
    """How urgent an alert of the panel is."""

    WARNING = "warning"
    CRITICAL = "critical"


class Status(StrEnum):
    """How a unit or a cycle ended: there are only these four status words.

    >>> [status for status in Status if status.has_chain]
    [<Status.OK: 'OK'>, <Status.PARTIAL: 'PARTIAL'>]
    """

    OK = "OK"
    PARTIAL = "PARTIAL"
    MISSING = "MISSING"
    SKIPPED = "SKIPPED"

    @property
    def has_chain(self) -> bool:
        """Whether a unit that ended so was analysed, and has a chain that is to be stored."""
        return self in {Status.OK, Status.PARTIAL}

    @property
    def severity(self) -> Severity:
        """How urgent it is that a unit ended so, where it is not OK."""
        return Severity.WARNING if self is Status.PARTIAL else Severity.CRITICAL


ANALYSED = frozenset(status for status in Status if status.has_chain)
"""The statuses of units that have a chain, for texts that come from a file and may be no status."""


class QueueName(StrEnum):
    """A queue of Celery's, each served by workers of its own or together with others."""

    COLLECT = "collect"
    ANALYTICS = "analytics"
    PERSIST = "persist"
    AGGREGATE = "aggregate"
    MANUAL = "manual"
    MAINTENANCE = "maintenance"


class Stage(StrEnum):
    """A stage that publishes a report: three of a unit, and the persistence of a whole cycle.

    >>> Stage.ANALYSE.queue
    <QueueName.ANALYTICS: 'analytics'>
    """

    COLLECT = "collect"
    ANALYSE = "analyse"
    PERSIST = "persist"
    PUBLISH = "publish"

    @property
    def queue(self) -> QueueName:
        """The queue on which the stage waits to be run."""
        return _QUEUES[self]


_QUEUES = {
    Stage.COLLECT: QueueName.COLLECT,
    Stage.ANALYSE: QueueName.ANALYTICS,
    Stage.PERSIST: QueueName.PERSIST,
    Stage.PUBLISH: QueueName.PERSIST,
}

STAGES = (Stage.COLLECT, Stage.ANALYSE, Stage.PERSIST)
"""The stages of a unit, in their order."""


class Reason(StrEnum):
    """Why a unit is not OK, or why rows of one that is were not stored."""

    EXPIRED = "expired"
    LATE = "late"
    FRAME_MISSING = "frame_missing"
    PROVIDER = "provider"
    POISON = "poison"
    ERROR = "error"
    CONFIG = "config"
    STORE = "store"
    NO_QUOTES = "no_quotes"
    EXPIRY_MISSING = "expiry_missing"
    STRIKES_MISSING = "strikes_missing"
    OVERRUN = "overrun"
    PAUSED = "paused"
    BREAKER = "breaker"
    TOKEN = "token"  # noqa: S105 - a reason, not a token
    NO_BEAT = "no_beat"
    REDIS_DOWN = "redis_down"
    LEDGER_LOST = "ledger_lost"
    NO_WORKER = "no_worker"
    TIME_LIMIT = "time_limit"
    SINK = "sink"

    @property
    def ends_units(self) -> bool:
        """Whether a unit can end with it. A sink that refuses rows ends no unit."""
        return self is not Reason.SINK

    @property
    def is_of_provider(self) -> bool:
        """Whether units without quotes for this reason speak of the provider's health."""
        return self in {Reason.PROVIDER, Reason.BREAKER, Reason.TOKEN}


class GapReason(StrEnum):
    """Why a gap is one where no unit says so: missing from the store, or filled in later."""

    NO_ROW = "no_row"
    NO_CHAIN = "no_chain"
    BACKFILL = "backfill"


class IvStatus(StrEnum):
    """Why an option has, or has not, an implied volatility.

    The order is that of the codes in a computed chain, so that words are only ever appended.

    >>> IvStatus.SHARED.is_solved, IvStatus.NO_PRICE.is_unavailable, IvStatus.AT_PAYOFF.code
    (True, True, 14)
    """

    OK = "ok"
    BELOW_INTRINSIC = "below_intrinsic"
    ABOVE_BOUND = "above_bound"
    EXPIRED = "expired"
    NO_CONVERGENCE = "no_convergence"
    NO_PRICE = "no_price"
    NO_FORWARD = "no_forward"
    STALE = "stale"
    SUB_TICK = "sub_tick"
    OUT_OF_RANGE = "out_of_range"
    SHARED = "shared"
    FALLBACK = "fallback"
    DISABLED = "disabled"
    UNLISTED = ""
    AT_PAYOFF = "at_payoff"

    @property
    def code(self) -> int:
        """The integer that stands for the word while a chain is computed."""
        return _IV_CODES[self]

    @property
    def is_solved(self) -> bool:
        """Whether prices of the market give a volatility, its own or the other side's."""
        return self in {IvStatus.OK, IvStatus.SHARED}

    @property
    def is_failed(self) -> bool:
        """Whether the solver should have found a volatility and did not."""
        return self is IvStatus.NO_CONVERGENCE

    @property
    def is_unavailable(self) -> bool:
        """Whether an option that is listed has no volatility to find."""
        return not (self.is_solved or self.is_failed or self is IvStatus.UNLISTED)


_IV_CODES = {status: code for code, status in enumerate(IvStatus)}


class Flag(IntFlag):
    """Bits of the column `quality`.

    >>> Flag.NO_BOOK.word
    'no_book'
    """

    STALE = 1  # the quote is too old, or has no book and its last trade is too old
    UNTRADED = 2  # no volume today: the last price is of another day
    NO_BOOK = 4  # not two-sided
    CROSSED = 8  # ask below bid
    BELOW_INTRINSIC = 16  # the price taken is not worth more than exercise
    WIDE = 32  # two-sided, and too far apart for a mid
    MISSING = 64  # asked for and not answered
    REPAIRED = 128  # filled in later from candles
    AGE_UNKNOWN = 256  # the price taken carries no time
    BAD_OI = 512  # negative or impossibly large open interest: kept as it came, in no sum
    BAD_PRICE = 1024  # a last price of zero or less
    THIN = 2048  # less volume or open interest than configured: in no figure and no row
    OUTLIER = 4096  # a last price that no move of the market explains: no price is taken from it

    @property
    def word(self) -> str:
        """The label value that counts the flag."""
        return (self.name or "").lower()


class Bucket(StrEnum):
    """A contract ordinal that an expiry can fill, which is no calendar week.

    >>> [bucket.bit for bucket in Bucket]
    [1, 2, 4, 8]
    """

    THIS_WEEK = "this_week"
    NEXT_WEEK = "next_week"
    THIS_MONTH = "this_month"
    NEXT_MONTH = "next_month"

    @property
    def bit(self) -> int:
        """The bit in `bucket_mask`, `expected_mask`, `collected_mask` and `missing_mask`."""
        return _BITS[self]


_BITS = {bucket: 1 << place for place, bucket in enumerate(Bucket)}


class MarketKind(StrEnum):
    """Which kind of market rows are of. A directory and a namespace hold rows of one kind."""

    LIVE = "live"
    SIM = "sim"
    REPLAY = "replay"


OF_THEIR_OWN_TIME = (MarketKind.SIM, MarketKind.REPLAY)
"""Kinds of markets whose time is not the wall's."""


class QuoteSource(StrEnum):
    """Where an option's quote came from: the column `source` of its side."""

    STREAM = "stream"
    REST = "rest"
    REPLAY = "replay"
    SIM = "sim"
    BACKFILL = "backfill"
    REPLAY_UNITS = "replay_units"
    REPLAY_CONTRACTS = "replay_contracts"
    IMPORT = "import"

    @property
    def is_collected(self) -> bool:
        """Whether cycles bring such quotes. Imported rows never pass through a cycle."""
        return self is not QuoteSource.IMPORT

    @property
    def market(self) -> MarketKind | None:
        """The kind of market that quotes so. A backfill or an import does not tell it."""
        return _MARKETS.get(self)


_MARKETS = {
    QuoteSource.STREAM: MarketKind.LIVE,
    QuoteSource.REST: MarketKind.LIVE,
    QuoteSource.SIM: MarketKind.SIM,
    QuoteSource.REPLAY: MarketKind.REPLAY,
    QuoteSource.REPLAY_UNITS: MarketKind.REPLAY,
    QuoteSource.REPLAY_CONTRACTS: MarketKind.REPLAY,
}


class SpotSource(StrEnum):
    """How far the index's own price is to be believed."""

    LIVE = "live"
    FROZEN = "frozen"
    STALE = "stale"
    NONE = "none"
    DISPUTED = "disputed"


class EventType(StrEnum):
    """The types of events that the bus carries."""

    UNIT_REPORT = "unit.report"
    CYCLE_REPORT = "cycle.report"
    HEARTBEAT = "heartbeat"
    GAP_OPENED = "gap.opened"
    GAP_CLOSED = "gap.closed"
    PROVIDER_STATE = "provider.state"
    ALERT = "alert"
    STORE_REFUSED = "store.refused"
    STORAGE_SIZES = "storage.sizes"
    PANELS_VERIFY = "panels.verify"
    JOB_REPORT = "job.report"
    PANEL_FULL = "panel.full"
    PANEL_DIFF = "panel.diff"
    CHAIN_DIFF = "chain.diff"
    OI_CHANGE = "oi.change"
    EVENTS_DROPPED = "events.dropped"
    BUS_SUBSCRIBER = "bus.subscriber"
    OPTION_DETAIL = "option.detail"
    STREAM_FANOUT = "stream.fanout"
    SINK_REPORT = "sink.report"

    @property
    def is_passing(self) -> bool:
        """Whether such events are not kept for good, because rows and overviews say the same."""
        return self in {
            EventType.UNIT_REPORT,
            EventType.PANEL_FULL,
            EventType.PANEL_DIFF,
            EventType.BUS_SUBSCRIBER,
            EventType.OPTION_DETAIL,
            EventType.STREAM_FANOUT,
            EventType.SINK_REPORT,
        }


class SinkName(StrEnum):
    """A sink that rows or panels are written to."""

    PARQUET = "parquet"
    CSV = "csv"
    INFLUX = "influx"
    PANELS = "panels"


class WriteReason(StrEnum):
    """Why a sink refused a write, as a label. The sink's own sentence is for people.

    >>> WriteReason.of("cannot write points: No space left on device")
    <WriteReason.DISK_FULL: 'disk_full'>
    """

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    LOCKED = "locked"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    STORE = "store"

    @classmethod
    def of(cls, sentence: str) -> WriteReason | None:
        """Return the reason that a sink's sentence speaks of, None where it speaks of none."""
        lower = sentence.lower()
        for phrase, reason in _WRITE_PHRASES:
            if phrase in lower:
                return reason
        return None


_WRITE_PHRASES = (
    ("no space", WriteReason.DISK_FULL),
    ("quota", WriteReason.DISK_FULL),
    ("read-only", WriteReason.READ_ONLY),
    ("denied", WriteReason.REFUSED),
    ("refused", WriteReason.UNREACHABLE),
    ("timed out", WriteReason.TIMEOUT),
    ("locked", WriteReason.LOCKED),
)


class DropReason(StrEnum):
    """Why an event did not reach who reads the bus.

    The recorder missed a trimmed one and could not count an unreadable one. A missed one was
    trimmed before another subscriber read it.
    """

    TRIMMED = "trimmed"
    UNREADABLE = "unreadable"
    MISSED = "missed"
