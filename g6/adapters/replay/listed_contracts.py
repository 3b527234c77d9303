"""Successive snapshots tell which contracts are listed and when each of them last traded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.market_snapshot import Snapshot
from g6.adapters.replay.tables.windows import in_window
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts, contract_keys
from g6.domain.quotes.quotes import NAN

Array = NDArray[np.float64]

MAX_TRADE_AGE = 300.0
"""Seconds between two volumes, beyond which their change does not date a trade.

The default of `quality.max_trade_age`.
"""


class SnapshotHistory:
    """The snapshots of one index, each with what its day has shown until then.

    A snapshot depends on the recording alone, not on the order of requests. A contract that was
    recorded earlier in the day stays listed. Where it is absent it has not answered. Of an expiry
    whose window of strikes moves with the money (`widths` says how many strikes it holds), only
    those of the instant's own window are listed.

    The time of a contract's last trade is the last instant at which the day's volume changed, where
    the volume before is at most `max_trade_age` seconds older. After a longer gap, and before the
    first change, it is not known. A step forward costs one read.
    """

    def __init__(
        self,
        instants: Sequence[datetime],
        read: Callable[[datetime], Snapshot],
        *,
        widths: Mapping[date, int] = MappingProxyType({}),
        max_trade_age: float = MAX_TRADE_AGE,
    ) -> None:
        self._instants = instants
        self._read = read
        self._widths = widths
        self._max_trade_age = max_trade_age
        self._place = -1
        self._now: Snapshot | None = None
        self._listed: Snapshot | None = None
        self._volume: Array = np.empty((2, 0))
        self._volume_time: Array = np.empty((2, 0))

    def at(self, instant: datetime) -> Snapshot:
        """Return the snapshot of one of the recording's instants.

        Raises:
            BadInput: A file changed since the opening.
        """
        place = bisect_left(self._instants, instant)
        day = day_of(instant)
        is_ahead = self._now is not None and self._place <= place
        if not is_ahead or day_of(self._instants[self._place]) != day:
            first = place
            while first > 0 and day_of(self._instants[first - 1]) == day:
                first -= 1
            self._begin(self._read(self._instants[first]))
            self._place = first
        while self._place < place:
            self._step(self._read(self._instants[self._place + 1]))
            self._place += 1
        if self._listed is None:
            raise LookupError(instant)
        return self._listed

    def _begin(self, first: Snapshot) -> None:
        self._now = first
        self._listed = first
        self._volume = first.values["volume"].copy()
        self._volume_time = np.where(np.isfinite(self._volume), first.observed_at, np.nan)

    def _step(self, recorded: Snapshot) -> None:
        before = self._now
        if before is None:
            raise LookupError
        now = _listed_since(before, recorded)
        volume = _carry_forward(before, now.contracts, self._volume)
        volume_time = _carry_forward(before, now.contracts, self._volume_time)
        trade_time = _carry_forward(before, now.contracts, before.values["last_trade_time"])
        fresh = now.values["volume"]
        changed = np.isfinite(fresh) & np.isfinite(volume) & (fresh != volume)
        # A gap of 30 minutes had given 369 options a trade of the very second after it.
        is_near = now.observed_at - volume_time <= self._max_trade_age
        time_of_change = np.where(is_near, now.observed_at, np.nan)
        now.values["last_trade_time"][:] = np.where(changed, time_of_change, trade_time)
        self._now = now
        self._volume = np.where(np.isfinite(fresh), fresh, volume)
        self._volume_time = np.where(np.isfinite(fresh), now.observed_at, volume_time)
        self._listed = _within_window(now, recorded, self._widths) if self._widths else now


def _within_window(now: Snapshot, own: Snapshot, widths: Mapping[date, int]) -> Snapshot:
    """Return the snapshot over the strikes that the instant's own windows should hold."""
    # A window that followed the money made 451 of 550 cycles PARTIAL before this was known.
    listed = now.contracts
    keep = np.ones(len(listed), dtype=np.bool_)
    for expiry, width in widths.items():
        of_expiry = listed.expiry == np.datetime64(expiry)
        strikes = own.contracts.strike[own.contracts.expiry == np.datetime64(expiry)]
        if of_expiry.any() and len(strikes):
            keep[of_expiry] = in_window(strikes, listed.strike[of_expiry], now.spot.spot, width)
    if keep.all():
        return now
    return replace(
        now,
        contracts=listed.take(keep),
        values={name: values[:, keep] for name, values in now.values.items()},
        backfilled=now.backfilled[:, keep],
        exchange_iv=None if now.exchange_iv is None else now.exchange_iv[:, keep],
    )


def _listed_since(before: Snapshot, recorded: Snapshot) -> Snapshot:
    """Return the snapshot over everything listed so far, NaN throughout for what is absent now."""
    old = before.contracts
    new = recorded.contracts
    old_key = contract_keys(old.expiry, old.strike)
    new_key = contract_keys(new.expiry, new.strike)
    if np.array_equal(old_key, new_key) and np.array_equal(old.symbol != "", new.symbol != ""):
        return recorded
    key, first = np.unique(np.concatenate([new_key, old_key]), return_index=True)
    from_old = np.searchsorted(key, old_key)
    from_new = np.searchsorted(key, new_key)
    symbol = np.full((2, len(key)), "", dtype=object)
    token = np.zeros((2, len(key)), dtype=np.int64)
    symbol[:, from_old] = old.symbol
    symbol[:, from_new] = np.where(new.symbol != "", new.symbol, symbol[:, from_new])
    plain = {
        name: np.concatenate([getattr(new, name), getattr(old, name)])[first]
        for name in ("expiry", "strike", "lot_size", "tick_size")
    }
    contracts = Contracts(new.underlying, **plain, symbol=symbol, token=token)

    def spread(values: Array) -> Array:
        out = np.full((2, len(key)), NAN)
        out[:, from_new] = values
        return out

    values = {name: spread(array) for name, array in recorded.values.items()}
    exchange_iv = None if recorded.exchange_iv is None else spread(recorded.exchange_iv)
    return replace(
        recorded,
        contracts=contracts,
        values=values,
        backfilled=np.zeros((2, len(key)), dtype=np.bool_),
        exchange_iv=exchange_iv,
    )


def _carry_forward(before: Snapshot, now: Contracts, values: Array) -> Array:
    """Return the figures of the contracts before in the order of `now`, NaN for new ones."""
    old = contract_keys(before.contracts.expiry, before.contracts.strike)
    new = contract_keys(now.expiry, now.strike)
    out = np.full((2, len(new)), NAN)
    out[:, np.searchsorted(new, old)] = values
    return out
