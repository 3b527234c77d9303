"""When the exchanges trade index derivatives: sessions by day, from holidays and hours by era.

Days are dates in India, and every instant handed out is UTC. The defaults stand in
`g6/config/sessions.toml`, circular by circular.
"""

from __future__ import annotations

from g6.domain.market.calendar.session import IST, Hours, Phase, Session, day_of, in_utc
from g6.domain.market.calendar.year import DAYS_AHEAD, Calendar

__all__ = ["DAYS_AHEAD", "IST", "Calendar", "Hours", "Phase", "Session", "day_of", "in_utc"]
