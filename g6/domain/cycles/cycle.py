"""The cycle, the unit, and the limits of their stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from g6.domain.market.calendar import in_utc
from g6.domain.schema.words import Status

QUARTER_HOUR = timedelta(minutes=15)
FIRST_SHARE = 0.5
"""Part of the time to the deadline that the first of two providers has."""
LONGEST_QUOTES = 3_600.0
LEAST_QUOTES = 300.0
"""Seconds that stored quotes stay in Redis, where cycles are far apart and where they are close.

The ledger knows a settled cycle for as long as the second.
"""
LONGEST_CHAIN = 900.0
LEAST_CHAIN = 120.0
"""The same of chains, which are 1.7 times as large and can be made of the quotes."""


def isoformat_z(instant: datetime | float) -> str:
    """Write an instant as UTC ISO-8601 with `Z`, with microseconds only where there are some.

    Args:
        instant: Aware, or epoch seconds.

    >>> isoformat_z(1_795_152_600.5)
    '2026-11-20T05:30:00.500000Z'
    """
    if not isinstance(instant, datetime):
        instant = datetime.fromtimestamp(round(instant, 6), UTC)
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def quarter_hour_of(instant: datetime) -> datetime:
    """Return the beginning of the quarter of an hour that an instant lies in.

    >>> quarter_hour_of(datetime(2026, 11, 20, 4, 14, 59)).time()
    datetime.time(4, 0)
    """
    return instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)


def parse_z(text: str) -> datetime:
    """Read what `isoformat_z` wrote.

    Raises:
        ValueError: The text is no instant, or names no time zone.

    >>> parse_z("2026-11-20T05:30:00Z").timestamp()
    1795152600.0
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it as 2026-11-20T04:05:00Z")
    return in_utc(instant)


def on_grid(epoch: float, interval: int) -> float:
    """Return the grid's instant at or before `epoch`, both in seconds.

    The grid is `floor(epoch / interval) * interval`.

    >>> on_grid(119.5, 60)
    60.0
    """
    return float(epoch // interval * interval)


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """One index in one cycle: the unit of work.

    Attributes:
        cycle: ISO instant.
        index: The underlying's name, empty for the cycle as a whole.
    """

    cycle: str
    index: str

    @property
    def instant(self) -> datetime:
        """The cycle's instant, UTC."""
        return parse_z(self.cycle)


def cycle_status(units: Mapping[str, Status]) -> Status:
    """Return the cycle's status: OK if all units are, SKIPPED if all are, else PARTIAL.

    A cycle without units is SKIPPED.

    >>> cycle_status({"NIFTY": Status.OK, "SENSEX": Status.MISSING})
    <Status.PARTIAL: 'PARTIAL'>
    """
    statuses = set(units.values())
    if statuses == {Status.OK}:
        return Status.OK
    if statuses <= {Status.SKIPPED}:
        return Status.SKIPPED
    return Status.PARTIAL


@dataclass(frozen=True, slots=True)
class Timing:
    """The limits of one cycle in wall seconds: deadline, messages, leases, time limits, frames.

    Attributes:
        step: Between two cycles: the interval over the market's speed.
        lease: How long a stage holds its unit without renewing.
    """

    step: float
    lease: float = 5.0

    @property
    def grace(self) -> float:
        """Seconds from a cycle's due time to its deadline."""
        return max(0.8 * self.step, 2.0)

    @property
    def expires(self) -> float:
        """Seconds that a message of beat lives. A unit that begins later is `expired`."""
        return max(0.5 * self.step, 1.0)

    @property
    def soft(self) -> float:
        """Soft time limit of a stage."""
        return 0.6 * self.step

    @property
    def hard(self) -> float:
        """Hard time limit of a stage."""
        # A child that is killed at it costs the pool slot 2.6 s, so it stays clear of the soft one.
        return max(0.8 * self.step, self.soft + 3.0)

    @property
    def quotes_life(self) -> float:
        """Seconds that quotes stay once they are stored: sixty cycles, an hour at most.

        >>> Timing(5.0).quotes_life, Timing(60.0).quotes_life
        (300.0, 3600.0)
        """
        return min(LONGEST_QUOTES, max(LEAST_QUOTES, 60 * self.step))

    @property
    def chain_life(self) -> float:
        """Seconds that a chain stays: fifteen cycles. One that is gone is made of its quotes.

        >>> Timing(5.0).chain_life, Timing(60.0).chain_life
        (120.0, 900.0)
        """
        return min(LONGEST_CHAIN, max(LEAST_CHAIN, 15 * self.step))
