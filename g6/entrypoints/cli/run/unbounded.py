"""`g6 up` on a terminal: the startup line, then one line per cycle until it is stopped."""

from __future__ import annotations

from g6 import __version__, log
from g6.config import Settings, hashes
from g6.domain.cycles.cycle import CycleReport
from g6.entrypoints.cli.shared import banner, terminal
from g6.entrypoints.cli.shared.following import RunFollower, begun, stoppable, tell_of_status_file
from g6.entrypoints.machine.supervisor import running
from g6.entrypoints.web.serving import bind


def run_until_stopped(settings: Settings, *, mix: bool = False) -> None:
    """Start everything and report each cycle until Ctrl-C or SIGTERM; then end everything, whole."""
    console = terminal.console(settings)
    settings = begun(settings, console)
    tell_of_status_file(settings, console, serves=settings.features.serve)
    if settings.features.serve:
        for port, key in (
            (settings.serve.metrics_port, "serve.metrics_port"),
            (settings.serve.web_port, "serve.web_port"),
        ):
            bind(settings.serve.host, port, key).close()
    with stoppable(), running(settings, who="g6 up", fresh=settings.simulated, mix=mix) as stack:
        log.configure(settings)
        log.startup(
            version=__version__, indices=settings.indices, interval=settings.interval, provider=settings.provider.name,
            hashes=hashes(settings),
        )  # fmt: skip
        if settings.simulated:
            stack.driver.open_window(
                stack.runtime.clock.market() if settings.lookalike else settings.market.start, None
            )
        stack.start_workers()
        stack.wait_ready()
        follower = RunFollower(stack, stack.runtime.bus.bounds()[1])
        stack.start_ticker()
        stack.start_beat()
        if settings.features.serve:
            stack.start_serve()
        banner.show(console, stack, serves=settings.features.serve)
        if settings.console.banner:
            console.print("collecting; Ctrl-C stops")
        while True:
            for followed in follower.poll():
                log.report(CycleReport(**followed.report))
                follower.closed.clear()
                follower.published.clear()
