"""Many units priced and solved in one call: the same bits as one by one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.market import SimulatedMarket
from g6.config import calendar, load, plan
from g6.domain.chain import assemble, assemble_all
from g6.domain.chain_rows import COMPUTED, computed
from g6.domain.cycle import parse_z
from g6.domain.expiry import resolve
from g6.domain.quote import Quotes, Stamp

MARKET, DECIDED = SimulatedMarket(calendar()), plan(load(None, {}, {}))


def unit(cycle: str, **controls: bool) -> tuple[Quotes, Stamp]:
    at = parse_z(cycle)
    listing = MARKET.listing("FINNIFTY", at)
    found = resolve(listing.contracts.expiries, at, calendar(), "NSE", ("this_month",), underlying="FINNIFTY")
    contracts = listing.contracts.of(found.slots[0].expiry)
    day = found.slots[0].expiry.isoformat()
    fix = calendar().settlement_fix("NSE", found.slots[0].expiry).isoformat()
    stamp = Stamp(
        cycle, "FINNIFTY", "c1", DECIDED.pricing, DECIDED.quality, found.slots, {"this_month": day}, 4, {day: len(contracts)},
        {day: fix}, {day: fix}, controls=controls,
    )  # fmt: skip
    return MARKET.quotes("FINNIFTY", contracts, at), stamp


def differing(units: list[tuple[Quotes, Stamp]]) -> set[str]:
    """Names of the columns that come out otherwise when the units are worked on together."""
    together, alone = computed(assemble_all(units)), [computed([assemble(*each)]) for each in units]
    return {name for name in COMPUTED if not same(together[name], np.concatenate([each[name] for each in alone]))}


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_units_together_are_what_they_are_alone() -> None:
    assert differing([unit(f"2026-11-18T05:{minute:02d}:00Z") for minute in (30, 31, 47)]) == set()


def test_units_that_are_priced_differently_are_kept_apart() -> None:
    assert differing([unit("2026-11-18T05:30:00Z"), unit("2026-11-18T05:31:00Z", greeks=False)]) == set()


def test_no_unit_is_no_chain() -> None:
    assert assemble_all([]) == []
