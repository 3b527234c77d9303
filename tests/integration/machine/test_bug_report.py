"""The archive for a bug report has what helps and holds no secret, wherever one was planted."""

from __future__ import annotations

import json
import zipfile

import pytest

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import connect
from g6.domain.reports import Alert
from tests.worlds.machines import CLIENT, SERVER, Machine

pytestmark = [
    pytest.mark.skipif(
        not (SERVER and CLIENT), reason="redis-server is not installed: make test-services"
    ),
]
CANARIES = {
    "KITE_API_KEY": "canary-key-1",
    "KITE_API_SECRET": "canarysecret2",
    "KITE_ACCESS_TOKEN": "canarytoken3",
    "G6_SERVE__TOKEN": "canary-serve-token-4",
}


def test_no_canary_leaves_the_machine(machine: Machine) -> None:
    address = machine.redis("--requirepass", "canarypass5", "--appendonly", "yes")
    machine.settings(
        G6_REDIS__BROKER_URL=address.replace("redis://", "redis://:canarypass5@"),
        G6_PROVIDER__NAME="kite",
        G6_PROVIDER__ROOT="http://127.0.0.1:9",
        **CANARIES,
    )
    secrets = [*CANARIES.values(), "canarypass5"]
    logs = machine.rows / "logs"
    logs.mkdir(parents=True)
    (logs / "persist.log").write_text("\n".join(f"it said {secret} again" for secret in secrets))
    with connect(machine.environment["G6_REDIS__BROKER_URL"]) as client:
        RedisBus(client).publish(Alert("token", f"refused {secrets[2]}", "g6 login"))
    ran = machine.shell("g6 doctor --bundle report.zip")
    assert ran.returncode == 1, ran.stderr
    assert "secrets masked" in ran.stderr
    path = machine.elsewhere / "report.zip"
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    found = [(name, secret) for name, text in texts.items() for secret in secrets if secret in text]
    assert found == []
    assert "it said *** again" in texts["logs/persist.log"]
    assert {"doctor.json", "versions.json", "settings.json", "events.jsonl"} <= texts.keys()
    assert json.loads(texts["doctor.json"])["ok"] is False
    assert json.loads(texts["settings.json"])["values"]["provider.name"] == "kite"
    assert "celery" in json.loads(texts["versions.json"])["packages"]
    assert '"state": "token"' in texts["events.jsonl"]
    again = machine.shell("g6 doctor --bundle report.zip")
    assert again.returncode == 2
    assert "it is there already" in again.stderr


def test_what_does_not_answer_is_left_out_and_named(machine: Machine) -> None:
    ran = machine.shell("g6 doctor --bundle report.zip")
    assert "left out: status.json (no G6 runs on" in ran.stderr
    with zipfile.ZipFile(machine.elsewhere / "report.zip") as archive:
        assert "doctor.json" in archive.namelist()
