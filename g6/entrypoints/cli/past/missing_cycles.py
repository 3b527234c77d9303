"""`g6 data repair`: gaps of the stored past are filled from minute candles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from g6.bootstrap.reading.study_readers import past_reader
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.cycles.gaps import NO_CHAIN, instant_at
from g6.domain.schema.words import MarketKind, Status
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.studies.stored.days.past_span import PastSpan
from g6.studies.stored.days.stored_past import IndexDay, index_days, missing_instants

if TYPE_CHECKING:
    from g6.adapters.wrapping.backfill import Backfill
    from g6.pipeline import RepairTally


@spread
def repair(
    context: typer.Context,
    *,
    span: PastSpan,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    mix: options.Mix = False,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Fill gaps from the provider's minute candles.

    Candles have prices, volume and open interest. Analysis is computed from them. Rows are marked
    (source backfill, quality bit 128) and dated to the repair for as_of. A row that is there is
    never touched. After Ctrl-C call it again: what was asked for is not asked for again. A second
    run changes nothing. A simulated or replayed day is filled between its first and its last row.
    --since and --until name more.

    Example: g6 data repair --from 2026-11-18
    """
    from g6.bootstrap.stored_files.repairing import repair_runtime
    from g6.bootstrap.stored_files.stored_index_rules import refuse_other_seed
    from g6.pipeline import RepairTally, repair_units

    settings = options.settings(config, set_, data_dir=data_dir)
    options.refuse_missing_rows(settings, "g6 data repair")
    options.own_directory(context, settings, "g6 data repair", of_kind=True, computes=True, mix=mix)
    if not mix:
        refuse_other_seed(settings)
    console = terminal.console(settings, stderr=json_)
    units = _units_with_gaps(settings, span)
    runtime, backfill = repair_runtime(settings)
    tally = RepairTally()
    for unit, instants in units:
        cycles = _cycles_of(unit, instants)
        repair_units(
            runtime, followed(cycles, f"repairing {unit.index} {unit.day}", console), tally
        )
        # 375 minutes of seven numbers are 21 kB an option, 8 MB for a chain of 400, in memory and
        # as files: they are let go once the day's gaps are filled.
        backfill.forget(unit.index, instant_at(instants[0]))
    _show(console, tally, backfill, as_json=json_)
    raise typer.Exit(1 if tally.damaged else 0)


def _units_with_gaps(settings: Settings, span: PastSpan) -> list[tuple[IndexDay, list[int]]]:
    """Return the days of each index that lack rows with figures, and these instants."""
    reader = past_reader(settings)
    # Live days have cycles from open to close. A demo of ten cycles has no gap of six hours.
    is_whole = reader.kind() in (MarketKind.LIVE, "") or bool(span.since or span.until)
    units: list[tuple[IndexDay, list[int]]] = []
    for unit in index_days(reader, span):
        instants = missing_instants(unit, is_whole=is_whole)
        if len(instants):
            units.append((unit, instants.tolist()))
    return units


def _cycles_of(unit: IndexDay, instants: Sequence[int]) -> list[tuple[Unit, bool]]:
    """Return the unit of each instant, and whether its row is there and only its chain is gone."""
    rows = dict(unit.outcomes.items())
    cycles: list[tuple[Unit, bool]] = []
    for instant in instants:
        at = instant_at(instant)
        has_row = rows.get(at, ("", ""))[1] == NO_CHAIN
        cycles.append((Unit(isoformat_z(at), unit.index), has_row))
    return cycles


def _show(console: Console, tally: RepairTally, backfill: Backfill, *, as_json: bool) -> None:
    outcomes = tally.outcomes
    if as_json:
        document = {
            "gaps": tally.total,
            "repaired": tally.repaired,
            "nothing_to_fill": outcomes[Status.MISSING],
            "requests": backfill.requests,
            "partial": outcomes[Status.PARTIAL],
            "chain_is_stored": outcomes[Status.SKIPPED],
            "damaged": tally.unread,
        }
        typer.echo(json.dumps(document))
    else:
        console.print(
            f"{tally.repaired} of {tally.total} missing cycles repaired "
            f"with {backfill.requests} requests for candles"
        )
    if outcomes[Status.MISSING]:
        console.print(
            f"{outcomes[Status.MISSING]} have no candle to fill them with: "
            "the first of a session, or contracts that are gone"
        )
    if outcomes[Status.SKIPPED]:
        console.print(
            f"{outcomes[Status.SKIPPED]} have a chain and no row of the overview: "
            "g6 data check names them with the g6 rerun that writes the row"
        )
    for error in tally.damaged.values():
        console.print(f"left alone: {error}", soft_wrap=True)
