from __future__ import annotations

import pytest

from g6.config import Settings, load
from g6.domain.cycle import isoformat_z
from g6.entrypoints.cli.bounded import whole_session
from g6.errors import UserError


def settings(start: str, **more: object) -> Settings:
    return load(
        None, {"market.start": start, "interval": 60} | {name.replace("__", "."): value for name, value in more.items()}, {}
    )


@pytest.mark.parametrize(
    ("start", "cycles"), [("2026-11-18T05:30:00Z", 386), ("2026-11-23T09:59:00Z", 386), ("2026-07-15T05:30:00Z", 376)]
)
def test_a_whole_session_goes_from_open_to_close_whatever_the_hour(start: str, cycles: int) -> None:
    chosen, count = whole_session(settings(start))
    assert (isoformat_z(chosen.market.start), count) == (f"{start[:10]}T03:45:00Z", cycles)


def test_a_slower_grid_has_fewer_cycles_and_keeps_both_ends() -> None:
    assert whole_session(settings("2026-11-18T05:30:00Z", interval=300))[1] == 78


@pytest.mark.parametrize("closed", ["2026-11-21T05:30:00Z", "2026-11-24T05:30:00Z"])
def test_a_day_without_a_session_is_refused_with_what_to_do(closed: str) -> None:
    with pytest.raises(UserError, match=r"the exchanges are closed on 2026-11-2[14]"):
        whole_session(settings(closed))
