"""Flower beside a running system: workers, queues and tasks are seen."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import httpx

from g6.adapters.redis.server import EmbeddedServer
from tests.e2e.conftest import SMALL, configured
from tests.e2e.running import World, clean_environment
from tests.waiting import eventually, files_below
from tests.worlds.web.ports import free_port

QUEUES = {"collect", "analytics", "persist", "aggregate", "manual", "maintenance"}


def test_flower_shows_the_workers_and_their_queues(tmp_path: Path, world: World) -> None:
    port = free_port()
    with EmbeddedServer.start(tmp_path / "broker", append_only=False) as server:
        world.environment = clean_environment(
            G6_REDIS__BROKER_URL=server.url,
            G6_DEMO_DIR=str(world.data),
            FLOWER_UNAUTHENTICATED_API="1",
        )
        world.start(
            "worker",
            "celery",
            "-A",
            "g6",
            "worker",
            "-Q",
            ",".join(QUEUES),
            "-n",
            "all@%h",
            "-c",
            "1",
        )
        world.start(
            "flower", "celery", "-A", "g6", "flower", "--address=127.0.0.1", f"--port={port}"
        )
        seen = eventually(
            lambda: {name: queues for name, queues in shown(port).items() if queues == QUEUES},
            every=0.2,
        )
        assert [name.partition("@")[0] for name in seen] == ["all"]
        world.end()


def shown(port: int) -> dict[str, set[str]]:
    """Return the queues of each worker that Flower knows; nothing while it starts."""
    try:
        answer = httpx.get(
            f"http://127.0.0.1:{port}/api/workers", params={"refresh": "1"}, timeout=10.0
        )
    except httpx.TransportError:
        return {}
    if answer.status_code != httpx.codes.OK:
        return {}
    return {
        name: {queue["name"] for queue in worker.get("active_queues", [])}
        for name, worker in answer.json().items()
    }


def test_g6_up_starts_a_flower_that_asks_for_a_password_and_takes_no_command(
    tmp_path: Path,
) -> None:
    port = free_port()
    world = configured(tmp_path, FLOWER_UNAUTHENTICATED_API="1")
    settings = SMALL | {"serve": {"metrics_port": 0, "web_port": 0}, "flower": {"port": port}}
    (tmp_path / "small.json").write_text(json.dumps(settings), "utf-8")
    system = world.start_g6("up", "--no-banner", "--with-flower")
    try:
        page = f"http://127.0.0.1:{port}"
        eventually(lambda: f"flower: {page}, user g6" in system.said, 120.0, every=0.3)
        path = world.data / "flower" / "password"
        secret = path.read_text("utf-8").strip()
        assert path.stat().st_mode & 0o777 == 0o600
        eventually(lambda: code(page) == 401, every=0.3)
        assert code(f"{page}/api/workers") == 401
        assert code(f"{page}/api/workers", "g6", "another password") == 401
        known = httpx.BasicAuth("g6", secret)
        tasks = eventually(lambda: shown_tasks(page, known), 90.0, every=0.5)
        assert {name for name, _ in tasks} >= {"g6.collect", "g6.analyse"}
        assert any(words.startswith("NIFTY 20") for _, words in tasks)
        worker = next(
            iter(httpx.get(f"{page}/api/workers?refresh=1", auth=known, timeout=20).json())
        )
        refused = httpx.post(f"{page}/api/worker/shutdown/{worker}", auth=known, timeout=20)
        assert refused.status_code == 403
        assert secret not in system.said
        everything = [each for each in files_below(world.base) if each[0] != path]
        assert [file for file, content in everything if secret.encode() in content] == []
        assert not list(world.base.rglob("flower*.db"))
        assert system.ends(signal.SIGTERM) == 0
        world.is_left_alone()
    finally:
        world.end()


def code(address: str, *known: str) -> int:
    """Return the status code of an address, 0 while nobody answers."""
    try:
        auth = httpx.BasicAuth(*known) if known else None
        return httpx.get(address, auth=auth, timeout=20.0).status_code
    except httpx.TransportError:
        return 0


def shown_tasks(page: str, known: httpx.BasicAuth) -> list[tuple[str, str]]:
    """Return name and arguments of the tasks as the page of tasks shows them, newest first."""
    parameters = {
        "draw": "1",
        "start": "0",
        "length": "200",
        "search[value]": "",
        "order[0][column]": "0",
        "order[0][dir]": "desc",
        "columns[0][data]": "received",
    }
    answer = httpx.get(f"{page}/tasks/datatable", params=parameters, auth=known, timeout=20.0)
    rows = answer.json()["data"] if answer.status_code == 200 else []
    tasks = [(str(row["name"]), str(row["args"])) for row in rows]
    return tasks if {"g6.collect", "g6.analyse"} <= {name for name, _ in tasks} else []
