"""A data directory asked over HTTP, in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp

from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.panels import MemoryPanels
from g6.bootstrap.reading import study_readers
from g6.config import load
from g6.entrypoints.machine.study_reading import reader
from g6.entrypoints.web.panel_routes import PanelAnswers, add_panels
from g6.entrypoints.web.problems import with_problems
from g6.entrypoints.web.study_answers import StudyAnswers
from g6.entrypoints.web.study_routes import add_studies
from g6.ports import Frames, PanelStore

Now = Callable[[], datetime]


def answers_of(directory: Path, now: Now | None = None) -> StudyAnswers:
    """Return what asks the studies of a data directory.

    `now` is the market's instant, None that of the machine. By that a cycle of another day is stale
    on a machine that runs in session hours, and is not on one that runs at night.
    """
    settings = load(None, {"data_dir": directory, "demo_dir": directory}, {})
    at_hand = study_readers.market_time(settings)
    return StudyAnswers(
        partial(reader, settings=settings),
        at_hand if now is None else replace(at_hand, now=now),
        interval=60.0,
        certificate_of=study_readers.certificate_names(settings.directory),
    )


def study_app(
    directory: Path,
    panels: PanelStore | None = None,
    frames: Frames | None = None,
    now: Now | None = None,
) -> FastAPI:
    """Return the application of the studies and panels over a data directory."""
    answers = answers_of(directory, now)
    app = with_problems(FastAPI())
    add_studies(app, answers, time.time)
    panel_answers = PanelAnswers(answers, panels or MemoryPanels(), frames or MemoryFrames())
    add_panels(app, panel_answers, time.time)
    return app


@dataclass(frozen=True, slots=True)
class StudyClient:
    """A client of the studies over a data directory."""

    app: ASGIApp

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Return the answer to a GET."""
        return self.ask("GET", path, headers)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Return the answer to a request."""
        return asyncio.run(self._ask(method, path, dict(headers or {})))

    async def _ask(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        # What fails inside is answered before it is raised again: the answer is what counts.
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://g6") as client:
            return await client.request(method, path, headers=headers)


def client_of(
    directory: Path,
    panels: PanelStore | None = None,
    frames: Frames | None = None,
    now: Now | None = None,
) -> StudyClient:
    """Return a client of the studies and panels over a data directory."""
    return StudyClient(study_app(directory, panels, frames, now))
