"""When the exchanges trade index derivatives: sessions by day, from holidays, special sessions and hours by era.

Days are dates in India; every instant handed out is UTC. Source of the defaults: `g6/sessions.toml`, circular by circular.
"""

from __future__ import annotations

from g6.domain.market.calendar.session import IST, Hours, Phase, Session, day_of, in_utc
from g6.domain.market.calendar.year import Calendar

__all__ = ["IST", "Calendar", "Hours", "Phase", "Session", "day_of", "in_utc"]
