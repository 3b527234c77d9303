"""An installation as compose.yaml has it, each service a process under its own restrictions: no container was built."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.deploy.deployed import (
    ROOT,
    Installation,
    Process,
    can_be_sandboxed,
    network,
    services,
)
from tests.integration.deploy.following import first_and_last, status_of, whole_cycles
from tests.integration.deploy.page_shell import answered, blocks
from tests.waiting import eventually, files_below
from tests.worlds.ledger_check import Ledgered, check

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
INDICES = ("NIFTY", "SENSEX")
INTERVAL = 10
"""Seconds. A worker is there again before a cycle that waits for it is too late."""
START = "2026-11-18T05:30:00Z"
SETTINGS = {
    "G6_INTERVAL": str(INTERVAL),
    "G6_MARKET__START": START,
    "G6_COLLECTION__SCOPE": "window",
    **{
        f"G6_INDEX_PARAMS__{index}__ENABLED": "false"
        for index in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "BANKEX")
    },
}
"""What a person would write into g6.env: small, so that a busy machine keeps up."""
RUNNING = ("closing", "persist", "collect", "analytics", "serve", "flower", "beat-1", "beat-2")
"""What is started, in this order; manual, outlet and ticker wait for somebody."""
UPGRADED = ("analytics", "collect", "persist", "beat-1")
"""What an upgrade restarts here: of each kind one. `make chaos` has rolling restarts of every kind."""
TOO_LATE = {"late", "expired", "no_worker", "provider"}
"""Reasons of a unit that waited for a worker for longer than it may, on a machine that is busy."""
ADMIN = "user administrator on nopass ~* &* +@all\n"
"""A user of the test alone, who asks Redis what it refused."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    if reason := can_be_sandboxed():
        pytest.skip(reason)
    base = tmp_path_factory.mktemp("installation")
    every = services()
    with network() as host:
        made = Installation(base, host, SETTINGS)
        try:
            done = made.run(every["secrets"])
            assert done.returncode == 0, done.stderr
            users = made.volume("secrets-redis") / "users.acl"
            users.write_text(users.read_text("ascii") + ADMIN, "ascii")
            made.start(every["redis"])
            eventually(lambda: made.run(every["redis"], every["redis"].check).returncode == 0)
            for name in RUNNING:
                made.start(every[name])
            eventually(lambda: whole_cycles(rows(made)) >= 1, 240.0, every=0.3)
            yield made
        finally:
            made.end()


def rows(made: Installation) -> Path:
    return made.volume("rows") / "demo"


def asked(made: Installation, program: str) -> str:
    """Run a program of Python as a process of G6 would run, with its secrets and its network."""
    done = made.run(services()["collect"], ["python", "-c", program])
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["serve", "flower"])
def test_a_page_answers_the_question_of_its_container(installed: Installation, name: str) -> None:
    eventually(lambda: installed.is_well(installed.processes[name]), every=0.5)


def test_a_service_that_does_not_run_says_so(installed: Installation) -> None:
    manual = services()["manual"]
    done = installed.run(manual, manual.check)
    assert done.returncode == 1
    assert "manual@manual gave no sign of life" in done.stderr


@pytest.mark.parametrize("name", RUNNING)
def test_a_process_is_nobody_in_particular_and_may_write_its_volumes_alone(
    installed: Installation, name: str
) -> None:
    process = installed.processes[name]
    assert process.popen.poll() is None, process.said
    for member in process.family:
        status = status_of(member.pid)
        assert status["CapEff"] == status["CapPrm"] == status["CapBnd"] == "0" * 16
        assert status["NoNewPrivs"] == "1"
    may_write = {line[4] for line in mounts(process) if "rw" in line[5].split(",")}
    volumes = {mount.target for mount in process.service.mounts if not mount.read_only}
    may_write -= {path for path in may_write if path.startswith(("/dev", "/proc"))}
    assert may_write == volumes | {"/tmp"}


def mounts(process: Process) -> list[list[str]]:
    text = Path(f"/proc/{process.main.pid}/mountinfo").read_text("utf-8")
    return [line.split(" ") for line in text.splitlines()]


def test_nothing_listens_beyond_the_loopback_without_a_token_or_a_password(
    installed: Installation,
) -> None:
    members = [member.pid for each in installed.processes.values() for member in each.family]
    ports = set()
    for line in subprocess.run(
        [*installed.host, "ss", "-Hltnp"], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        address, _, port = line.split()[3].rpartition(":")
        assert any(f"pid={pid}," in line for pid in members), line
        if not address.startswith(("127.", "[::1]")):
            ports.add(int(port))
    assert ports == {5555, 6380, 9108, 9109}
    said = asked(installed, ASKING_WITHOUT)
    refusals = json.loads(said)
    assert set(refusals) == {str(port) for port in ports}
    assert refusals["6380"] == ["NOAUTH", "NOAUTH"]
    for port in ("5555", "9108", "9109"):
        assert set(refusals[port]) <= {401, 403, 404}, (port, refusals[port])


ASKING_WITHOUT = """
import json, ssl, socket, urllib.error, urllib.request
def code(port, path):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=90).status
    except urllib.error.HTTPError as error:
        return error.code
paths = {
    5555: ("/", "/workers", "/tasks", "/api/workers", "/api/tasks", "/broker", "/metrics"),
    9108: ("/metrics",),
    9109: ("/status", "/panels", "/panels/overview", "/v1/status", "/v1/chain?index=NIFTY", "/events", "/readyz"),
}
answers = {port: [code(port, path) for path in each] for port, each in paths.items()}
context = ssl.create_default_context(cafile="/run/secrets/ca.pem")
def redis(command):
    with context.wrap_socket(socket.create_connection(("redis", 6380)), server_hostname="redis") as line:
        line.sendall(command.encode() + b"\\r\\n")
        return line.recv(200).decode().split()[0].lstrip("-")
answers[6380] = [redis("PING"), redis("KEYS *")]
print(json.dumps(answers))
"""


def test_prometheus_may_read_with_the_token_of_its_file(installed: Installation) -> None:
    token = (installed.volume("secrets-watch") / "serve_token").read_text("ascii").strip()
    program = (
        "import urllib.request as u\n"
        f"r = u.Request('http://serve:9108/metrics', headers={{'Authorization': 'Bearer {token}'}})\n"
        "print(u.urlopen(r, timeout=90).read().decode())"
    )
    assert "g6_build_info" in asked(installed, program)


def test_the_page_upgrades_services_one_by_one_and_nothing_is_lost_or_doubled(
    installed: Installation, tmp_path: Path
) -> None:
    block = blocks("deploy.md")[-1]
    told = answered(
        f"docker compose build secrets\n{block}",
        tmp_path,
        "docker",
        lambda words: composed(installed, words, tmp_path),
    )
    restarted = [line.split()[-1] for line in told[1:]]
    assert restarted[-1] == "outlet", "a service did not live again"
    assert set(restarted) >= set(RUNNING)
    first, last = first_and_last(rows(installed))
    eventually(lambda: first_and_last(rows(installed))[1] > last, 120.0, every=0.3)
    for name in ("beat-1", "beat-2"):
        assert installed.processes[name].stop() == 0

    def checked() -> Ledgered:
        return check(rows(installed), START, first_and_last(rows(installed))[1], INTERVAL, INDICES)

    # What had begun when the beats ended is stored some seconds later.
    with suppress(AssertionError):
        eventually(lambda: not checked().problems, every=0.5)
    counted = checked()
    assert counted.problems == []
    assert (counted.duplicates, counted.torn) == (0, 0)
    since = {key: row for key, row in counted.rows.items() if key[0] >= first}
    lost = {key: row["reason"] for key, row in since.items() if row["status"] != "OK"}
    assert {key: reason for key, reason in lost.items() if reason not in TOO_LATE} == {}


VERSION = "99.0.0"
"""Of the image that is built while the system runs."""


def composed(made: Installation, words: list[str], base: Path) -> int:
    """Do what `docker compose` is told to, and return its exit code."""
    if words[:2] == ["compose", "build"]:
        made.image = built(base / "image")
        return 0
    assert words[:-1] == ["compose", "up", "--detach", "--no-deps", "--wait", "--force-recreate"]
    name = words[-1]
    if name not in UPGRADED:
        return 0
    before = made.processes[name]
    code = before.stop()
    assert code == 0, before.said
    # A container that is created anew has another host name.
    again = made.start(before.service, name, f"{before.hostname}-again")
    waited = made.run(
        again.service, ["python", "-c", WAITING, again.service.check[-1]], again.hostname
    )
    assert waited.returncode == 0, waited.stderr
    if name == "collect":
        # Of those that are not restarted one is of the version before.
        assert len(versions(made)) == 2
    return 0


WAITING = """
import time
from g6.entrypoints.workers.life_sign import main
until = time.monotonic() + 200
while main() and time.monotonic() < until:
    time.sleep(0.3)
raise SystemExit(main())
"""
"""Asks the question of a container again and again: each new process of Python costs a second."""


def built(image: Path) -> Path:
    """Make an image of another version of G6."""
    shutil.copytree(ROOT / "g6", image / "g6")
    facts = image / f"g6-{VERSION}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: g6\nVersion: {VERSION}\n")
    return image


def versions(made: Installation) -> set[str]:
    """Return the versions of the workers that live."""
    return set(json.loads(asked(made, ASKING_VERSIONS)))


ASKING_VERSIONS = """
import json
from g6.bootstrap.processes.redis_ports import vitals
from g6.bootstrap.wiring import wire
from g6.config import load
workers = vitals(wire(load())).read().workers.values()
print(json.dumps([worker.version for worker in workers if worker.up]))
"""


def test_redis_refused_nothing_that_g6_asked_for(installed: Installation) -> None:
    said = asked(installed, REFUSED)
    refused = json.loads(said)
    # redis-py names itself to the server where it may, and goes on where it may not.
    assert {what for what in refused if not what.startswith("client|setinfo")} == set()


REFUSED = """
import json
from g6.adapters.redis.server import connect
from urllib.parse import urlsplit
url = open("/run/secrets/G6_REDIS__BROKER_URL").read().strip()
login = urlsplit(url).netloc.rpartition("@")[0]
with connect(url.replace(login, "administrator:any")) as admin:
    entries = admin.execute_command("ACL", "LOG", 200)
names = [dict(zip(e[::2], e[1::2])) if isinstance(e, list) else e for e in entries]
words = [{(k.decode() if isinstance(k, bytes) else k): v for k, v in e.items()} for e in names]
objects = [(e["reason"], e["object"], e["username"]) for e in words]
text = [[p.decode() if isinstance(p, bytes) else p for p in o] for o in objects]
print(json.dumps([f"{what} ({why})" for why, what, who in text if who == "g6" and why != "auth"]))
"""


def test_no_secret_is_found_in_a_file_a_key_a_log_or_a_title(installed: Installation) -> None:
    made = installed.base / "volumes"
    secrets = {
        path.read_text("ascii").strip()
        for path in made.glob("secrets-*/*")
        if re.search(r"(?i)password|token", path.name)
    }
    assert len(secrets) >= 6
    found = []
    for path, content in files_below(installed.base):
        if "/volumes/secrets-" not in str(path):
            found += [path for secret in secrets if secret.encode() in content]
    for member in [one for each in installed.processes.values() for one in each.family]:
        title = " ".join(member.cmdline())
        found += [title for secret in secrets if secret in title]
    assert found == []
