"""The recomputation of stored days from their raw columns: one job is one index on one day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

import numpy as np

from g6.domain.cycles.plan import Pricing
from g6.domain.documents.chain_rows import COMPUTED, computed
from g6.domain.figures import overview
from g6.domain.market.instrument import Contracts
from g6.domain.pricing.assembly import assemble_all
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.domain.quotes.stamp import Stamp, restamped
from g6.domain.reports import RecomputeReport
from g6.domain.schema.frame import SIDE_PREFIXES, ColumnValues, Header, Words
from g6.domain.schema.json_reading import number, part
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.underlying import Underlying
from g6.errors import NothingToDo, UserError
from g6.pipeline.runtime import Runtime
from g6.ports.history import OVERVIEW, DayChange, StoredDay

READ = (
    "last",
    "bid",
    "ask",
    "bid_quantity",
    "ask_quantity",
    "close",
    "volume",
    "oi",
    "oi_prev",
    "last_trade_time",
    "quote_time",
)
"""Quantities of a quote that analysis reads. The others are not taken from the file."""
_BOTH = ("symbol", "source", *READ)
RAW = ("expiry", "strike", "tick_size", *(side + name for side in SIDE_PREFIXES for name in _BOTH))
"""What analysis reads of a stored row; all else it needs stands in the header of the unit."""

TOGETHER = 64
"""Units that share one call of the solver: more would not fit into the processor's cache."""


def recompute(
    runtime: Runtime, day: str, index: str, pricing: Pricing | None = None
) -> RecomputeReport:
    """Compute a stored day of one index again from its raw columns.

    The day is compacted first if it is not. Who waits hears of a refusal as of a result.

    Args:
        day: ISO date.
        pricing: How the chains are priced, where not as new ones are.

    Raises:
        NothingToDo: No such day is stored.
        StoreBusy: The files cannot be written.
        BadInput: A file is damaged.
    """
    try:
        report = _recompute(runtime, day, index, pricing)
    except UserError as error:
        runtime.bus.publish(RecomputeReport(index, day, error=str(error)))
        raise
    runtime.bus.publish(report)
    return report


def _recompute(runtime: Runtime, day: str, index: str, pricing: Pricing | None) -> RecomputeReport:
    began = runtime.clock.wall()
    on = date.fromisoformat(day)
    history = runtime.history
    if history is None:
        raise NothingToDo(
            "the Parquet store is switched off (storage.parquet.enabled), so that no day is stored"
        )
    for name in (index, OVERVIEW):
        history.compact(name, on)
    stored = history.read_day(index, on, RAW)
    plan = replace(runtime.plan, pricing=pricing or runtime.plan.pricing)
    headers = {cycle: restamped(stored.headers[cycle], plan.stamp()) for cycle in stored.cycles}
    rows: list[OverviewRow] = []
    parts = []
    for units in _batches(index, stored, headers):
        priced = assemble_all(units)
        rows += overview.summarise_all(priced)
        parts.append(computed(priced))
    columns = {name: _joined([part[name] for part in parts]) for name in COMPUTED}
    change = history.write_day(index, on, columns, {**stored.headers, **headers})
    if history.write_figures(index, on, rows):
        change = DayChange.FIGURES
    options = int(sum((stored.columns[f"{side}symbol"] != "").sum() for side in SIDE_PREFIXES))
    return RecomputeReport(
        index,
        day,
        units=len(rows),
        options=options,
        changed=change is DayChange.FIGURES,
        reconfigured=change is DayChange.SETTINGS,
        seconds=runtime.clock.wall() - began,
    )


def _batches(
    index: str, stored: StoredDay, headers: Mapping[str, Header]
) -> Iterator[list[tuple[Quotes, Stamp]]]:
    """Yield the units of a day, as many at a time as share one call of the solver."""
    sides = _sides(stored)
    units: list[tuple[Quotes, Stamp]] = []
    for place, cycle in enumerate(stored.cycles):
        rows = slice(stored.bounds[place], stored.bounds[place + 1])
        header = headers[cycle]
        units.append(
            (_quotes(index, header, sides, stored, rows), Stamp.parse(part(header, "stamp")))
        )
        if len(units) == TOGETHER:
            yield units
            units = []
    if units:
        yield units


def _joined(parts: Sequence[ColumnValues | Words]) -> ColumnValues | Words:
    """Return one column of all parts, one after the other."""
    worded = [part for part in parts if isinstance(part, Words)]
    return Words.joined(worded) if worded else np.concatenate(cast("Sequence[ColumnValues]", parts))


def _sides(stored: StoredDay) -> dict[str, ColumnValues]:
    """Return the day's quantities with a side axis. Those that analysis does not read are NaN."""
    unknown = np.full((2, len(stored.columns["strike"])), np.nan)
    sides: dict[str, ColumnValues] = dict.fromkeys(QUOTE_FIELDS, unknown)
    for name in _BOTH:
        sides[name] = np.stack([stored.columns[side + name] for side in SIDE_PREFIXES])
    return sides


def _quotes(
    index: str,
    header: Header,
    sides: Mapping[str, ColumnValues],
    stored: StoredDay,
    rows: slice,
) -> Quotes:
    """Return the quotes of one unit as views of the day's arrays."""
    strike = stored.columns["strike"][rows]
    none = np.zeros((2, len(strike)), dtype=np.int64)
    contracts = Contracts(
        index,
        expiry=stored.columns["expiry"][rows],
        strike=strike,
        lot_size=none[0],
        tick_size=stored.columns["tick_size"][rows],
        symbol=sides["symbol"][:, rows],
        token=none,
    )
    return Quotes(
        contracts,
        source=sides["source"][:, rows],
        values={name: sides[name][:, rows] for name in QUOTE_FIELDS},
        market=Underlying.parse(part(header, "spot")),
        observed_at=number(header, "observed_at"),
    )
