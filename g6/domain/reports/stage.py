"""What one stage of one unit did, and what it counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, TypeAlias

from g6.domain.market.slot import SlotLevels
from g6.domain.reports.provider_facts import ProviderFacts
from g6.domain.reports.slot_levels import atm_to_json, deviations_to_json, levels_from_json
from g6.domain.schema.json_reading import part, read_record, text
from g6.domain.schema.json_types import Document, JsonObject, present
from g6.domain.schema.no_word import NoWord, reason_of
from g6.domain.schema.words import EventType, Reason, Stage, Status


@dataclass(frozen=True, slots=True)
class BeyondCounts:
    """Strikes of one expiry that a window leaves out.

    Attributes:
        listed: How many there are.
        unasked: How many of them were never asked for, or too long ago.
        age_seconds: Age of the oldest answer that counts, None when there is none.
        known: How many have an answer that counts.
    """

    listed: int
    unasked: int
    age_seconds: float | None
    known: int

    def to_json(self) -> JsonObject:
        """Return the counts as JSON has them."""
        return {
            "listed": self.listed,
            "unasked": self.unasked,
            "age_seconds": self.age_seconds,
            "known": self.known,
        }


@dataclass(frozen=True, slots=True)
class CollectCounts:
    """What a collection counted.

    Attributes:
        options: Contracts whose quotes were asked for.
        provider: What the provider says of itself, the requests of this unit included.
        left_out: Listed contracts that were left out, by reason.
        salvaged: Contracts that were put under the expiry that their symbol says.
        expired: Contracts of each listed expiry that is over.
        not_listed: Expiries that were configured by date or number and are not listed.
        reach: Strikes either side by which windows were widened, by expiry.
        beyond: Strikes outside the window, by expiry.
        bytes: Size of the frame.
        lateness_seconds: From the cycle's instant to the stage's start, wall time.
        pressure: The level of memory pressure that narrowed the choice, 0 for none.
    """

    options: int = 0
    provider: ProviderFacts = field(default_factory=ProviderFacts)
    left_out: Mapping[str, int] = field(default_factory=dict)
    salvaged: int = 0
    expired: Mapping[date, int] = field(default_factory=dict)
    not_listed: Sequence[str] = ()
    reach: Mapping[date, int] = field(default_factory=dict)
    beyond: Mapping[date, BeyondCounts] = field(default_factory=dict)
    bytes: int = 0
    lateness_seconds: float | None = None
    pressure: int = 0

    def to_json(self) -> JsonObject:
        """Return the counts as JSON has them, without what is empty."""
        beyond = {day.isoformat(): counts.to_json() for day, counts in self.beyond.items()}
        return {
            "options": self.options,
            "provider": self.provider.to_json(),
            **present(
                left_out=dict(self.left_out),
                salvaged=self.salvaged or None,
                expired=_by_iso_day(self.expired),
                not_listed=list(self.not_listed),
                reach=_by_iso_day(self.reach),
                beyond=beyond,
                pressure=self.pressure or None,
            ),
            "bytes": self.bytes,
            "lateness_seconds": self.lateness_seconds,
        }

    @classmethod
    def from_json(cls, document: Document) -> CollectCounts:
        """Read what `to_json` gave."""
        return read_record(cls, document)


def _by_iso_day(counts: Mapping[date, int]) -> dict[str, int]:
    return {day.isoformat(): count for day, count in counts.items()}


@dataclass(frozen=True, slots=True)
class IvCounts:
    """Options of one bucket that have a quote, by what became of their volatility.

    Attributes:
        unavailable: Options that have no volatility to find, by word of `iv_status`.
    """

    ok: int = 0
    failed: int = 0
    unavailable: Mapping[str, int] = field(default_factory=dict)

    # asdict copies deeply: with it the report of an analysis took 53 us of processor time, not 4.
    def to_json(self) -> JsonObject:
        """Return the counts as JSON has them."""
        return {"ok": self.ok, "failed": self.failed, "unavailable": dict(self.unavailable)}


@dataclass(frozen=True, slots=True)
class IterationCounts:
    """Solver iterations spent on the prices of one bucket, and how many prices those were."""

    sum: int = 0
    count: int = 0

    def to_json(self) -> JsonObject:
        """Return the counts as JSON has them."""
        return {"sum": self.sum, "count": self.count}


@dataclass(frozen=True, slots=True)
class ExpiryFacts:
    """One expiry of a unit.

    Attributes:
        coverage: Strikes that came over strikes wanted, 0 to 1.
        forward: Points, None unknown.
    """

    bucket: str
    expiry: str = ""
    strikes_wanted: int = 0
    strikes: int = 0
    coverage: float | None = None
    status: Status = Status.OK
    forward: float | None = None
    forward_source: str = ""

    def to_json(self) -> JsonObject:
        """Return the facts as JSON has them."""
        return {
            "bucket": self.bucket,
            "expiry": self.expiry,
            "strikes_wanted": self.strikes_wanted,
            "strikes": self.strikes,
            "coverage": self.coverage,
            "status": self.status,
            "forward": self.forward,
            "forward_source": self.forward_source,
        }


@dataclass(frozen=True, slots=True)
class AnalysisFacts:
    """What one unit's chain holds.

    Attributes:
        options: Options that have a quote.
        missing: Options that were asked for and have none.
        iv: By bucket.
        iterations: By bucket.
        iterations_histogram: How many prices took how many iterations, by the number as text.
        quality: Options that carry a quality flag, by its word.
        sources: Options by where their quote came from.
        expiries: One entry an expiry.
        staleness_seconds: Age of the freshest quote at the cycle's instant, None unknown.
        spot: The index's last price in points, None unknown.
        levels: ATM and standard deviation of each expiry that has one.
        near_interest: Open interest within five strikes of the money of the nearest expiry, units
            of the underlying, None unknown.
        positions: Options with a volatility and open interest, of which exposures and risk are
            sums.
        queue_wait_seconds: From the end of the stage before to this stage's start.
    """

    options: int
    missing: int = 0
    iv: Mapping[str, IvCounts] = field(default_factory=dict)
    iterations: Mapping[str, IterationCounts] = field(default_factory=dict)
    iterations_histogram: Mapping[str, int] = field(default_factory=dict)
    quality: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    expiries: Sequence[ExpiryFacts] = ()
    staleness_seconds: float | None = None
    spot: float | None = None
    levels: Mapping[date, SlotLevels] = field(default_factory=dict)
    queue_wait_seconds: float | None = None
    near_interest: float | None = None
    positions: int = 0

    def to_json(self) -> JsonObject:
        """Return the facts as JSON has them."""
        iv = {bucket: counts.to_json() for bucket, counts in self.iv.items()}
        iterations = {bucket: counts.to_json() for bucket, counts in self.iterations.items()}
        return {
            "options": self.options,
            "missing": self.missing,
            "positions": self.positions,
            "iv": iv,
            "iterations": iterations,
            "iterations_histogram": dict(self.iterations_histogram),
            "quality": dict(self.quality),
            "sources": dict(self.sources),
            "expiries": [expiry.to_json() for expiry in self.expiries],
            "staleness_seconds": self.staleness_seconds,
            "spot": self.spot,
            "atm": atm_to_json(self.levels),
            "deviations": deviations_to_json(self.levels),
        } | present(queue_wait_seconds=self.queue_wait_seconds, near_interest=self.near_interest)

    @classmethod
    def from_json(cls, document: Document) -> AnalysisFacts:
        """Read what `to_json` gave."""
        levels = levels_from_json(part(document, "atm"), part(document, "deviations"))
        return read_record(cls, document, levels=levels)


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What the writes of a stage did, by sink.

    Attributes:
        unchanged: Rows that a sink had already, as they were to be written.
        repaired: Torn lines that were cut off.
        errors: What a sink that refused said.
        aside: Damaged lines that were moved out of a file, by the file that holds them now.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    unchanged: Mapping[str, int] = field(default_factory=dict)
    repaired: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)
    aside: Mapping[str, int] = field(default_factory=dict)

    def with_unchanged(self) -> WriteReport:
        """Return the report of a write whose first try was never reported.

        Its unchanged rows are that try's, which died between the file and the ledger.

        >>> WriteReport({"csv": 44}, unchanged={"csv": 40}).with_unchanged().rows
        {'csv': 84}
        """
        rows = dict(self.rows)
        for sink, count in self.unchanged.items():
            rows[sink] = rows.get(sink, 0) + count
        return replace(self, rows=rows, unchanged={})

    def to_json(self) -> JsonObject:
        """Return the counts as JSON has them."""
        return {
            "rows": dict(self.rows),
            "bytes": dict(self.bytes),
            "unchanged": dict(self.unchanged),
            "repaired": self.repaired,
            "errors": dict(self.errors),
            "aside": dict(self.aside),
        }

    @classmethod
    def from_json(cls, document: Document) -> WriteReport:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class StageFailure:
    """Why a stage could not do its work.

    Attributes:
        provider: Of a collection, what was asked of the provider until then.
    """

    error: str
    provider: ProviderFacts | None = None

    def to_json(self) -> JsonObject:
        """Return the failure as JSON has it."""
        document: JsonObject = {"error": self.error}
        if self.provider is not None:
            document["provider"] = self.provider.to_json()
        return document

    @classmethod
    def from_json(cls, document: Document) -> StageFailure:
        """Read what `to_json` gave."""
        return read_record(cls, document, error=str(document["error"]))


StageCounts: TypeAlias = CollectCounts | AnalysisFacts | WriteReport | StageFailure

_COUNTS: Mapping[str, type[CollectCounts | AnalysisFacts | WriteReport]] = {
    Stage.COLLECT: CollectCounts,
    Stage.ANALYSE: AnalysisFacts,
    Stage.PERSIST: WriteReport,
    Stage.PUBLISH: WriteReport,
}


@dataclass(frozen=True, slots=True)
class StageReport:
    """What one stage of one unit did.

    Attributes:
        cycle: ISO instant.
        index: The underlying's name, empty for a stage of the whole cycle.
        seconds: Wall seconds by part of the stage (quotes, solve, write, …), and their total.
        counts: What was counted, None where there was nothing to count.
    """

    type: ClassVar[EventType] = EventType.UNIT_REPORT
    cycle: str
    index: str
    stage: Stage
    status: Status
    reason: Reason | NoWord = ""
    attempt: int = 1
    seconds: Mapping[str, float] = field(default_factory=dict)
    counts: StageCounts | None = None

    @property
    def refusals(self) -> Mapping[str, str] | str:
        """What was refused of its writes, by sink or as one sentence, empty when nothing was."""
        if isinstance(self.counts, WriteReport):
            return self.counts.errors
        return self.counts.error if isinstance(self.counts, StageFailure) else ""

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {
            "cycle": self.cycle,
            "index": self.index,
            "stage": self.stage,
            "status": self.status,
            "reason": self.reason,
            "attempt": self.attempt,
            "seconds": dict(self.seconds),
            "counts": {} if self.counts is None else self.counts.to_json(),
        }

    @classmethod
    def from_json(cls, document: Document) -> StageReport:
        """Read what `to_json` gave.

        Raises:
            KeyError: Something is absent.
            TypeError: A value is of another kind.
            ValueError: A word or a day is none.
        """
        stage = Stage(text(document, "stage"))
        counts = part(document, "counts")
        parsed: StageCounts | None = None
        if counts:
            parsed = (
                StageFailure.from_json(counts)
                if "error" in counts
                else _COUNTS[stage].from_json(counts)
            )
        status = Status(text(document, "status"))
        reason = reason_of(str(document.get("reason") or ""))
        return read_record(cls, document, stage=stage, status=status, reason=reason, counts=parsed)
