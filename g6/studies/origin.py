"""Of which cycle an answer is, when its rows were known, and how much of the chain they are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.schema.frame import SIDE_PREFIXES, Frame
from g6.domain.schema.json_reading import part, whole
from g6.domain.schema.json_types import JsonObject
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection

__all__ = ["Origin", "origin_of", "origin_of_all"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose rows an answer was computed from.

    Attributes:
        index: The underlying's name.
        instant: The cycle's instant as its name.
        observed_at: When the last of its rows was known.
        source: Where the provider had the quotes from: sim, stream, rest, … Several are joined by
            a plus.
        coverage: Stored strikes over those that were wanted, a fraction, None unknown.
        config_id: The settings under which the rows were computed.
        is_revised: Whether other settings than those of the collection computed them.
        indices: Whose rows they are, where an answer is about several indices.
    """

    index: str
    instant: str
    observed_at: datetime
    source: str
    coverage: float | None
    config_id: str
    is_revised: bool = False
    indices: tuple[str, ...] = ()

    @classmethod
    def of(cls, unit: Unit, frame: Frame) -> Origin:
        """Return the origin of one chain."""
        observed = float(np.nanmax(frame.columns["observed_at"], initial=unit.instant.timestamp()))
        return cls(
            index=unit.index,
            instant=unit.cycle,
            observed_at=datetime.fromtimestamp(observed, UTC),
            source="+".join(_words(frame, [f"{side}source" for side in SIDE_PREFIXES])),
            coverage=_coverage(frame),
            config_id="+".join(_words(frame, ["config_id"])),
            is_revised=bool(part(frame.header, "stamp").get("revised_from")),
        )

    @classmethod
    def joined(cls, cycle: str, origins: Sequence[Origin]) -> Origin:
        """Return the origin of the chains of several indices of one cycle.

        The coverage is that of the index that is covered least.
        """
        shares = [origin.coverage for origin in origins if origin.coverage is not None]
        return cls(
            index=origins[0].index if origins else "",
            instant=cycle,
            observed_at=max((one.observed_at for one in origins), default=parse_z(cycle)),
            source="+".join(sorted({one.source for one in origins})),
            coverage=min(shares, default=None),
            config_id="+".join(sorted({one.config_id for one in origins})),
            is_revised=any(one.is_revised for one in origins),
            indices=tuple(one.index for one in origins) if len(origins) > 1 else (),
        )

    @property
    def known_by(self) -> datetime:
        """Return an instant at which all of its rows were known."""
        # An instant has microseconds, a stored one may lie between two of them.
        return self.observed_at + timedelta(microseconds=1)

    def to_json(self) -> JsonObject:
        """Return what an answer says of its rows, by name."""
        facts: dict[str, object] = {
            "instant": self.instant,
            "observed_at": isoformat_z(self.observed_at),
            "source": self.source,
            "coverage": self.coverage,
            "config_id": self.config_id,
        }
        if self.indices:
            facts["indices"] = self.indices
        if self.is_revised:
            facts["revised"] = True
        return facts


def origin_of(reader: StoredReader, index: str, at: datetime | None) -> Origin:
    """Return the origin of the newest stored chain of an index that was observed by `at`.

    Args:
        reader: The stored rows.
        index: The underlying's name, in either case.
        at: No later cycle, and no row that was known later. None for the newest.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored.
    """
    return Origin.of(*selection.latest(reader, index, at))


def origin_of_all(reader: StoredReader, at: datetime | None) -> Origin:
    """Return the origin of the newest stored chain of every index that has one.

    Raises:
        NothingToDo: Nothing is stored.
    """
    origins = []
    for index in selection.indices_at(reader, at):
        with suppress(NothingToDo):
            origins.append(origin_of(reader, index, at))
    if not origins:
        raise NothingToDo(f"no chain is stored in {reader.place}", "g6 data ls shows what is there")
    return Origin.joined(max(origin.instant for origin in origins), origins)


def _words(frame: Frame, names: list[str]) -> list[str]:
    words = {str(word) for name in names for word in np.unique(frame.columns[name].astype(str))}
    return sorted(words - {"", "None"})


def _coverage(frame: Frame) -> float | None:
    """Return the share of the wanted strikes that are stored. An imported day wants none."""
    requested = part(part(frame.header, "stamp"), "wanted")
    strikes = sum(whole(requested, expiry) for expiry in requested)
    return min(1.0, len(frame) / strikes) if strikes else None
