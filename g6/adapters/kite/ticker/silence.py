"""When a connection that is open has fallen silent. Pure: all times are arguments, in wall seconds."""

from __future__ import annotations

from dataclasses import dataclass

MUTE, QUIET = "mute", "quiet"
LONGEST = 120.0
MANY = 100


@dataclass(slots=True)
class Silence:
    """Judges one connection while contracts trade; outside sessions silence means nothing.

    Two kinds: no frame at all, heartbeats included, for `limit` seconds (mute), and frames, but no contract whose time advanced,
    for as long (quiet). Indices do not count: they stand still in the closing auction while options trade. A few contracts may
    pause longer than a hundred together, and a market that is halted is quiet too: so below MANY `contracts` the limit for quiet
    is the longest, and after each reconnect that did not bring ticks back it doubles.
    """

    limit: float
    contracts: int = 0
    _frame: float = 0.0
    _tick: float = 0.0
    _newest: float = 0.0
    _patience: int = 0

    def opened(self, now: float) -> None:
        """The connection was (re)opened and subscribed."""
        self._frame = self._tick = now

    def heard(self, now: float, newest: float) -> None:
        """A frame came; `newest` is the newest exchange time of a contract in it, 0 for none."""
        self._frame = now
        if newest > self._newest:
            self._newest, self._tick, self._patience = newest, now, 0

    def verdict(self, now: float, trading_since: float | None) -> str:
        """Return mute, quiet or nothing; `trading_since`: when contracts began to trade, None while they do not."""
        if trading_since is None:
            return ""
        if now - max(self._frame, trading_since) > self.limit:
            return MUTE
        # What fell mute a moment after a tick that was no news is mute, not quiet: quiet is who was heard of long after.
        heard_on = self._frame - self._tick > self.limit / 2
        if heard_on and now - max(self._tick, trading_since) > self._quiet_limit:
            self._patience += 1
            return QUIET
        return ""

    @property
    def _quiet_limit(self) -> float:
        return (
            LONGEST
            if self.contracts < MANY
            else min(LONGEST, self.limit * 2 ** min(self._patience, 10))
        )
