"""Owning a data directory by the wall's clock."""

from __future__ import annotations

from functools import partial

from g6.adapters.clocks import WallClock
from g6.adapters.data_dir import owner

owned = partial(owner.owned, clock=WallClock())
