"""`g6 demo`, `g6 run`, `g6 up`: the whole pipeline on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from g6.config import Settings
from g6.entrypoints.cli.shared.arguments import options, table_options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.machine.fork_server import ForkServer
from g6.errors import UserError
from g6.ports.sources import Ability

Cycles = Annotated[
    int | None, typer.Option("--cycles", metavar="N", min=1, help="Stop after N cycles.")
]
Once = Annotated[bool, typer.Option("--once", help="Stop after one cycle, as --cycles 1 does.")]
Faults = Annotated[
    str | None,
    typer.Option(
        "--faults", metavar="LIST", help="Faults of the simulated market, such as fail:BANKNIFTY."
    ),
]

OpenMarket = Annotated[
    bool,
    typer.Option("--open-market", help="Run the whole session of the day, from open to close."),
]
SelfTest = Annotated[
    bool,
    typer.Option(
        "--self-test", help="Compare the simulated market's figures with a real one's, and stop."
    ),
]

Anyway = Annotated[
    bool,
    typer.Option("--anyway", help="Start on a disk that has no room for what it will take."),
]

Observed = Annotated[
    bool,
    typer.Option(
        "--with-observability",
        help="Start the Prometheus and Alertmanager that are on PATH too, with generated files.",
    ),
]

Flowered = Annotated[
    bool,
    typer.Option(
        "--with-flower",
        help="Start Flower on the loopback too, read-only and with a password.",
    ),
]

WithPage = Annotated[
    bool,
    typer.Option("--web", help="Run until Ctrl-C, and open the page of it in a browser."),
]

DEMO_CYCLES = 6
DEMO_SPEED = "12"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demo")(demo)
    app.command("run")(run)
    app.command("up")(up)


def demo(
    *,
    cycles: Cycles = None,
    speed: options.Speed = None,
    seed: options.Seed = None,
    start: options.Start = None,
    interval: options.Interval = None,
    indices: options.Indices = None,
    faults: Faults = None,
    open_market: OpenMarket = False,
    self_test: SelfTest = False,
    web: WithPage = False,
    data_dir: options.DataDir = None,
    mix: options.Mix = False,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Collect and show a few simulated cycles, without an account.

    The market is simulated, and no network is needed.

    Example: g6 demo --cycles 3 --seed 42
    """
    settings = options.settings(
        config,
        _with_faults(set_, faults),
        data_dir=data_dir or Path("data/demo"),
        interval=interval,
        indices=indices,
        provider="sim",
        seed=seed,
        speed=speed or DEMO_SPEED,
        start=start,
    )
    if self_test:
        _end_with_self_test(settings)
    if web:
        _demo_page(settings, is_bounded=bool(cycles or open_market), mix=mix)
    else:
        _demo_cycles(settings, cycles, open_market=open_market, mix=mix)


def _demo_cycles(settings: Settings, cycles: int | None, *, open_market: bool, mix: bool) -> None:
    """Run and show cycles of the simulated market, those of a whole session for `open_market`."""
    # Imported here, so that g6 run --help waits for neither Celery nor pyarrow, and before the
    # fork, so that all processes share it.
    from g6.entrypoints.cli.run.demonstration import demonstrate, whole_session
    from g6.entrypoints.cli.shared.following import continued
    from g6.entrypoints.cli.shared.screen import terminal

    with ForkServer(by_fork=True, modules=settings.source.modules) as forks:
        if open_market:
            settings, cycles = whole_session(settings)
        else:
            settings = continued(settings, terminal.console(settings))
        demonstrate(settings, cycles or DEMO_CYCLES, forks, mix=mix)


def _end_with_self_test(settings: Settings) -> None:
    from g6.entrypoints.cli.run.demonstration import show_self_test

    raise typer.Exit(show_self_test(settings))


def _demo_page(settings: Settings, *, is_bounded: bool, mix: bool) -> None:
    """Run the simulated market with its page until Ctrl-C."""
    if is_bounded:
        raise UserError("--web runs until Ctrl-C", "leave --cycles and --open-market out, or --web")
    from g6.entrypoints.cli.run.unbounded import run_until_stopped

    with ForkServer(by_fork=True, modules=settings.source.modules) as forks:
        run_until_stopped(settings, forks, mix=mix, who="g6 demo --web", opens_page=True)


@dataclass(frozen=True, slots=True)
class MarketOptions:
    """The options that say which market a bounded run collects, and how it is priced."""

    interval: options.Interval = None
    provider: options.ProviderName = None
    recording: options.Recording = None
    strict: options.Strict = False
    speed: options.Speed = None
    seed: options.Seed = None
    start: options.Start = None
    indices: options.Indices = None
    model: options.Model = None
    faults: Faults = None


@spread
def run(
    *,
    cycles: Cycles = None,
    once: Once = False,
    market: MarketOptions,
    data_dir: options.DataDir = None,
    mix: options.Mix = False,
    anyway: Anyway = False,
    no_banner: options.NoBanner = False,
    json_: options.Json = False,
    table: table_options.TableOptions,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Run the whole system for a number of cycles, then stop.

    The exit code is 1 when a cycle did not close or was not stored, or nothing was collected.

    Example: g6 run --cycles 60 --interval 1 --config config/wide.json
    """
    settings = options.settings(
        config,
        _with_faults(set_, market.faults),
        data_dir=data_dir,
        interval=market.interval,
        indices=market.indices,
        provider=market.provider,
        recording=market.recording,
        strict=market.strict,
        seed=market.seed,
        speed=market.speed,
        start=market.start,
        model=market.model,
        no_banner=no_banner,
    )
    if not (once or cycles or settings.source.can(Ability.RECORDED)):
        raise UserError(
            "g6 run is bounded: how many cycles?",
            "g6 run --cycles 10, or g6 up to go on until Ctrl-C",
        )
    from g6.entrypoints.cli.run.bounded_run import run_bounded

    with ForkServer(by_fork=True, modules=settings.source.modules) as forks:
        layout = table.table_layout()
        with table_options.settings_with_layout(layout, settings, stderr=json_) as settings:
            cycles = 1 if once else cycles
            run_bounded(settings, cycles, forks, json_lines=json_, mix=mix, anyway=anyway)


def up(
    *,
    interval: options.Interval = None,
    indices: options.Indices = None,
    provider: options.ProviderName = None,
    speed: options.Speed = None,
    seed: options.Seed = None,
    start: options.Start = None,
    data_dir: options.DataDir = None,
    mix: options.Mix = False,
    anyway: Anyway = False,
    with_observability: Observed = False,
    with_flower: Flowered = False,
    no_banner: options.NoBanner = False,
    log_format: options.LogFormat = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Run the whole system on this machine until Ctrl-C.

    It starts workers, beat and serve, and a Redis where none is configured.

    Example: g6 up --interval 60
    """
    settings = options.settings(
        config,
        set_,
        data_dir=data_dir,
        interval=interval,
        indices=indices,
        provider=provider,
        speed=speed,
        seed=seed,
        start=start,
        no_banner=no_banner,
        log_format=log_format,
    )
    from g6.entrypoints.cli.run.unbounded import run_until_stopped

    with ForkServer(by_fork=True, modules=settings.source.modules) as forks:
        run_until_stopped(
            settings,
            forks,
            mix=mix,
            anyway=anyway,
            observed=with_observability,
            flowered=with_flower,
        )


def _with_faults(assignments: list[str] | None, faults: str | None) -> list[str]:
    """Return the assignments of `--set`, with the faults of the market as one of them."""
    return [*(assignments or ()), *([f"market.faults={faults}"] if faults else [])]
