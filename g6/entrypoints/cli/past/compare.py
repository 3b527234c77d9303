"""`g6 compare`: recordings are held against parity and against the exchange's own figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from g6.adapters.replay import Recording
from g6.bootstrap.sources import open_recording, recorded_plan, replay_provider
from g6.config import Settings, calendar
from g6.domain.documents.json_plain import json_plain
from g6.domain.figures import open_interest
from g6.domain.figures.comparison import agreement, side_gaps, spot_forward
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.chain import Chain
from g6.entrypoints.cli.shared import left_out, options, terminal
from g6.errors import BadInput

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
        help="Hold a recording against parity, or against the exchange.\n\n"
        "Example: g6 compare parity --recording day.parquet",
    )
    compare.command("parity")(parity)
    compare.command("exchange-iv")(exchange_iv)
    app.add_typer(compare, name="compare")


@dataclass(slots=True)
class ParitySeries:
    """The figures of an expiry over a recording.

    There is one entry per cycle. Gaps have one per cycle and strike.
    """

    index: str
    expiry: str
    bucket: str
    forward_less_spot: list[float] = field(default_factory=list)
    forward_spread: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    gaps_on_spot: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    puts: list[float] = field(default_factory=list)
    max_pain: list[tuple[str, float]] = field(default_factory=list)
    atm: list[tuple[str, float]] = field(default_factory=list)

    def add(self, chain: Chain, spread: float) -> None:
        """Take in one cycle: the chain of the expiry, and the spread of its forward."""
        forward = chain.expiries[0].forward
        clock = f"{datetime.fromtimestamp(chain.instant, IST):%H:%M:%S}"
        contracts = chain.oi / chain.lot_size
        self.forward_less_spot.append(forward - chain.market.spot)
        self.forward_spread.append(spread)
        self.gaps += side_gaps(chain, forward).tolist()
        self.gaps_on_spot += side_gaps(chain, spot_forward(chain)).tolist()
        self.calls.append(open_interest.total(contracts, CE))
        self.puts.append(open_interest.total(contracts, PE))
        self.max_pain.append((clock, open_interest.max_pain(chain.strike, chain.oi)))
        self.atm.append((clock, chain.expiries[0].atm))

    def figures(self) -> dict[str, Any]:
        """Return the figures of the table; open interest in contracts, volatilities in points."""
        return {
            "index": self.index,
            "expiry": self.expiry,
            "bucket": self.bucket,
            "forward_less_spot": [_least(self.forward_less_spot), _most(self.forward_less_spot)],
            "forward_spread_most": _most(self.forward_spread),
            "gap_median": _percentile(self.gaps, 50),
            "gap_p90": _percentile(self.gaps, 90),
            "gap_strikes": len(self.gaps),
            "gap_on_spot_median": _percentile(self.gaps_on_spot, 50),
            "puts_first": self.puts[0],
            "calls_first": self.calls[0],
            "pcr": [
                put / call if call else float("nan")
                for put, call in zip(self.puts, self.calls, strict=True)
            ],
            "max_pain": _changes(self.max_pain),
            "atm": _changes(self.atm),
        }


def parity(
    *,
    config: options.Config = None,
    set_: options.Set = None,
    recording: options.Recording = None,
    strict: options.Strict = False,
    indices: options.Indices = None,
    json_: options.Json = False,
) -> None:
    """Show what parity says of each expiry of a recording: forwards, calls against puts, ATM.

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
    expiries = [series.figures() for series in _series(settings, source)]
    if json_:
        typer.echo(json.dumps(json_plain(expiries), indent=1))
        return
    console = terminal.console(settings)
    console.print(_parity_table(expiries))
    console.print(f"\n{LEGEND}\n")
    for expiry in expiries:
        console.print("\n".join(_lines(expiry)), soft_wrap=True)


def _series(settings: Settings, source: Recording) -> list[ParitySeries]:
    from g6.bootstrap.inprocess import replay_units

    by_expiry: dict[tuple[str, date], ParitySeries] = {}
    for replay in replay_units(source, recorded_plan(settings, source), calendar()):
        for i, slot in enumerate(replay.chain.expiries.slot):
            key = replay.unit.index, slot.expiry
            series = by_expiry.setdefault(
                key, ParitySeries(replay.unit.index, slot.expiry.isoformat(), slot.bucket)
            )
            series.add(replay.chain.chain.expiry(slot.expiry), replay.chain.expiries.spread[i])
    return [by_expiry[key] for key in sorted(by_expiry)]


def _parity_table(expiries: Iterable[Mapping[str, Any]]) -> Table:
    """Return a table with one line per expiry, 80 columns wide."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("expiry")
    for name in ("F − S", "spread", "CE − PE", "90 %", "pairs", "S + r", "PCR"):
        table.add_column(name, justify="right")
    for expiry in expiries:
        low, high = expiry["forward_less_spot"]
        table.add_row(
            f"{expiry['index']} {expiry['expiry']}",
            f"{low:.1f}…{high:.1f}",
            f"{expiry['forward_spread_most']:.2f}",
            f"{expiry['gap_median']:.3f}",
            f"{expiry['gap_p90']:.3f}",
            str(expiry["gap_strikes"]),
            f"{expiry['gap_on_spot_median']:.2f}",
            f"{expiry['pcr'][0]:.4f}",
        )
    return table


def _lines(expiry: Mapping[str, Any]) -> Iterable[str]:
    yield f"{expiry['index']} {expiry['expiry']} ({expiry['bucket']})"
    contracts = f"{expiry['puts_first']:,.10g} put / {expiry['calls_first']:,.10g} call"
    yield f"  first PCR   {contracts} contracts"
    yield f"  max pain    {_in_words(expiry['max_pain'])}"
    yield f"  ATM         {_in_words(expiry['atm'])}"


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
    """Compare our implied volatility and sums with the exchange's own, by its own convention.

    Example: g6 compare exchange-iv NIFTY_20220401.json
    """
    settings = options.settings(
        config, set_, provider="replay", recording=path, model=model, strict=strict, indices=indices
    )
    source = open_recording(settings)
    left_out.print_left_out(terminal.console(settings, stderr=True), source.left_out)
    cycles = list(_exchange_figures(settings, source))
    if json_:
        typer.echo(json.dumps(json_plain(cycles), indent=1))
        return
    console = terminal.console(settings)
    for cycle in cycles:
        console.print(
            f"{cycle['index']} {cycle['cycle']}  model {cycle['model']}: "
            f"{cycle['within']} of {cycle['options']} options within "
            f"{cycle['tolerance']:g} volatility points ({100 * cycle['share']:.2f} %); "
            f"median {cycle['median']:.4f}, p90 {cycle['p90']:.4f}, "
            f"largest {cycle['largest']:.3f}, without one of ours {cycle['unsolved']}",
            soft_wrap=True,
        )
        for name, (ours, theirs) in cycle["totals"].items():
            console.print(
                f"  {name}: {ours:,.10g} contracts summed, {theirs:,.10g} by the exchange",
                soft_wrap=True,
            )


def _exchange_figures(settings: Settings, source: Recording) -> Iterable[dict[str, Any]]:
    from g6.bootstrap.inprocess import replay_units

    for replay in replay_units(source, recorded_plan(settings, source), calendar()):
        chain = replay.chain
        at = replay.unit.instant
        theirs = replay_provider(source).exchange_iv(replay.unit.index, chain.quotes, at)
        compared = agreement(chain.vol.iv, theirs, chain.quotes.volume)
        contracts = (
            chain.oi[:, chain.expiries.rows(0)] / chain.quotes.lot_size[chain.expiries.rows(0)]
        )
        sums = {
            "oi_calls": open_interest.total(contracts, CE),
            "oi_puts": open_interest.total(contracts, PE),
        }
        yield {
            "index": replay.unit.index,
            "cycle": replay.unit.cycle,
            "model": settings.greeks.model,
            **asdict(compared),
            "share": compared.share,
            "totals": {
                name: (sums[name], value)
                for name, value in source.totals(replay.unit.index, at).items()
                if isfinite(value)
            },
        }


def _changes(values: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return the first of each run of equal values, with its clock time in India."""
    return [next(run) for _, run in groupby(values, key=lambda change: change[1])]


def _least(values: Sequence[float]) -> float:
    return float(np.nanmin(values)) if np.isfinite(values).any() else float("nan")


def _most(values: Sequence[float]) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else float("nan")


def _percentile(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else float("nan")
