from __future__ import annotations

import pytest

from g6.adapters.market import SimulatedMarket
from g6.config import calendar as configured_calendar
from g6.domain.calendar import Calendar


@pytest.fixture(scope="session")
def days() -> Calendar:
    return configured_calendar()


@pytest.fixture(scope="session")
def market(days: Calendar) -> SimulatedMarket:
    return SimulatedMarket(days)
