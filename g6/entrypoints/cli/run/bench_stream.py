"""`g6 bench stream`: how late listeners of this machine's stream hear of a cycle."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.screen import terminal

if TYPE_CHECKING:
    from g6.entrypoints.web.stream.stream_bench import StreamSpeed

Listeners = Annotated[
    int, typer.Option("--listeners", metavar="N", min=1, max=5_000, help="How many listen.")
]
Seconds = Annotated[
    float, typer.Option("--seconds", metavar="S", min=0.1, max=3_600, help="For how long.")
]
Rate = Annotated[
    float, typer.Option("--rate", metavar="N", min=0.1, max=200, help="Cycles a second.")
]
Size = Annotated[
    int,
    typer.Option("--bytes", metavar="N", min=8, max=500_000, help="What changes in each cycle."),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget-p95-ms", metavar="MS", min=0, help="Exit with 1 where one in twenty is later."
    ),
]


def stream(
    *,
    listeners: Listeners = 20,
    seconds: Seconds = 5.0,
    rate: Rate = 10.0,
    size: Size = 2_048,
    budget_p95_ms: Budget = None,
    json_: options.Json = False,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Time the event stream of a g6 serve of its own.

    It starts a server over a temporary Redis, with the configured limits for listeners, publishes
    cycles, and says how long after it a listener has read the end of each. A running system is
    left alone. The exit code is 1 where the budget is exceeded or a listener lost a cycle.

    Example: g6 bench stream --budget-p95-ms 50
    """
    from g6.entrypoints.web.stream.stream_bench import served_stream, stream_speed

    settings = options.settings(config, set_)
    with served_stream(settings) as served:
        speed = stream_speed(served, listeners, seconds, rate, size)
    is_over = budget_p95_ms is not None and not speed.p95_ms <= budget_p95_ms
    if json_:
        verdict = {"budget_p95_ms": budget_p95_ms, "within_budget": not is_over}
        typer.echo(json.dumps(asdict(speed) | verdict))
    else:
        console = terminal.console(settings)
        for line in _lines(speed, budget_p95_ms, is_over=is_over):
            console.print(line, soft_wrap=True, highlight=False)
    if is_over or speed.lost:
        raise typer.Exit(1)


def _lines(speed: StreamSpeed, budget: float | None, *, is_over: bool) -> list[str]:
    """Return what a person reads."""
    times = f"p50 {speed.p50_ms:.2f} ms  p95 {speed.p95_ms:.2f} ms  p99 {speed.p99_ms:.2f} ms"
    amount = f"{speed.cycles} cycles to {speed.listeners} listeners"
    pace = f"{speed.events_per_second:,.0f} events a second"
    size = f"{speed.bytes_per_listener:,.0f} bytes a listener"
    whole = f"{speed.server_us_per_cycle:,.0f} µs of processor time a cycle"
    share = f"{speed.server_us_per_delivery:,.0f} µs a cycle and listener"
    lines = [
        f"publish → client  {times}",
        f"{amount}: {pace}, {size}",
        f"g6 serve takes {whole}, {share}",
    ]
    if speed.lost:
        lines.append(f"{speed.lost} ends of cycles did not reach their listener")
    if budget is not None:
        word = "exceeded" if is_over else "kept"
        lines.append(f"the budget of {budget:g} ms at p95 is {word}")
    return lines
