"""The quotes of a unit, fetched and stamped with everything that analysis reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit
from g6.domain.market.calendar import day_of
from g6.domain.market.expiry import Resolution
from g6.domain.market.instrument import INDICES, Contracts
from g6.domain.quotes import chain_memory
from g6.domain.quotes import stamp as quote
from g6.domain.quotes.previous_interest import previous_interest
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.reports import CollectCounts, ProviderFacts, Switches
from g6.domain.reports.stage import BeyondCounts
from g6.domain.schema.beyond import Beyond, json_number
from g6.domain.schema.frame import SIDE_PREFIXES, Frame
from g6.domain.schema.json_reading import part
from g6.errors import UncoveredYear
from g6.pipeline.choice import Refresh, choose, warn_of_expiries
from g6.pipeline.runtime import Runtime, Watch
from g6.ports.sources import abilities_of

CLOSING = timedelta(minutes=30)
"""Before the close. A cycle within it says what was open at the end of its session."""
REMEMBERED_SESSIONS = 4
"""Sessions of which a process keeps the stored open interest of all its indices."""
PARTS_THAT_ASK = {"quote": ("quotes",), "historical": ("previous_oi",), "instruments": ("listing",)}
"""The parts of collect whose waiting for slots of an endpoint is booked as `rate_wait`."""


def gather(
    runtime: Runtime, unit: Unit, switches: Switches, watch: Watch
) -> tuple[Frame, CollectCounts]:
    """Fetch the unit's quotes and stamp them with everything that analysis will read."""
    stamped = abilities_of(runtime.provider).stamped
    if stamped is not None:
        return _as_stamped(runtime, stamped.frame(unit))
    at = unit.instant
    choice = choose(runtime, unit.index, at, watch.lap, switches.pressure.level)
    quotes = runtime.provider.quotes(unit.index, choice.requested, at)
    watch.lap("quotes")
    beyond: Mapping[date, Beyond] = {}
    if choice.refresh is not None:
        quotes, beyond = _learn(runtime, unit, choice.refresh, quotes)
    oi_prev, source = _previous_oi(runtime, unit, choice.contracts, day_of(at))
    quotes.values["oi_prev"][:] = oi_prev
    watch.lap("previous_oi")
    stamp = _stamp(runtime, unit, switches, choice.resolved, source, beyond)
    provider = runtime.provider.describe()
    _split_waits(watch, provider)
    warn_of_expiries(runtime, unit, switches, choice.counts.not_listed)
    counts = replace(
        choice.counts,
        options=int((quotes.symbol != "").sum()),
        provider=provider,
        beyond=_beyond_counts(beyond),
    )
    return quote.to_frame(quotes, stamp), counts


def _as_stamped(runtime: Runtime, frame: Frame) -> tuple[Frame, CollectCounts]:
    """Return quotes with the stamp of then, whose configuration is called as the one of now."""
    stamp = {**part(frame.header, "stamp"), "config_id": runtime.plan.config_id}
    options = sum(int((frame.columns[f"{side}symbol"] != "").sum()) for side in SIDE_PREFIXES)
    counts = CollectCounts(options=options, provider=runtime.provider.describe())
    return Frame({**frame.header, "stamp": stamp}, frame.columns), counts


def _stamp(
    runtime: Runtime,
    unit: Unit,
    switches: Switches,
    resolved: Resolution,
    oi_prev_source: str,
    beyond: Mapping[date, Beyond],
) -> Stamp:
    # All that a later stage reads travels with the quotes: a rerun, or a worker with another
    # configuration, makes the same rows of them byte for byte.
    plan = runtime.plan.indices[unit.index]
    return Stamp(
        at=unit.instant,
        index=unit.index,
        config_id=runtime.plan.config_id,
        pricing=runtime.plan.pricing,
        quality=runtime.plan.quality,
        slots=resolved.slots,
        buckets=resolved.buckets,
        expected_mask=resolved.expected_mask,
        window=(plan.strikes_itm, plan.strikes_otm),
        oi_prev_source=oi_prev_source,
        greeks=switches.computes_greeks,
        beyond=beyond,
    )


def _split_waits(watch: Watch, provider: ProviderFacts) -> None:
    """Book what a unit waited for request slots apart from the time of the provider's answers."""
    if provider.tally is None:
        return
    for endpoint, seconds in provider.tally.wait.items():
        for lap in PARTS_THAT_ASK.get(endpoint, ()):
            watch.split(lap, "rate_wait", seconds)


def _beyond_counts(beyond: Mapping[date, Beyond]) -> dict[date, BeyondCounts]:
    """Count, by expiry, the strikes outside the window."""
    return {
        expiry: BeyondCounts(part.listed, part.unasked, json_number(part.age_seconds), len(part))
        for expiry, part in beyond.items()
    }


def _learn(
    runtime: Runtime, unit: Unit, refresh: Refresh, quotes: Quotes
) -> tuple[Quotes, Mapping[date, Beyond]]:
    """Remember the quotes. Return the window's, and what is known of the strikes beyond it."""
    at = unit.instant.timestamp()
    rows = refresh.rows
    memory = refresh.memory.learn(quotes, refresh.requested, rows, at)
    if runtime.chain_memories is not None:
        runtime.chain_memories.keep(unit.index, day_of(unit.instant), memory)
    window = int(rows.sum())
    oldest = chain_memory.oldest_allowed(window, len(rows) - window, runtime.plan.interval)
    return quotes.take(rows[refresh.requested]), chain_memory.beyond(
        memory, refresh.contracts, rows, at, oldest
    )


def _previous_oi(
    runtime: Runtime, unit: Unit, contracts: Contracts, day: date
) -> tuple[NDArray[np.float64], str]:
    """Return the previous session's open interest `(2, n)`, and where it is from."""
    stored = _stored_interest(runtime, unit.index, day)
    if stored is not None:
        return previous_interest(contracts, stored), "store"
    interest = runtime.provider.previous_oi(unit.index, contracts, unit.instant)
    return interest, runtime.provider.name


def _stored_interest(runtime: Runtime, index: str, day: date) -> Frame | None:
    """Return the last open interest stored before `day`. The store is asked once a session."""
    interest = runtime.memory.stored_interest
    if (index, day) not in interest:
        # A fixed bound of 32 had the store asked at every unit from the 33rd index on.
        if len(interest) >= REMEMBERED_SESSIONS * len(runtime.plan.indices):
            del interest[next(iter(interest))]
        interest[index, day] = stored_close(runtime, index, day)
    return interest[index, day]


def stored_close(runtime: Runtime, index: str, day: date) -> Frame | None:
    """Return the open interest at the close of the session before `day`, None where none is stored.

    What was stored last may be of another week, or of the noon at which a machine was switched off.
    Changes since the close were then counted from there.
    """
    exchange = INDICES[index].exchange
    try:
        close = runtime.calendar.previous_session(exchange, day).close
    except UncoveredYear:
        # Nobody knows its holidays. Its weekends are those of every year.
        eve = day - timedelta(days=max(1, (day.weekday() + 6) % 7 - 3))
        close = runtime.calendar.close_of(exchange, eve)
    return runtime.store.last_oi(index, day, close - CLOSING)
