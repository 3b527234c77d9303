"""A provider of the past: what minute candles still say of a cycle that nobody collected."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import stamina
from numpy.typing import NDArray

from g6.domain.cycles.gaps import REPAIRED
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.minute_bars import BAR, Bars, cleaned, known_of_index, known_of_options
from g6.domain.quotes.quotes import NAN, Quotes, Underlying
from g6.errors import ProviderBusy
from g6.files import replace
from g6.ports.candles import FUTURE, SPOT, VIX, Candles

TRIES = 4
PAUSE = 0.5
"""Seconds before a busy provider is asked again, longer each time."""


class Backfill:
    """Provider port over candles; `listings` gives what was listed on a day. Quotes are observed now, when they are repaired.

    Each instrument's session is asked for once, again when the provider is busy, and kept below `kept` until `forget`: what a
    Ctrl-C ends goes on without asking again.
    """

    name = REPAIRED

    def __init__(
        self,
        candles: Candles,
        listings: Callable[[str, datetime], Listing],
        wall: Callable[[], float],
        kept: Path,
    ) -> None:
        self._candles, self._listings, self._wall, self._kept = candles, listings, wall, kept
        self._held: dict[Path, Bars] = {}
        self.requests = 0

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what was listed on the day of `at`."""
        return self._listings(index, at)

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index, its nearest future and VIX as their candles show them."""
        listing = self.listing(index, at)
        futures = sorted(future.expiry for future in listing.futures if future.expiry >= listing.on)
        spot, future, vix = (self._bars(listing, each) for each in (SPOT, FUTURE, VIX))
        return known_of_index(at, spot, future, vix, futures[0] if futures else None)

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return what candles give of `contracts`; one without a candle by then is NaN throughout."""
        listing, seen = self.listing(index, at), self.underlying(index, at)
        values, found = known_of_options(contracts, at, partial(self._bars, listing))
        return Quotes(
            contracts,
            source=np.where(found, REPAIRED, "").astype(object),
            values=values,
            market=seen,
            observed_at=self._wall(),
        )

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:  # noqa: ARG002 - the port's
        """Return NaN: candles of the day do not say it."""
        return np.full((2, len(contracts)), NAN)

    def describe(self) -> Mapping[str, Any]:
        """Return facts for people."""
        return {"mode": "live", "source": "minute candles", "requests": self.requests}

    def forget(self, index: str, at: datetime) -> None:
        """Remove the candles kept of a day that is repaired."""
        folder = self._kept / day_of(at).isoformat() / index
        self._held.clear()
        for path in folder.glob("*.npy"):
            path.unlink()
        if folder.is_dir():
            folder.rmdir()

    def _bars(self, listing: Listing, instrument: str) -> Bars:
        path = self._kept / listing.on.isoformat() / listing.underlying / f"{instrument}.npy"
        if path not in self._held:
            kept = _kept(path)
            self._held[path] = kept if kept is not None else self._asked(listing, instrument, path)
        return self._held[path]

    def _asked(self, listing: Listing, instrument: str, path: Path) -> Bars:
        for attempt in stamina.retry_context(
            on=ProviderBusy, attempts=TRIES, timeout=None, wait_initial=PAUSE
        ):
            with attempt:
                self.requests += 1
                bars = cleaned(self._candles.minutes(listing, instrument), listing.on)
        replace(path, _bytes(bars))
        return bars


def _kept(path: Path) -> Bars | None:
    """Return the candles that an earlier run left, None where there are none that can be read."""
    try:
        bars: Bars = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    return bars if bars.dtype == BAR else None


def _bytes(bars: Bars) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, bars)
    return buffer.getvalue()
