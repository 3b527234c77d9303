"""The doctor finds each fault that is really planted, and its fix, run as it is printed, mends it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from g6.adapters.redis.server import connect
from tests.e2e.running import ROOT
from tests.waiting import eventually
from tests.worlds.kite import Kite, kite_server
from tests.worlds.machines import CLIENT, SERVER, Machine, answers, command_of
from tests.worlds.web.ports import free_port

pytestmark = [
    pytest.mark.skipif(
        not (SERVER and CLIENT), reason="redis-server is not installed: make test-services"
    ),
]
QUEUES = "collect,analytics,persist,aggregate,manual,maintenance"
OTHER_VERSION = (
    "import g6, sys; g6.__version__ = '0.0.9'; sys.argv = ['worker', 'all', '{queues}', '1']; "
)
WORKER = "from g6.entrypoints.machine.worker_process import main; main()"
BEAT = "from g6.entrypoints.machine.beat_process import main; main()"


def away(machine: Machine) -> None:
    """No server listens where the settings say."""
    machine.settings(G6_REDIS__BROKER_URL=f"redis://127.0.0.1:{free_port()}/0")


def evicting(machine: Machine) -> None:
    """The server throws messages away when it is full."""
    machine.redis("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru")


def nearly_full(machine: Machine) -> None:
    """The server has hardly any memory left."""
    address = machine.redis("--appendonly", "yes", "--maxmemory-policy", "noeviction")
    with connect(address) as client:
        # A large value stands in the buffer of its connection too, which counts until it is closed.
        for number in range(60):
            client.set(f"filler:{number}", b"x" * 100_000)
    with connect(address) as client:
        client.config_set("maxmemory", int(client.info("memory")["used_memory"]) + 300_000)


def without_file(machine: Machine) -> None:
    """The server keeps nothing over a restart."""
    machine.redis("--appendonly", "no", "--maxmemory-policy", "noeviction")


def wrong_clock(machine: Machine) -> None:
    """Every program of this machine believes that it is three seconds later."""
    machine.redis()
    shift = machine.base / "shift"
    shift.write_text("3")
    site = machine.base / "site"
    site.mkdir()
    site.joinpath("sitecustomize.py").write_text(
        "import time\n"
        f"by = float(open({str(shift)!r}).read())\n"
        "real = time.time\n"
        "time.time = lambda: real() + by\n"
    )
    machine.settings(PYTHONPATH=str(site))
    machine.program("timedatectl", f'[ "$*" = "set-ntp true" ] && echo 0 > {shift}')


def open_token(machine: Machine) -> None:
    """Everybody may read the token."""
    machine.redis()
    machine.rows.mkdir()
    (machine.rows / ".token").write_text("sealed")
    (machine.rows / ".token").chmod(0o644)


def uncovered_year(machine: Machine) -> None:
    """The market starts in a year of which nobody knows the holidays."""
    machine.redis()
    machine.settings(G6_MARKET__START="2027-01-04T05:30:00Z")


def taken_port(machine: Machine) -> None:
    """Another program listens where g6 serve would."""
    machine.redis()
    port = free_port()
    machine.settings(
        G6_FEATURES__SERVE="true", G6_SERVE__METRICS_PORT=str(port), G6_SERVE__WEB_PORT="0"
    )
    machine.python(
        f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(999)"
    )
    eventually(lambda: _listens(port), 150.0)


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def file_in_its_place(machine: Machine) -> None:
    """Where the data directory must be is a file."""
    machine.redis()
    machine.rows.write_text("rows")


def owned_by_another(machine: Machine) -> None:
    """Another system writes into the directory."""
    machine.redis()
    machine.python(
        "import time\nfrom pathlib import Path\n"
        "from g6.adapters.data_dir.owner import System, owned\n"
        "from g6.adapters.clocks import WallClock\n"
        f"with owned(Path({str(machine.rows)!r}), None, System('redis://127.0.0.1:1/0', 'g6', 'm'), WallClock()):\n"
        "    print('mine', flush=True)\n    time.sleep(999)\n"
    )
    eventually(lambda: "mine" in (machine.base / "child-1.log").read_text(), 150.0)


def orphans(machine: Machine) -> None:
    """A supervisor was killed, and what it had started lives."""
    machine.redis()
    left = machine.start("sleep", "999")
    running = machine.rows / ".running"
    running.mkdir(parents=True)
    begun = time.time()
    record = {
        "host": socket.gethostname(),
        "supervisor": {"pid": 2**22 + 1, "started": begun},
        "processes": [{"name": "persist", "pid": left.pid, "started": begun}],
    }
    running.joinpath("1.json").write_text(json.dumps(record))


def paused(machine: Machine) -> None:
    """Somebody paused an index and forgot it."""
    machine.redis()
    assert machine.shell("g6 control paused NIFTY").returncode == 0


def no_beat(machine: Machine) -> None:
    """Nobody sends cycles."""
    machine.redis()


def no_serve(machine: Machine) -> None:
    """Nobody serves pages and metrics."""
    machine.redis()
    machine.settings(G6_SERVE__METRICS_PORT="0", G6_SERVE__WEB_PORT="0")


def unserved(machine: Machine) -> None:
    """No worker takes messages."""
    machine.redis()


def backlog(machine: Machine) -> None:
    """A message has waited for more than a minute."""
    address = machine.redis()
    assert machine.shell("celery -A g6 call g6.sweep").returncode == 0
    with connect(address) as client:
        message = json.loads(client.lpop("g6:celery:maintenance"))
        message["headers"]["g6"]["sent"] -= 90
        client.lpush("g6:celery:maintenance", json.dumps(message))


def unreadable(machine: Machine) -> None:
    """A program sent what is no message, and a worker set it aside."""
    address = machine.redis()
    machine.start("celery", "-A", "g6", "worker", "-Q", "maintenance", "-c", "1")
    with connect(address) as client:
        client.lpush("g6:celery:maintenance", "no message")
        eventually(lambda: client.llen("g6:celery:unreadable"), 150.0)


def other_version(machine: Machine) -> None:
    """A worker of another version takes part."""
    address = machine.redis()
    machine.python(OTHER_VERSION.format(queues=QUEUES) + WORKER)
    eventually(lambda: _workers(address), 150.0)


def changed_code(machine: Machine) -> None:
    """Somebody changed the code under a running worker."""
    address = machine.redis()
    site = machine.base / "site"
    machine.shell(f"mkdir -p {site} && cp -rp {ROOT / 'g6'} {site}/g6")
    machine.settings(PYTHONPATH=str(site))
    machine.python(f"import sys; sys.argv = ['worker', 'all', '{QUEUES}', '1']; " + WORKER)
    eventually(lambda: _workers(address), 150.0)
    with (site / "g6" / "files.py").open("a") as file:
        file.write("# changed\n")


def other_versions_namespace(machine: Machine) -> None:
    """A beat of another version drives the namespace."""
    address = machine.redis()
    machine.python(OTHER_VERSION.format(queues="") + BEAT)
    eventually(lambda: _drivers(address), 150.0)


def changed_settings(machine: Machine) -> None:
    """The configuration was edited, and what runs knows nothing of it."""
    address = machine.redis()
    config = machine.base / "own.json"
    config.write_text('{"interval": 60}')
    machine.settings(G6_CONFIG=str(config))
    machine.python(BEAT)
    eventually(lambda: _drivers(address), 150.0)
    config.write_text('{"interval": 30}')


def _workers(address: str) -> bool:
    with connect(address) as client:
        return bool(client.hlen("g6:workers"))


def _drivers(address: str) -> bool:
    with connect(address) as client:
        return bool(client.hlen("g6:drivers")) and bool(client.exists("g6:settings"))


PLANTED: tuple[tuple[str, Callable[[Machine], None]], ...] = (
    ("redis", away),
    ("redis memory", evicting),
    ("redis memory", nearly_full),
    ("redis file", without_file),
    ("clock", wrong_clock),
    ("secret file", open_token),
    ("calendar", uncovered_year),
    ("ports", taken_port),
    ("data directory", file_in_its_place),
    ("data directory", owned_by_another),
    ("orphans", orphans),
    ("switches", paused),
    ("beat", no_beat),
    ("serve", no_serve),
    ("workers", unserved),
    ("messages", backlog),
    ("messages", unreadable),
    ("versions", other_version),
    ("code", changed_code),
    ("namespace", other_versions_namespace),
    ("restart", changed_settings),
)
"""By the check that finds it."""


@pytest.mark.parametrize(("check", "plant"), PLANTED, ids=[plant.__name__ for _, plant in PLANTED])
def test_a_planted_fault_is_found_and_its_fix_mends_it(
    machine: Machine, check: str, plant: Callable[[Machine], None]
) -> None:
    plant(machine)
    finding = machine.doctor()[check]
    assert finding["seen"]
    machine.follow(finding["fix"])
    eventually(lambda: check not in machine.doctor(), 150.0, every=0.2)
    if plant is away:
        address = machine.environment["G6_REDIS__BROKER_URL"]
        assert answers(address)
        machine.shell(f"redis-cli -u {address} shutdown nosave")


def test_a_process_that_may_open_few_files_is_found(machine: Machine) -> None:
    machine.redis()
    finding = machine.doctor("ulimit -n 512;")["open files"]
    assert "open files" not in machine.doctor(f"{finding['fix']};")


def test_a_budget_that_is_too_small_for_the_wish_is_found(machine: Machine) -> None:
    machine.redis()
    machine.settings(G6_PROVIDER__NAME="kite", G6_TICKER__ENABLED="false", G6_INTERVAL="2")
    finding = machine.doctor()["settings"]
    least = re.search(r"the smallest interval that works is (\d+) s", finding["fix"])
    assert least is not None, finding
    machine.settings(G6_INTERVAL=least[1])
    assert "settings" not in machine.doctor()


@pytest.fixture
def small_disk(machine: Machine) -> Iterator[Path]:
    """A directory on a disk of 90 MB, which this machine alone sees."""
    place = machine.base / "disk"
    place.mkdir()
    alone = subprocess.Popen(["unshare", "-m", "sleep", "999"])
    inside = ["nsenter", "-t", str(alone.pid), "-m"]
    try:
        entered = Path("/proc/self/ns/mnt").readlink()
        eventually(lambda: alone.poll() or Path(f"/proc/{alone.pid}/ns/mnt").readlink() != entered)
        mounted = subprocess.run(
            [*inside, "mount", "-t", "tmpfs", "-o", "size=90m", "tmpfs", str(place)],
            check=False,
            capture_output=True,
        )
        if mounted.returncode:
            pytest.skip("a file system may not be mounted here")
        machine.prefix = inside
        machine.settings(G6_DEMO_DIR=str(place), G6_DATA_DIR=str(place))
        yield place
    finally:
        alone.kill()
        alone.wait(90)


def test_a_disk_with_little_room_is_found(machine: Machine, small_disk: Path) -> None:
    machine.redis()
    loose = machine.shell(f"{sys.executable} -m tests.worlds.loose_parts {small_disk} 220")
    assert loose.returncode == 0, loose.stderr
    free = int(machine.shell(f"df --output=avail -B1 {small_disk} | tail -1").stdout)
    machine.shell(f"head -c {free - 60_000_000} /dev/zero > {small_disk}/filler")
    finding = machine.doctor()["disk"]
    assert "MB left" in finding["seen"]
    machine.follow(finding["fix"])
    assert "disk" not in machine.doctor()


@pytest.fixture
def broker(machine: Machine) -> Iterator[Kite]:
    """A look-alike at ten in the morning of a trading day, and the settings that lead to it."""
    machine.redis()
    begin = "2026-11-20T04:30:00Z"
    with kite_server(start=begin, speed=0.0, in_thread=True) as kite:
        machine.settings(
            G6_PROVIDER__NAME="kite",
            G6_PROVIDER__ROOT=kite.root,
            G6_MARKET__START=begin,
            G6_MARKET__ORIGIN=str(time.time()),
            G6_TOKEN_HEADLESS="1",
            KITE_API_KEY="demo",
            KITE_API_SECRET="demo",
        )
        yield kite


@pytest.mark.usefixtures("broker")
def test_a_missing_token_and_a_stale_dump_are_found(machine: Machine) -> None:
    for check in ("token", "instruments"):
        finding = machine.doctor()[check]
        machine.follow(finding["fix"])
        assert check not in machine.doctor()


@pytest.mark.usefixtures("broker")
def test_an_expired_token_is_found(machine: Machine) -> None:
    assert machine.shell("g6 login").returncode == 0
    machine.settings(G6_MARKET__START="2026-11-23T04:30:00Z", G6_MARKET__ORIGIN=str(time.time()))
    finding = machine.doctor()["token"]
    assert "expired" in finding["seen"]
    machine.follow(finding["fix"])
    assert "token" not in machine.doctor()


def test_a_redis_that_is_away_is_named_without_its_password(machine: Machine) -> None:
    machine.settings(G6_REDIS__BROKER_URL=f"redis://:hunter2@127.0.0.1:{free_port()}/0")
    found = machine.doctor()["redis"]
    assert found["fix"]
    assert "hunter2" not in json.dumps(found)


def test_health_names_a_redis_that_is_away_and_exits_1(machine: Machine) -> None:
    away(machine)
    ran = machine.shell("g6 health --json")
    assert ran.returncode == 1
    found = json.loads(ran.stdout)
    assert [part["part"] for part in found["parts"] if not part["ok"]] == ["redis"]
    assert found["missing"][0].startswith("redis: Redis: ")


def test_health_of_a_directory_in_which_nothing_runs_is_for_a_person_to_mend(
    machine: Machine,
) -> None:
    ran = machine.shell("g6 health")
    assert ran.returncode == 2
    assert f"no G6 runs on {machine.rows}" in ran.stderr


def test_commands_of_a_fix_are_read_as_a_person_reads_them() -> None:
    assert command_of("chmod 600 rows/.token") == "chmod 600 rows/.token"
    assert command_of("kill -TERM 7 on a; pip install g6==1 there") == "kill -TERM 7"
    assert command_of("redis-cli -u x del k, once it is ended") == "redis-cli -u x del k"
