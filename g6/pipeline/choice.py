"""The choice of contracts: the buckets' expiries and their strikes, all or around the money."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.memory_pressure import PressureLevel
from g6.domain.market import expiry
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.contract_symbols import trusted
from g6.domain.market.expiry import Resolution
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.pricing import quality, strike_selection
from g6.domain.quotes import chain_memory
from g6.domain.quotes.chain_memory import ChainMemory
from g6.domain.reports import CollectCounts, Switches
from g6.domain.reports.alerts import EXPIRY_NOT_LISTED
from g6.pipeline.raised_alerts import publish_alert
from g6.pipeline.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Refresh:
    """Open interest beyond a window, refreshed a few strikes a cycle.

    Attributes:
        contracts: Every listed strike of the window's expiries, n of them.
        memory: What is remembered of each, n rows.
        rows: Which of them are the window's, shape (n,).
        requested: Those, and the strikes whose open interest is refreshed with them, shape (n,).
    """

    contracts: Contracts
    memory: ChainMemory
    rows: NDArray[np.bool_]
    requested: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """The contracts whose quotes a unit holds, and the slots and buckets that they answer.

    Attributes:
        counts: What was left out, salvaged, over, not listed and widened on the way.
        refresh: What is asked for beside a window, None where the whole chain is collected.
    """

    contracts: Contracts
    resolved: Resolution
    counts: CollectCounts = field(default_factory=CollectCounts)
    refresh: Refresh | None = None

    @property
    def requested(self) -> Contracts:
        """The contracts to ask for: the chosen ones, and those that are refreshed with them."""
        if self.refresh is None:
            return self.contracts
        return self.refresh.contracts.take(self.refresh.requested)


def choose(
    runtime: Runtime,
    index: str,
    at: datetime,
    lap: Callable[[str], object] = lambda _: None,
    pressure: PressureLevel = PressureLevel.NONE,
) -> Choice:
    """Choose what is to be asked for of an index at `at`.

    Args:
        runtime: Ports and plan.
        index: The underlying.
        at: The cycle's instant.
        pressure: From FEWER_STRIKES on half a window is asked for, whatever the scope, and from
            FEWER_EXPIRIES on the nearest expiry alone, so that the unit is PARTIAL.
        lap: Called with `listing` when the listing is there, with `select` after the choice.

    Raises:
        G6Error: Whatever the provider raises.
    """
    plan = runtime.plan.indices[index]
    exchange = plan.index.exchange
    believed = trusted(runtime.provider.listing(index, at), runtime.plan.salvage)
    listing = believed.listing
    resolved = expiry.resolve(
        listing.contracts.expiries, at, runtime.calendar, exchange, plan.rules, underlying=index
    )
    lap("listing")
    levels = runtime.ledger.recall_levels(index, day_of(at))
    resolved = replace(resolved, slots=tuple(slot.remembering(levels) for slot in resolved.slots))
    over = _over(listing.contracts, at, runtime.calendar, exchange)
    counts = CollectCounts(
        left_out={**believed.left_out, **({"expired": sum(over.values())} if over else {})},
        salvaged=believed.salvaged,
        expired=over,
        not_listed=_unmet(runtime, resolved),
    )
    if pressure >= PressureLevel.FEWER_STRIKES:
        choice = _relieved(runtime, index, at, listing, resolved, pressure)
        lap("select")
        return replace(choice, counts=replace(counts, pressure=int(pressure)))
    if runtime.plan.scope == "chain":
        contracts = strike_selection.contracts_of(listing.contracts, resolved.slots)
        lap("select")
        return _choice(contracts, resolved, counts)
    refresh, reach = _windows(runtime, index, at, listing, resolved)
    lap("select")
    counts = replace(counts, reach=reach)
    return _choice(refresh.contracts.take(refresh.rows), resolved, counts, refresh)


def _unmet(runtime: Runtime, resolved: Resolution) -> list[str]:
    """Return the expiries that are configured by date or number and are not listed."""
    # A recording's plan names every expiry that it ever shows: most are not listed at an instant.
    if runtime.feeds is not None:
        return []
    return [name for name in resolved.not_listed if name not in expiry.BUCKETS]


def _relieved(
    runtime: Runtime,
    index: str,
    at: datetime,
    listing: Listing,
    resolved: Resolution,
    pressure: PressureLevel,
) -> Choice:
    """Return half a window around each expiry's money, or around that of the nearest alone.

    The other expiries stay wanted, so that the unit says that they are missing.
    """
    plan = runtime.plan.indices[index]
    centres = _centres(runtime, index, at, listing, resolved)
    every = strike_selection.contracts_of(listing.contracts, resolved.slots)
    itm, otm = (max(1, strikes // 2) for strikes in (plan.strikes_itm, plan.strikes_otm))
    rows = strike_selection.window_rows(every, resolved.slots, centres, itm, otm, {})
    choice = _choice(every.take(rows), resolved, CollectCounts())
    if pressure < PressureLevel.FEWER_EXPIRIES or not resolved.slots:
        return choice
    nearest = min(slot.expiry for slot in resolved.slots)
    return replace(choice, contracts=choice.contracts.of(nearest))


def _windows(
    runtime: Runtime, index: str, at: datetime, listing: Listing, resolved: Resolution
) -> tuple[Refresh, Mapping[date, int]]:
    """Return the windows around the money, and the strikes by which each was widened."""
    plan = runtime.plan.indices[index]
    centres = _centres(runtime, index, at, listing, resolved)
    every = strike_selection.contracts_of(listing.contracts, resolved.slots)
    reach: Mapping[date, int] = {}
    if runtime.plan.reach:
        reach = strike_selection.window_reaches(
            every, resolved.slots, centres, runtime.plan.reach, runtime.plan.most_strikes
        )
    window = strike_selection.window_rows(
        every, resolved.slots, centres, plan.strikes_itm, plan.strikes_otm, reach
    )
    return _refresh(runtime, index, at, every, window, centres), reach


def _choice(
    contracts: Contracts,
    resolved: Resolution,
    counts: CollectCounts,
    refresh: Refresh | None = None,
) -> Choice:
    """Return the choice, each slot with the number of strikes that are asked for."""
    slots = tuple(
        replace(slot, requested=len(contracts.strikes_of(slot.expiry))) for slot in resolved.slots
    )
    return Choice(contracts, replace(resolved, slots=slots), counts, refresh)


def _centres(
    runtime: Runtime,
    index: str,
    at: datetime,
    listing: Listing,
    resolved: Resolution,
) -> Mapping[date, float]:
    """Return each window's middle: the expiry's last ATM, else a guess from index and future."""
    remembered = {slot.expiry: slot.atm for slot in resolved.slots if isfinite(slot.atm)}
    if len(remembered) == len(resolved.slots):
        return remembered
    market = quality.believed(runtime.provider.underlying(index, at), listing.contracts.strike)
    exchange = runtime.plan.indices[index].index.exchange
    rate = runtime.plan.pricing.risk_free_rate
    fix = None
    if market.future_expiry is not None:
        fix = runtime.calendar.settlement_fix(exchange, market.future_expiry)
    guessed = strike_selection.window_centres(
        listing.contracts, resolved.slots, market, at, fix, rate
    )
    return guessed | remembered


def _refresh(
    runtime: Runtime,
    index: str,
    at: datetime,
    every: Contracts,
    window: NDArray[np.bool_],
    centres: Mapping[date, float],
) -> Refresh:
    """Return the window, with strikes collected before in the session, and what is refreshed."""
    if runtime.chain_memories is None:
        return Refresh(every, ChainMemory.blank(every), window, window)
    before = runtime.chain_memories.recall(index, day_of(at))
    memory = ChainMemory.blank(every)
    if before is not None:
        memory = before.of(every, at.timestamp())
    rows = chain_memory.widened(window, every.expiry, memory.collected)
    centre = centres[min(centres)] if centres else nan
    return Refresh(
        every,
        memory,
        rows,
        rows | chain_memory.refreshed(memory, rows, centre, runtime.plan.interval),
    )


def _over(contracts: Contracts, at: datetime, calendar: Calendar, exchange: str) -> dict[date, int]:
    """Count the contracts of each listed expiry that had closed before `at`."""
    closed = [expiry for expiry in contracts.expiries if at > calendar.close_of(exchange, expiry)]
    return {expiry: int((contracts.of(expiry).symbol != "").sum()) for expiry in closed}


def warn_of_expiries(
    runtime: Runtime, unit: Unit, switches: Switches, not_listed: Sequence[str]
) -> None:
    """Fire, once a day and index, the alert of configured expiries that are not listed."""
    mark = f"{day_of(unit.instant)} {' '.join(not_listed)}"
    if not not_listed or switches.expiries_warned.get(unit.index) == mark:
        return
    runtime.controls.set("expiries_warned", {**switches.expiries_warned, unit.index: mark})
    names = ", ".join(name.replace("nth_", "nth:") for name in not_listed)
    publish_alert(runtime, EXPIRY_NOT_LISTED.fire(index=unit.index, names=names))
