"""The provider `replay`: a recording answers for its own instants, and for no other."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.market_snapshot import Snapshot
from g6.adapters.replay.recording import Recording
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts, Listing, contract_keys
from g6.domain.quotes.quotes import NAN, QUOTE_FIELDS, Quotes
from g6.domain.reports import ProviderFacts
from g6.domain.schema.provider_words import ProviderMode
from g6.domain.schema.underlying import Underlying
from g6.errors import ProviderRefused
from g6.ports.sources import Abilities


class Replay:
    """The Provider port over a recording. Its answers are the same in any process and order."""

    name = "replay"

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    @property
    def abilities(self) -> Abilities:
        """What it can do beside quoting: say which cycles there are."""
        return Abilities(recorded=self.recording)

    def listing(self, index: str, at: datetime) -> Listing:
        """Return the contracts of `index` recorded by `at` that day, else those at its beginning.

        Raises:
            ProviderRefused: There is nothing of the index.
        """
        newest = self.recording.newest(index, at)
        return Listing(index, day_of(at), self._snapshot(index, newest or at).contracts, ())

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index as recorded.

        Raises:
            ProviderRefused: There is nothing of the index.
        """
        return self._snapshot(index, at).spot

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the recorded quotes of `contracts`, NaN throughout for those not recorded.

        Raises:
            ProviderRefused: There is nothing of the index.
        """
        snapshot = self._snapshot(index, at)
        values = {
            name: _aligned(snapshot, contracts, snapshot.values[name]) for name in QUOTE_FIELDS
        }
        backfilled = _aligned(snapshot, contracts, snapshot.backfilled.astype(np.float64)) > 0
        source = np.where(
            contracts.symbol == "", "", np.where(backfilled, "backfill", snapshot.source)
        ).astype(object)
        return Quotes(
            contracts=contracts,
            source=source,
            values=values,
            market=snapshot.spot,
            observed_at=snapshot.observed_at,
        )

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the previous session's open interest, units, NaN where it is not recorded."""
        snapshot = self._snapshot(index, at)
        return _aligned(snapshot, contracts, snapshot.values["oi_prev"])

    def exchange_iv(
        self, index: str, contracts: Contracts | Quotes, at: datetime
    ) -> NDArray[np.float64]:
        """Return the exchange's own implied volatility `(2, n)`, a fraction, NaN for none."""
        snapshot = self._snapshot(index, at)
        if snapshot.exchange_iv is None:
            return np.full((2, len(contracts)), NAN)
        return _aligned(snapshot, contracts, snapshot.exchange_iv)

    def describe(self) -> ProviderFacts:
        """Return facts about the recording."""
        return ProviderFacts(ProviderMode.REPLAY, "replay", own=self.recording.facts())

    def _snapshot(self, index: str, at: datetime) -> Snapshot:
        snapshot = self.recording.snapshot(index, at)
        if snapshot is None:
            name = self.recording.path.name
            raise ProviderRefused(f"the recording {name} has no {index} at {isoformat_z(at)}")
        return snapshot


def _aligned(
    snapshot: Snapshot, contracts: Contracts | Quotes, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `values` `(2, m)` of the snapshot in the order of `contracts`, NaN for absent ones."""
    recorded = contract_keys(snapshot.contracts.expiry, snapshot.contracts.strike)
    requested = contract_keys(contracts.expiry, contracts.strike)
    if not len(recorded):
        return np.full((2, len(requested)), NAN)
    place = np.minimum(np.searchsorted(recorded, requested), len(recorded) - 1)
    is_recorded = (recorded[place] == requested) & (contracts.symbol != "")
    return np.where(is_recorded, values[:, place], NAN)
