"""Measures one difference a second to thousands of listeners, beside nginx with nchan in the same run.

    make bench-fanout                          5,000 listeners, 2 KB, 20 s each, in turn, two rounds
    make bench-fanout ARGS="--clients 500 --seconds 10"
    make bench-fanout ARGS=--table             the rows of README.md, from benchmarks/fanout.json

Then what an event costs to make, at 10 listeners and at 500: it is encoded once, whoever listens.

Listeners are sockets of one epoll loop in this process, on the same cores. The figures to keep: p99 from publication to the listener
at most 500 ms, at most 60 KB of memory a listener, processor time a delivery at most 4 × that of nchan; making an event costs the same
within a fifth. Exits 1 when one is missed.
nchan comes with `make bench-services`; without it only the first two are judged.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import resource
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.bench_report import load, surroundings  # noqa: E402

RESULTS = ROOT / "benchmarks" / "fanout.json"
P99_MS = 500.0
LISTENER_KB = 60.0
NCHAN_RATIO = 4.0
FEW, MANY = 10, 500
MAKING_SHARE = 0.2
MAKING_RATE = 20.0
MAKING_SECONDS = 10.0
SENT = re.compile(rb'"sent":(?:\{"to":)?(\d+)')
NGINX = """
daemon off; worker_processes 1; pid {place}/nginx.pid; error_log {place}/error.log;
load_module {modules}/ngx_nchan_module.so;
events {{ worker_connections 20000; }}
http {{
  access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
  fastcgi_temp_path {place}/fcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location /events {{ nchan_subscriber eventsource; nchan_channel_id all; }}
    location /publish {{ nchan_publisher; nchan_channel_id all; nchan_message_buffer_length 16; }}
  }}
}}
"""
MODULES = Path("/usr/lib/nginx/modules")


@dataclass(frozen=True, slots=True)
class Cost:
    """What serving took so far."""

    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What one server did.

    Attributes:
        delivered: Differences that reached a listener.
        p50_ms: From publication to the listener.
        cpu_us: Processor time of the server a delivery.
        listener_kb: Memory of the server a listener.
    """

    delivered: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_us: float
    listener_kb: float


class Listeners:
    """Many event streams read by one epoll loop."""

    def __init__(self, port: int, count: int) -> None:
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self.latencies_ms: list[float] = []
        request = b"GET /events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n"
        for number in range(count):
            one = socket.create_connection(("127.0.0.1", port), timeout=30)
            one.sendall(request)
            one.setblocking(False)
            self._sockets[one.fileno()] = one
            self._poll.register(one, select.EPOLLIN)
            if number % 100 == 99:
                self.read(0.0)

    def read(self, seconds: float) -> None:
        """Read for so long, and note how old each difference is when it arrives."""
        limit = time.monotonic() + seconds
        while True:
            for number, _ in self._poll.poll(max(0.0, limit - time.monotonic()), 512):
                data = self._sockets[number].recv(262_144)
                now = time.monotonic_ns()
                for sent in SENT.findall(data):
                    self.latencies_ms.append((now - int(sent)) / 1e6)
            if time.monotonic() >= limit:
                return

    def close(self) -> None:
        """Close all."""
        for one in self._sockets.values():
            one.close()
        self._poll.close()


class OwnServer:
    """The web port of G6."""

    def __init__(self, size: int, rate: float = 1.0) -> None:
        script = Path(__file__).with_name("stream_server.py")
        command = [sys.executable, str(script), str(size), str(rate)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def facts(self) -> dict[str, float]:
        """Return what it says of itself."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return dict(json.loads(self._line()))

    def cost(self) -> Cost:
        """Return what it took so far."""
        facts = self.facts()
        return Cost(facts["cpu_seconds"], int(facts["memory_bytes"]))

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class Nchan:
    """nginx with nchan, to which this process publishes once a second."""

    def __init__(self, size: int) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="nchan-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = self._place / "nginx.conf"
        settings.write_text(NGINX.format(place=self._place, port=self.port, modules=MODULES))
        self._process = subprocess.Popen(
            ["nginx", "-p", str(self._place), "-c", str(settings)], stderr=subprocess.DEVNULL
        )
        self._over = threading.Event()
        self._wait()
        self._publishing = threading.Thread(target=self._publish, args=(size,), daemon=True)
        self._publishing.start()

    def _wait(self) -> None:
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            self._over.wait(0.05)
        raise SystemExit(f"nginx did not start: {(self._place / 'error.log').read_text()}")

    def _publish(self, size: int) -> None:
        number = 0
        while not self._over.wait(1.0):
            number += 1
            text = f"{number:08}" * (size // 8)
            body = json.dumps({"sent": time.monotonic_ns(), "text": text}, separators=(",", ":"))
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            connection.request("POST", "/publish", body)
            connection.getresponse().read()
            connection.close()

    def cost(self) -> Cost:
        """Return what its worker took so far."""
        workers = psutil.Process(self._process.pid).children()
        times = [worker.cpu_times() for worker in workers]
        memory = sum(worker.memory_info().rss for worker in workers)
        return Cost(sum(one.user + one.system for one in times), memory)

    def close(self) -> None:
        """End it."""
        self._over.set()
        self._publishing.join(10)
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self._place, ignore_errors=True)


SERVERS = {"g6": OwnServer, "nchan": Nchan}


@contextmanager
def serving(name: str, size: int) -> Iterator[OwnServer | Nchan]:
    """Run a server."""
    server = SERVERS[name](size)
    try:
        yield server
    finally:
        server.close()


def measured(name: str, clients: int, seconds: float, size: int) -> Figures:
    """Return the figures of one server."""
    with serving(name, size) as server:
        before = server.cost()
        listeners = Listeners(server.port, clients)
        listeners.read(3.0)
        listeners.latencies_ms.clear()
        begun = server.cost()
        listeners.read(seconds)
        ended = server.cost()
        delivered = listeners.latencies_ms
        listeners.close()
    p50, p95, p99 = np.percentile(delivered, (50, 95, 99)) if delivered else (np.inf,) * 3
    return Figures(
        delivered=len(delivered),
        p50_ms=float(p50),
        p95_ms=float(p95),
        p99_ms=float(p99),
        cpu_us=1e6 * (ended.cpu_seconds - begun.cpu_seconds) / max(1, len(delivered)),
        listener_kb=(ended.memory_bytes - before.memory_bytes) / clients / 1024,
    )


def making_us(clients: int, size: int) -> float:
    """Return the processor time of finding and encoding what changed, a cycle, in microseconds.

    It is that of the thread which does so: writing to listeners is another's.
    """
    server = OwnServer(size, MAKING_RATE)
    try:
        listeners = Listeners(server.port, clients)
        listeners.read(2.0)
        begun = server.facts()
        listeners.read(MAKING_SECONDS)
        ended = server.facts()
        listeners.close()
    finally:
        server.close()
    # A cycle is two events: what changed, and its end.
    cycles = (ended["encoded"] - begun["encoded"]) / 2
    return 1e6 * (ended["making_seconds"] - begun["making_seconds"]) / cycles


def main() -> int:
    """Measure, print, and return 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--size", type=int, default=2_048, help="bytes of a difference")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--table", action="store_true", help="print the rows of README.md")
    options = parser.parse_args()
    if options.table:
        print(table(json.loads(options.output.read_text("utf-8"))))
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = options.clients + 512
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(f"{wanted} open files are needed, {hard} are allowed: ulimit -n {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    names = ["g6"]
    if shutil.which("nginx") and (MODULES / "ngx_nchan_module.so").exists():
        names.append("nchan")
    rounds: dict[str, list[Figures]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            figures = measured(name, options.clients, options.seconds, options.size)
            rounds[name].append(figures)
            print(
                f"{name:6} delivered {figures.delivered:7}  p50 {figures.p50_ms:6.1f}  "
                f"p95 {figures.p95_ms:6.1f}  p99 {figures.p99_ms:6.1f} ms  "
                f"{figures.cpu_us:5.1f} us a delivery  {figures.listener_kb:5.1f} KB a listener"
            )
    making = {str(count): making_us(count, options.size) for count in (FEW, MANY)}
    print("making an event: " + ", ".join(f"{us:.0f} us for {n}" for n, us in making.items()))
    missed = judged(rounds) + making_judged(making)
    document = {
        **surroundings(),
        "load_average": load(),
        "clients": options.clients,
        "bytes": options.size,
        "rounds": {name: [asdict(one) for one in members] for name, members in rounds.items()},
        "making_us": making,
        "missed": missed,
    }
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    print("missed: " + "; ".join(missed) if missed else "every limit is kept")
    return int(bool(missed))


def judged(rounds: dict[str, list[Figures]]) -> list[str]:
    """Return a sentence for each limit that is missed, medians over the rounds."""
    missed = []
    p99 = statistics.median(one.p99_ms for one in rounds["g6"])
    memory = statistics.median(one.listener_kb for one in rounds["g6"])
    if p99 > P99_MS:
        missed.append(f"p99 {p99:.0f} ms, at most {P99_MS:.0f}")
    if memory > LISTENER_KB:
        missed.append(f"{memory:.0f} KB a listener, at most {LISTENER_KB:.0f}")
    if "nchan" in rounds:
        own, other = (
            statistics.median(one.cpu_us for one in rounds[name]) for name in ("g6", "nchan")
        )
        print(f"processor time a delivery: {own / other:.1f} × nchan")
        if own / other > NCHAN_RATIO:
            missed.append(f"{own / other:.1f} × nchan, at most {NCHAN_RATIO:.0f}")
    else:
        print("no nchan here: make bench-services installs it")
    return missed


def making_judged(making: dict[str, float]) -> list[str]:
    """Return a sentence where making an event costs more with more listeners."""
    few, many = making[str(FEW)], making[str(MANY)]
    if abs(many / few - 1.0) <= MAKING_SHARE:
        return []
    return [f"making an event: {few:.0f} us for {FEW} listeners, {many:.0f} for {MANY}"]


def table(document: dict[str, Any]) -> str:
    """Return the rows of README.md: medians over the rounds, and the ratio to nchan."""
    middle = {
        name: {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        for name, rounds in document["rounds"].items()
    }
    own = middle["g6"]
    what = f"{document['clients']:,} listeners, {document['bytes']:,} bytes a second each"
    lines = [
        f"| {what} | p50, ms | p99, ms | CPU, µs a delivery | memory, KB a listener |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, figures in middle.items():
        lines.append(
            f"| {'nginx with nchan' if name == 'nchan' else 'G6'} | {figures['p50_ms']:.0f} | {figures['p99_ms']:.0f} | "
            f"{figures['cpu_us']:.1f} | {figures['listener_kb']:.0f} |"
        )
    if "nchan" in middle:
        ratio = own["cpu_us"] / middle["nchan"]["cpu_us"]
        lines += ["", f"Processor time a delivery is {ratio:.1f} × that of nchan."]
    making = document["making_us"]
    lines += [
        "",
        f"An event is encoded once: {making[str(FEW)]:.0f} µs with {FEW} listeners, {making[str(MANY)]:.0f} µs with {MANY}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
