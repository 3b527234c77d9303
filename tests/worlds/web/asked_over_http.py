"""A data directory asked over HTTP, in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from fastapi import FastAPI

from g6.bootstrap.reading import study_readers
from g6.config import load
from g6.entrypoints.web.problems import with_problems
from g6.entrypoints.web.study_answers import StudyAnswers
from g6.entrypoints.web.study_routes import add_studies


def study_app(directory: Path) -> FastAPI:
    """Return the application of the studies over a data directory."""
    settings = load(None, {"data_dir": directory, "demo_dir": directory}, {})
    answers = StudyAnswers(
        partial(study_readers.reader, settings=settings),
        study_readers.market_time(settings),
        interval=60.0,
    )
    app = with_problems(FastAPI())
    add_studies(app, answers, time.time)
    return app


@dataclass(frozen=True, slots=True)
class StudyClient:
    """A client of the studies over a data directory."""

    app: FastAPI

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Return the answer to a GET."""
        return asyncio.run(self._get(path, dict(headers or {})))

    async def _get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://g6") as client:
            return await client.get(path, headers=headers)


def client_of(directory: Path) -> StudyClient:
    """Return a client of the studies over a data directory."""
    return StudyClient(study_app(directory))
