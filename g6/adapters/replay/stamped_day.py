"""A stored day played again: its own stamped units, and the ends of those that had no chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.unread import LeftOut
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.cycles.plan import Plan
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import NAN, Quotes
from g6.domain.quotes.stamp import from_frame
from g6.domain.reports import ProviderFacts
from g6.domain.schema.frame import Frame
from g6.domain.schema.provider_words import ProviderMode
from g6.domain.schema.underlying import Underlying
from g6.domain.schema.words import ANALYSED, Reason, Status
from g6.errors import BadInput, ProviderRefused, Terminal, Withheld
from g6.ports import Store
from g6.ports.sources import Abilities


class StampedDay:
    """Provider port over the stored units between two instants, handed out as they were stamped.

    Args:
        path: What people call the directory by.
        store: Its rows.
        first: The first instant.
        last: The last one.

    Raises:
        BadInput: Nothing is stored between them.
    """

    name = "replay"
    kind = "stored"
    left_out: Sequence[LeftOut] = ()

    def __init__(self, path: Path, store: Store, first: datetime, last: datetime) -> None:
        self._path = path
        self._store = store
        self._indices: dict[datetime, tuple[str, ...]] = {}
        for cycle, names in store.overview_cycles(first, last).items():
            self._indices[parse_z(cycle)] = tuple(sorted(names))
        if not self._indices:
            span = f"from {isoformat_z(first)} to {isoformat_z(last)}"
            raise BadInput(path, None, f"has no cycle {span}", "g6 data ls lists what is stored")
        self._cycles = tuple(sorted(self._indices))

    @property
    def abilities(self) -> Abilities:
        """It says which cycles there are, and hands out units that are stamped already."""
        return Abilities(recorded=self, stamped=self)

    def cycles(self) -> Sequence[datetime]:
        """Return the stored instants, ascending."""
        return self._cycles

    def indices(self, at: datetime | None = None) -> Sequence[str]:
        """Return the indices that have an overview row, or those at an instant."""
        if at is not None:
            return self._indices.get(at, ())
        return sorted({name for names in self._indices.values() for name in names})

    def newest(self, index: str, at: datetime) -> datetime | None:
        """Return the newest instant of an index up to `at`, else the day's next one, or None."""
        own = [instant for instant in self._cycles if index in self._indices[instant]]
        earlier = [instant for instant in own if instant <= at]
        near = [*earlier[-1:], *own[len(earlier) :][:1]]
        return next((instant for instant in near if day_of(instant) == day_of(at)), None)

    def unread(self) -> Mapping[str, int]:
        """Return nothing: whatever is damaged ends its unit."""
        return {}

    def planned(self, plan: Plan) -> Plan:
        """Return the plan of the indices that are stored and enabled.

        Raises:
            BadInput: None of the stored ones is enabled.
        """
        stored = self.indices()
        indices = {name: rules for name, rules in plan.indices.items() if name in stored}
        if not indices:
            names = ", ".join(stored)
            raise BadInput(self._path, None, f"holds {names} alone", f"--indices {names}")
        return replace(plan, indices=indices)

    def frame(self, unit: Unit) -> Frame:
        """Return a unit's rows under the header its quotes came with.

        Raises:
            Withheld: The unit was never begun then, for the reason that the error carries.
            Terminal: It was lost then.
        """
        rows = self._store.read_overview(unit.cycle)
        row = next((row for row in rows if row["underlying"] == unit.index), None)
        if row is not None and row["status"] not in ANALYSED:
            raise _ending(unit, Status(row["status"]), str(row["reason"] or ""))
        frame = self._store.read_chain(unit)
        if frame is None:
            raise ProviderRefused(f"no chain of {unit.index} at {unit.cycle} is in {self._path}")
        return frame

    def listing(self, index: str, at: datetime) -> Listing:
        """Return the contracts that were stored of an index.

        Raises:
            ProviderRefused: None were.
        """
        quotes, _ = from_frame(self.frame(Unit(isoformat_z(at), index)))
        return Listing(index, day_of(at), quotes.contracts, ())

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index as it was stored.

        Raises:
            ProviderRefused: It was not.
        """
        quotes, _ = from_frame(self.frame(Unit(isoformat_z(at), index)))
        return quotes.market

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the stored quotes of the contracts that were asked for then.

        Raises:
            ProviderRefused: None are stored, or of other contracts.
        """
        quotes, _ = from_frame(self.frame(Unit(isoformat_z(at), index)))
        if not np.array_equal(quotes.contracts.symbol, contracts.symbol):
            raise ProviderRefused(f"other contracts of {index} were asked for at {at}")
        return quotes

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return nothing: what was known then stands in the stamped units."""
        del index, at
        return np.full((2, len(contracts)), NAN)

    def describe(self) -> ProviderFacts:
        """Return facts about the stored day."""
        span = {"first": isoformat_z(self._cycles[0]), "last": isoformat_z(self._cycles[-1])}
        name, count = self._path.name, len(self._cycles)
        own: dict[str, str | int] = {"recording": name, "kind": self.kind, "cycles": count}
        own.update(span)
        return ProviderFacts(ProviderMode.REPLAY, "replay", own=own)


def _ending(unit: Unit, status: Status, reason: str) -> Terminal:
    """Return the error by which a unit ends as it ended then."""
    words = [str(word) for word in Reason]
    sentence = f"{unit.index} at {unit.cycle} was {status} ({reason}) when it was stored"
    error = Withheld(sentence) if status is Status.SKIPPED else Terminal(sentence)
    error.reason = reason if reason in words else str(Reason.PROVIDER)
    return error
