"""Redis over TLS, behind ACLs, passwords, sockets and Sentinels, from our own clients and from Celery's transport alike."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import kombu
import pytest
from redis.exceptions import RedisError

from g6.adapters.memory.sender import MemorySender
from g6.adapters.redis.server import connect, find_server, redis_time, translated
from g6.adapters.redis.server.rights import acl_words
from g6.bootstrap.processes.process_runtime import build_runtime, start_market
from g6.bootstrap.processes.redis_ports import redis_facts
from g6.bootstrap.wiring import wire
from g6.config import load
from g6.domain.reports import parse_report
from g6.entrypoints.workers import transport
from g6.entrypoints.workers.queues import celery_settings
from g6.errors import BadConfig, G6Error, RedisDown, Unavailable
from tests.waiting import eventually
from tests.worlds.certificates import Certificates, Pair, make_certificates
from tests.worlds.web.ports import free_port

pytestmark = pytest.mark.services
PASSWORD = "s/3@c#[r]%e t:é"
ENCODED = quote(PASSWORD, safe="")


@contextmanager
def server(directory: Path, *words: str) -> Iterator[None]:
    directory.mkdir(exist_ok=True)
    command = (
        [find_server(), *words]
        if words[0].endswith(".conf")
        else [find_server(), "--save", "", "--dir", str(directory), *words]
    )
    with (directory / "output.log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(90)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[dict[str, str]]:
    """Run a server for each way in, all of them once, and return their addresses by name."""
    base = tmp_path_factory.mktemp("redis")
    names = ("good", "wrong_name", "self_signed", "plain", "cluster", "bus", "sentinel")
    port = {name: free_port() for name in names}
    tls_ports = ("good", "wrong_name", "self_signed")
    with ExitStack() as stack:
        for name in tls_ports:
            pair: Pair = getattr(certificates, name)
            stack.enter_context(server(
                base / name, "--port", "0", "--tls-port", str(port[name]), "--tls-cert-file", str(pair.certificate),
                "--tls-key-file", str(pair.key), "--tls-ca-cert-file", str(certificates.authority), "--tls-auth-clients", "no",
                "--requirepass", PASSWORD,
            ))  # fmt: skip
        stack.enter_context(server(
            base / "plain", "--port", str(port["plain"]), "--requirepass", PASSWORD, "--unixsocket", str(base / "redis.sock"),
            "--masterauth", PASSWORD,
        ))  # fmt: skip
        stack.enter_context(
            server(
                base / "cluster",
                "--port",
                str(port["cluster"]),
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                str(port["bus"]),
            )
        )
        for name in ("plain", "cluster", *tls_ports):
            eventually(lambda name=name: listens(port[name]))
        (base / "sentinel").mkdir()
        (base / "sentinel" / "s.conf").write_text(
            f"port {port['sentinel']}\nbind 127.0.0.1\nrequirepass asked\ndir {base / 'sentinel'}\n"
            f"sentinel monitor g6 127.0.0.1 {port['plain']} 1\nsentinel auth-pass g6 \"{PASSWORD}\"\n"
        )  # fmt: skip
        stack.enter_context(
            server(base / "sentinel", str(base / "sentinel" / "s.conf"), "--sentinel")
        )
        eventually(lambda: listens(port["sentinel"]))
        trust = f"ssl_ca_certs={certificates.authority}"
        found = {
            f"tls {name}": f"rediss://:{ENCODED}@localhost:{port[name]}/0?{trust}"
            for name in tls_ports
        }
        found |= {
            "plain": f"redis://:{ENCODED}@127.0.0.1:{port['plain']}/1",
            "options": f"redis://127.0.0.1:{port['plain']}?db=2&password={ENCODED}&socket_timeout=3",
            "unix": f"unix://{base / 'redis.sock'}?db=3&password={ENCODED}",
            "sentinel": f"sentinel://:{ENCODED}@127.0.0.1:{free_port()};sentinel://127.0.0.1:{port['sentinel']}/4?sentinel_password=asked",
            "one sentinel": f"sentinel://:{ENCODED}@127.0.0.1:{port['sentinel']}/4?sentinel_password=asked",
            "cluster": f"redis://127.0.0.1:{port['cluster']}/0",
        }  # fmt: skip
        yield found


def ours(url: str) -> float:
    with connect(url, master_name="g6", timeout=3.0) as client:
        return redis_time(client)


def celerys(url: str, namespace: str = "g6") -> str:
    """Send a message through Celery's transport and take it back; return the address as Celery writes it."""
    transport.install()
    settings = load(
        "", {"redis.broker_url": url, "redis.master_name": "g6", "namespace": namespace}, {}
    )
    conf = celery_settings(settings, url)
    options = conf["broker_transport_options"]
    with kombu.Connection(url, ssl=conf["broker_use_ssl"], transport_options=options) as connection:
        connection.ensure_connection(max_retries=3, interval_start=0.1, interval_step=0.1)
        queue = connection.SimpleQueue("trial")
        queue.put({"cycle": "x"})
        message = queue.get(timeout=90)
        assert message.payload == {"cycle": "x"}
        message.ack()
        queue.close()
        return connection.as_uri()


@pytest.mark.parametrize(
    "name", ["tls good", "plain", "options", "unix", "sentinel", "one sentinel"]
)
def test_both_sides_reach_redis_by_every_kind_of_address(name: str, world: dict[str, str]) -> None:
    assert ours(world[name]) > 1.7e9
    shown = celerys(world[name])
    assert "s%2F3" not in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize("name", ["tls wrong_name", "tls self_signed"])
def test_neither_side_tells_its_password_to_a_server_with_a_certificate_that_does_not_fit(
    name: str, world: dict[str, str]
) -> None:
    with pytest.raises(Unavailable, match="the certificate that Redis shows is refused") as caught:
        ours(world[name])
    assert "ssl_ca_certs" in caught.value.fix
    with pytest.raises(
        (kombu.exceptions.OperationalError, RedisError), match="certificate verify failed"
    ):
        celerys(world[name])


def test_without_options_both_sides_verify(world: dict[str, str]) -> None:
    bare = world["tls good"].partition("?")[0]
    with pytest.raises(Unavailable, match="certificate"):
        ours(bare)
    with pytest.raises(
        (kombu.exceptions.OperationalError, RedisError), match="certificate verify failed"
    ):
        celerys(bare)


def test_what_is_refused_is_one_sentence_with_its_fix(world: dict[str, str]) -> None:
    plain, tls = world["plain"], world["tls good"]
    cases: dict[str, tuple[str, str, str]] = {
        "TLS asked of a plain server": (plain.replace("redis://", "rediss://"), "speaks no TLS", "redis:// in place"),
        "TLS not asked for": (tls.replace("rediss://", "redis://").partition("?")[0], "speaks TLS", "rediss:// in place"),
        "no password": (plain.replace(f":{ENCODED}@", ""), "asks for a password", "<password>@host"),
        "a wrong password": (plain.replace(ENCODED, "wrong"), "refuses the user or the password", "g6 config show"),
        "a password where none is asked": (
            world["cluster"].replace("redis://", "redis://:x@"), "has no password", "take the password out",
        ),
        "a cluster": (world["cluster"], "Redis Cluster", "single server"),
        "sentinels that ask": (world["one sentinel"].partition("?")[0], "the Sentinels ask for a password", "sentinel_password"),
    }  # fmt: skip
    for name, (url, sentence, fix) in cases.items():
        with pytest.raises(Unavailable) as caught:
            redis_facts(url, "g6")
        assert sentence in caught.value.sentence, name
        assert fix in caught.value.fix, name
        assert not any(mark in caught.value.sentence for mark in ("<", "Connection(")), name
        assert not any(secret in str(caught.value) for secret in (PASSWORD, ENCODED)), name


def test_a_master_that_no_sentinel_knows_is_named_without_dumps_of_clients(
    world: dict[str, str],
) -> None:
    with (
        pytest.raises(RedisDown) as caught,
        connect(world["sentinel"], master_name="other", timeout=1.0) as client,
    ):
        redis_time(client)
    assert "'other'" in str(caught.value)
    assert "<" not in str(caught.value)


def test_a_user_with_the_working_set_of_rights_runs_everything_and_one_with_less_is_told(
    world: dict[str, str],
) -> None:
    host = world["plain"].rpartition("@")[2]
    with connect(world["plain"]) as admin:
        admin.execute_command(
            "ACL", "SETUSER", "worker", "on", f">{PASSWORD}", *acl_words().split()
        )
        admin.execute_command(
            "ACL", "SETUSER", "blind", "on", f">{PASSWORD}", *acl_words().split(), "-info"
        )
        admin.execute_command(
            "ACL",
            "SETUSER",
            "elsewhere",
            "on",
            f">{PASSWORD}",
            *acl_words("other").split(),
        )
    url = f"redis://worker:{ENCODED}@{host}"
    assert redis_facts(url)["maxmemory_policy"] == "noeviction"
    celerys(url)
    runtime = build_runtime(wire(load("", {"redis.broker_url": url}, {}), url), MemorySender())
    start_market(runtime)
    runtime.vitals.read()
    runtime.bus.publish(parse_report("alert", {"state": "x"}), key="x")
    assert runtime.lifeline is not None
    assert runtime.lifeline.record_beat()
    with pytest.raises(Unavailable, match="may not run info") as caught:
        redis_facts(f"redis://blind:{ENCODED}@{host}")
    assert "ACL SETUSER name +info" in caught.value.fix
    with (
        pytest.raises(Unavailable, match="may not use the keys"),
        connect(f"redis://elsewhere:{ENCODED}@{host}") as client,
    ):
        translated(client.get)("g6:x")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (f"redis://:{PASSWORD}@host:6379/0", "is not percent-encoded"),
        ("redis://:x y@host", "is not percent-encoded"),
        ("redis://:12/3@host", "is not percent-encoded"),
        ("redis://:100%@host", "is not percent-encoded"),
        ("sentinel://:a@b@host;sentinel://other", "is not percent-encoded"),
        ("redis://host:6379/zero", "names no database"),
        ("redis://host:6379/0?ssl=true", "is for TLS, which redis:// is without"),
        ("redis://host/0?ssl_cert_reqs=none", "is for TLS, which redis:// is without"),
        ("rediss://host/0?ssl_cert_reqs=sometimes", "ssl_cert_reqs is none, optional or required"),
        ("rediss://host/0?ssl_ca_certs=/nowhere/ca.pem", "names a file that is not there"),
        ("rediss://host/0?verify=no", "verify is no option"),
        ("redis://host/0?socket_timeout=soon", "socket_timeout has a value"),
        ("http://host", "is no Redis address"), ("host:6379", "is no Redis address"), ("redis://ho st", "is no Redis address"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_meant_is_refused_by_both_sides_without_a_secret(
    url: str, sentence: str
) -> None:
    for read in (
        connect,
        lambda url: celery_settings(load("", {"redis.broker_url": url}, {}), url),
    ):
        with pytest.raises(BadConfig) as caught:
            read(url)
        assert sentence in str(caught.value)
        assert isinstance(caught.value, G6Error)
        assert caught.value.fix
        assert not any(part in str(caught.value) for part in ("s/3", "r]%", "12/3", "100%@", "x y"))
