from __future__ import annotations

import pytest

from g6.config import calendar as configured_calendar
from g6.domain.market.calendar import Calendar
from g6.simulation import SimulatedMarket


@pytest.fixture(scope="session")
def days() -> Calendar:
    return configured_calendar()


@pytest.fixture(scope="session")
def market(days: Calendar) -> SimulatedMarket:
    return SimulatedMarket(days)
