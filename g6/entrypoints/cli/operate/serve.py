"""`g6 serve`: the running system over HTTP."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from g6 import __version__
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.errors import Retryable

if TYPE_CHECKING:
    from g6.bootstrap.wiring import Wiring
    from g6.config import Settings
    from g6.config.web_sections import ServeSettings
    from g6.entrypoints.web.auth import Guard
    from g6.entrypoints.web.control_routes import WebControl
    from g6.entrypoints.web.serving import FanoutSettings, ServeOptions
    from g6.pipeline import Runtime

ASKING_SECONDS = 1.0
"""Between two questions to a Redis that does not say how the system was started."""
Host = Annotated[
    str | None,
    typer.Option("--host", metavar="ADDRESS", help="Address to listen on; else as configured."),
]
MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port",
        metavar="PORT",
        help="Port of /metrics, 0 for a free one; else as configured.",
    ),
]
WebPort = Annotated[
    int | None,
    typer.Option(
        "--web-port",
        metavar="PORT",
        help="Port of /status and panels, 0 for a free one; else as configured.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


@spread
def serve(
    *,
    host: Host = None,
    metrics_port: MetricsPort = None,
    web_port: WebPort = None,
    configured: options.SettingsOptions,
) -> None:
    """Serve metrics, health, status, panels and studies over HTTP.

    One port has /metrics, another one /healthz, /readyz, /status, /panels, the studies below
    /v1 and the stream of events, /events.

    Example: g6 serve --metrics-port 0
    """
    settings = _on_host(configured, host).settings()
    own = settings.serve
    ports = (
        own.metrics_port if metrics_port is None else metrics_port,
        own.web_port if web_port is None else web_port,
    )
    goes_on = True
    while goes_on:
        goes_on = _serve_system(settings, *ports)


def _serve_system(settings: Settings, metrics_port: int, web_port: int) -> bool:
    """Serve a system until the process is told to stop.

    While Redis does not say how the system was started, the settings of now are in force: what is
    stored is answered meanwhile.

    Returns:
        Whether to serve again, because the system turned out to be started under other settings.
    """
    from g6.bootstrap.processes.process_runtime import build_runtime
    from g6.bootstrap.processes.redis_ports import signing, totals
    from g6.bootstrap.reading.running_system import settings_as_started
    from g6.bootstrap.wiring import redis_url, wire
    from g6.entrypoints.web import serving as server
    from g6.entrypoints.workers.app import create_app

    stop = threading.Event()
    differs = threading.Event()
    try:
        started = settings_as_started(settings)
    except Retryable as error:
        typer.echo(f"{error.sentence}: what is stored is answered until it does", err=True)
        started = settings
        arguments = (settings, stop, differs)
        threading.Thread(target=_await_start, args=arguments, daemon=True, name="start").start()
    runtime = create_app(started, redis_url(settings)).runtime
    wiring = wire(settings)
    briefly = wire(started, redis_url(settings), is_patient=False)
    answering = build_runtime(briefly, source=runtime.provider)
    # A Redis that is away must not hold up the end.
    with signing(briefly, "serve") as sign:
        server.serve(
            runtime,
            totals(wiring),
            settings.serve.host,
            metrics_port,
            web_port,
            replace(_served(wiring, started, runtime), answering=answering, sign=sign),
            stop=stop,
        )
    return differs.is_set()


def _await_start(settings: Settings, stop: threading.Event, differs: threading.Event) -> None:
    """Wait until Redis says how the system was started, and end the serving where that differs."""
    from g6.bootstrap.reading.running_system import settings_as_started

    while not stop.wait(ASKING_SECONDS):
        with suppress(Retryable):
            if settings_as_started(settings) != settings:
                differs.set()
                stop.set()
            return


def _served(wiring: Wiring, started: Settings, runtime: Runtime) -> ServeOptions:
    """Return what is served beside metrics, status and panels, as configured.

    Args:
        wiring: Of the settings as they are now.
        started: The settings as the system that runs was started with them.
        runtime: The system that is served.
    """
    from g6.bootstrap.processes.span_export import span_sink
    from g6.bootstrap.reading import study_readers
    from g6.bootstrap.reading.running_reading import owners_of
    from g6.bootstrap.reading.running_system import recorded_start
    from g6.entrypoints.machine.drift import restart_reasons_in_child
    from g6.entrypoints.web.serving import ServeOptions
    from g6.entrypoints.web.study_answers import StudyAnswers

    settings = wiring.settings
    own = settings.serve
    token = own.token.get_secret_value() if own.token else ""
    # Which indices the command line names is of now: of the past they are those of the rows.
    reader = partial(study_readers.reader, settings=started.with_origins({}))
    return ServeOptions(
        answers=StudyAnswers(
            reader,
            study_readers.market_time(started),
            runtime.plan.interval,
            study_readers.certificate_names(started.directory),
        ),
        owners=partial(owners_of, started.directory),
        control=_control(started, runtime, token) if own.control else None,
        guard=_guard(own, token),
        token=token,
        fanout=fanout_settings(own),
        status_file=settings.status_file,
        restart_needed=lambda: restart_reasons_in_child(recorded_start(settings)),
        announce=typer.echo,
        spans=span_sink(settings, wiring.namespace, __version__),
    )


def _control(settings: Settings, runtime: Runtime, token: str) -> WebControl:
    """Return what throws switches for a web client."""
    from g6.bootstrap.reading import study_readers
    from g6.entrypoints.web.control_routes import WebControl

    listings = study_readers.listing_reader(settings)
    indices = frozenset(runtime.plan.indices)
    return WebControl(runtime.controls, indices, token, listings.refresh)


def _guard(own: ServeSettings, token: str) -> Guard:
    """Return what lets requests pass."""
    from g6.entrypoints.web.auth import LOOPBACK_HOSTS, Guard

    # Without a token what protects is that only this machine can ask: a page of a stranger in its
    # browser can as well, unless the name that it asks for is looked at.
    hosts: set[str] = set()
    if not token or own.allowed_hosts:
        hosts = {*LOOPBACK_HOSTS, own.host, *own.allowed_hosts}
    return Guard(
        token,
        own.allowed_addresses,
        own.allowed_agents,
        own.requests_per_second,
        own.connections_per_address,
        hosts,
    )


def _on_host(configured: options.SettingsOptions, host: str | None) -> options.SettingsOptions:
    """Return the options with an address to listen on as one of the settings."""
    if not host:
        return configured
    return replace(configured, set_=[*(configured.set_ or ()), f"serve.host={host}"])


def fanout_settings(settings: ServeSettings) -> FanoutSettings:
    """Return what is kept for listeners of the stream, as configured."""
    from g6.domain.documents.listener_backlog import BacklogLimits
    from g6.entrypoints.web.serving import FanoutSettings

    limits = BacklogLimits(
        settings.stream_backlog_bytes,
        settings.stream_backlog_warn,
        settings.stream_backlog_degrade,
        settings.stream_backlog_exit,
        settings.stream_calm_seconds,
        settings.stream_cooldown_seconds,
    )
    return FanoutSettings(settings.stream_events, limits, settings.stream_trace_every)
