"""`g6 up`: everything on this machine, cycle by cycle, until somebody stops it."""

from __future__ import annotations

from functools import partial
from itertools import count
from pathlib import Path

from rich.console import Console

from g6 import __version__, log
from g6.adapters.data_dir.owner import owner
from g6.config import Settings, hashes
from g6.domain.reports.heartbeat import workers_in_words
from g6.entrypoints.cli.run import start_screen
from g6.entrypoints.cli.run.run_watch import RunWatch
from g6.entrypoints.cli.run.voices import Voice, voice_of
from g6.entrypoints.cli.shared.following import (
    RunFollower,
    continued,
    prepare_start,
    stoppable,
    warn_about_status_file,
)
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.machine.flower_process import flower_port, password_file
from g6.entrypoints.machine.fork_server import ForkServer
from g6.entrypoints.machine.pools import WORKERS, pool_sizes
from g6.entrypoints.machine.port_holder import port_holder
from g6.entrypoints.machine.supervisor import Stack, running
from g6.entrypoints.web.serving import bind
from g6.errors import Unavailable
from g6.rendering import run_screen
from g6.studies.market.day_estimate import DayEstimate


def run_until_stopped(
    settings: Settings,
    forks: ForkServer,
    *,
    mix: bool = False,
    anyway: bool = False,
    observed: bool = False,
    flowered: bool = False,
    who: str = "g6 up",
    until_close: bool = False,
    opens_page: bool = False,
) -> bool:
    """Start everything and tell of each cycle until Ctrl-C or SIGTERM, then end everything.

    Args:
        settings: The configuration.
        forks: Makes the processes.
        mix: Whether the directory may hold rows of another kind of market.
        anyway: Whether a disk without room for the day is no reason not to start.
        observed: Whether Prometheus and Alertmanager are started beside it.
        flowered: Whether Flower is.
        who: What a person calls this process.
        until_close: Whether it ends by itself when a session is over.
        opens_page: Whether the page is opened in a browser once it is served.

    Returns:
        Whether it ended because a session was over.
    """
    console = terminal.console(settings)
    settings = _prepared(settings, console, who, flowered=flowered)
    serves = settings.features.serve
    warn_about_status_file(settings, console, serves=serves)
    estimate = _estimate(settings, anyway=anyway)
    watch: RunWatch | None = None
    system = running(settings, who=who, fresh=settings.simulated, mix=mix, forks=forks)
    with stoppable(), system as stack:
        log.configure(settings, file=stack.log_dir / log.FILE)
        voice = voice_of(settings, console, stack.runtime.clock, stack.runtime.data_option)
        watch = RunWatch(settings, stack, voice, partial(console.print, soft_wrap=True))
        start_screen.print_start(console, stack, watch.begin(), estimate, serves=serves)
        follower = _start(stack, console, voice)
        _start_beside(stack, console, observed=observed, flowered=flowered)
        while not (until_close and watch.has_seen_close):
            opens_page = opens_page and not _opened(settings, console)
            _tell_of_cycles(follower, watch, voice)
            watch.look(follower)
    if watch is not None:
        end = run_screen.end_line(watch.statuses, str(settings.directory), watch.unstored)
        console.print(end, soft_wrap=True)
    return watch is not None and watch.has_seen_close


def _prepared(settings: Settings, console: Console, who: str, *, flowered: bool) -> Settings:
    """Return the settings with which everything starts.

    Raises:
        Unavailable: A port is taken, or Flower is wanted and cannot be had.
    """
    if settings.features.serve:
        _refuse_taken_ports(settings, who)
    if flowered:
        _refuse_flower(settings)
    return prepare_start(continued(settings, console), console)


def _estimate(settings: Settings, *, anyway: bool) -> DayEstimate | None:
    """Return what the day will take.

    Raises:
        Unavailable: The disk has no room for it and not `anyway`.
    """
    estimate = start_screen.estimate_of(settings)
    if not anyway:
        start_screen.refuse_full_disk(settings, estimate)
    return estimate


def _tell_of_cycles(follower: RunFollower, watch: RunWatch, voice: Voice) -> None:
    """Tell of the cycles that closed since the last look."""
    for followed in follower.poll():
        watch.count(followed.report)
        report = followed.report
        voice.cycle(report, watch.beside(report), watch.refusal(report.cycle))
        # A report carries the overview rows of its cycle, 375 times a day: what was printed is let
        # go.
        follower.closed.clear()
        follower.published.clear()


def _start(stack: Stack, console: Console, voice: Voice) -> RunFollower:
    """Start workers, ticker, beat and serve, and return the follower of what they do."""
    settings = stack.settings
    log.startup(
        version=__version__,
        indices=settings.indices,
        interval=settings.interval,
        provider=settings.provider.name,
        hashes=hashes(settings),
        is_kept=console.is_terminal,
    )
    with console.status("starting the workers"):
        stack.start_workers()
        stack.wait_ready()
    follower = RunFollower(stack, stack.runtime.bus.bounds()[1], voice.alert)
    stack.start_ticker()
    stack.start_outlets()
    if settings.simulated:
        # The market of a look-alike runs already. Opened before the workers had started, the window
        # had cycles that were SKIPPED for want of a beat.
        market = stack.runtime.clock.market()
        stack.driver.open_window(market if settings.lookalike else settings.market.start, None)
    stack.start_beat()
    if settings.features.serve:
        stack.start_serve()
    if settings.console.banner:
        ready = workers_in_words(len(WORKERS), sum(pool_sizes(settings)))
        console.print(f"{ready} are ready; Ctrl-C stops", highlight=False)
    return follower


def _start_beside(stack: Stack, console: Console, *, observed: bool, flowered: bool) -> None:
    """Start what is asked for beside the system itself."""
    if observed:
        _start_observers(stack, console)
    if flowered:
        _start_flower(stack, console)


def _opened(settings: Settings, console: Console) -> bool:
    """Open the page in a browser where it is served by now, and say where it is."""
    from g6.entrypoints.web.opening import open_page, running_page

    address = running_page(settings)
    if address:
        console.print(f"page on {address}", highlight=False, soft_wrap=True)
        open_page(address)
    return bool(address)


def _start_observers(stack: Stack, console: Console) -> None:
    """Start Prometheus and Alertmanager, and say where they are."""
    for name, address in stack.start_observers().items():
        console.print(f"{name}: {address}", highlight=False, soft_wrap=True)


def _start_flower(stack: Stack, console: Console) -> None:
    """Start Flower, and say where it is and where its password is, never what it is."""
    settings = stack.settings
    address = stack.start_flower()
    place = "as configured"
    if settings.flower.password is None:
        place = f"in {password_file(settings)}"
    told = f"flower: {address}, user {settings.flower.user}, password {place}"
    console.print(told, highlight=False, soft_wrap=True)


def _refuse_flower(settings: Settings) -> None:
    """Find out before the start whether Flower can run.

    Raises:
        Unavailable: It cannot.
    """
    bind(settings.flower.host, flower_port(settings), "flower.port").close()


def _refuse_taken_ports(settings: Settings, who: str) -> None:
    """Open and close each port of g6 serve.

    Raises:
        Unavailable: One is taken, while a person still looks.
    """
    # The serve process would find it out as well, but only its log file would say so.
    serve = settings.serve
    ports = {"serve.metrics_port": serve.metrics_port, "serve.web_port": serve.web_port}
    for setting, port in ports.items():
        try:
            bind(serve.host, port, setting).close()
        except Unavailable as error:
            holder = port_holder(port)
            if holder is None:
                raise
            beside = _beside(settings, who)
            raise holder.refusal(f"{serve.host}:{port}", setting, beside) from error


def _beside(settings: Settings, who: str) -> list[str]:
    """Return the command that starts this system beside those that run.

    It has ports of its own, a namespace of its own in a Redis that others may use, and a directory
    of its own where its own is in use.
    """
    words = [*who.split()]
    if settings.redis.broker_url:
        words += ["--set", f"namespace={settings.namespace}2"]
    elif owner(settings.directory):
        words += ["--data-dir", str(_free_directory(settings))]
    return [*words, "--set", "serve.metrics_port=0", "--set", "serve.web_port=0"]


def _free_directory(settings: Settings) -> Path:
    """Return a directory beside the configured one that is not there yet."""
    base = settings.demo_dir if settings.simulated else settings.data_dir
    numbered = (base.with_name(f"{base.name}-{number}") for number in count(2))
    return next(path for path in numbered if not path.exists())
