"""A provider of the past, from minute candles: for cycles that nobody collected."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import stamina
from numpy.typing import NDArray

from g6.domain.cycles.gaps import REPAIRED
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.minute_bars import BAR, Bars, cleaned, index_at, options_at
from g6.domain.quotes.quotes import NAN, Quotes
from g6.domain.reports import ProviderFacts
from g6.domain.schema.provider_words import ProviderMode
from g6.domain.schema.underlying import Underlying
from g6.errors import ProviderBusy
from g6.files import replace
from g6.ports.sources import FUTURE, SPOT, VIX, Candles

TRIES = 4
PAUSE_SECONDS = 0.5
"""Before a busy provider is asked again, longer each time."""


class Backfill:
    """Provider port over candles, whose quotes are observed now, when they are repaired.

    Each instrument's session is asked for once, again when the provider is busy, and kept in a
    directory until `forget`. So a run after Ctrl-C goes on without asking again.
    """

    name = REPAIRED

    def __init__(
        self,
        candles: Candles,
        listings: Callable[[str, datetime], Listing],
        wall: Callable[[], float],
        directory: Path,
    ) -> None:
        """Answer for the past.

        Args:
            candles: Of past sessions.
            listings: Gives what was listed of an index on the day of an instant.
            wall: The wall clock.
            directory: Keeps candles until their day is repaired.
        """
        self._candles = candles
        self._listings = listings
        self._wall = wall
        self._directory = directory
        self._by_path: dict[Path, Bars] = {}
        self.requests = 0

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what was listed on the day of `at`."""
        return self._listings(index, at)

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index, its nearest future and VIX as their candles show them."""
        listing = self.listing(index, at)
        futures = sorted(future.expiry for future in listing.futures if future.expiry >= listing.on)
        return index_at(
            at,
            self._bars(listing, SPOT),
            self._bars(listing, FUTURE),
            self._bars(listing, VIX),
            futures[0] if futures else None,
        )

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return what candles give of `contracts`, NaN throughout for one without any by then."""
        listing = self.listing(index, at)
        values, has_candle = options_at(contracts, at, partial(self._bars, listing))
        return Quotes(
            contracts,
            source=np.where(has_candle, REPAIRED, "").astype(object),
            values=values,
            market=self.underlying(index, at),
            observed_at=self._wall(),
        )

    def previous_oi(
        self,
        index: str,  # noqa: ARG002 - the port's
        contracts: Contracts,
        at: datetime,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Return NaN: candles of the day do not say it."""
        return np.full((2, len(contracts)), NAN)

    def describe(self) -> ProviderFacts:
        """Return facts for people."""
        own = {"requests": self.requests}
        return ProviderFacts(ProviderMode.LIVE, "minute candles", own=own)

    def forget(self, index: str, at: datetime) -> None:
        """Remove the candles of a day that is repaired."""
        folder = self._directory / day_of(at).isoformat() / index
        self._by_path.clear()
        for path in folder.glob("*.npy"):
            path.unlink()
        if folder.is_dir():
            folder.rmdir()

    def _bars(self, listing: Listing, instrument: str) -> Bars:
        folder = self._directory / listing.on.isoformat() / listing.underlying
        path = folder / f"{instrument}.npy"
        if path not in self._by_path:
            bars = _read(path)
            self._by_path[path] = self._fetch(listing, instrument, path) if bars is None else bars
        return self._by_path[path]

    def _fetch(self, listing: Listing, instrument: str, path: Path) -> Bars:
        for attempt in stamina.retry_context(
            on=ProviderBusy, attempts=TRIES, timeout=None, wait_initial=PAUSE_SECONDS
        ):
            with attempt:
                self.requests += 1
                # Cleaned before they are kept: a minute that came twice doubled the day's volume.
                bars = cleaned(self._candles.minutes(listing, instrument), listing.on)
        replace(path, _bytes(bars))
        return bars


def _read(path: Path) -> Bars | None:
    """Return the candles of an earlier run, None where there are none that can be read."""
    try:
        bars: Bars = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    return bars if bars.dtype == BAR else None


def _bytes(bars: Bars) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, bars)
    return buffer.getvalue()
