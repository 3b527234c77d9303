"""Where an instrument stands among what is listed."""

from __future__ import annotations

from typing import Literal, NamedTuple

VIX_ROOT = "INDIA VIX"


class InstrumentRef(NamedTuple):
    """An instrument: its root, and for an option side and position in the root's contracts, for a future its place."""

    token: int
    kind: Literal["option", "future", "index"]
    root: str
    side: int = 0
    position: int = 0
