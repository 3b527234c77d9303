"""`g6 up --with-observability`: Prometheus reads the system, and Alertmanager tells a person."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from g6.observability.catalogue.families.cycle_families import UNITS_TOTAL
from g6.observability.catalogue.families.option_families import INDEX_SPOT
from g6.observability.catalogue.families.worker_families import QUEUE_LENGTH
from tests.e2e.conftest import SMALL, configured
from tests.observe.webhook import listening
from tests.waiting import eventually
from tests.worlds.web.ports import free_port

MISSING = [name for name in ("prometheus", "prometheus-alertmanager") if shutil.which(name) is None]


def answer(url: str) -> Any:
    """Return the JSON of an address, None while nobody answers there."""
    try:
        return httpx.get(url, timeout=5.0).json()
    except (httpx.TransportError, ValueError):
        return None


def series_at(url: str) -> list[Any]:
    """Return the series that Prometheus gives for a query's address."""
    document = answer(url)
    return document["data"]["result"] if document else []


@pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} not installed: make test-services")
def test_prometheus_reads_the_system_and_alertmanager_tells(tmp_path: Path) -> None:
    prometheus = f"http://127.0.0.1:{(port := free_port())}/api/v1"
    with listening() as webhook:
        world = configured(tmp_path)
        settings = SMALL | {
            "serve": {"metrics_port": free_port(), "web_port": 0},
            "observers": {
                "prometheus_port": port,
                "alertmanager_port": 0,
                "webhook": webhook.url,
            },
        }
        (tmp_path / "small.json").write_text(json.dumps(settings), "utf-8")
        system = world.start_g6("up", "--no-banner", "--with-observability")
        try:

            def is_scraped() -> bool:
                targets = answer(f"{prometheus}/targets")
                healths = (
                    [target["health"] for target in targets["data"]["activeTargets"]]
                    if targets
                    else []
                )
                return healths == ["up"]

            eventually(is_scraped, 120.0, every=0.5)
            eventually(lambda: ("/alerts/note", "Watchdog") in webhook.names(), 90.0, every=0.5)
            for family in (INDEX_SPOT, UNITS_TOTAL, QUEUE_LENGTH):
                question = f"{prometheus}/query?query={family}"
                eventually(lambda at=question: series_at(at), every=0.5)
            assert f"prometheus: http://127.0.0.1:{port}" in system.said
            assert system.ends(signal.SIGTERM) == 0
            world.is_left_alone()
        finally:
            world.end()
