"""What a cycle asks for: the expiries of the index's buckets and their strikes, whole or around the money."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit
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
from g6.pipeline.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Refresh:
    """Open interest beyond a window: every listed strike of its expiries, and what is asked for at this cycle.

    `contracts` and `memory` have a row per listed strike `(n,)`; `rows` are the window's, `asked` those and the strikes whose open
    interest is refreshed with them.
    """

    contracts: Contracts
    memory: ChainMemory
    rows: NDArray[np.bool_]
    asked: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """The contracts whose quotes are kept, and the slots and buckets that they answer.

    Attributes:
        counts: What was left out, salvaged, over, not listed and widened on the way.
        refresh: What is asked for beside a window, None where the whole chain is collected.
    """

    contracts: Contracts
    resolved: Resolution
    counts: CollectCounts = field(default_factory=CollectCounts)
    refresh: Refresh | None = None

    @property
    def asked(self) -> Contracts:
        """The contracts to ask for: those that are kept, and those whose open interest is refreshed."""
        if self.refresh is None:
            return self.contracts
        return self.refresh.contracts.take(self.refresh.asked)


def choose(
    runtime: Runtime, index: str, at: datetime, lap: Callable[[str], object] = lambda _: None
) -> Choice:
    """Choose what is to be asked for of an index at `at`.

    Args:
        lap: Called with `listing` when the listing is there, with `select` after the choice.

    Raises:
        G6Error: Whatever the provider raises.
    """
    plan, day = runtime.plan.indices[index], day_of(at)
    exchange = plan.index.exchange
    believed = trusted(runtime.provider.listing(index, at), runtime.plan.salvage)
    listing = believed.listing
    resolved = expiry.resolve(
        listing.contracts.expiries, at, runtime.calendar, exchange, plan.rules, underlying=index
    )
    lap("listing")
    levels = runtime.ledger.recall_levels(index, day.isoformat())
    resolved = replace(resolved, slots=tuple(slot.remembering(levels) for slot in resolved.slots))
    over = _over(listing.contracts, at, runtime.calendar, exchange)
    left_out = {**believed.left_out, **({"expired": sum(over.values())} if over else {})}
    # A recording's plan names every expiry it ever shows, so that most are not listed at most of its instants.
    unmet = (
        []
        if runtime.feeds is not None
        else [name for name in resolved.not_listed if name not in expiry.BUCKETS]
    )
    counts = CollectCounts(
        left_out=left_out, salvaged=believed.salvaged, expired=over, not_listed=unmet
    )
    if runtime.plan.scope == "chain":
        contracts = strike_selection.contracts_of(listing.contracts, resolved.slots)
        lap("select")
        return _choice(contracts, resolved, counts)
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
    refresh = _refresh(runtime, index, at, every, window, centres)
    lap("select")
    widened = {expiry.isoformat(): strikes for expiry, strikes in reach.items()}
    counts = replace(counts, reach=widened)
    return _choice(every.take(refresh.rows), resolved, counts, refresh)


def _choice(
    contracts: Contracts,
    resolved: Resolution,
    counts: CollectCounts,
    refresh: Refresh | None = None,
) -> Choice:
    """Return the choice, each slot with the number of strikes that are asked for."""
    slots = tuple(replace(slot, wanted=len(contracts.of(slot.expiry))) for slot in resolved.slots)
    return Choice(contracts, replace(resolved, slots=slots), counts, refresh)


def _centres(
    runtime: Runtime,
    index: str,
    at: datetime,
    listing: Listing,
    resolved: Resolution,
) -> Mapping[date, float]:
    """Return the middle of each expiry's window: its last ATM, else a guess from index and future."""
    remembered = {slot.expiry: slot.atm for slot in resolved.slots if isfinite(slot.atm)}
    if len(remembered) == len(resolved.slots):
        return remembered
    seen = quality.believed(runtime.provider.underlying(index, at), listing.contracts.strike)
    exchange = runtime.plan.indices[index].index.exchange
    rate = runtime.plan.pricing.risk_free_rate
    fix = None
    if seen.future_expiry is not None:
        fix = runtime.calendar.settlement_fix(exchange, seen.future_expiry)
    guessed = strike_selection.window_centres(
        listing.contracts, resolved.slots, seen, at, fix, rate
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
    """Return the window with the strikes that were collected before in the session, and those that are asked for beside it."""
    if runtime.chain_memories is None:
        return Refresh(every, ChainMemory.blank(every), window, window)
    kept = runtime.chain_memories.recall(index, day_of(at))
    memory = ChainMemory.blank(every) if kept is None else kept.of(every, at.timestamp())
    rows = chain_memory.widened(window, every.expiry, memory.collected)
    centre = centres[min(centres)] if centres else nan
    return Refresh(
        every,
        memory,
        rows,
        rows | chain_memory.refreshed(memory, rows, centre, runtime.plan.interval),
    )


def _over(contracts: Contracts, at: datetime, calendar: Calendar, exchange: str) -> dict[str, int]:
    """Return the contracts of each listed expiry (ISO date) that had closed for good before `at`."""
    closed = [expiry for expiry in contracts.expiries if at > calendar.close_of(exchange, expiry)]
    return {expiry.isoformat(): int((contracts.of(expiry).symbol != "").sum()) for expiry in closed}


def warn_of_expiries(
    runtime: Runtime, unit: Unit, switches: Switches, not_listed: Sequence[str]
) -> None:
    """Fire, once a day and index, the alert of configured expiries that are not listed."""
    mark = f"{day_of(unit.instant)} {' '.join(not_listed)}"
    if not not_listed or switches.expiries_warned.get(unit.index) == mark:
        return
    runtime.controls.set("expiries_warned", {**switches.expiries_warned, unit.index: mark})
    names = ", ".join(name.replace("nth_", "nth:") for name in not_listed)
    runtime.bus.publish(
        EXPIRY_NOT_LISTED.fire(index=unit.index, names=names), key=EXPIRY_NOT_LISTED.state
    )
