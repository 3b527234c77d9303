"""Clocks of one process: the wall's, and a market at a speed of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from g6.domain.market.instants import MarketTime


class WallClock:
    """Clock port of a live market, whose two faces show the wall's time."""

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        return time.time()

    def market(self) -> datetime:
        """Return the wall's instant in UTC."""
        return datetime.now(UTC)

    def wall_of(self, instant: datetime) -> float:
        """Return `instant` in epoch seconds."""
        return instant.timestamp()

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of wall time."""
        time.sleep(seconds)


def wall_now() -> datetime:
    """Return the wall's instant in UTC."""
    return WallClock().market()


def wait_by_the_wall(seconds: float) -> None:
    """Wait as long as the wall's clock says."""
    WallClock().sleep(seconds)


def wall_time() -> MarketTime:
    """Return what texts of instants count from where no directory says what is newest."""
    return MarketTime.of(WallClock().market)


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Clock port of a simulated or recorded market.

    At `wall_origin` (epoch seconds) it is `market_origin` there. From then on the market runs
    `speed` (> 0) times as fast as the wall. Before, it stands.
    """

    wall_origin: float
    market_origin: datetime
    speed: float = 1.0

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        return time.time()

    def market(self) -> datetime:
        """Return the market's instant in UTC."""
        return self.market_at(time.time())

    def market_at(self, wall: float) -> datetime:
        """Return the market's instant at wall time `wall` (epoch seconds), in UTC."""
        # The origin may lie ahead: a market starts once its workers are warm.
        return self.market_origin + timedelta(
            seconds=max(0.0, wall - self.wall_origin) * self.speed
        )

    def wall_of(self, instant: datetime) -> float:
        """Return the wall time (epoch seconds) at which the market reaches `instant`."""
        return self.wall_origin + (instant - self.market_origin).total_seconds() / self.speed

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of wall time."""
        time.sleep(seconds)
