"""Stored days analysed again from what the market said: one job is one index on one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.documents.chain_rows import COMPUTED, computed
from g6.domain.figures import overview
from g6.domain.market.instrument import Contracts
from g6.domain.pricing.assembly import assemble_all
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes, Underlying
from g6.domain.quotes.stamp import Stamp
from g6.domain.reports import RecomputeReport
from g6.domain.schema.frame import SIDES, Words
from g6.errors import NothingToDo, UserError
from g6.pipeline.runtime import Runtime
from g6.ports.history import OVERVIEW, StoredDay

READ = (
    "last", "bid", "ask", "bid_quantity", "ask_quantity", "close", "volume", "oi", "oi_prev", "last_trade_time", "quote_time",
)  # fmt: skip
"""Quantities of a quote that analysis reads; the others are not taken from the file."""
_BOTH = ("symbol", "source", *READ)
RAW = ("expiry", "strike", "tick_size", *(side + name for side in SIDES for name in _BOTH))
"""What analysis reads of a stored row; everything else it needs stands in the unit's header."""

TOGETHER = 64
"""Units that share one call of the solver: more would not fit into the processor's cache."""


def recompute(
    runtime: Runtime, day: str, index: str, pricing: Mapping[str, Any] | None = None
) -> RecomputeReport:
    """Compute a stored day of one index again from its raw columns.

    The day is compacted first if it is not. Who waits hears of a refusal as of a result.

    Args:
        day: ISO date.
        pricing: Settings that are put over those of now, by name.

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


def _recompute(
    runtime: Runtime, day: str, index: str, pricing: Mapping[str, Any] | None
) -> RecomputeReport:
    began, on, history = runtime.clock.wall(), date.fromisoformat(day), runtime.history
    if history is None:
        raise NothingToDo(
            "the Parquet store is switched off (storage.parquet.enabled), so that no day is stored"
        )
    for name in (index, OVERVIEW):
        history.compact(name, on)
    held = history.read_day(index, on, RAW)
    plan = replace(runtime.plan, pricing=replace(runtime.plan.pricing, **(pricing or {})))
    both = {
        name: np.stack([held.columns[side + name] for side in SIDES]) for name in _BOTH
    } | _unread(held)
    decided = plan.stamp()
    headers = {cycle: _restamped(held.headers[cycle], decided) for cycle in held.cycles}
    rows, parts = [], list[Mapping[str, Any]]()
    for first in range(0, len(held.cycles), TOGETHER):
        places = range(first, min(first + TOGETHER, len(held.cycles)))
        units = [
            (
                _quotes(
                    index,
                    headers[held.cycles[n]],
                    both,
                    held,
                    slice(held.bounds[n], held.bounds[n + 1]),
                ),
                Stamp.parse(headers[held.cycles[n]]["stamp"]),
            )
            for n in places
        ]
        priced = assemble_all(units)
        rows += overview.summarise_all(priced)
        parts.append(computed(priced))
    columns = {name: _joined([part[name] for part in parts]) for name in COMPUTED}
    changed = history.write_day(index, on, columns, {**held.headers, **headers})
    changed |= history.write_figures(index, on, rows)
    options = int(sum((held.columns[f"{side}symbol"] != "").sum() for side in SIDES))
    return RecomputeReport(index, day, len(rows), options, changed, runtime.clock.wall() - began)


def _joined(parts: Sequence[Any]) -> Any:
    return Words.joined(parts) if isinstance(parts[0], Words) else np.concatenate(parts)


def _unread(held: StoredDay) -> dict[str, NDArray[Any]]:
    """What stands for the quantities that analysis does not read: nothing known."""
    unknown = np.full((2, len(held.columns["strike"])), np.nan)
    return {name: unknown for name in QUOTE_FIELDS if name not in READ}


def _quotes(
    index: str,
    header: Mapping[str, Any],
    both: Mapping[str, NDArray[Any]],
    held: StoredDay,
    mine: slice,
) -> Quotes:
    """What analysis needs of the quotes of one unit, without a copy of the day's arrays."""
    sides = {name: each[:, mine] for name, each in both.items()}
    strike = held.columns["strike"][mine]
    none = np.zeros((2, len(strike)), dtype=np.int64)
    contracts = Contracts(
        index,
        expiry=held.columns["expiry"][mine],
        strike=strike,
        lot_size=none[0],
        tick_size=held.columns["tick_size"][mine],
        symbol=sides["symbol"],
        token=none,
    )
    return Quotes(
        contracts,
        source=sides["source"],
        values={name: sides[name] for name in QUOTE_FIELDS},
        market=Underlying.parse(header["spot"]),
        observed_at=header["observed_at"],
    )


def _restamped(header: Mapping[str, Any], decided: Mapping[str, Any]) -> dict[str, Any]:
    return {**header, "stamp": {**header["stamp"], **decided}}
