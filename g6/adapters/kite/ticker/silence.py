"""The verdict on a connection that is open and silent.

Pure: all times are arguments, wall seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

WATCH_SECONDS = 0.5
"""Seconds between two looks of the ticker at its connections."""
MUTE = "mute"
QUIET = "quiet"
LONGEST_SECONDS = 120.0
MANY_CONTRACTS = 100


# The ticker of kiteconnect 5.2.2 sends no pings and its own check of a dead connection never fires,
# so nothing but this notices one.
@dataclass(slots=True)
class Silence:
    """Judges one connection while contracts trade.

    Outside sessions silence means nothing.

    A connection is mute when no frame came for `limit` seconds, heartbeats included. It is quiet
    when frames come, but no contract's time advances for as long. Indices do not count: they stand
    still in the closing auction while options trade.

    A few contracts may pause longer than a hundred together, and a market that is halted is quiet
    too. So below MANY_CONTRACTS the limit for quiet is the longest one, and it doubles with each
    reconnect that did not bring ticks back.
    """

    limit: float
    contracts: int = 0
    _frame: float = 0.0
    _tick: float = 0.0
    _newest: float = 0.0
    _reconnects: int = 0

    def opened(self, now: float) -> None:
        """Note that the connection was opened and subscribed, again or for the first time."""
        self._frame = now
        self._tick = now

    def received(self, now: float, newest: float) -> None:
        """Note a frame and the newest exchange time of a contract in it, 0 for none."""
        self._frame = now
        if newest > self._newest:
            self._newest = newest
            self._tick = now
            self._reconnects = 0

    def verdict(self, now: float, trading_since: float | None) -> str:
        """Return MUTE, QUIET or "".

        `trading_since` is None while contracts do not trade.
        """
        if trading_since is None:
            return ""
        if now - max(self._frame, trading_since) > self.limit:
            return MUTE
        # A connection that fell mute a moment after a tick without news is mute, not quiet: a quiet
        # one goes on sending frames for long.
        goes_on = self._frame - self._tick > self.limit / 2
        if goes_on and now - max(self._tick, trading_since) > self._quiet_limit:
            self._reconnects += 1
            return QUIET
        return ""

    @property
    def _quiet_limit(self) -> float:
        if self.contracts < MANY_CONTRACTS:
            return LONGEST_SECONDS
        # 2 ** 10 is far beyond the longest limit already; without the bound it would grow without
        # end.
        return min(LONGEST_SECONDS, self.limit * 2.0 ** min(self._reconnects, 10))
