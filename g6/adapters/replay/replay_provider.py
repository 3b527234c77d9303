"""The provider `replay`: a recording answers for its own instants, and for no other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.market_snapshot import Snapshot, contract_key
from g6.adapters.replay.recording import Recording
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import NAN, QUOTE_FIELDS, Quotes, Underlying
from g6.errors import ProviderRefused


class Replay:
    """Provider port over a recording. The same recording gives the same answers, in any process and order."""

    name = "replay"

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what the day of `at` has shown of `index` until then, or at its beginning. Errors: ProviderRefused."""
        known = self.recording.newest(index, at)
        return Listing(index, day_of(at), self._snapshot(index, known or at).contracts, ())

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index as recorded. Errors: ProviderRefused."""
        return self._snapshot(index, at).spot

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the recorded quotes of `contracts`; one that is not in the snapshot is NaN throughout. Errors: ProviderRefused."""
        seen = self._snapshot(index, at)
        values = {name: _aligned(seen, contracts, seen.values[name]) for name in QUOTE_FIELDS}
        backfilled = _aligned(seen, contracts, seen.backfilled.astype(np.float64)) > 0
        source = np.where(
            contracts.symbol == "", "", np.where(backfilled, "backfill", seen.source)
        ).astype(object)
        return Quotes(
            underlying=index,
            expiry=contracts.expiry,
            strike=contracts.strike,
            lot_size=contracts.lot_size,
            tick_size=contracts.tick_size,
            symbol=contracts.symbol,
            token=contracts.token,
            source=source,
            values=values,
            spot=seen.spot,
            observed_at=seen.observed_at,
        )

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the previous session's open interest as recorded, units, NaN where the recording does not have it."""
        seen = self._snapshot(index, at)
        return _aligned(seen, contracts, seen.values["oi_prev"])

    def exchange_iv(
        self, index: str, contracts: Contracts | Quotes, at: datetime
    ) -> NDArray[np.float64]:
        """Return the exchange's own implied volatility `(2, n)` as a fraction, NaN where the recording has none."""
        seen = self._snapshot(index, at)
        if seen.exchange_iv is None:
            return np.full((2, len(contracts)), NAN)
        return _aligned(seen, contracts, seen.exchange_iv)

    def describe(self) -> Mapping[str, Any]:
        """Return facts about the recording."""
        return {"mode": "replay", "source": "replay", **self.recording.facts()}

    def _snapshot(self, index: str, at: datetime) -> Snapshot:
        if (found := self.recording.snapshot(index, at)) is None:
            raise ProviderRefused(
                f"the recording {self.recording.path.name} has no {index} at {isoformat_z(at)}"
            )
        return found


def _aligned(
    seen: Snapshot, contracts: Contracts | Quotes, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `values` `(2, m)` of the snapshot at the places of `contracts`, NaN for those it does not have."""
    known = contract_key(seen.contracts.expiry, seen.contracts.strike)
    asked = contract_key(contracts.expiry, contracts.strike)
    place = np.minimum(np.searchsorted(known, asked), max(len(known) - 1, 0))
    if not len(known):
        return np.full((2, len(asked)), NAN)
    return np.where((known[place] == asked) & (contracts.symbol != ""), values[:, place], NAN)
