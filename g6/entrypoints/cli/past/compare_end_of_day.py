"""`g6 compare eod`: stored days held against the exchange's end-of-day files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from g6.adapters.replay import LeftOut
from g6.domain.documents.json_plain import json_plain
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.left_out import has_damage, print_left_out
from g6.errors import NothingToDo
from g6.rendering.wording import counted, day_words
from g6.studies.checks.end_of_day_agreement import AgreementDay, EndOfDayAgreement

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE]…", help="End-of-day files of NSE or BSE; without one the history."
    ),
]


def eod(
    files: Files = None,
    *,
    indices: options.Indices = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Hold stored days against the exchange's end-of-day files.

    Compared are open interest, volume, settlement and the lot of each contract at the last stored
    cycle of the day. What agrees is kept: as the panel end_of_day, and as a history that the
    command shows without a file. Exit code 1 when a lot differs, or a row of a file is damaged.

    Example: g6 compare eod BhavCopy_NSE_FO_0_0_0_20241125_F_0000.csv.zip
    """
    from g6.bootstrap.importing.end_of_day_comparison import agreement_history, compared_days

    settings = options.settings(config, set_, data_dir=data_dir, indices=indices)
    console = terminal.console(settings)
    if not files:
        history = agreement_history(settings)
        if not history:
            raise NothingToDo("no day was compared yet; name a file: g6 compare eod FILE")
        if json_:
            typer.echo(json.dumps(json_plain(history), indent=1))
        else:
            console.print("\n".join(map(_history_line, history)), soft_wrap=True)
        return
    unread: list[LeftOut] = []
    agreements = compared_days(settings, files, unread.extend)
    print_left_out(terminal.console(settings, stderr=True), unread)
    if json_:
        typer.echo(json.dumps([agreement.document() for agreement in agreements], indent=1))
    else:
        console.print("\n".join(_lines(agreements)), soft_wrap=True)
    has_other_lot = any(
        share.figure == "lot" and share.share < 1 for a in agreements for share in a.shares
    )
    if has_other_lot or has_damage(unread):
        raise typer.Exit(1)


def _lines(agreements: Sequence[EndOfDayAgreement]) -> Iterator[str]:
    for agreement in agreements:
        counts = f"{counted(agreement.matched, 'contract')} in both"
        alone = f"{agreement.only_stored} only stored, {agreement.only_exchange} only in the file"
        yield f"{agreement.index} {day_words(agreement.day)}: {counts}, {alone}"
        for share in agreement.shares:
            yield f"  {share.figure:<10}  {_share(share.share)}  {share.agree} of {share.contracts}"
        for odd in agreement.differences:
            contract = f"{odd.expiry:%d %b %Y} {odd.strike:g} {odd.side}"
            values = f"{odd.ours:,.10g} stored, {odd.exchange:,.10g} by the exchange"
            yield f"  {odd.figure} of {contract}: {values}"


def _history_line(line: AgreementDay) -> str:
    shares = [f"{figure} {_share(share)}" for figure, share in line.shares.items()]
    return f"{line.day}  {line.index:<10}  {'  '.join(shares)}"


def _share(share: float) -> str:
    if not isfinite(share):
        return "      –"
    return f"{100 * share:6.2f}%"
