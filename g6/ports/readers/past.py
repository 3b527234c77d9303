"""The stored past: which rows and chains there are of each day, and what was configured then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.gaps import Instants, Outcomes
from g6.domain.market.calendar import Calendar


@dataclass(frozen=True, slots=True)
class StoredChains:
    """The stored chains of one index and day: at `instants[i]` under `configs[codes[i]]`.

    Attributes:
        instants: Shape (n,), ascending.
        codes: Places in `configs`, shape (n,).
        configs: The distinct configuration ids, empty where a file does not say it.
    """

    instants: Instants
    codes: NDArray[np.int64]
    configs: tuple[str, ...]

    @classmethod
    def of(cls, configs: Mapping[int, str]) -> StoredChains:
        """Return the chains of configuration ids by instant.

        >>> StoredChains.of({60_000_000: "c1"}).configs
        ('c1',)
        """
        distinct = tuple(dict.fromkeys(configs.values()))
        instants = sorted(configs)
        codes = [distinct.index(configs[instant]) for instant in instants]
        return cls(np.array(instants, dtype=np.int64), np.array(codes, dtype=np.int64), distinct)

    def by_instant(self) -> dict[int, str]:
        """Return the configuration id of each instant."""
        ids = [self.configs[code] for code in self.codes.tolist()]
        return dict(zip(self.instants.tolist(), ids, strict=True))


@dataclass(frozen=True, slots=True)
class CollectionSettings:
    """The settings under which cycles were due.

    Attributes:
        interval: Seconds between cycles. None where they are a recording's, or cannot be read.
        indices: The enabled indices.
    """

    interval: int | None
    indices: frozenset[str]


class PastReader(Protocol):
    """Reads the stored days of one data directory and changes nothing in it."""

    @property
    def place(self) -> str:
        """Return where the rows are, as a person names it on the command line."""
        ...

    @property
    def calendar(self) -> Calendar:
        """Return the sessions of the exchanges."""
        ...

    @property
    def at(self) -> datetime | None:
        """Return the instant as of which it reads, None where it reads what is there now."""
        ...

    def observed_by(self, at: datetime | None) -> PastReader:
        """Return a reader of what was there at an instant: no later cycle, no row observed later.

        Args:
            at: The instant, which is its `now` as well. None for what is there now.
        """
        ...

    @property
    def now(self) -> datetime:
        """Return the wall time, or the instant as of which it reads."""
        ...

    @property
    def interval(self) -> int:
        """Return the seconds between cycles that are configured now."""
        ...

    @property
    def indices(self) -> Sequence[str]:
        """Return the indices that are enabled now."""
        ...

    def kind(self) -> str:
        """Return the kind of market that the rows are of: live, sim, replay, or "" for unknown."""
        ...

    def settled_until(self) -> datetime | None:
        """Return the last instant by whose cycle a running market of its own time must have rows.

        None where nobody says how far it has come.
        """
        ...

    def is_running(self) -> bool:
        """Tell whether a simulated or replayed market runs in the directory now."""
        ...

    def chain_days(self) -> Mapping[str, Sequence[date]]:
        """Return by index the days that have a directory for its chains, ascending."""
        ...

    def overview_days(self) -> Sequence[date]:
        """Return the days that have a directory for overview rows, ascending."""
        ...

    def outcomes(
        self, first: date | None, last: date | None
    ) -> Mapping[date, Mapping[str, Outcomes]]:
        """Return how cycles ended by day and index, both days in it. None is without an end."""
        ...

    def chains(self, keys: Sequence[tuple[str, date]]) -> Mapping[tuple[str, date], StoredChains]:
        """Return the stored chains of each index and day, each under what collected it.

        A rerun and a recompute change the configuration of figures, and not what was due.
        """
        ...

    def written_settings(self, config_id: str) -> CollectionSettings | None:
        """Return what a configuration that wrote rows says, None where it is not written down."""
        ...

    def own_settings(self, config_id: str) -> CollectionSettings | None:
        """Return the settings of now where they are of that configuration, else None."""
        ...
