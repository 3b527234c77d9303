"""`g6 data repair`: gaps of the stored past are filled from minute candles."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
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
from g6.errors import BadInput
from g6.studies.stored.days.past_span import PastSpan
from g6.studies.stored.days.stored_past import IndexDay, index_days, missing_instants

if TYPE_CHECKING:
    from g6.adapters.wrapping.backfill import Backfill
    from g6.pipeline import Runtime

DAMAGED = "damaged"


@dataclass(slots=True)
class RepairTally:
    """The outcomes of a repair: units by how they ended, and the files that could not be read."""

    outcomes: Counter[str] = field(default_factory=Counter)
    damaged: dict[str, BadInput] = field(default_factory=dict)

    @property
    def repaired(self) -> int:
        """Units of which rows were written."""
        return self.outcomes[Status.OK] + self.outcomes[Status.PARTIAL]

    def note_damage(self, error: BadInput) -> None:
        """Count a unit that a damaged file kept from being repaired."""
        self.damaged.setdefault(error.path, error)
        self.outcomes[DAMAGED] += 1


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

    settings = options.settings(config, set_, data_dir=data_dir)
    options.own_directory(context, settings, "g6 data repair", of_kind=True, computes=True, mix=mix)
    console = terminal.console(settings, stderr=json_)
    units = _units_with_gaps(settings, span)
    runtime, backfill = repair_runtime(settings)
    tally = RepairTally()
    for unit, instants in units:
        _repair_day(runtime, unit, instants, tally, console)
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


def _repair_day(
    runtime: Runtime, unit: IndexDay, instants: list[int], tally: RepairTally, console: Console
) -> None:
    from g6.pipeline import repair as repair_unit

    rows = dict(unit.outcomes.items())
    for instant in followed(instants, f"repairing {unit.index} {unit.day}", console):
        at = instant_at(instant)
        # The row was collected live and only its chain is gone: the row stays.
        has_row = rows.get(at, ("", ""))[1] == NO_CHAIN
        try:
            outcome = repair_unit(runtime, Unit(isoformat_z(at), unit.index), row_stands=has_row)
        except BadInput as error:
            tally.note_damage(error)
        else:
            tally.outcomes[outcome.value] += 1


def _show(console: Console, tally: RepairTally, backfill: Backfill, *, as_json: bool) -> None:
    outcomes = tally.outcomes
    if as_json:
        document = {
            "gaps": outcomes.total(),
            "repaired": tally.repaired,
            "nothing_to_fill": outcomes[Status.MISSING],
            "requests": backfill.requests,
            "partial": outcomes[Status.PARTIAL],
            "chain_is_stored": outcomes[Status.SKIPPED],
            "damaged": outcomes[DAMAGED],
        }
        typer.echo(json.dumps(document))
    else:
        console.print(
            f"{tally.repaired} of {outcomes.total()} missing cycles repaired "
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
