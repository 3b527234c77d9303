"""Second by second within a session: volatility, each index's latent path, and what is printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import Session
from g6.simulation.business import BusinessClock, seconds_of
from g6.simulation.noise import normal, single_uniform, smooth_normal, uniform
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
"""Quiet and busy spells: their minutes, and the deviation of their logarithm of variance."""
AUCTION = 5e-4
"""How far at most the auction's price lies from the forward: 5 basis points."""
INDEX_TICK = 0.05

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MarketDay:
    """One session's market. Seconds and minutes count from the open.

    Attributes:
        session: The session.
        opened: Epoch seconds of the open.
        seconds: From the open to the close.
        fix: Second of the settlement fix.
        units: The session's variance in units of the business clock.
        passed: Share of it behind each second, shape (seconds + 1,).
        log_volatility: Logarithm of implied volatility over its ordinary level, shape
            (minutes + 1,). It stands still within a minute.
        lean: The market's recent returns in standard deviations, shape (minutes + 1,).
    """

    session: Session
    opened: float
    seconds: int
    fix: int
    units: float
    passed: Numbers
    log_volatility: Numbers
    lean: Numbers

    @property
    def minutes(self) -> int:
        """Whole minutes from open to close."""
        return self.seconds // 60


@dataclass(frozen=True, slots=True)
class IndexPath:
    """One index on one day.

    Without an auction `freeze` and `jump` are the close.

    Attributes:
        latent: Where the market would trade it, by second.
        printed: What the exchange publishes, by second.
        auction: Its closing value.
        freeze: The second from which it stands still.
        jump: The second from which `auction` is printed.
    """

    latent: Numbers
    printed: Numbers
    auction: float
    freeze: int
    jump: int


def bridge(passed: Numbers, total: float, *address: object) -> Numbers:
    """Return a Brownian path of unit variance at `passed`, shape (n,), from 0 to `total`."""
    # The days' closes are drawn first and the seconds bridge them: a second of any day costs that
    # day and none before it.
    steps = np.sqrt(np.diff(passed)) * normal(len(passed) - 1, *address)
    free = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(free + passed * (total - free[-1]))


def market_day(history: MarketHistory, clock: BusinessClock, day: date) -> MarketDay:
    """Return the market of the session of `day`, which must be one."""
    n = history.position[day]
    session = history.sessions[n]
    units, passed = clock.within(session)
    by_minute = np.arange(seconds_of(session) // 60 + 1) * 60
    by_minute = np.minimum(by_minute, len(passed) - 1)
    marks = passed[by_minute]
    path = _factor_path(history, "market", day, realised_share(history.seed, day, passed))
    night = history.night[n]
    within = history.session_units[n]
    shocks = (
        np.sqrt(night) * history.shock("market", "night")[n] + np.sqrt(within) * path[by_minute]
    )
    market = shocks / np.sqrt(night + within)
    end = float(history.shock("volatility", "session")[n])
    own = bridge(marks, end, history.seed, "volatility", day)
    level = float(history.before(history.log_volatility)[n])
    shock = VOLATILITY_SHOCK * (SPOT_VOLATILITY * market + np.sqrt(1 - SPOT_VOLATILITY**2) * own)
    return MarketDay(
        session=session,
        opened=session.open.timestamp(),
        seconds=seconds_of(session),
        fix=int((session.settlement_fix - session.open).total_seconds()),
        units=units,
        passed=passed,
        log_volatility=level * (1 - (1 - VOLATILITY_MEMORY) * marks) + shock,
        lean=LEAN_MEMORY * float(history.before(history.lean)[n]) + market,
    )


def realised_share(seed: int, day: date, passed: Numbers) -> Numbers:
    """Return the share of the session's variance that has really come by each second.

    `passed` is the share that was expected, and gives the answer its shape.
    """
    # Spells are common to all indices and prices do not know them. Lunch is quiet by spells only:
    # the real half hour before noon realised 0.44 of the implied volatility, the simulated ones
    # 0.62 in the mean.
    minute = np.arange(len(passed) - 1) // 60
    minutes = int(minute[-1]) + 1
    spells = np.zeros(minutes)
    for length, deviation in SPELLS:
        spells = spells + deviation * smooth_normal(minutes, length, seed, "busy", length, day)
    come = np.concatenate([[0.0], np.cumsum(np.diff(passed) * np.exp(spells)[minute])])
    return np.asarray(come / come[-1])


def _factor_path(history: MarketHistory, factor: str, day: date, passed: Numbers) -> Numbers:
    end = float(history.shock(factor, "session")[history.position[day]])
    return bridge(passed, end, history.seed, "path", factor, day)


def index_day(history: MarketHistory, root: Root, market: MarketDay, skew: float) -> IndexPath:
    """Return one index's day. `skew` is how many seconds at most its print lags the contracts."""
    day = market.session.day
    n = history.position[day]
    opens, closes = history.levels(root)
    own = np.sqrt(1 - root.market**2 - root.bank**2)
    share = realised_share(history.seed, day, market.passed)
    path = own * _factor_path(history, root.name, day, share)
    path = path + root.market * _factor_path(history, "market", day, share)
    if root.bank:
        path += root.bank * _factor_path(history, "bank", day, share)
    deviation = root.volatility * float(history.deviation(history.session_units)[n])
    pull = PULL * float(history.before(closes)[n])
    latent = root.level * np.exp(opens[n] + deviation * path - pull * market.passed)
    return _printed(history.seed, root, market, latent, skew)


def _printed(seed: int, root: Root, market: MarketDay, latent: Numbers, skew: float) -> IndexPath:
    session = market.session
    day = session.day
    second = np.arange(market.seconds + 1)
    # Chain and index are not simultaneous: the print lags by up to `skew`, anew each minute.
    lag = (uniform(market.minutes + 1, seed, "lag", root.name, day) * skew)[second // 60]
    printed = latent[np.maximum(second - lag.round().astype(np.int64), 0)]
    freeze = jump = market.seconds
    auction = float(latent[-1])
    # Since 3 August 2026 the cash market closes with an auction: the index stands still from 15:15
    # and jumps once between 15:30 and 15:35, while options trade on to 15:40.
    if session.index_freeze is not None and session.index_resume is not None:
        freeze = int((session.index_freeze - session.open).total_seconds())
        resume = int((session.index_resume - session.open).total_seconds())
        # NSE and BSE hold auctions of their own, and all indices of one of them jump together.
        wait = single_uniform(seed, "jump", session.exchange, day)
        jump = market.fix + 1 + int(wait * (resume - market.fix - 1))
        off = AUCTION * (2 * single_uniform(seed, "auction", root.name, day) - 1)
        auction = float(latent[market.fix]) * (1 + off)
        printed[freeze:] = printed[freeze]
        printed[jump:] = auction
    auction = round(auction / INDEX_TICK) * INDEX_TICK
    return IndexPath(latent, np.round(printed / INDEX_TICK) * INDEX_TICK, auction, freeze, jump)
