from __future__ import annotations

import pytest

from g6.adapters.memory.ledger import MemoryLedger
from g6.config import Settings, load
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.entrypoints.cli.run.bounded import refuse_closed
from g6.entrypoints.cli.run.demonstration import whole_session
from g6.entrypoints.machine.supervisor import Window
from g6.errors import NothingToDo, UserError
from g6.ports import Opening


def settings(start: str, **more: object) -> Settings:
    return load(
        None,
        {"market.start": start, "interval": 60}
        | {name.replace("__", "."): value for name, value in more.items()},
        {},
    )


@pytest.mark.parametrize(
    ("start", "cycles"),
    [("2026-11-18T05:30:00Z", 386), ("2026-11-23T09:59:00Z", 386), ("2026-07-15T05:30:00Z", 376)],
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


FIRST, NEXT = "2026-11-18T05:30:00Z", "2026-11-18T05:31:00Z"
BOTH = Window(parse_z(FIRST), parse_z(NEXT), 2)


@pytest.fixture
def closed_first() -> MemoryLedger:
    """A ledger whose first cycle is closed."""
    ledger = MemoryLedger()
    ledger.skip(Unit(FIRST, "NIFTY"), Opening(("NIFTY",), "c1", 50.0, 1.0), "expired", 60.0)
    assert ledger.close(FIRST, 61.0)
    return ledger


def test_a_live_instant_that_is_closed_is_refused_with_the_reason(
    closed_first: MemoryLedger,
) -> None:
    live = settings(FIRST, provider__name="kite")
    with pytest.raises(
        NothingToDo,
        match="11:00 IST is collected and closed already; a live instant is collected once",
    ):
        refuse_closed(closed_first, live, BOTH, None)
    refuse_closed(closed_first, live, Window(parse_z(NEXT), parse_z(NEXT), 1), None)


def test_a_simulated_one_is_done_again_unless_the_same_run_has_not_ended(
    closed_first: MemoryLedger,
) -> None:
    refuse_closed(closed_first, settings(FIRST), BOTH, None)
    with pytest.raises(
        NothingToDo, match=r"closed by the same run, which has not ended yet \(process 7\)"
    ):
        refuse_closed(closed_first, settings(FIRST), BOTH, {"pid": 7})
