"""What earlier cycles of a session saw of the strikes that a window leaves out, so that whole-chain figures can be known.

A window collects the strikes around the money at every cycle. Open interest of the other listed strikes is asked for in turn, a
few strikes a cycle: exchanges publish it every one to three minutes, so that it need not be asked for more often.
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
"""Market seconds in which every strike beyond the window is asked for once, as far as there is room."""
ROOM_STRIKES = 245
"""Strikes of a window and its refresh together: 490 options, index, future and VIX are one question of 500 instruments."""
LEAST_REFRESH = 20
"""Strikes that are refreshed at least, however wide the window is."""
OLD_SECONDS = 180.0
"""Open interest older than the slowest publication of an exchange is not held against that of the window."""


@dataclass(frozen=True, slots=True)
class ChainMemory:
    """The listed strikes of one index on one day, sorted by expiry and strike, as the cycles so far saw them.

    `oi`, `volume` `(2, n)` units, NaN unknown; `seen` `(n,)` the instant of the cycle that they came with and `asked` that of the
    latest cycle that asked, epoch seconds, NaN never; `collected` `(n,)`: the strike was a row of the chain in this session.
    """

    expiry: NDArray[np.datetime64]
    strike: Array
    oi: Array
    volume: Array
    seen: Array
    asked: Array
    collected: Mask

    def __len__(self) -> int:
        return len(self.strike)

    @classmethod
    def blank(cls, contracts: Contracts) -> ChainMemory:
        """Return the memory of a session in which nothing was asked for yet."""
        n = len(contracts)
        sides = np.full((2, n), np.nan)
        return cls(
            contracts.expiry, contracts.strike, sides, sides.copy(), np.full(n, np.nan), np.full(n, np.nan),
            np.zeros(n, dtype=np.bool_),
        )  # fmt: skip

    def of(self, contracts: Contracts, at: float) -> ChainMemory:
        """Return the memory of exactly these contracts; what was seen or asked after `at` (epoch seconds) is unknown."""
        aligned = ChainMemory.blank(contracts)
        _, ours, theirs = np.intersect1d(
            contract_keys(contracts.expiry, contracts.strike),
            contract_keys(self.expiry, self.strike),
            assume_unique=True,
            return_indices=True,
        )
        true = self.seen[theirs] <= at
        for name in ("oi", "volume"):
            getattr(aligned, name)[:, ours] = np.where(true, getattr(self, name)[:, theirs], np.nan)
        aligned.seen[ours] = np.where(true, self.seen[theirs], np.nan)
        aligned.asked[ours] = np.where(self.asked[theirs] <= at, self.asked[theirs], np.nan)
        aligned.collected[ours] = self.collected[theirs]
        return aligned

    def learn(self, quotes: Quotes, asked: Mask, rows: Mask, at: float) -> ChainMemory:
        """Return the memory after a cycle at `at` (epoch seconds) whose `quotes` are of the strikes `asked`.

        `asked` and `rows` (strikes that are rows of the chain) are masks `(n,)`. A strike of which a listed side gave no
        answer keeps what it had.
        """
        oi, volume = np.full((2, len(self)), np.nan), np.full((2, len(self)), np.nan)
        oi[:, asked] = quotes.values["oi"]
        volume[:, asked] = quotes.values["volume"]
        spoke = np.any([np.isfinite(quotes.values[name]) for name in QUOTE_FIELDS], axis=0)
        answered = np.zeros(len(self), dtype=np.bool_)
        answered[asked] = (spoke | (quotes.symbol == "")).all(axis=0)
        return replace(
            self,
            oi=np.where(answered, oi, self.oi),
            volume=np.where(answered, volume, self.volume),
            seen=np.where(answered, at, self.seen),
            asked=np.where(asked, at, self.asked),
            collected=self.collected | rows,
        )

    def to_frame(self) -> Frame:
        """Return the memory as columns, to be kept."""
        plain = {
            name: getattr(self, name) for name in ("expiry", "strike", "seen", "asked", "collected")
        }
        sided = {"oi": self.oi, "volume": self.volume}
        return Frame({}, plain | by_side(sided, sided))

    @classmethod
    def parse(cls, frame: Frame) -> ChainMemory:
        """Read what `to_frame` wrote."""
        columns = frame.columns
        return cls(
            columns["expiry"].astype("datetime64[D]"), columns["strike"], frame.sides["oi"], frame.sides["volume"],
            columns["seen"], columns["asked"], columns["collected"].astype(np.bool_),
        )  # fmt: skip


def widened(rows: Mask, expiry: NDArray[np.datetime64], collected: Mask) -> Mask:
    """Return the window with every strike that was a row before in the session, each expiry without a hole.

    Offsets count listed strikes, so that a window which left a hole behind would count wrongly.
    """
    wide: Mask = rows.copy()
    for day in np.unique(expiry[rows]):
        places = np.flatnonzero((rows | collected) & (expiry == day))
        mine = np.flatnonzero(expiry == day)
        wide[mine[(mine >= places[0]) & (mine <= places[-1])]] = True
    return wide


def refresh_count(window: int, left: int, interval: float) -> int:
    """Return how many strikes a cycle asks for beside a window of so many, when `left` lie beyond it.

    >>> refresh_count(84, 240, 5), refresh_count(84, 240, 60), refresh_count(400, 240, 60)
    (27, 161, 20)
    """
    # A share of all strikes, so that a window which moves meanwhile does not make the turn longer.
    share = ceil((window + left) * min(1.0, interval / REFRESH_SECONDS))
    return min(left, share, max(LEAST_REFRESH, ROOM_STRIKES - window))


def oldest_allowed(window: int, left: int, interval: float) -> float:
    """Return the seconds after which a refreshed figure is too old: a publication's, or two whole turns where those take longer."""
    count = refresh_count(window, left, interval)
    turns = ceil(left / count) if count else 0
    return max(OLD_SECONDS, 2.0 * turns * interval)


def refreshed(memory: ChainMemory, rows: Mask, centre: float, interval: float) -> Mask:
    """Return which strikes a cycle asks for beside its window `rows`: those that waited longest, the nearest to `centre` first."""
    left = np.flatnonzero(~rows)
    count = refresh_count(int(rows.sum()), len(left), interval)
    waited = np.nan_to_num(memory.asked[left], nan=-np.inf)
    away = np.abs(memory.strike[left] - (centre if isfinite(centre) else 0.0))
    chosen: Mask = np.zeros(len(memory), dtype=np.bool_)
    chosen[left[np.lexsort((away, waited))[:count]]] = True
    return chosen


def beyond(
    memory: ChainMemory, contracts: Contracts, rows: Mask, at: float, oldest: float
) -> dict[date, Beyond]:
    """Return what is known of the listed strikes that are no rows, by expiry.

    Args:
        memory: What the session's cycles saw.
        contracts: Those of the memory, in its order.
        rows: Which strikes are rows of the chain, shape (n,).
        at: The cycle's instant, epoch seconds.
        oldest: Seconds beyond which an answer is too old; such strikes are counted only.

    Returns:
        An entry for each expiry of which not every listed strike is a row.
    """
    parts = {}
    age = at - memory.seen
    recent = age <= oldest
    unasked = ~(at - memory.asked <= oldest)
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
