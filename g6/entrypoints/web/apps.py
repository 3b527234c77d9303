"""The two HTTP applications: metrics on one port, status and panels on another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from g6.domain.documents.json_plain import json_plain
from g6.domain.schema.json_types import JsonObject
from g6.entrypoints.web.control_routes import WebControl, add_control
from g6.entrypoints.web.index_page import add_index
from g6.entrypoints.web.page.page_files import PageFacts, add_page
from g6.entrypoints.web.panel_routes import PanelAnswers, PanelName, add_panels
from g6.entrypoints.web.problems import problem, with_problems
from g6.entrypoints.web.state import Watcher, with_running_system
from g6.entrypoints.web.stream.served_panels import ServedPanels
from g6.entrypoints.web.study_answers import StudyAnswers
from g6.entrypoints.web.study_routes import add_studies
from g6.errors import NothingToDo
from g6.errors.machine_places import hide_places
from g6.observability.build import build_labels
from g6.observability.exposition import CONTENT_TYPE_LATEST, render


def metrics_app(watcher: Watcher) -> FastAPI:
    """Return the application behind the metrics port: /metrics, /healthz, /readyz."""
    app = _app_with_health(watcher)
    add_index(app, "G6 metrics", "What Prometheus reads of the running system.")
    build = build_labels(watcher.runtime.plan.config_id)

    @app.get("/metrics")
    def metrics() -> Response:
        """Give every metric in the text format of Prometheus."""
        totals = watcher.follower.totals
        if totals is None:
            # Zeros now and the stored totals a moment later would look like a restart and a burst.
            return problem(503, f"totals are not read yet: {watcher.follower.trouble}")
        text = render(
            totals.state,
            now=watcher.runtime.clock.wall(),
            build=build,
            reads_bus=not watcher.follower.trouble,
            details=watcher.follower.latest.details(watcher.runtime.clock.wall()),
        )
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return app


def web_app(
    watcher: Watcher, answers: StudyAnswers | None = None, control: WebControl | None = None
) -> FastAPI:
    """Return the application behind the web port: page, health, /status, panels and studies.

    Args:
        watcher: The state of the running system.
        answers: Asks the studies of `/v1`, None to leave them out.
        control: Throws switches for a web client, None where that is switched off.
    """
    app = _app_with_health(watcher)
    add_page(app, _page_facts(watcher))
    add_index(app, "G6", "What the running system answers, as JSON.", "/routes")
    runtime = watcher.runtime
    served = ServedPanels(runtime.panels)
    if answers is not None:
        answers = replace(answers, reader_of=with_running_system(answers.reader_of, watcher))
        add_studies(app, answers, runtime.clock.wall)
        panel_answers = PanelAnswers(answers, served, runtime.frames)
        add_panels(app, panel_answers, runtime.clock.wall)
        add_control(app, control)

    @app.get("/status")
    def status() -> JsonObject:
        """Tell the newest cycle, each index, queues, market and provider."""
        return hide_places(watcher.status())

    @app.get("/panels")
    def panels() -> dict[str, list[str]]:
        """List the panels."""
        return {"panels": sorted(served.names())}

    @app.get(
        "/panels/{name}",
        responses={404: {"description": "There is no such panel: those there are are named."}},
    )
    def panel(name: PanelName) -> JSONResponse:
        """Show one panel of the newest cycle."""
        document = served.get(name)
        if document is None:
            names = sorted(served.names())
            there = f"there are {', '.join(names)}" if names else "no cycle has ended yet"
            raise NothingToDo(f"there is no panel {name}", there)
        return JSONResponse(dict(document))

    return app


def directory_app(answers: StudyAnswers, wall: Callable[[], float], facts: PageFacts) -> FastAPI:
    """Return the application over a data directory alone: page, health, studies and panels of rows.

    Args:
        answers: Asks the studies of `/v1`.
        wall: The wall's time in epoch seconds.
        facts: What the page is told.
    """
    app = _app_that_lives()
    add_page(app, facts)
    add_index(app, "G6", "What is answered of a data directory.", "/routes")
    add_studies(app, answers, wall)
    add_panels(app, PanelAnswers(answers), wall)
    return app


def _page_facts(watcher: Watcher) -> PageFacts:
    plan = watcher.runtime.plan
    step = watcher.runtime.timing.step
    return PageFacts(
        stream=True, interval=plan.interval, wall_interval=step, indices=tuple(plan.indices)
    )


def _app_with_health(watcher: Watcher) -> FastAPI:
    """Return an application that answers /healthz and /readyz."""
    app = _app_that_lives()

    @app.get("/readyz", responses={503: {"description": "Something is not ready: see `fix`."}})
    def readyz() -> JSONResponse:
        """Say whether cycles can be collected, and what each part lacks, with its fix."""
        health = watcher.health()
        document = hide_places(json_plain(health.to_json()))
        return JSONResponse(document, 200 if health.passes else 503)

    return app


def _app_that_lives() -> FastAPI:
    """Return an application that answers /healthz, and no address by sending to another one."""
    app = with_problems(FastAPI(title="G6", docs_url=None, redoc_url=None, redirect_slashes=False))

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Say that this process lives."""
        return {"status": "ok"}

    return app
