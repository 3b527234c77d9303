"""A recorded market at the server's clock: between two instants the newer one stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import RLock

import numpy as np

from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES, Contracts, Future, Listing
from g6.domain.quotes.quotes import NAN, QUOTE_FIELDS, Quotes
from g6.domain.schema.underlying import Underlying
from g6.errors import BadConfig
from g6.kite_server.market import vix
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.market.session_bars import BAR, Bars
from g6.kite_server.market.tick_records import TICK, Ticks
from g6.ports.sources import Provider, RecordedMarket, abilities_of
from g6.simulation.contracts import SEGMENTS

_MOST_WEEKS = 256


@dataclass(frozen=True)
class RecordedSource:
    """A recording as a market. It has no futures, and one thread reads it at a time.

    Attributes:
        provider: Answers from the recording.
        recording: Which instants and indices it has.
    """

    provider: Provider
    recording: RecordedMarket
    _reading: RLock = field(default_factory=RLock)

    @classmethod
    def of(cls, provider: Provider) -> RecordedSource:
        """Return the market of a provider that answers from a recording.

        Raises:
            BadConfig: It is no recording.
        """
        recording = abilities_of(provider).recorded
        if recording is None:
            raise BadConfig(f"{provider.name} is no recording", "g6 kite-server --recording PATH")
        return cls(provider, recording)

    @property
    def roots(self) -> Mapping[str, str]:
        """The recorded roots."""
        return {name: INDICES[name].derivatives for name in self.recording.indices()}

    def edition(self, at: datetime) -> object:
        """Return the instants that stand at `at`, since a recording's listing grows with it."""
        return tuple(self.recording.newest(name, at) for name in self.recording.indices())

    def listing(self, root: str, at: datetime) -> Listing:
        """Return the contracts that the recording has shown, each with a token."""
        newest = self.recording.newest(root, at)
        if newest is None:
            return Listing(root, day_of(at), _none(root), ())
        with self._reading:
            listing = self.provider.listing(root, newest)
        return replace(listing, contracts=numbered(listing.contracts))

    def quotes(self, root: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the quotes that stand at `at`."""
        newest = self.recording.newest(root, at)
        if newest is None:
            values = {name: np.full((2, len(contracts)), NAN) for name in QUOTE_FIELDS}
            source = np.full((2, len(contracts)), "", dtype=object)
            return Quotes(contracts, source, values, Underlying(), at.timestamp())
        with self._reading:
            return self.provider.quotes(root, contracts, newest)

    def underlying(self, root: str, at: datetime) -> Underlying:
        """Return the index that stands at `at`."""
        if root not in self.recording.indices():
            return Underlying()
        newest = self.recording.newest(root, at)
        if newest is None:
            return Underlying()
        with self._reading:
            return self.provider.underlying(root, newest)

    def futures(self, _root: str, _listed: tuple[Future, ...], _at: datetime) -> Ticks:
        """Return nothing: recordings hold options."""
        return np.zeros(0, TICK)

    def vix(self, at: datetime) -> vix.VixDay | None:
        """Return the VIX that was recorded, if it was."""
        for root in self.recording.indices():
            value = self.underlying(root, at).vix
            if np.isfinite(value):
                return vix.VixDay(value, value, value, value, value, int(at.timestamp()))
        return None

    def minutes(self, _ref: InstrumentRef, _listed: Listing | None, _day: date) -> Bars:
        """Return nothing: a recording holds snapshots, not trades."""
        return np.zeros(0, BAR)

    def facts(self) -> Mapping[str, object]:
        """Return the recording's name, kind and span, and counts of what is left out."""
        return {**self.provider.describe().own, "left_out": dict(self.recording.unread())}


def numbered(contracts: Contracts) -> Contracts:
    """Return contracts whose missing tokens are made of root, expiry, strike and side."""
    # So a contract keeps its token whatever else is listed with it.
    root = list(INDICES).index(contracts.underlying)
    segment = SEGMENTS[INDICES[contracts.underlying].derivatives]
    week = contracts.expiry.astype("datetime64[D]").astype(np.int64) // 7 % _MOST_WEEKS
    rank = np.rint(contracts.strike / 25).astype(np.int64) % (1 << 12)
    number = ((week * 8 + root) << 12 | rank) * 2 + np.array([[0], [1]])
    tokens = np.where(contracts.token > 0, contracts.token, number * 256 + segment)
    return replace(contracts, token=np.where(contracts.symbol == "", 0, tokens))


def _none(root: str) -> Contracts:
    text = np.full((2, 0), "", dtype=object)
    count = np.zeros((2, 0), dtype=np.int64)
    return Contracts(
        root,
        np.zeros(0, "datetime64[D]"),
        np.zeros(0),
        np.zeros(0, np.int64),
        np.zeros(0),
        text,
        count,
    )
