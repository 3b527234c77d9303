"""A look-alike's state without its sockets, at an instant of choice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from g6.config import calendar
from g6.domain.market.calendar import IST
from g6.kite_server.rest import endpoints
from g6.kite_server.server_options import ServerOptions
from g6.kite_server.server_state import ServerState, build_state

MORNING = "2026-11-20 10:00:00"

Asking = Callable[..., Any]


@cache
def _standing() -> ServerState:
    """One market for all tests: its days are made once."""
    return build_state(ServerOptions(start=_at(MORNING), speed=0), calendar())


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


@pytest.fixture
def state() -> ServerState:
    """The state on the morning of 20 November 2026; the clock stands."""
    state = _standing()
    state.faults.clear()
    state.index_depth = "null"
    state.clock.move(at=_at(MORNING), speed=0)
    state.logins.admit("demo")
    return state


@pytest.fixture
def set_clock(state: ServerState) -> Callable[[str], None]:
    """A function that sets the clock to an instant in India."""
    return lambda text: (state.clock.move(at=_at(text)), state.logins.admit("demo"), None)[-1]


@pytest.fixture
def ask(state: ServerState) -> Asking:
    """A function that asks for a path with the query's parameters and returns the data."""

    def ask(path: str, *keys: str, **query: str) -> Any:
        asked = {name.rstrip("_"): [value] for name, value in query.items()} | (
            {"i": list(keys)} if keys else {}
        )
        return endpoints.answer(
            state,
            endpoints.ServerRequest("GET", path, asked, {}, {"authorization": "token demo:demo"}),
        )

    return ask
