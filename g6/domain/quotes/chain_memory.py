"""What earlier cycles of a session saw of the strikes that a window leaves out.

A window collects the strikes around the money at every cycle. Open interest of the other listed
strikes is asked for in turn, a few strikes a cycle, so that figures of the whole chain are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from math import ceil, isfinite, nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import Contracts, contract_keys
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.domain.schema.beyond import Beyond
from g6.domain.schema.frame import Frame, by_side

__all__ = [
    "REFRESH_SECONDS",
    "ROOM_STRIKES",
    "ChainMemory",
    "beyond",
    "oldest_allowed",
    "refresh_count",
    "refreshed",
    "widened",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

REFRESH_SECONDS = 60.0
"""Market seconds in which every strike beyond the window is asked for once, where there is room."""
# Exchanges publish open interest every one to three minutes: more often it says nothing new.
ROOM_STRIKES = 245
"""Strikes of a window and its refresh together."""
# 490 options, index, future and VIX fit into one question of 500 instruments.
LEAST_REFRESH = 20
"""Strikes that are refreshed at least, however wide the window is."""
OLD_SECONDS = 180.0
"""Age up to which open interest is held against that of the window."""
# The slowest exchange publishes it every three minutes.


# Ratios of a window of 21 strikes were called those of the whole chain: 0.795 against 0.948 at the
# same instant. The other strikes are asked for a few a cycle, and remembered.
@dataclass(frozen=True, slots=True)
class ChainMemory:
    """The listed strikes of one index on one day, as the cycles so far saw them.

    Attributes:
        expiry: Expiry of each row, shape (n,). Rows are sorted by it and by strike.
        strike: Points, shape (n,).
        oi: Open interest in units, shape (2, n), NaN unknown.
        volume: Volume of the day in units, shape (2, n), NaN unknown.
        answered_at: Instant of the cycle that they came with, epoch seconds, NaN never.
        asked_at: Instant of the latest cycle that asked, epoch seconds, NaN never.
        collected: Whether the strike was a row of the chain in this session, shape (n,).
    """

    expiry: NDArray[np.datetime64]
    strike: Array
    oi: Array
    volume: Array
    answered_at: Array
    asked_at: Array
    collected: Mask

    def __len__(self) -> int:
        return len(self.strike)

    @classmethod
    def blank(cls, contracts: Contracts) -> ChainMemory:
        """Return the memory of a session in which nothing was asked for yet."""
        n = len(contracts)
        return cls(
            contracts.expiry,
            contracts.strike,
            oi=np.full((2, n), nan),
            volume=np.full((2, n), nan),
            answered_at=np.full(n, nan),
            asked_at=np.full(n, nan),
            collected=np.zeros(n, dtype=np.bool_),
        )

    def of(self, contracts: Contracts, at: float) -> ChainMemory:
        """Return the memory of exactly these contracts, as it was at an instant.

        Args:
            contracts: What is listed now, sorted by expiry and strike.
            at: Epoch seconds. What was answered or asked later is unknown.
        """
        aligned = ChainMemory.blank(contracts)
        listed = contract_keys(contracts.expiry, contracts.strike)
        remembered = contract_keys(self.expiry, self.strike)
        here = there = np.arange(len(listed))
        if not np.array_equal(listed, remembered):
            # The listing changed since, or the expiries that are wanted.
            _, here, there = np.intersect1d(
                listed, remembered, assume_unique=True, return_indices=True
            )
        is_known = self.answered_at[there] <= at
        aligned.oi[:, here] = np.where(is_known, self.oi[:, there], nan)
        aligned.volume[:, here] = np.where(is_known, self.volume[:, there], nan)
        aligned.answered_at[here] = np.where(is_known, self.answered_at[there], nan)
        aligned.asked_at[here] = np.where(self.asked_at[there] <= at, self.asked_at[there], nan)
        aligned.collected[here] = self.collected[there]
        return aligned

    def learn(self, quotes: Quotes, requested: Mask, rows: Mask, at: float) -> ChainMemory:
        """Return the memory after a cycle.

        A strike of which a listed side gave no answer keeps what it had.

        Args:
            quotes: Quotes of the strikes that were requested.
            requested: Which strikes those are, shape (n,).
            rows: Which strikes are rows of the cycle's chain, shape (n,).
            at: The cycle's instant, epoch seconds.
        """
        oi = np.full((2, len(self)), nan)
        volume = np.full((2, len(self)), nan)
        oi[:, requested] = quotes.oi
        volume[:, requested] = quotes.volume
        has_quote = np.any([np.isfinite(quotes.values[name]) for name in QUOTE_FIELDS], axis=0)
        answered = np.zeros(len(self), dtype=np.bool_)
        answered[requested] = (has_quote | (quotes.symbol == "")).all(axis=0)
        return replace(
            self,
            oi=np.where(answered, oi, self.oi),
            volume=np.where(answered, volume, self.volume),
            answered_at=np.where(answered, at, self.answered_at),
            asked_at=np.where(requested, at, self.asked_at),
            collected=self.collected | rows,
        )

    def to_frame(self) -> Frame:
        """Return the memory as columns, to be kept."""
        columns = {
            "expiry": self.expiry,
            "strike": self.strike,
            "seen": self.answered_at,
            "asked": self.asked_at,
            "collected": self.collected,
        }
        sides = {"oi": self.oi, "volume": self.volume}
        return Frame({}, columns | by_side(sides, sides))

    @classmethod
    def parse(cls, frame: Frame) -> ChainMemory:
        """Read what `to_frame` wrote."""
        columns = frame.columns
        return cls(
            columns["expiry"].astype("datetime64[D]"),
            columns["strike"],
            oi=frame.sides["oi"],
            volume=frame.sides["volume"],
            answered_at=columns["seen"],
            asked_at=columns["asked"],
            collected=columns["collected"].astype(np.bool_),
        )


def widened(rows: Mask, expiry: NDArray[np.datetime64], collected: Mask) -> Mask:
    """Return a window with every strike that was a row before in the session.

    Offsets count listed strikes, so that a window which left a hole behind would count wrongly:
    each expiry is one run of strikes.

    Args:
        rows: Which strikes the window holds, shape (n,).
        expiry: Expiry of each strike.
        collected: Which strikes were rows before.

    >>> rows, collected = np.array([True, False, False]), np.array([False, False, True])
    >>> widened(rows, np.array(["2026-11-24"] * 3, dtype="datetime64[D]"), collected)
    array([ True,  True,  True])
    """
    wide: Mask = rows.copy()
    for day in np.unique(expiry[rows]):
        places = np.flatnonzero((rows | collected) & (expiry == day))
        wide[places[0] : places[-1] + 1] |= expiry[places[0] : places[-1] + 1] == day
    return wide


def refresh_count(window: int, outside: int, interval: float) -> int:
    """Return how many strikes a cycle asks for beside its window.

    Args:
        window: Strikes of the window.
        outside: Listed strikes beyond it.
        interval: Market seconds between cycles.

    >>> refresh_count(84, 240, 5), refresh_count(84, 240, 60), refresh_count(400, 240, 60)
    (27, 161, 20)
    """
    # A share of all strikes, so that a window which moves meanwhile does not make the turn longer.
    share = ceil((window + outside) * min(1.0, interval / REFRESH_SECONDS))
    return min(outside, share, max(LEAST_REFRESH, ROOM_STRIKES - window))


def oldest_allowed(window: int, outside: int, interval: float) -> float:
    """Return the seconds after which a refreshed figure is too old.

    That is the time of a publication, or two whole turns where those take longer. Arguments as in
    `refresh_count`.

    >>> oldest_allowed(84, 240, 5), oldest_allowed(400, 240, 60)
    (180.0, 1440.0)
    """
    count = refresh_count(window, outside, interval)
    turns = ceil(outside / count) if count else 0
    return max(OLD_SECONDS, 2.0 * turns * interval)


def refreshed(memory: ChainMemory, rows: Mask, centre: float, interval: float) -> Mask:
    """Return which strikes a cycle asks for beside its window, shape (n,).

    Those that waited longest come first, and of them those nearest to the centre.

    Args:
        memory: What the session's cycles saw.
        rows: Which strikes the window holds.
        centre: Level at the money in points, NaN unknown.
        interval: Market seconds between cycles.

    >>> from g6.simulation.example_unit import CONTRACTS
    >>> rows = np.arange(len(CONTRACTS)) < 78
    >>> np.flatnonzero(refreshed(ChainMemory.blank(CONTRACTS), rows, 24100.0, 60.0))
    array([78, 79, 80, 81])
    """
    outside = np.flatnonzero(~rows)
    count = refresh_count(int(rows.sum()), len(outside), interval)
    asked_at = np.nan_to_num(memory.asked_at[outside], nan=-np.inf)
    distance = np.abs(memory.strike[outside] - (centre if isfinite(centre) else 0.0))
    turn: Mask = np.zeros(len(memory), dtype=np.bool_)
    turn[outside[np.lexsort((distance, asked_at))[:count]]] = True
    return turn


def beyond(
    memory: ChainMemory, contracts: Contracts, rows: Mask, at: float, oldest: float
) -> dict[date, Beyond]:
    """Return what is known of the listed strikes that are no rows, by expiry.

    Args:
        memory: What the session's cycles saw.
        contracts: Those of the memory, in its order.
        rows: Which strikes are rows of the chain, shape (n,).
        at: The cycle's instant, epoch seconds.
        oldest: Seconds beyond which an answer is too old. Such strikes are counted only.

    Returns:
        An entry for each expiry of which not every listed strike is a row.

    >>> from g6.simulation.example_unit import CONTRACTS
    >>> rows = np.arange(len(CONTRACTS)) < 78
    >>> parts = beyond(ChainMemory.blank(CONTRACTS), CONTRACTS, rows, 0.0, 60.0)
    >>> {day.isoformat(): part.listed for day, part in parts.items()}
    {'2026-09-01': 4}
    """
    parts = {}
    age = at - memory.answered_at
    recent = age <= oldest
    unasked = ~(at - memory.asked_at <= oldest)
    for day in contracts.expiries:
        outside = (contracts.expiry == np.datetime64(day, "D")) & ~rows
        if not outside.any():
            continue
        answered = outside & recent
        parts[day] = Beyond(
            strike=contracts.strike[answered],
            oi=memory.oi[:, answered],
            volume=memory.volume[:, answered],
            listed=int(outside.sum()),
            unasked=int(unasked[outside].sum()),
            age_seconds=float(age[answered].max()) if answered.any() else nan,
        )
    return parts
