"""Celery's configuration as published: names, queues, limits, retries and beat's entries, held to a recorded file.

A change here is one that running workers and the machines beside them notice. Write the file again, where that is meant:

    python -m tests.unit.entrypoints.workers.test_celery_configuration
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kombu import Queue

from g6.config import load, plan
from g6.domain.cycles.cycle import Timing
from g6.entrypoints.workers.app import G6, create_app
from g6.entrypoints.workers.queues import celery_settings
from g6.entrypoints.workers.schedule import CycleSchedule, WallSchedule, beat_schedule
from g6.pipeline import Runtime
from tests.worlds.pipeline import World

RECORDED = Path(__file__).resolve().parents[3] / "data" / "celery.json"
URL = "redis://127.0.0.1:1/0"
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "every second": {"interval": 1},
    "another namespace, five seconds, a name for Sentinels": {
        "interval": 5,
        "namespace": "shadow",
        "redis.master_name": "one",
        "panels.verify_seconds": 30,
    },
}
OPTIONS = (
    "max_retries",
    "default_retry_delay",
    "autoretry_for",
    "acks_late",
    "soft_time_limit",
    "time_limit",
    "rate_limit",
    "ignore_result",
    "stage",
)


def configuration(overrides: dict[str, Any]) -> dict[str, Any]:
    """Return what Celery is told under `overrides`, as plain words and numbers."""
    settings = load(None, overrides, {})
    app = create_app(settings, URL)
    timing = Timing(settings.wall_interval)
    runtime = replace(World().runtime, plan=plan(settings), timing=timing)
    names = sorted(name for name in app.tasks if name.startswith("g6."))
    told = celery_settings(settings, URL)
    return {
        "settings": {name: plain(app.conf[name]) for name in sorted(told)},
        "tasks": {name: dict(task_options(app, name)) for name in names},
        "beat": list(beat_entries(app, runtime)),
    }


def task_options(app: G6, name: str) -> Iterator[tuple[str, Any]]:
    for option in OPTIONS:
        yield option, plain(getattr(app.tasks[name], option, None))


def beat_entries(app: G6, runtime: Runtime) -> Iterator[list[Any]]:
    for name, entry in beat_schedule(app.settings, runtime, app).items():
        lazy = [getattr(argument, "__class__", type).__name__ for argument in entry.get("args", ())]
        yield [
            name,
            entry["task"],
            lazy and [lazy[0], entry["args"][1]],
            rhythm(entry["schedule"]),
            plain(entry["options"]),
            "last_run_at" in entry,
        ]


def rhythm(schedule: Any) -> list[Any]:
    if isinstance(schedule, CycleSchedule):
        return ["cycle", schedule._exchange]
    assert isinstance(schedule, WallSchedule)
    return ["wall", schedule._seconds]


def plain(value: Any) -> Any:
    """Return a value of Celery's as JSON has it."""
    if isinstance(value, Queue):
        return ["queue", value.name, value.exchange.name, value.exchange.type, value.routing_key]
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, dict):
        return {name: plain(value[name]) for name in sorted(value) if name != "_schema"}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_what_celery_is_told_is_as_recorded(name: str) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert json.loads(json.dumps(configuration(CONFIGURATIONS[name]))) == recorded[name]


if __name__ == "__main__":
    facts = {name: configuration(overrides) for name, overrides in CONFIGURATIONS.items()}
    RECORDED.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
