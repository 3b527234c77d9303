"""Day by day: where every index opened and closed, and how volatile the market was, over all covered years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import accumulate

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
"""How much of an index's distance from its dwelling level goes in a session."""
VOLATILITY_MEMORY = 0.94
VOLATILITY_SHOCK = 0.04
SPOT_VOLATILITY = -0.7
LEAN_MEMORY = 0.8

_ORIGIN = date(2020, 1, 1).toordinal()


@dataclass(frozen=True)
class MarketHistory:
    """The sessions of one exchange, `(n,)` each, oldest first. A pure function of the seed: nothing depends on what was asked."""

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
        return np.array(
            [session.day.toordinal() - _ORIGIN for session in self.sessions], dtype=np.int64
        )

    @cached_property
    def night(self) -> NDArray[np.float64]:
        """Variance units of the night before each session, closed days included."""
        whole = np.array([weight(session) for session in self.sessions])
        closed = np.diff(self._ordinal, prepend=self._ordinal[0] - 1) - 1
        return np.asarray(NIGHT * whole + CLOSED * np.minimum(closed, 10))

    @cached_property
    def session_units(self) -> NDArray[np.float64]:
        """Variance units of each session from open to close."""
        return np.array(
            [
                (1 - NIGHT) * weight(session) + self.clock.kick(session)[1]
                for session in self.sessions
            ]
        )

    def shock(self, factor: str, part: str) -> NDArray[np.float64]:
        """Return the standard shocks of a factor for `part` (night or session) of each session."""
        count = int(self._ordinal[-1]) + 1
        return normal(count, self.seed, part, factor)[self._ordinal]

    def combined(self, root: Root, part: str) -> NDArray[np.float64]:
        """Return the standard shocks of a root's index: common factors and its own part."""
        own = np.sqrt(1 - root.market**2 - root.bank**2)
        return np.asarray(
            root.market * self.shock("market", part)
            + root.bank * self.shock("bank", part)
            + own * self.shock(root.name, part)
        )

    @cached_property
    def market(self) -> NDArray[np.float64]:
        """The market factor's standard shock over night and session."""
        moved = np.sqrt(self.night) * self.shock("market", "night") + np.sqrt(
            self.session_units
        ) * self.shock("market", "session")
        return np.asarray(moved / np.sqrt(self.night + self.session_units))

    @cached_property
    def log_volatility(self) -> NDArray[np.float64]:
        """Logarithm of implied volatility over its ordinary level, at each close."""
        own = np.sqrt(1 - SPOT_VOLATILITY**2) * self.shock("volatility", "session")
        shocks = VOLATILITY_SHOCK * (SPOT_VOLATILITY * self.market + own)
        return np.array(
            list(accumulate(shocks, lambda level, shock: VOLATILITY_MEMORY * level + shock))
        )

    @cached_property
    def lean(self) -> NDArray[np.float64]:
        """The market's recent returns, in standard deviations, at each close: what the smile's skew answers to."""
        return np.array(
            list(accumulate(self.market, lambda level, shock: LEAN_MEMORY * level + shock))
        )

    def before(self, series: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what `series` (at closes) was at the close before each session; 0 before the first."""
        return np.concatenate([[0.0], series[:-1]])

    def deviation(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the standard deviation of NIFTY's log return over `units` of each session's day."""
        return np.asarray(
            REALISED
            * IMPLIED
            * np.exp(self.before(self.log_volatility))
            * np.sqrt(units / UNITS_A_YEAR)
        )

    def levels(self, root: Root) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the logarithm of the index over its dwelling level at each open and at each close."""
        gap = root.volatility * self.deviation(self.night) * self.combined(root, "night")
        move = root.volatility * self.deviation(self.session_units) * self.combined(root, "session")
        close = np.array(
            list(accumulate(gap + move, lambda level, moved: (1 - PULL) * level + moved))
        )
        return self.before(close) + gap, close
