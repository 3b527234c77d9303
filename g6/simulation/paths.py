"""Second by second within a session: the volatility's path, each index's latent path, and what is printed of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import Session
from g6.simulation.business import BusinessClock, seconds_of
from g6.simulation.noise import coin, lasting, normal, uniform
from g6.simulation.past_sessions import (
    LEAN_MEMORY,
    PULL,
    SPOT_VOLATILITY,
    VOLATILITY_MEMORY,
    VOLATILITY_SHOCK,
    MarketHistory,
)
from g6.simulation.roots import Root

SPELLS = ((45, 0.55), (6, 0.4))
"""Quiet and busy spells: for how many minutes, and the deviation of their logarithm of variance."""
AUCTION = 5e-4
"""How far at most the auction's price lies from the forward: 5 basis points."""
INDEX_TICK = 0.05


@dataclass(frozen=True, slots=True)
class MarketDay:
    """One session's market: seconds count from the open, axis `(seconds + 1,)`; minutes `(minutes + 1,)`.

    `passed` is the share of the session's variance behind each second, `units` its whole.
    `log_volatility` and `lean` stand still within a minute.
    """

    session: Session
    opened: float
    seconds: int
    fix: int
    units: float
    passed: NDArray[np.float64]
    log_volatility: NDArray[np.float64]
    lean: NDArray[np.float64]

    @property
    def minutes(self) -> int:
        """Whole minutes from open to close."""
        return self.seconds // 60


@dataclass(frozen=True, slots=True)
class IndexPath:
    """One index on one day. `latent` is where the market would trade it, `printed` what the exchange publishes, both by second.

    `auction` is its closing value, printed from second `jump` on; `freeze` the second from which it stands still. Without an
    auction both are the close.
    """

    latent: NDArray[np.float64]
    printed: NDArray[np.float64]
    auction: float
    freeze: int
    jump: int


def bridge(passed: NDArray[np.float64], total: float, *address: object) -> NDArray[np.float64]:
    """Return a Brownian path of unit variance at `passed`, `(n,)`, that starts at 0 and ends at `total`."""
    steps = np.sqrt(np.diff(passed)) * normal(len(passed) - 1, *address)
    free = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(free + passed * (total - free[-1]))


def market_day(history: MarketHistory, clock: BusinessClock, day: date) -> MarketDay:
    """Return the market of the session of `day`, which must be one."""
    n = history.position[day]
    session = history.sessions[n]
    units, passed = clock.within(session)
    night, within = history.night[n], history.session_units[n]
    marks = passed[np.minimum(np.arange(seconds_of(session) // 60 + 1) * 60, len(passed) - 1)]
    moved = _factor(history, "market", day, worked(history.seed, day, passed))[
        np.minimum(np.arange(len(marks)) * 60, len(passed) - 1)
    ]
    market = (
        np.sqrt(night) * history.shock("market", "night")[n] + np.sqrt(within) * moved
    ) / np.sqrt(night + within)
    own = bridge(
        marks, float(history.shock("volatility", "session")[n]), history.seed, "volatility", day
    )
    level = float(history.before(history.log_volatility)[n])
    shock = VOLATILITY_SHOCK * (SPOT_VOLATILITY * market + np.sqrt(1 - SPOT_VOLATILITY**2) * own)
    return MarketDay(
        session,
        session.open.timestamp(),
        seconds_of(session),
        int((session.settlement_fix - session.open).total_seconds()),
        units,
        passed,
        level * (1 - (1 - VOLATILITY_MEMORY) * marks) + shock,
        LEAN_MEMORY * float(history.before(history.lean)[n]) + market,
    )


def worked(seed: int, day: date, passed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the session's variance that has really come by each second, as `passed`, which is what was expected.

    Quiet and busy spells are common to all indices; prices do not know them.
    """
    minute = np.arange(len(passed) - 1) // 60
    spells = sum(
        deviation * lasting(int(minute[-1]) + 1, length, seed, "busy", length, day)
        for length, deviation in SPELLS
    )
    come = np.concatenate([[0.0], np.cumsum(np.diff(passed) * np.exp(spells)[minute])])
    return np.asarray(come / come[-1])


def _factor(
    history: MarketHistory, factor: str, day: date, passed: NDArray[np.float64]
) -> NDArray[np.float64]:
    end = float(history.shock(factor, "session")[history.position[day]])
    return bridge(passed, end, history.seed, "path", factor, day)


def index_day(history: MarketHistory, root: Root, market: MarketDay, skew: float) -> IndexPath:
    """Return one index's day. `skew` is how many seconds at most its print lags the contracts."""
    day = market.session.day
    n = history.position[day]
    opened, closed = history.levels(root)
    own = np.sqrt(1 - root.market**2 - root.bank**2)
    come = worked(history.seed, day, market.passed)
    path = own * _factor(history, root.name, day, come) + root.market * _factor(
        history, "market", day, come
    )
    if root.bank:
        path += root.bank * _factor(history, "bank", day, come)
    deviation = root.volatility * float(history.deviation(history.session_units)[n])
    pull = PULL * float(history.before(closed)[n])
    latent = root.level * np.exp(opened[n] + deviation * path - pull * market.passed)
    return _printed(history.seed, root, market, latent, skew)


def _printed(
    seed: int, root: Root, market: MarketDay, latent: NDArray[np.float64], skew: float
) -> IndexPath:
    session, day = market.session, market.session.day
    second = np.arange(market.seconds + 1)
    lag = (uniform(market.minutes + 1, seed, "lag", root.name, day) * skew)[second // 60]
    printed = latent[np.maximum(second - lag.round().astype(np.int64), 0)]
    freeze = jump = market.seconds
    auction = float(latent[-1])
    if session.index_freeze is not None and session.index_resume is not None:
        freeze = int((session.index_freeze - session.open).total_seconds())
        resume = int((session.index_resume - session.open).total_seconds())
        jump = (
            market.fix
            + 1
            + int(coin(seed, "jump", session.exchange, day) * (resume - market.fix - 1))
        )
        off = AUCTION * (2 * coin(seed, "auction", root.name, day) - 1)
        auction = float(latent[market.fix]) * (1 + off)
        printed[freeze:] = printed[freeze]
        printed[jump:] = auction
    auction = round(auction / INDEX_TICK) * INDEX_TICK
    return IndexPath(latent, np.round(printed / INDEX_TICK) * INDEX_TICK, auction, freeze, jump)
