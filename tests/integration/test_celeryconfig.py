"""`celeryconfig.py` at the root says what `celery -A g6` says: both ways are tried as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from g6.adapters.redis.server import EmbeddedServer, connect

CYCLE = "2026-11-20T04:05:00Z"
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("way", [["-A", "g6"], ["--config", "celeryconfig"]], ids=" ".join)
def test_a_message_sent_either_way_waits_in_its_queue_under_the_namespace(
    way: list[str], tmp_path: Path
) -> None:
    with EmbeddedServer.start(tmp_path, append_only=False) as server, connect(server.url) as client:
        done = celery(*way, "call", "g6.rerun", "--args", f'["{CYCLE}", "NIFTY"]', url=server.url)
        assert done.returncode == 0, done.stderr
        (text,) = client.lrange("g6:celery:manual", 0, -1)  # type: ignore[misc]
        assert json.loads(text)["headers"]["task"] == "g6.rerun"


def test_a_report_names_the_settings_of_the_configuration_module() -> None:
    done = celery("--config", "celeryconfig", "report", url="redis://127.0.0.1:1/0")
    assert "task_retry_on_worker_lost: True" in done.stdout
    assert "g6.entrypoints.workers.consumer:Consumer" in done.stdout


def celery(*words: str, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "celery", *words],
        cwd=ROOT,
        env=os.environ | {"G6_REDIS__BROKER_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
