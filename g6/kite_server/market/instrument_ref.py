"""References to listed instruments."""

from __future__ import annotations

from typing import Literal, NamedTuple

VIX_ROOT = "INDIA VIX"


class InstrumentRef(NamedTuple):
    """A listed instrument.

    Attributes:
        token: Instrument token.
        kind: Option, future or index.
        root: Name of the root.
        side: Of an option: 0 call, 1 put.
        position: Of an option in the root's contracts, of a future in the root's futures.
    """

    token: int
    kind: Literal["option", "future", "index"]
    root: str
    side: int = 0
    position: int = 0
