"""What successive snapshots tell: which contracts are listed, and when each last traded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.market_snapshot import Snapshot, contract_key
from g6.adapters.replay.tables.windows import in_window
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import NAN

Array = NDArray[np.float64]

MAX_TRADE_AGE = 300.0
"""Seconds over which a change of volume tells when a contract traded, where nobody says another: `quality.max_trade_age`."""


class SnapshotHistory:
    """One index's snapshots with their past of the day: a function of the recording alone, whatever is asked for in which order.

    A contract that was there earlier in the day stays listed; where it is absent it has not answered. Where an expiry has a
    window of strikes that moves with the money (`widths`: how many strikes it holds), only those of the instant's own window are
    listed. The time of a contract's last trade is the last instant at which the day's volume changed, where the volume before
    is at most `max_trade_age` seconds older; after a longer gap, and before a change was seen, it is not known. Going forward
    costs a read a step.
    """

    def __init__(
        self,
        instants: Sequence[datetime],
        read: Callable[[datetime], Snapshot],
        *,
        widths: Mapping[date, int] = MappingProxyType({}),
        max_trade_age: float = MAX_TRADE_AGE,
    ) -> None:
        self._instants, self._read = instants, read
        self._widths, self._max_trade_age = widths, max_trade_age
        self._place = -1
        self._now: Snapshot | None = None
        self._shown: Snapshot | None = None
        self._volume: Array = np.empty((2, 0))
        self._volume_time: Array = np.empty((2, 0))

    def at(self, instant: datetime) -> Snapshot:
        """Return the snapshot of one of the recording's instants. Errors: BadInput."""
        place = bisect_left(self._instants, instant)
        day = day_of(instant)
        known = (
            self._now is not None
            and self._place <= place
            and day_of(self._instants[self._place]) == day
        )
        if not known:
            first = next(
                n for n in range(place, -1, -1) if n == 0 or day_of(self._instants[n - 1]) != day
            )
            self._begin(self._read(self._instants[first]))
            self._place = first
        while self._place < place:
            self._step(self._read(self._instants[self._place + 1]))
            self._place += 1
        if self._shown is None:
            raise LookupError(instant)
        return self._shown

    def _begin(self, seen: Snapshot) -> None:
        self._now = self._shown = seen
        self._volume = seen.values["volume"].copy()
        self._volume_time = np.where(np.isfinite(self._volume), seen.observed_at, np.nan)

    def _step(self, seen: Snapshot) -> None:
        before = self._now
        if before is None:
            raise LookupError
        now = _listed_since(before, seen)
        volume, volume_time, traded = (
            _carried(before, now.contracts, values)
            for values in (self._volume, self._volume_time, before.values["last_trade_time"])
        )
        fresh = now.values["volume"]
        changed = np.isfinite(fresh) & np.isfinite(volume) & (fresh != volume)
        # A volume that changed over a gap of 30 minutes gave 369 options a trade of this very second.
        near = now.observed_at - volume_time <= self._max_trade_age
        now.values["last_trade_time"][:] = np.where(
            changed, np.where(near, now.observed_at, np.nan), traded
        )
        self._now = now
        self._volume = np.where(np.isfinite(fresh), fresh, volume)
        self._volume_time = np.where(np.isfinite(fresh), now.observed_at, volume_time)
        self._shown = _within_window(now, seen, self._widths) if self._widths else now


def _within_window(now: Snapshot, own: Snapshot, widths: Mapping[date, int]) -> Snapshot:
    """The snapshot over the strikes that the instant's own windows should hold."""
    listed, keep = now.contracts, np.ones(len(now.contracts), dtype=np.bool_)
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


def _listed_since(before: Snapshot, seen: Snapshot) -> Snapshot:
    """The snapshot over everything listed so far: what is absent now is missing throughout."""
    old, new = before.contracts, seen.contracts
    old_key, new_key = contract_key(old.expiry, old.strike), contract_key(new.expiry, new.strike)
    if np.array_equal(old_key, new_key) and np.array_equal(old.symbol != "", new.symbol != ""):
        return seen
    key, first = np.unique(np.concatenate([new_key, old_key]), return_index=True)
    from_old, from_new = np.searchsorted(key, old_key), np.searchsorted(key, new_key)
    symbol, token = (
        np.full((2, len(key)), "", dtype=object),
        np.zeros((2, len(key)), dtype=np.int64),
    )
    symbol[:, from_old] = old.symbol
    symbol[:, from_new] = np.where(new.symbol != "", new.symbol, symbol[:, from_new])
    plain = {
        name: np.concatenate([getattr(new, name), getattr(old, name)])[first]
        for name in ("expiry", "strike", "lot_size", "tick_size")
    }  # fmt: skip
    contracts = Contracts(new.underlying, **plain, symbol=symbol, token=token)

    def spread(values: Array) -> Array:
        out = np.full((2, len(key)), NAN)
        out[:, from_new] = values
        return out

    values = {name: spread(array) for name, array in seen.values.items()}
    exchange_iv = None if seen.exchange_iv is None else spread(seen.exchange_iv)
    return replace(
        seen,
        contracts=contracts,
        values=values,
        backfilled=np.zeros((2, len(key)), dtype=np.bool_),
        exchange_iv=exchange_iv,
    )


def _carried(before: Snapshot, now: Contracts, values: Array) -> Array:
    """Figures of the contracts before, at the places the same contracts have now; NaN for new ones."""
    old = contract_key(before.contracts.expiry, before.contracts.strike)
    new = contract_key(now.expiry, now.strike)
    out = np.full((2, len(new)), NAN)
    out[:, np.searchsorted(new, old)] = values
    return out
