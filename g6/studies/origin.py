"""Of which cycle an answer is, when its rows were known, and how much of the chain they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.schema.frame import SIDES, Frame
from g6.domain.schema.json_reading import part, whole
from g6.ports.readers import StoredReader
from g6.studies import selection

__all__ = ["Origin", "origin_of"]


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
    """

    index: str
    instant: str
    observed_at: datetime
    source: str
    coverage: float | None
    config_id: str

    @property
    def known_by(self) -> datetime:
        """Return an instant at which all of its rows were known."""
        # An instant has microseconds, a stored one may lie between two of them.
        return self.observed_at + timedelta(microseconds=1)

    def facts(self) -> dict[str, object]:
        """Return what an answer says of its rows, by name."""
        return {
            "instant": self.instant,
            "observed_at": isoformat_z(self.observed_at),
            "source": self.source,
            "coverage": self.coverage,
            "config_id": self.config_id,
        }


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
    unit, frame = selection.latest(reader, index, at)
    observed = float(np.nanmax(frame.columns["observed_at"], initial=unit.instant.timestamp()))
    return Origin(
        index=unit.index,
        instant=unit.cycle,
        observed_at=datetime.fromtimestamp(observed, UTC),
        source="+".join(_words(frame, [f"{side}source" for side in SIDES])),
        coverage=_coverage(frame),
        config_id="+".join(_words(frame, ["config_id"])),
    )


def _words(frame: Frame, names: list[str]) -> list[str]:
    words = {str(word) for name in names for word in np.unique(frame.columns[name].astype(str))}
    return sorted(words - {"", "None"})


def _coverage(frame: Frame) -> float | None:
    """Return the share of the wanted strikes that are stored. An imported day wants none."""
    requested = part(part(frame.header, "stamp"), "wanted")
    strikes = sum(whole(requested, expiry) for expiry in requested)
    return min(1.0, len(frame) / strikes) if strikes else None
