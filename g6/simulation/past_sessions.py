"""Day by day over all covered years: where every index opened and closed, and the volatility."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import Session
from g6.simulation.business import CLOSED, NIGHT, UNITS_A_YEAR, BusinessClock, trading_days, weight
from g6.simulation.noise import normal
from g6.simulation.roots import Root

REALISED = 0.85
"""Realised volatility as a fraction of the implied."""
IMPLIED = 0.098
"""At-the-money implied volatility of NIFTY on an ordinary day, per business year."""
PULL = 0.008
"""Share of an index's distance from its dwelling level that goes in a session."""
VOLATILITY_MEMORY = 0.94
VOLATILITY_SHOCK = 0.04
SPOT_VOLATILITY = -0.7
LEAN_MEMORY = 0.8

_ORIGIN = date(2020, 1, 1).toordinal()
_LONGEST_BREAK = 10

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class MarketHistory:
    """The sessions of one exchange, shape (n,) each, oldest first: a pure function of the seed."""

    seed: int
    clock: BusinessClock

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """Every session of the covered years."""
        return trading_days(self.clock.calendar, self.clock.exchange)

    @cached_property
    def position(self) -> dict[date, int]:
        """Where a day stands in `sessions`."""
        return {session.day: n for n, session in enumerate(self.sessions)}

    @cached_property
    def _ordinal(self) -> NDArray[np.int64]:
        days = [session.day.toordinal() for session in self.sessions]
        return np.array(days, dtype=np.int64) - _ORIGIN

    @cached_property
    def night(self) -> Numbers:
        """Variance units of the night before each session, closed days included."""
        whole = np.array([weight(session) for session in self.sessions])
        closed = np.diff(self._ordinal, prepend=self._ordinal[0] - 1) - 1
        return np.asarray(NIGHT * whole + CLOSED * np.minimum(closed, _LONGEST_BREAK))

    @cached_property
    def session_units(self) -> Numbers:
        """Variance units of each session from open to close."""
        whole = np.array([weight(session) for session in self.sessions])
        kicks = np.array([self.clock.kick(session)[1] for session in self.sessions])
        return np.asarray((1 - NIGHT) * whole + kicks)

    def shock(self, factor: str, part: str) -> Numbers:
        """Return the standard shocks of a factor for `part` (night or session) of each session."""
        # Shocks are numbered by calendar days since 2020. Numbered by sessions, one holiday more in
        # the calendar would give every later day another market.
        count = int(self._ordinal[-1]) + 1
        return normal(count, self.seed, part, factor)[self._ordinal]

    def combined(self, root: Root, part: str) -> Numbers:
        """Return the standard shocks of a root's index: common factors and its own part."""
        own = np.sqrt(1 - root.market**2 - root.bank**2)
        return np.asarray(
            root.market * self.shock("market", part)
            + root.bank * self.shock("bank", part)
            + own * self.shock(root.name, part)
        )

    @cached_property
    def market(self) -> Numbers:
        """The market factor's standard shock over night and session."""
        night = np.sqrt(self.night) * self.shock("market", "night")
        session = np.sqrt(self.session_units) * self.shock("market", "session")
        return np.asarray((night + session) / np.sqrt(self.night + self.session_units))

    @cached_property
    def log_volatility(self) -> Numbers:
        """Logarithm of implied volatility over its ordinary level, at each close."""
        # Volatility rises when spot falls: the correlation of their shocks is -0.7.
        own = np.sqrt(1 - SPOT_VOLATILITY**2) * self.shock("volatility", "session")
        shocks = VOLATILITY_SHOCK * (SPOT_VOLATILITY * self.market + own)
        return _remembered(shocks, VOLATILITY_MEMORY)

    @cached_property
    def lean(self) -> Numbers:
        """The market's recent returns at each close, in standard deviations.

        The smile's skew answers to them.
        """
        return _remembered(self.market, LEAN_MEMORY)

    def before(self, series: Numbers) -> Numbers:
        """Return `series` (at closes) as of the close before each session, 0 before the first."""
        return np.concatenate([[0.0], series[:-1]])

    def deviation(self, units: Numbers) -> Numbers:
        """Return the standard deviation of NIFTY's log return over `units` of each day."""
        volatility = REALISED * IMPLIED * np.exp(self.before(self.log_volatility))
        return np.asarray(volatility * np.sqrt(units / UNITS_A_YEAR))

    def levels(self, root: Root) -> tuple[Numbers, Numbers]:
        """Return the logarithm of the index over its dwelling level at opens and at closes."""
        gap = root.volatility * self.deviation(self.night) * self.combined(root, "night")
        move = root.volatility * self.deviation(self.session_units) * self.combined(root, "session")
        close = _remembered(gap + move, 1 - PULL)
        return self.before(close) + gap, close


def _remembered(shocks: Numbers, memory: float) -> Numbers:
    """Return the sums of shocks of which each session keeps the share `memory`."""
    level = float(shocks[0])
    levels = [level]
    for shock in shocks[1:].tolist():
        level = memory * level + shock
        levels.append(level)
    return np.array(levels)
