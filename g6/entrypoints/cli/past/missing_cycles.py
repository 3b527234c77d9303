"""`g6 data coverage`, `gaps` and `repair`: where the stored past has holes, and filling them from minute candles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from g6.domain.cycles import gaps as gaps_of
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.cycles.gaps import NO_CHAIN, Gap
from g6.domain.market.instrument import INDICES
from g6.domain.schema.words import ANALYSED
from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.coverage import CoverageSpan, Covered, covered, kind_of
from g6.entrypoints.cli.shared.days import From, To, day_given, instant
from g6.entrypoints.cli.shared.progress import followed
from g6.errors import BadInput, UserError

OnlyIndex = Annotated[str | None, typer.Option("--index", metavar="INDEX", help="Only this index.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="CYCLE", help="Nothing before this instant.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="CYCLE", help="Nothing after this instant.")
]


def register(group: typer.Typer) -> None:
    """Add the commands to `g6 data`."""
    for name, command in (("coverage", coverage), ("gaps", gaps), ("repair", repair)):
        group.command(name)(command)


def coverage(
    *,
    index: OnlyIndex = None,
    from_: From = None,
    to: To = None,
    since: Since = None,
    until: Until = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Count the cycles of each index and day that were due, and how they ended.

    Example: g6 data coverage --from 2026-11-18
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    found = [
        {"index": each.index, "day": each.day.isoformat(), **gaps_of.counted(each.grid, each.rows)}
        for each in covered(settings, span_of(index, from_, to, since, until))
    ]
    if json_:
        typer.echo(json.dumps(found))
        return
    typer.echo(
        "\n".join(
            _aligned([list(found[0]), *(list(map(str, each.values())) for each in found)], left=2)
        )
    )


def _aligned(rows: Sequence[Sequence[str]], left: int) -> Iterator[str]:
    """Yield rows in columns, the first `left` to the left: rich takes 1.7 s of processor time for the 1,488 lines of a year."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield " ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(cells)
        )


def gaps(
    *,
    index: OnlyIndex = None,
    from_: From = None,
    to: To = None,
    since: Since = None,
    until: Until = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """List the gaps: successive cycles of an index that are not OK, from when to when and why.

    Example: g6 data gaps --index NIFTY --from 2026-11-18
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    asked = covered(settings, span_of(index, from_, to, since, until))
    found = [gap for each in asked for gap in gaps_of.find(each.index, each.grid, each.rows)]
    if json_:
        typer.echo(json.dumps([_plain(gap) for gap in found]))
        return
    console = terminal.console(settings)
    if found:
        console.print("\n".join(map(_sentence, found)), soft_wrap=True)
    count = sum(gap.cycles for gap in found)
    console.print(f"{len(found)} gaps, {count} cycles" if found else "no gap")
    if any(gap.reason == NO_CHAIN for gap in found):
        console.print(
            "no_chain: the row is stored, the chain is not; g6 rerun --since … --until … --failed writes it while its quotes"
            " are kept, g6 data repair later"
        )


def repair(
    context: typer.Context,
    *,
    index: OnlyIndex = None,
    from_: From = None,
    to: To = None,
    since: Since = None,
    until: Until = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    mix: options.Mix = False,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Fill gaps from the provider's minute candles: prices, volume and open interest; analysis is computed from them.

    Rows are marked (source backfill, quality bit 128) and dated to the repair for as_of; a row that is there is never touched.
    After Ctrl-C call it again: what was asked for is not asked for again. A second run changes nothing. A simulated or replayed
    day is filled between its first and its last row; --since and --until name more.

    Example: g6 data repair --from 2026-11-18
    """
    from g6 import pipeline
    from g6.bootstrap.repairing import repair_runtime

    settings = options.settings(config, set_, data_dir=data_dir)
    options.owns(context, settings, "g6 data repair", of_kind=True, computes=True, mix=mix)
    console = terminal.console(settings, stderr=json_)
    asked = covered(settings, span_of(index, from_, to, since, until))
    whole = kind_of(settings) in ("live", "") or bool(since or until)
    lots = [(each, missing) for each in asked if (missing := _missing(each, whole=whole))]
    runtime, shop = repair_runtime(settings)
    outcomes: Counter[str] = Counter()
    damaged: dict[str, BadInput] = {}
    for lot, missing in lots:
        for at in followed(missing, f"repairing {lot.index} {lot.day}", console):
            promised = lot.rows.get(at, ("", ""))[1] == NO_CHAIN
            try:
                outcome = pipeline.repair(
                    runtime, Unit(isoformat_z(at), lot.index), row_stands=promised
                )
            except BadInput as error:
                damaged.setdefault(error.path, error)
                outcomes["damaged"] += 1
            else:
                outcomes[outcome.value] += 1
        shop.forget(lot.index, missing[0])
    _tell_repair(console, outcomes, shop.requests, damaged.values(), json_)
    raise typer.Exit(1 if damaged else 0)


def _tell_repair(
    console: Console,
    outcomes: Counter[str],
    requests: int,
    damaged: Iterable[BadInput],
    json_: bool,
) -> None:
    repaired, gaps_, empty = (
        outcomes["OK"] + outcomes["PARTIAL"],
        outcomes.total(),
        outcomes["MISSING"],
    )
    if json_:
        facts = {
            "gaps": gaps_,
            "repaired": repaired,
            "nothing_to_fill": empty,
            "requests": requests,
        }
        more = {
            "partial": outcomes["PARTIAL"],
            "chain_is_stored": outcomes["SKIPPED"],
            "damaged": outcomes["damaged"],
        }
        typer.echo(json.dumps(facts | more))
    else:
        console.print(
            f"{repaired} of {gaps_} missing cycles repaired with {requests} requests for candles"
        )
    if empty:
        console.print(
            f"{empty} have no candle to fill them with: the first of a session, or contracts that are gone"
        )
    if outcomes["SKIPPED"]:
        console.print(
            f"{outcomes['SKIPPED']} have a chain and no row of the overview: g6 data check names them with the g6 rerun that"
            " writes the row"
        )
    for error in damaged:
        console.print(f"left alone: {error}", soft_wrap=True)


def span_of(
    index: str | None, from_: str | None, to: str | None, since: str | None, until: str | None
) -> CoverageSpan:
    """Return what the options ask for. Errors: UserError, BadConfig."""
    name = index.upper() if index else None
    if name and name not in INDICES:
        raise UserError(f"{index} is no index that G6 knows", f"say one of {', '.join(INDICES)}")
    begins, ends = (parse_z(instant(text)) if text else None for text in (since, until))
    return CoverageSpan(name, day_given(from_), day_given(to), begins, ends)


def _missing(each: Covered, *, whole: bool) -> list[datetime]:
    """Return the instants of which no row is stored that has figures; all of a day, or those between its rows."""
    ended = {at for at, (status, _) in each.rows.items() if status in ANALYSED}
    missing = sorted({*each.grid, *each.rows} - ended)
    if whole:
        return missing
    return [at for at in missing if min(each.rows) <= at <= max(each.rows)] if each.rows else []


def _plain(gap: Gap) -> dict[str, Any]:
    told = {
        "index": gap.index,
        "from": isoformat_z(gap.first),
        "to": isoformat_z(gap.last),
        "cycles": gap.cycles,
    }
    return {**told, "status": gap.status, "reason": gap.reason}


def _sentence(gap: Gap) -> str:
    last = "" if gap.cycles == 1 else f" … {isoformat_z(gap.last)}"
    return f"{gap.index:<10}  {isoformat_z(gap.first)}{last}  {gap.cycles} cycles  {gap.status}  {gap.reason}"
