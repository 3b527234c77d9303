"""`g6 up` on a terminal: the startup line, then one line per cycle."""

from __future__ import annotations

from g6 import __version__, log
from g6.config import Settings, hashes
from g6.entrypoints.cli.shared import banner, terminal
from g6.entrypoints.cli.shared.following import (
    RunFollower,
    prepare_start,
    stoppable,
    warn_about_status_file,
)
from g6.entrypoints.machine.supervisor import running
from g6.entrypoints.web.serving import bind


def run_until_stopped(settings: Settings, *, mix: bool = False) -> None:
    """Start everything and report each cycle until Ctrl-C or SIGTERM, then end everything."""
    console = terminal.console(settings)
    settings = prepare_start(settings, console)
    warn_about_status_file(settings, console, serves=settings.features.serve)
    if settings.features.serve:
        _refuse_taken_ports(settings)
    with stoppable(), running(settings, who="g6 up", fresh=settings.simulated, mix=mix) as stack:
        log.configure(settings)
        log.startup(
            version=__version__,
            indices=settings.indices,
            interval=settings.interval,
            provider=settings.provider.name,
            hashes=hashes(settings),
        )
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
        banner.print_banner(console, stack, serves=settings.features.serve)
        if settings.console.banner:
            console.print("collecting; Ctrl-C stops")
        while True:
            for followed in follower.poll():
                log.report(followed.report)
                # A report carries the overview rows of its cycle, 375 times a day: what was printed
                # is let go.
                follower.closed.clear()
                follower.published.clear()


def _refuse_taken_ports(settings: Settings) -> None:
    """Open and close each port of g6 serve. Errors: Unavailable, while a person still looks."""
    # The serve process would find it out as well, but only its log file would say so.
    serve = settings.serve
    bind(serve.host, serve.metrics_port, "serve.metrics_port").close()
    bind(serve.host, serve.web_port, "serve.web_port").close()
