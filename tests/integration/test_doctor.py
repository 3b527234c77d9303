"""`g6 doctor` on a real Redis and real files: its fixes, run as printed, mend what it found."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from g6.adapters.redis.server import connect, free_port
from g6.bootstrap.reading.study_readers import machine_reader
from g6.config import load
from g6.studies.checks.machine_health import findings
from tests.waiting import eventually

SERVER = shutil.which("redis-server")
CLIENT = shutil.which("redis-cli")
G6 = Path(sys.executable).parent / "g6"
needs_redis = pytest.mark.skipif(
    not (SERVER and CLIENT), reason="redis-server is not installed: make test-services"
)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A Redis that evicts and writes nothing to a file."""
    assert SERVER is not None
    port = free_port()
    with subprocess.Popen(
        [
            SERVER,
            *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)),
            *("--save", "", "--appendonly", "no", "--maxmemory-policy", "allkeys-lru"),
        ],
        stdout=subprocess.DEVNULL,
    ) as process:
        address = f"redis://127.0.0.1:{port}/0"
        try:
            eventually(lambda: _answers(address), 20.0)
            yield address
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    with connect(address) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def doctor(directory: Path, address: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code, and what is wrong by check."""
    ran = subprocess.run(
        [
            *(str(G6), "doctor", "--json", "--data-dir", str(directory)),
            *("--set", f"redis.broker_url={address}", "--set", "features.serve=false"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    findings = json.loads(ran.stdout)["findings"]
    return ran.returncode, {finding["check"]: finding for finding in findings if not finding["ok"]}


@needs_redis
def test_fixes_run_as_printed_mend_what_was_found(tmp_path: Path, url: str) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    (directory / ".token").write_text("sealed", "utf-8")
    (directory / ".token").chmod(0o644)
    code, wrong = doctor(directory, url)
    assert code == 1
    assert {"redis memory", "redis file", "secret file"} <= wrong.keys()
    for check in ("redis memory", "redis file", "secret file"):
        subprocess.run(wrong[check]["fix"].split(), check=True, capture_output=True)
    _, wrong = doctor(directory, url)
    assert {"redis memory", "redis file", "secret file"}.isdisjoint(wrong)


@needs_redis
def test_a_redis_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    code, wrong = doctor(tmp_path, f"redis://:hunter2@127.0.0.1:{free_port()}/0")
    assert code == 1
    assert "hunter2" not in json.dumps(wrong)
    assert wrong["redis"]["fix"]


@needs_redis
def test_a_setting_that_changed_since_the_start_is_named(tmp_path: Path, url: str) -> None:
    settings = load("", {"redis.broker_url": url, "data_dir": tmp_path, "demo_dir": tmp_path}, {})
    changed = "interval: 60 [file] -> 30 [env]"
    facts = machine_reader(settings, [changed]).facts()
    seen = [finding.seen for finding in findings(facts) if finding.check == "restart"]
    assert seen == [changed]
