"""A beat or worker that is asked to end is gone, and one that is killed is silent."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from g6.adapters.redis.server import connect
from tests.waiting import PATIENCE, eventually
from tests.worlds.machines import SERVER, Machine

pytestmark = [
    pytest.mark.skipif(SERVER is None, reason="redis-server is not installed: make test-services"),
    pytest.mark.services,
]


@pytest.mark.parametrize(("number", "signs"), [(signal.SIGTERM, 0), (signal.SIGKILL, 1)])
def test_a_beat_leaves_its_sign_of_life_only_when_nobody_asked_it_to_end(
    machine: Machine, number: signal.Signals, signs: int
) -> None:
    """A pod of a beat that was restarted was told as a dead beat until it was forgotten."""
    with connect(machine.redis()) as client:
        beat = machine.start("celery", "-A", "g6", "beat", "-s", os.devnull, G6_INSTANCE="1")
        eventually(lambda: client.hlen("g6:processes"))
        beat.send_signal(number)
        beat.wait(PATIENCE)
        assert client.hlen("g6:processes") == signs


WORKERS = {
    "worker": ("celery", "-A", "g6", "worker", "-Q", "manual", "-c", "1"),
    # Nobody listens where it streams from: it goes on asking, and lives.
    "ticker": (
        "g6", "ticker", "--set", "provider.name=kite", "--set", "provider.token_provider=fake",
        "--set", "provider.root=http://127.0.0.1:9",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORKERS)
@pytest.mark.parametrize(("number", "signs"), [(signal.SIGTERM, 0), (signal.SIGKILL, 1)])
def test_a_worker_leaves_its_sign_of_life_only_when_nobody_asked_it_to_end(
    machine: Machine, name: str, number: signal.Signals, signs: int
) -> None:
    """A container that an upgrade replaced was told as a dead worker until it was forgotten."""
    with connect(machine.redis()) as client:
        worker = machine.start(*WORKERS[name])
        eventually(lambda: client.hlen("g6:workers"))
        worker.send_signal(number)
        worker.wait(PATIENCE)
        assert client.hlen("g6:workers") == signs


RECORDING = Path(__file__).parents[2] / "data" / "store"
PROCESSES = {
    "serve": ("g6", "serve", "--metrics-port", "0", "--web-port", "0"),
    "outlet": ("g6", "influx", "send", "--set", "influx.url=http://127.0.0.1:9"),
    "alarms": ("g6", "alert", "run"),
    "feeder": (sys.executable, "-m", "g6.entrypoints.machine.feeder"),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_leaves_its_sign_of_life_only_when_nobody_asked_it_to_end(
    machine: Machine, name: str
) -> None:
    """Each of them stood as a silent one until it was forgotten, for ten minutes."""
    recording = {"G6_PROVIDER__NAME": "replay", "G6_PROVIDER__RECORDING": str(RECORDING)}
    variables = recording if name == "feeder" else {}
    with connect(machine.redis()) as client:
        for number, signs in ((signal.SIGTERM, 0), (signal.SIGKILL, 1)):
            process = machine.start(*PROCESSES[name], **variables)
            eventually(lambda: client.hlen("g6:processes"))
            process.send_signal(number)
            process.wait(PATIENCE)
            assert client.hlen("g6:processes") == signs
