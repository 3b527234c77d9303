"""`g6 compare`: recordings are held against parity and against the exchange's own figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from g6.adapters.replay import Recording
from g6.bootstrap.quote_sources.sources import open_recording, recorded_plan, replay_provider
from g6.config import Settings, calendar
from g6.domain.documents.json_plain import json_plain
from g6.entrypoints.cli.past.compare_end_of_day import eod
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.screen import left_out, terminal
from g6.errors import BadInput
from g6.rendering.wording import day_words, in_india, spelled
from g6.studies.checks.exchange_agreement import ExchangeAgreement, exchange_agreement
from g6.studies.checks.parity import ParityFigures, parity_figures

if TYPE_CHECKING:
    from g6.bootstrap.inprocess import ReplayedUnit

Path_ = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        help="What to compare: option-chain answers, or a table with exchange_iv_pct.",
    ),
]
Model = Annotated[
    str, typer.Option("--model", metavar="nse|bse", help="The exchange's convention.")
]


LEGEND = """F − S, spread: points over all cycles. CE − PE: |IV of call − put|, volatility
points, median and 90 % over pairs within 10 strikes of ATM that both traded in
the last 5 minutes; S + r: its median on index and rate. PCR: first cycle."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    compare = typer.Typer(
        no_args_is_help=True,
        help="Compare a recording with parity or with the exchange.\n\n"
        "Example: g6 compare parity --recording day.parquet",
    )
    compare.command("parity")(parity)
    compare.command("exchange-iv")(exchange_iv)
    compare.command("eod")(eod)
    app.add_typer(compare, name="compare")


def parity(
    *,
    config: options.Config = None,
    set_: options.Set = None,
    recording: options.Recording = None,
    strict: options.Strict = False,
    indices: options.Indices = None,
    json_: options.Json = False,
) -> None:
    """Show what put-call parity says of each recorded expiry.

    It shows forwards, calls against puts, and ATM.

    Example: g6 compare parity --recording day.parquet
    """
    settings = options.settings(
        config, set_, provider="replay", recording=recording, strict=strict, indices=indices
    )
    if settings.provider.recording is None:
        raise BadInput(
            "--recording", None, "no recording was named", "g6 compare parity --recording PATH"
        )
    source = open_recording(settings)
    left_out.print_left_out(terminal.console(settings, stderr=True), source.left_out)
    expiries = parity_figures((replay.unit, replay.priced) for replay in _units(settings, source))
    if json_:
        typer.echo(json.dumps(json_plain(expiries), indent=1))
        return
    console = terminal.console(settings)
    console.print(_parity_table(expiries))
    console.print(f"\n{LEGEND}\n")
    for expiry in expiries:
        console.print("\n".join(_lines(expiry)), soft_wrap=True)


def _units(settings: Settings, source: Recording) -> Iterator[ReplayedUnit]:
    # Imported here: `g6 compare --help` does not wait for the pipeline.
    from g6.bootstrap.inprocess import replay_units

    return replay_units(source, recorded_plan(settings, source), calendar())


def _parity_table(expiries: Iterable[ParityFigures]) -> Table:
    """Return a table with one line per expiry, 80 columns wide."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("expiry")
    for name in ("F − S", "spread", "CE − PE", "90 %", "pairs", "S + r", "PCR"):
        table.add_column(name, justify="right")
    for expiry in expiries:
        low, high = expiry.forward_less_spot
        table.add_row(
            f"{expiry.index} {date.fromisoformat(expiry.expiry):%d %b %Y}",
            f"{low:.1f}…{high:.1f}",
            f"{expiry.forward_spread_most:.2f}",
            f"{expiry.gap_median:.3f}",
            f"{expiry.gap_p90:.3f}",
            str(expiry.gap_strikes),
            f"{expiry.gap_on_spot_median:.2f}",
            f"{expiry.pcr[0]:.4f}",
        )
    return table


def _day(expiry: ParityFigures) -> str:
    return day_words(date.fromisoformat(expiry.expiry))


def _lines(expiry: ParityFigures) -> Iterator[str]:
    yield f"{expiry.index} {_day(expiry)} ({spelled(expiry.bucket)})"
    contracts = f"{expiry.puts_first:,.10g} put / {expiry.calls_first:,.10g} call"
    yield f"  first PCR   {contracts} contracts"
    yield f"  max pain    {_in_words(expiry.max_pain)}"
    yield f"  ATM         {_in_words(expiry.atm)}"


def _in_words(changes: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{value:g} from {clock}" for clock, value in changes)


def exchange_iv(
    path: Path_,
    *,
    model: Model = "nse",
    strict: options.Strict = False,
    indices: options.Indices = None,
    json_: options.Json = False,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Compare our volatilities and sums with the exchange's own.

    They are computed by the exchange's convention.

    Example: g6 compare exchange-iv NIFTY_20220401.json
    """
    settings = options.settings(
        config, set_, provider="replay", recording=path, model=model, strict=strict, indices=indices
    )
    source = open_recording(settings)
    left_out.print_left_out(terminal.console(settings, stderr=True), source.left_out)
    cycles = list(_agreements(settings, source))
    if json_:
        typer.echo(json.dumps(json_plain(cycles), indent=1))
        return
    console = terminal.console(settings)
    for cycle in cycles:
        console.print(_sentence(cycle), soft_wrap=True)
        for name, (ours, theirs) in cycle.totals.items():
            console.print(
                f"  {name}: {ours:,.10g} contracts summed, {theirs:,.10g} by the exchange",
                soft_wrap=True,
            )


def _agreements(settings: Settings, source: Recording) -> Iterator[ExchangeAgreement]:
    provider = replay_provider(source)
    for replay in _units(settings, source):
        at = replay.unit.instant
        index = replay.unit.index
        yield exchange_agreement(
            replay.unit,
            replay.priced,
            settings.greeks.model,
            provider.exchange_iv(index, replay.priced.quotes, at),
            source.totals(index, at),
        )


def _sentence(cycle: ExchangeAgreement) -> str:
    return (
        f"{cycle.index} {in_india(cycle.cycle)}  model {cycle.model}: "
        f"{cycle.within} of {cycle.options} options within "
        f"{cycle.tolerance:g} volatility points ({100 * cycle.share:.2f} %); "
        f"median {cycle.median:.4f}, p90 {cycle.p90:.4f}, "
        f"largest {cycle.largest:.3f}, without one of ours {cycle.unsolved}"
    )
