"""A recorded market at the server's clock: between its instants the newest stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import RLock
from typing import Any

import numpy as np

from g6.adapters.replay import Recording, Replay, totals
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES, Contracts, Future, Listing
from g6.domain.quotes.quotes import NAN, QUOTE_FIELDS, Quotes, Underlying
from g6.kite_server.market import vix
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.market.minute_bars import BAR, Bars
from g6.kite_server.market.tick_records import TICK, Ticks
from g6.simulation.contracts import SEGMENTS

_MOST_WEEKS = 256


@dataclass(frozen=True)
class RecordedSource:
    """A recording; between its instants the newest stands, and it has no futures. It is read by one thread at a time."""

    recording: Recording
    _reading: RLock = field(default_factory=RLock)

    @property
    def roots(self) -> Mapping[str, str]:
        """The recorded roots."""
        return {name: INDICES[name].derivatives for name in self.recording.indices()}

    def edition(self, at: datetime) -> object:
        """Return the instants that stand at `at`, since a recording's listing grows with it."""
        return tuple(self.recording.newest(name, at) for name in self.recording.indices())

    def listing(self, root: str, at: datetime) -> Listing:
        """Return what the recording has shown; contracts without a token get one of their own."""
        if (known := self.recording.newest(root, at)) is None:
            return Listing(root, day_of(at), _none(root), ())
        with self._reading:
            found = Replay(self.recording).listing(root, known)
        return replace(found, contracts=numbered(found.contracts))

    def quotes(self, root: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the quotes that stand at `at`."""
        if (known := self.recording.newest(root, at)) is None:
            values = {name: np.full((2, len(contracts)), NAN) for name in QUOTE_FIELDS}
            source = np.full((2, len(contracts)), "", dtype=object)
            return Quotes(contracts, source, values, Underlying(), at.timestamp())
        with self._reading:
            return Replay(self.recording).quotes(root, contracts, known)

    def underlying(self, root: str, at: datetime) -> Underlying:
        """Return the index that stands at `at`."""
        known = self.recording.newest(root, at) if root in self.recording.indices() else None
        with self._reading:
            return Underlying() if known is None else Replay(self.recording).underlying(root, known)

    def futures(self, _root: str, _listed: tuple[Future, ...], _at: datetime) -> Ticks:
        """Return nothing: recordings hold options."""
        return np.zeros(0, TICK)

    def vix(self, at: datetime) -> vix.VixDay | None:
        """Return the VIX that was recorded, if it was."""
        values = [self.underlying(root, at).vix for root in self.recording.indices()]
        known = next((value for value in values if np.isfinite(value)), None)
        return (
            None
            if known is None
            else vix.VixDay(known, known, known, known, known, int(at.timestamp()))
        )

    def minutes(self, _place: InstrumentRef, _listed: Listing | None, _day: date) -> Bars:
        """Return nothing: a recording holds snapshots, not trades."""
        return np.zeros(0, BAR)

    def facts(self) -> Mapping[str, Any]:
        """Return the recording's name, kind and span, and what it was read without, by kind."""
        return {**self.recording.facts(), "left_out": totals(self.recording.left_out)}


def numbered(contracts: Contracts) -> Contracts:
    """Return contracts whose missing tokens are made of root, expiry, strike and side, the same whatever else is listed."""
    root = list(INDICES).index(contracts.underlying)
    segment = SEGMENTS[INDICES[contracts.underlying].derivatives]
    week = contracts.expiry.astype("datetime64[D]").astype(np.int64) // 7 % _MOST_WEEKS
    place = np.rint(contracts.strike / 25).astype(np.int64) % (1 << 12)
    number = ((week * 8 + root) << 12 | place) * 2 + np.array([[0], [1]])
    made = np.where(contracts.token > 0, contracts.token, number * 256 + segment)
    return replace(contracts, token=np.where(contracts.symbol == "", 0, made))


def _none(root: str) -> Contracts:
    text, count = np.full((2, 0), "", dtype=object), np.zeros((2, 0), dtype=np.int64)
    return Contracts(
        root,
        np.zeros(0, "datetime64[D]"),
        np.zeros(0),
        np.zeros(0, np.int64),
        np.zeros(0),
        text,
        count,
    )
